// Child processes.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { HouseError, top } from './house.js'

/** The exit status a shell would give: the child's own, or 128 + the signal that ended it. */
export const statusOf = (code, signal) => code ?? 128 + (constants.signals[signal] ?? 0)

/**
 * Runs a command in the top folder.
 *
 * @returns {Promise<{status: number, output: string}>} `output` holds standard output and standard
 *   error as they came; it is empty with `stdio: 'inherit'`.
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: top,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
    })
    let output = ''
    child.stdout?.on('data', (chunk) => {
      output += chunk
    })
    child.stderr?.on('data', (chunk) => {
      output += chunk
    })
    child.once('error', (error) => reject(new HouseError(`${command}: ${error.message}`)))
    child.once('close', (code, signal) => resolve({ status: statusOf(code, signal), output }))
  })
}

/** Runs a command that has to succeed; its output becomes the error when it does not. */
export async function must(what, command, args, options) {
  const { status, output } = await run(command, args, options)
  if (status !== 0) throw new HouseError(`${what} failed (status ${status}):\n${output.trimEnd()}`)
  return output
}

/** Runs a Node script of an installed package. */
export const mustNode = (what, script, args, options) =>
  must(what, process.execPath, [script, ...args], options)
