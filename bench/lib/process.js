// Child processes of the bench. They are sessions of their own, so that the Ctrl-C of a terminal
// reaches us only, and are told to end should we die without having ended them.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { HouseError } from '../../scripts/lib/house.js'

const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))

/** How long a process that was asked to end may take. */
const PATIENCE = 5000

function launch(command, args, options) {
  const [file, ...rest] = setpriv
    ? [setpriv, '--pdeathsig', 'TERM', '--', command, ...args]
    : [command, ...args]
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, ...options.env }
  return spawn(file, rest, { stdio: ['pipe', 'pipe', 'pipe'], detached: true, ...options, env })
}

const describe = (command, args) => [command, ...args].join(' ')

/**
 * Runs a command to its end.
 *
 * @param {object} [options]
 * @param {AbortSignal} [options.signal] ends it; the error is the signal's reason
 * @param {number} [options.timeout] milliseconds
 * @returns {Promise<string>} its standard output
 * @throws HouseError with its standard error when it fails or does not end in time
 */
export function run(command, args, { signal, timeout = 30_000, ...options } = {}) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const child = launch(command, args, options)
    const text = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr']) {
      child[name].on('data', (chunk) => {
        text[name] += chunk
      })
    }
    const end = () => child.kill('SIGKILL')
    const timer = setTimeout(end, timeout)
    signal?.addEventListener('abort', end)
    child.once('error', (error) => reject(new HouseError(`${command}: ${error.message}`)))
    child.once('close', (code, killed) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      if (signal?.aborted) return reject(signal.reason)
      if (code === 0) return resolve(text.stdout)
      const why = killed ? `ended by ${killed} (after ${timeout} ms?)` : `status ${code}`
      const said = (text.stderr || text.stdout).trim()
      reject(new HouseError(`${describe(command, args)}: ${why}${said && `: ${said}`}`))
    })
  })
}

/**
 * A process that runs until it is stopped.
 *
 * @typedef {object} Running
 * @property {import('node:child_process').ChildProcess} child
 * @property {() => Promise<void>} stop asks it to end, and ends it if it does not
 * @property {() => Promise<string>} line its next line
 */
export class Background {
  #lines = []
  #waiting = []
  #errors = ''
  #rest = ''
  #what
  #exited

  constructor(command, args, options = {}) {
    this.#what = describe(command, args)
    this.child = launch(command, args, options)
    this.child.stdin.on('error', () => {}) // it may end while we write to it
    this.child.stdout.on('data', (chunk) => this.#take(String(chunk)))
    this.child.stderr.on('data', (chunk) => {
      this.#errors = (this.#errors + chunk).slice(-4000)
    })
    this.#exited = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(this.#ended(error.message)))
      this.child.once('close', (code, killed) => resolve(this.#ended(killed ?? `status ${code}`)))
    })
  }

  #take(text) {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()
    for (const line of lines) {
      const waiting = this.#waiting.shift()
      if (waiting) waiting.resolve(line)
      else this.#lines.push(line)
    }
  }

  #ended(why) {
    this.failure = new HouseError(`${this.#what} ended: ${why}: ${this.#errors.trim()}`)
    for (const { reject } of this.#waiting.splice(0)) reject(this.failure)
  }

  /**
   * The next line of its standard output.
   *
   * @param {object} [options]
   * @param {AbortSignal} [options.signal]
   * @param {number} [options.timeout] milliseconds
   * @throws HouseError when it ends, or says nothing for that long
   */
  line({ signal, timeout = 20_000 } = {}) {
    if (this.#lines.length > 0) return Promise.resolve(this.#lines.shift())
    if (this.failure) return Promise.reject(this.failure)
    return new Promise((resolve, reject) => {
      const settle = (action) => (value) => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', aborted)
        action(value)
      }
      const entry = { resolve: settle(resolve), reject: settle(reject) }
      const leave = (error) => {
        this.#waiting = this.#waiting.filter((other) => other !== entry)
        entry.reject(error)
      }
      const late = `${this.#what} said nothing for ${timeout} ms: ${this.#errors.trim()}`
      const timer = setTimeout(() => leave(new HouseError(late)), timeout)
      const aborted = () => leave(signal.reason)
      this.#waiting.push(entry)
      if (signal?.aborted) return aborted()
      signal?.addEventListener('abort', aborted)
    })
  }

  /** Waits for a line that matches; others are passed over. */
  async until(pattern, options) {
    for (;;) {
      const line = await this.line(options)
      if (pattern.test(line)) return line
    }
  }

  say(line) {
    this.child.stdin.write(`${line}\n`)
  }

  async stop(signal = 'SIGTERM') {
    if (this.failure) return
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE)
    this.child.kill(signal)
    await this.#exited
    clearTimeout(timer)
  }
}
