/** Capture files on a disk. */
import {
  closeSync,
  existsSync,
  constants as fs,
  fstatSync,
  ftruncateSync,
  openSync,
  read,
  rmSync,
  statSync,
  write,
  writeSync,
} from 'node:fs'
import { constants } from 'node:os'
import { promisify } from 'node:util'
import { attempt, DeviceError, isSystemError } from '../error.js'

const readAsync = promisify(read)
const writeAsync = promisify(write)

const CHUNK = 256 * 1024

const hints = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'we may not',
  EISDIR: 'it is a folder',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of the disk is used up',
  EROFS: 'the file system is read-only',
}

/** A capture file to be read, in chunks. */
export class CaptureInput {
  readonly #path: string
  readonly #fd: number
  #reading = false
  #closed = false

  /** @throws DeviceError that names the file */
  constructor(path: string) {
    this.#path = path
    this.#fd = openFile(path, 'read')
  }

  /** The next octets, undefined at the end. @throws DeviceError that names the file */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#closed) return undefined
    const octets = new Uint8Array(CHUNK)
    this.#reading = true
    try {
      const { bytesRead } = await readAsync(this.#fd, octets, 0, CHUNK, null)
      return bytesRead === 0 ? undefined : octets.subarray(0, bytesRead)
    } catch (error) {
      throw failure(this.#path, 'read', error)
    } finally {
      this.#reading = false
      if (this.#closed) closeSync(this.#fd)
    }
  }

  /** Again is harmless. A read that is under way ends first. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    if (!this.#reading) closeSync(this.#fd)
  }
}

/**
 * A capture file to be written: made anew, readable to its owner only. What was in it stays until the
 * first octets come.
 */
export class CaptureOutput {
  readonly #path: string
  readonly #fd: number
  /** Whether there was no such file. */
  readonly #made: boolean
  #empty = false
  /** Where the next octets go: not where the file's own position is, which a write may still move. */
  #position = 0
  #writing = false
  #closed = false

  /** @throws DeviceError that names the file */
  constructor(path: string) {
    this.#path = path
    this.#made = !existsSync(path)
    this.#fd = openFile(path, 'write')
  }

  /** One at a time. @throws DeviceError that names the file */
  async write(octets: Uint8Array): Promise<void> {
    let at = this.#position
    this.#position += octets.length
    this.#writing = true
    try {
      this.#clear()
      for (let done = 0; done < octets.length; ) {
        const left = octets.length - done
        const { bytesWritten } = await writeAsync(this.#fd, octets, done, left, at)
        done += bytesWritten
        at += bytesWritten
      }
    } catch (error) {
      throw failure(this.#path, 'write', error)
    } finally {
      this.#writing = false
      if (this.#closed) closeSync(this.#fd)
    }
  }

  /** Writes the last octets before it returns. @throws DeviceError that names the file */
  finish(octets: Uint8Array): void {
    if (this.#closed) return
    this.#closed = true
    try {
      this.#clear()
      for (let done = 0; done < octets.length; ) {
        const left = octets.length - done
        done += writeSync(this.#fd, octets, done, left, this.#position + done)
      }
    } catch (error) {
      throw failure(this.#path, 'write', error)
    } finally {
      if (!this.#writing) closeSync(this.#fd)
    }
  }

  /** Of what was written before, nothing may be left behind what is written now. */
  #clear(): void {
    if (!this.#empty) ftruncateSync(this.#fd, 0)
    this.#empty = true
  }

  /** Leaves things as they were before it was opened, if nothing was written. */
  abandon(): void {
    if (this.#closed || this.#empty) return
    this.#closed = true
    closeSync(this.#fd)
    if (this.#made) rmSync(this.#path, { force: true })
  }
}

/** Files only: opening a pipe waits for who has its other end. */
function openFile(path: string, to: 'read' | 'write'): number {
  const step = { what: `${to} the capture file '${path}'`, device: path, hints }
  const flags = to === 'read' ? fs.O_RDONLY : fs.O_WRONLY | fs.O_CREAT
  const fd = attempt(step, () => openSync(path, flags, 0o600))
  if (fstatSync(fd).isFile()) return fd
  closeSync(fd)
  const call = { errno: -constants.errno.EINVAL, syscall: 'fstat', device: path }
  throw new DeviceError('EINVAL', `cannot ${step.what}: it is no regular file`, call)
}

function failure(path: string, to: 'read' | 'write', error: unknown): unknown {
  if (!isSystemError(error)) return error
  try {
    return attempt({ what: `${to} the capture file '${path}'`, device: path, hints }, () => {
      throw error
    })
  } catch (named) {
    return named
  }
}

/** Whether both are one file, which would be emptied before it is read. */
export function isSameFile(path: string, other: string): boolean {
  try {
    const [one, two] = [statSync(path), statSync(other)]
    return one.dev === two.dev && one.ino === two.ino
  } catch {
    return false
  }
}
