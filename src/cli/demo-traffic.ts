/** The demo's traffic: every pair pings, TCP runs both ways. A loss is an error that names it. */
import { readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningSwitch } from '../control/running.js'
import { LinkspanError } from '../error.js'
import type { Host, Job, Lab } from './demo-lab.js'
import { BULK_PORT, ECHO_PORT, type Programs } from './demo-programs.js'
import { bars, type Screen } from './demo-screen.js'
import { short } from './table.js'

export interface Stage {
  lab: Lab
  running: RunningSwitch
  screen: Screen
  programs: Programs
  signal: AbortSignal
}

const PINGS = 3
const SECONDS = 3
/** How often throughput is looked at, ms: often enough to see it change. */
const SAMPLE = 200
/** How long a server may take until it listens. */
const LISTEN_MAX = 5000

export async function pingPairs(stage: Stage): Promise<void> {
  const { lab, screen, programs } = stage
  const servers = programs.echoServer
    ? lab.hosts.map((host) => lab.start(host, programs.echoServer as readonly string[]))
    : []
  await Promise.all(servers.map((server) => listening(server, 'udp', ECHO_PORT)))
  for (const [from, to] of lab.pairs) {
    screen.live(`${from.name} - ${to.name}  …`)
    const answers = await Promise.all(
      to.addresses.map(({ family, address }) => ping(stage, from, to, family, address)),
    )
    screen.settle()
    screen.line(`${from.name} - ${to.name}  ${answers.join('  ')}`)
  }
  for (const server of servers) server.end()
}

async function ping(
  { lab, programs }: Stage,
  from: Host,
  to: Host,
  family: string,
  address: string,
): Promise<string> {
  const output = await lab.start(from, programs.ping(address, PINGS)).output()
  const received = Number(/(\d+) (?:packets )?received/.exec(output)?.[1] ?? 0)
  if (received !== PINGS) {
    const what = `ping from ${from.name} to ${to.name} over ${family} (${address})`
    throw new LinkspanError('DEMO', `${what}: ${received} of ${PINGS} answered\n${output.trim()}`)
  }
  const [, average] = /= [\d.]+\/([\d.]+)\//.exec(output) ?? []
  return `${family} ${received}/${PINGS} in ${average} ms`
}

/** One stream each way between two hosts, over each family. */
export async function runStreams(stage: Stage): Promise<void> {
  const [a, b, c, d] = stage.lab.hosts as [Host, Host, Host, Host]
  const last = a.addresses.length - 1
  await stream(stage, a, b, 0)
  await stream(stage, b, a, 0)
  await stream(stage, c, d, last)
  await stream(stage, d, c, last)
}

async function stream(stage: Stage, from: Host, to: Host, family: number): Promise<void> {
  const { screen, signal } = stage
  const target = to.addresses[family] as Host['addresses'][number]
  const label = `${from.name} to ${to.name}  ${target.family}`
  try {
    const rates = await send(stage, from, to, target.address, label)
    const [low, middle, high] = spread(rates)
    if (middle === 0) throw new LinkspanError('DEMO', 'no data crossed the switch')
    const graph = screen.moves ? `  ${bars(rates)}` : ''
    screen.settle()
    screen.line(`${label}  ${rate(middle)}  (${rate(low)} to ${rate(high)})${graph}`)
  } catch (error) {
    signal.throwIfAborted()
    const what = `TCP from ${from.name} to ${to.name} over ${target.family}`
    throw new LinkspanError('DEMO', `${what}: ${(error as Error).message}`)
  }
}

/** Runs a server and a client; the rates that were seen meanwhile. */
async function send(
  stage: Stage,
  from: Host,
  to: Host,
  address: string,
  label: string,
): Promise<number[]> {
  const { lab, programs } = stage
  const server = lab.start(to, programs.bulkServer)
  await listening(server, 'tcp', BULK_PORT)
  const client = lab.start(from, programs.bulkClient(address, SECONDS))
  const rates = await watch(stage, client, from, label)
  await Promise.all([client.success(), server.success()])
  return rates
}

const rate = (value: number) => `${short(value)}bit/s`

/** Bits a second that a host sends into the switch, sample by sample, while a process runs. */
async function watch(stage: Stage, job: Job, from: Host, label: string): Promise<number[]> {
  const { running, screen, signal } = stage
  const bytes = () => running.topology.counters(from.name).rxBytes
  const rates: number[] = []
  const perLine = Math.round(1000 / SAMPLE)
  let [before, last] = [bytes(), performance.now()]
  while (job.running) {
    await sleep(SAMPLE, undefined, { signal })
    const [now, time] = [bytes(), performance.now()]
    rates.push(((now - before) * 8000) / (time - last))
    before = now
    last = time
    const text = `${label}  ${rate(rates.at(-1) as number)}`
    screen.live(`${text.padEnd(30)}${bars(rates)}`)
    if (!screen.moves && rates.length % perLine === 0) screen.line(`${text} now`)
  }
  return rates
}

/** Least, middle and greatest; the first and the last sample are of a stream that began or ended. */
function spread(rates: readonly number[]): [number, number, number] {
  const whole = rates.slice(1, -1).sort((one, other) => one - other)
  const at = (index: number) => whole[index] ?? 0
  return [at(0), at(whole.length >> 1), at(whole.length - 1)]
}

/** Waits until a process listens: what the kernel says, so that any program will do. */
async function listening(job: Job, protocol: 'tcp' | 'udp', port: number): Promise<void> {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
  // /proc/net/tcp and udp: local address, remote address, state; a UDP socket is unconnected (07).
  const state = protocol === 'tcp' ? '0A' : '07'
  const until = performance.now() + LISTEN_MAX
  for (;;) {
    const sockets = ['', '6'].flatMap((version) => socketTable(job.pid, protocol + version))
    if (sockets.some((line) => line.includes(local) && line.trim().split(/\s+/)[3] === state))
      return
    if (!job.running) await job.success()
    if (!job.running || performance.now() > until) {
      throw new LinkspanError(
        'DEMO',
        `nobody listens on ${protocol} ${port} after ${LISTEN_MAX} ms`,
      )
    }
    await sleep(10)
  }
}

/** Empty until the process has entered its namespace: the tables before that are of ours. */
function socketTable(pid: number, name: string): string[] {
  try {
    if (readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net')) return []
    return readFileSync(`/proc/${pid}/net/${name}`, 'utf8').split('\n').slice(1)
  } catch {
    return [] // no such family in this kernel, or the process has ended
  }
}
