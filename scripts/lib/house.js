// Where things are, and how a script ends. Only Node's own modules: these scripts run on a fresh clone.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The top folder of the checkout, absolute, without a trailing slash. */
export const top = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** An absolute path of a file in the checkout. */
export const at = (...parts) => join(top, ...parts)

export const packageJson = () => JSON.parse(readFileSync(at('package.json'), 'utf8'))

/**
 * An error whose message is all that a reader needs: what failed, where, what to do.
 * Anything else that is thrown is a bug of a script and is shown with its stack.
 */
export class HouseError extends Error {}

/** Prints an error the way its kind asks for. */
export function report(error) {
  console.error(error instanceof HouseError ? error.message : error)
}

/** Runs a script's main function; its result is the exit status, an error is status 1. */
export async function main(run) {
  try {
    process.exitCode = (await run()) ?? 0
  } catch (error) {
    report(error)
    process.exitCode = 1
  }
}

/** True when the module was started as a script, false when a test imports it. */
export const isMain = (meta) => process.argv[1] === fileURLToPath(meta.url)
