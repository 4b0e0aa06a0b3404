/** Programs that run beside a test: started, watched, and ended with it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { defer } from './cleanup.js'
import { PATIENCE, until } from './until.js'

export interface Ended {
  status: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface StartOptions {
  env?: Record<string, string>
  input?: string
  cwd?: string
}

export class Program {
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess
  readonly #command: string
  readonly #closed: Promise<void>
  #ended: Pick<Ended, 'status' | 'signal'> | undefined

  constructor([file = '', ...args]: readonly string[], { env, input, cwd }: StartOptions = {}) {
    this.#command = [file, ...args].join(' ')
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env } })
    this.#child = child
    child.stdout.on('data', (data) => {
      this.stdout += data
    })
    child.stderr.on('data', (data) => {
      this.stderr += data
    })
    child.stdin.on('error', () => {}) // it may end without having read all
    child.stdin.end(input)
    this.#closed = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status, signal) => {
        this.#ended = { status, signal }
        resolve()
      })
    })
    this.#closed.catch(() => {})
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }
  get running(): boolean {
    return this.#ended === undefined
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    if (this.running) this.#child.kill(signal)
  }

  /** Its end, which must come by itself. */
  async end(patience = PATIENCE): Promise<Ended> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const message = `${this.#command}: still running after ${patience / 1000} s\n${this.stdout}${this.stderr}`
      timer = setTimeout(() => reject(new Error(message)), patience)
    })
    try {
      await Promise.race([this.#closed, late])
    } finally {
      clearTimeout(timer)
    }
    const { status = null, signal = null } = this.#ended ?? {}
    return { status, signal, stdout: this.stdout, stderr: this.stderr }
  }

  /** Until it has printed this, on either of its outputs. */
  async prints(text: string | RegExp, patience = PATIENCE): Promise<void> {
    await until(`${this.#command} prints ${text}`, () => this.#has(text), patience)
  }

  #has(text: string | RegExp): boolean {
    const all = this.stdout + this.stderr
    if (typeof text === 'string' ? all.includes(text) : text.test(all)) return true
    if (this.running) return false
    throw new Error(`${this.#command} ended without printing ${text}:\n${all}`)
  }
}

/** Starts a program that is killed after the test if it still runs. */
export function start(command: readonly string[], options?: StartOptions): Program {
  const program = new Program(command, options)
  defer(async () => {
    program.kill()
    await program.end()
  })
  return program
}

/** Runs a program to its end. */
export function run(
  command: readonly string[],
  options?: StartOptions & { patience?: number },
): Promise<Ended> {
  return start(command, options).end(options?.patience)
}

/** The same, and it must succeed. @returns its output */
export async function must(command: readonly string[], options?: StartOptions): Promise<string> {
  const { status, stdout, stderr } = await run(command, options)
  if (status === 0) return stdout
  throw new Error(`${command.join(' ')}: exit status ${status}\n${stdout}${stderr}`)
}
