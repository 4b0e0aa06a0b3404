/** The command line, driven as a person would drive it. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { call } from '../../src/cli/client.js'
import type { PortView } from '../../src/control/view.js'
import type { FdbEntry } from '../../src/dataplane/fdb.js'
import { defer } from './cleanup.js'
import { uniqueName } from './netns.js'
import { type Ended, type Program, run, start } from './process.js'
import { until } from './until.js'

/** The built command. */
export const command = [
  process.execPath,
  fileURLToPath(new URL('../../dist/cli/linkspan.js', import.meta.url)),
]

/** A directory of the test's own, removed after it. */
export function directory(inside = tmpdir()): string {
  const path = mkdtempSync(join(inside, 'e2e-'))
  defer(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Writes a config file: text as it is, anything else as JSON, which YAML contains. */
export function configFile(config: unknown): string {
  const path = join(directory(), 'linkspan.yaml')
  writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config, null, 2))
  return path
}

/** Runs `linkspan` with these words to its end. */
export function linkspan(...words: string[]): Promise<Ended> {
  return run([...command, ...words])
}

/** A running `linkspan up`, and the other commands aimed at it. */
export class Linkspan {
  constructor(
    readonly program: Program,
    readonly socket: string,
  ) {}

  get pid(): number {
    return this.program.pid
  }

  run(...words: string[]): Promise<Ended> {
    return linkspan(...words, '--socket', this.socket)
  }

  /** The same, and it must succeed. @returns its output */
  async do(...words: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.run(...words)
    if (status === 0) return stdout
    throw new Error(`linkspan ${words.join(' ')}: exit status ${status}\n${stdout}${stderr}`)
  }

  /** What `linkspan show SUBJECT --json` prints, without starting a command for it. */
  show<T>(subject: string): Promise<T> {
    return call<T>({ socket: this.socket }, 'GET', `/v1/${subject}`)
  }

  async port(name: string): Promise<PortView> {
    const ports = await this.show<PortView[]>('ports')
    const port = ports.find((each) => each.name === name)
    if (port === undefined) throw new Error(`the switch has no port ${name}`)
    return port
  }

  /** Until a port is as wanted. @returns how it is then */
  portIs(name: string, wanted: Partial<PortView>): Promise<PortView> {
    return until(`port ${name} to be ${JSON.stringify(wanted)}`, async () => {
      const port = await this.port(name)
      const keys = Object.keys(wanted) as (keyof PortView)[]
      return keys.every((key) => port[key] === wanted[key]) ? port : undefined
    })
  }

  /** The MACs of the FDB and their ports, or VTEPs. */
  async fdb(): Promise<Record<string, string>> {
    const entries = await this.show<FdbEntry[]>('fdb')
    // Behind a VTEP: the port that is the bridge's tunnel to it.
    return Object.fromEntries(
      entries.map(({ mac, bridge, port, vtep }) => [mac, port ?? `${bridge}@${vtep}`]),
    )
  }

  /** Tells the process to stop, and waits for it to have done so. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.program.kill(signal)
    return await this.program.end()
  }
}

export interface UpOptions {
  env?: Record<string, string>
  /** Before the command: `unshare -m`, say. */
  through?: readonly string[]
}

/** Starts `linkspan up` without waiting for it; it is killed after the test. */
export function startUp(config: unknown, { env, through = [] }: UpOptions = {}): Linkspan {
  const socket = join(directory(), 'control.sock')
  const words = ['up', '-c', configFile(config), '--socket', socket]
  const program = start([...through, ...command, ...words], env && { env })
  return new Linkspan(program, socket)
}

/** Starts `linkspan up`; resolves when it is running. */
export async function up(config: unknown, options?: UpOptions): Promise<Linkspan> {
  const running = startUp(config, options)
  await running.program.prints('control socket')
  return running
}

/** `linkspan up` where it must fail by itself. @returns its end; the socket must not be there then */
export async function upFails(config: unknown, options?: UpOptions): Promise<Ended> {
  const { program, socket } = startUp(config, options)
  const ended = await program.end()
  if (existsSync(socket)) throw new Error(`the socket was left behind: ${socket}`)
  return ended
}

/** The name of a switch, and its socket's place under /run/linkspan, which is empty after the test. */
export function switchName(): { name: string; socket: string } {
  const name = uniqueName()
  const socket = `/run/linkspan/${name}.sock`
  defer(() => rmSync(socket, { force: true }))
  return { name, socket }
}
