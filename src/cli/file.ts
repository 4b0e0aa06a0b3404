/** Files that a command is given: an error names the file, and what was to be done with it. */
import { readFileSync } from 'node:fs'
import { LinkspanError } from '../error.js'

/** @throws LinkspanError with the code of the system call */
export function readOctets(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw failure('read', path, error)
  }
}

/** What is done with a file that is written. @throws LinkspanError with the code of the system call */
export async function writing<T>(path: string, done: Promise<T>): Promise<T> {
  try {
    return await done
  } catch (error) {
    throw failure('write', path, error)
  }
}

function failure(what: string, path: string, cause: unknown): LinkspanError {
  const { code = 'INVALID', message } = cause as NodeJS.ErrnoException
  return new LinkspanError(code, `cannot ${what} ${path}: ${message}`, { cause })
}
