/**
 * The demo's lab: four hosts, each a network namespace, and the processes that run in them. Names
 * carry our pid, so that nothing of anybody else is ever touched.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ConfigInput } from '../config/types.js'
import { LinkspanError } from '../error.js'

export interface Host {
  name: string
  netns: string
  mac: string
  /** Without prefix lengths, by family; the lab has IPv6 where the kernel has. */
  addresses: readonly { family: 'IPv4' | 'IPv6'; address: string; prefix: string }[]
}

/** Where `ip` and its kin live, which a user's PATH often lacks. */
export const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

/** How long anything in the lab may take before it counts as stuck. */
const PATIENCE = 15_000

function host(name: string, index: number): Host {
  const number = index + 1
  const four = `10.66.0.${number}`
  const six = `fd66::${number}`
  return {
    name,
    netns: `linkspan-demo-${process.pid}-${name}`,
    mac: `02:66:00:00:00:0${number}`,
    addresses: [
      { family: 'IPv4', address: four, prefix: `${four}/24` },
      ...(existsSync('/proc/net/if_inet6')
        ? [{ family: 'IPv6' as const, address: six, prefix: `${six}/64` }]
        : []),
    ],
  }
}

function ip(...args: string[]): string | undefined {
  const { status, stderr, error } = spawnSync('ip', args, { env: environment, encoding: 'utf8' })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}

export class Lab {
  readonly hosts: readonly Host[] = ['a', 'b', 'c', 'd'].map(host)
  readonly #signal: AbortSignal
  readonly #children = new Set<ChildProcess>()
  readonly #namespaces: string[] = []
  #directory = ''
  /** For the exits that run no `finally`: an uncaught exception, `process.exit`. */
  readonly #onExit = () => this.#remove()

  /** @param signal ends every process of the lab when it aborts */
  constructor(signal: AbortSignal) {
    this.#signal = signal
    process.on('exit', this.#onExit)
  }

  /** Makes the namespaces; the switch makes the interfaces in them. */
  build(): void {
    this.#directory = mkdtempSync(join(tmpdir(), 'linkspan-demo-'))
    for (const { netns } of this.hosts) {
      const problem = ip('netns', 'add', netns)
      if (problem) throw new LinkspanError('DEVICE', `ip netns add ${netns}: ${problem}`)
      this.#namespaces.push(netns)
      ip('-n', netns, 'link', 'set', 'lo', 'up')
    }
  }

  /** What the switch is told: a bridge, and a TAP called eth0 in every namespace. */
  get config(): ConfigInput {
    const ports = this.hosts.map(({ name, netns, mac, addresses }) => {
      const prefixes = addresses.map(({ prefix }) => prefix)
      const device = { type: 'tap' as const, netns, name: 'eth0', mac, addresses: prefixes }
      return [name, { bridge: 'lan', device }] as const
    })
    return { bridges: { lan: {} }, ports: Object.fromEntries(ports) }
  }

  /** Where the switch's control socket is: nobody else's, and outside of any namespace. */
  get socket(): string {
    return join(this.#directory, 'socket')
  }

  /** Every pair of hosts once. */
  get pairs(): (readonly [Host, Host])[] {
    return this.hosts.flatMap((one, index) =>
      this.hosts.slice(index + 1).map((other) => [one, other] as const),
    )
  }

  /** Starts a process in a host. nsenter becomes the command, so the pid is the command's own. */
  start({ netns }: Host, command: readonly string[]): Job {
    const child = spawn('nsenter', [`--net=/run/netns/${netns}`, ...command], {
      env: { ...environment, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: this.#signal,
      killSignal: 'SIGKILL',
      timeout: PATIENCE,
    })
    this.#children.add(child)
    child.once('close', () => this.#children.delete(child))
    return new Job(child, command.join(' '))
  }

  /** Ends what still runs in the lab, then takes the namespaces away. */
  async close(): Promise<void> {
    const ends = [...this.#children].map((child) => once(child, 'close').catch(() => {}))
    this.#kill()
    await Promise.all(ends)
    this.#remove()
    process.off('exit', this.#onExit)
  }

  #kill(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }

  #remove(): void {
    this.#kill()
    for (const netns of this.#namespaces.splice(0)) {
      const problem = ip('netns', 'del', netns)
      if (problem) console.error(`linkspan: ip netns del ${netns}: ${problem}`)
    }
    if (this.#directory) rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** A process in the lab. */
export class Job {
  readonly #result: Promise<{ status: number | null; output: string }>

  constructor(
    private readonly child: ChildProcess,
    private readonly name: string,
  ) {
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        output += chunk
      })
    }
    this.#result = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status) => resolve({ status, output }))
    })
    // A job that nobody waits for any more, since another failed first, is no error of its own.
    this.#result.catch(() => {})
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  end(): void {
    this.child.kill('SIGKILL')
  }

  /** Standard output and error of a process that was successful. */
  async success(): Promise<string> {
    const { status, output } = await this.#result
    if (status === 0) return output
    const end = status === null ? 'was ended: it took too long' : `ended with status ${status}`
    throw new LinkspanError('DEMO', `${this.name} ${end}: ${output.trim() || 'it said nothing'}`)
  }

  /** What it printed, whatever its end: ping tells of losses by its status, too. */
  async output(): Promise<string> {
    return (await this.#result).output
  }
}
