/** Network namespaces for tests, and what is done in them. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { defer } from './cleanup.js'
import { type Program, run, start } from './process.js'
import { until } from './until.js'

let serial = 0

/** A name that nothing else has: of a namespace, an interface, a switch. At most 12 bytes. */
export function uniqueName(): string {
  return `e2e${process.pid.toString(36)}${(serial++).toString(36)}`
}

/** Runs `ip`; throws with what it says if it fails. */
export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** What `ip -j` prints, of a namespace (our own: undefined). */
export function ipJson<T>(netns: string | undefined, ...args: string[]): T {
  return JSON.parse(ip(...(netns === undefined ? [] : ['-n', netns]), '-j', ...args)) as T
}

export interface NamespaceOptions {
  /** False: nothing in it speaks of its own accord. */
  ipv6?: boolean
}

/** Makes a namespace, deleted after the test. IPv6 addresses in it can be used at once. */
export function namespace(name = uniqueName(), { ipv6 = true }: NamespaceOptions = {}): string {
  defer(() => spawnSync('ip', ['netns', 'del', name]))
  makeNamespace(name, { ipv6 })
  return name
}

/** Without the clean-up: for a name that was deleted and comes again. */
export function makeNamespace(name: string, { ipv6 = true }: NamespaceOptions = {}): void {
  ip('netns', 'add', name)
  // No duplicate address detection, which takes a second or two.
  const key = ipv6 ? 'accept_dad' : 'disable_ipv6'
  const value = ipv6 ? 0 : 1
  const set = ['default', 'all'].map(
    (who) => `echo ${value} > /proc/sys/net/ipv6/conf/${who}/${key}`,
  )
  execFileSync('ip', ['netns', 'exec', name, 'sh', '-c', set.join(' && ')])
}

/** The command, to be run in a namespace. */
export function within(netns: string, ...command: string[]): string[] {
  return ['ip', 'netns', 'exec', netns, ...command]
}

/** The names of a namespace's interfaces, without `lo`. */
export function interfaces(netns?: string): string[] {
  return ipJson<{ ifname: string }[]>(netns, 'link')
    .map(({ ifname }) => ifname)
    .filter((name) => name !== 'lo')
}

/** Interfaces of our own namespace that tests or switches under test made. */
export function strayInterfaces(): string[] {
  return interfaces().filter((name) => /^(e2e|lsp)/.test(name))
}

/** Waits for none to be left but these: tests beside this one have some for a moment. */
export async function noStrays(but: readonly string[] = []): Promise<void> {
  await until('interfaces that are left to go', () =>
    strayInterfaces().every((name) => but.includes(name)),
  )
}

/** Whether another process stands in a namespace or holds it open; for what must be gone. */
export function processesIn(netns: string): number[] {
  return ip('netns', 'pids', netns).trim().split('\n').filter(Boolean).map(Number)
}

/** Numbers of the descriptors a process has open. */
export function descriptors(pid: number | 'self' = 'self'): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

export interface PingResult {
  transmitted: number
  received: number
  duplicates: number
}

/** `ping` with further options; resolves when it has ended. */
export async function ping(netns: string, to: string, ...options: string[]): Promise<PingResult> {
  const { stdout, stderr } = await run(within(netns, ...pingCommand(to, options)))
  return readPing(stdout + stderr)
}

/** A ping that goes on until `finishPing`, about 100 a second. */
export async function startPing(netns: string, to: string): Promise<Program> {
  const program = start(within(netns, 'ping', '-n', '-i', '0.01', to))
  await program.prints('bytes from')
  return program
}

/**
 * Ends it, when it has had another answer. What was asked after the last answer may still be on its
 * way: it counts neither as sent nor as lost.
 */
export async function finishPing(program: Program): Promise<PingResult> {
  const before = program.stdout.length
  await until('the ping to go on', () => program.stdout.indexOf('\n', before) > 0)
  program.kill('SIGINT')
  const { stdout } = await program.end()
  const answers = [...stdout.matchAll(/bytes from .*icmp_seq=(\d+) .*?(\(DUP!\))?$/gm)]
  const first = answers.filter(([, , duplicate]) => duplicate === undefined)
  return {
    transmitted: Math.max(...first.map(([, sequence]) => Number(sequence))),
    received: first.length,
    duplicates: answers.length - first.length,
  }
}

/**
 * -W counts only as long as nothing has come back. After an answer, ping waits for the last one twice as long as
 * that took, which is nothing on a machine that has other things to do, or an interval: so this is a long one.
 */
function pingCommand(to: string, options: readonly string[]): string[] {
  return ['ping', '-n', '-q', '-c', '3', '-i', '0.2', '-W', '3', ...options, to]
}

function readPing(output: string): PingResult {
  const found = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? 0)
  if (!output.includes('packets transmitted')) throw new Error(`ping said: ${output}`)
  return {
    transmitted: found(/(\d+) packets transmitted/),
    received: found(/(\d+) received/),
    duplicates: found(/\+(\d+) duplicates/),
  }
}
