/** More than the switch can take: nobody is starved, and what was too much is counted where it was lost. */
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { PortView } from '../../src/control/view.js'
import { generate } from '../support/generate.js'
import { lab, type Station } from '../support/lab.js'
import { type Linkspan, up } from '../support/linkspan.js'
import { within } from '../support/netns.js'
import { run } from '../support/process.js'
import { until } from '../support/until.js'

/** How long they flood, and the stretches of it that are looked at: while all of them do. */
const FLOOD = '5s'
const STRETCH_MS = 400
const STRETCHES = 8
const PINGS = 100
const pings = ['ping', '-q', '-c', `${PINGS}`, '-i', '0.02', '-W', '2']

const portsOf = async (running: Linkspan) =>
  new Map((await running.show<PortView[]>('ports')).map((port) => [port.name, port]))

/** Frames as fast as the queue takes them, to one MAC. */
async function flood({ netns }: Station, to: Station) {
  const ends = ['--to', `${netns}/eth0`, '--destination-mac', to.mac]
  const load = ['--rate', 'max', '--flows', '1', '--threads', '1']
  return await generate('ethernet', ...ends, ...load, '--duration', FLOOD)
}

/**
 * What came in by each port in the stretch in which it was shared out best: a sender that waits for a processor
 * floods nobody meanwhile, while a port that is starved is in every one.
 */
async function received(running: Linkspan, names: readonly string[]): Promise<number[]> {
  const look = async () => {
    const ports = await portsOf(running)
    return names.map((name) => ports.get(name)!.rx.frames)
  }
  let before = await until('all of them to flood', async () => {
    const counts = await look()
    return Math.min(...counts) > 1000 ? counts : undefined
  })
  let best: number[] = []
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    await setTimeout(STRETCH_MS)
    const after = await look()
    const shares = after.map((count, index) => count - before[index]!)
    if (best.length === 0 || evenness(shares) > evenness(best)) best = shares
    before = after
  }
  return best
}

/** The least share beside the mean. */
function evenness(shares: readonly number[]): number {
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  return Math.min(...shares) / mean
}

test.each([1, 2])(
  'with %i workers, ports that flood get a share each, and another port loses nothing',
  async (workers) => {
    const { stations, config } = lab(6, { ipv6: false })
    const [a, b, c, sink, quiet, peer] = stations as [
      Station,
      Station,
      Station,
      Station,
      Station,
      Station,
    ]
    const running = await up({ ...config, workers })
    const [floods, shares, told] = await Promise.all([
      Promise.all([a, b, c].map((station) => flood(station, sink))),
      received(running, ['a', 'b', 'c']),
      run(within(quiet.netns, ...pings, peer.ip4)),
    ])
    expect(told.stdout).toContain(`${PINGS} packets transmitted, ${PINGS} received, 0% packet loss`)
    // Nothing was lost beyond: what the queue took comes in; when they end, up to 1000 of each still wait.
    const names = ['a', 'b', 'c']
    const taken = floods.map(({ report }) => report.sender.frames)
    await until('what the queues took to come in', async () => {
      const now = await portsOf(running)
      return names.every((name, index) => now.get(name)!.rx.frames >= taken[index]!)
    })
    const ports = await portsOf(running)
    for (const [index, name] of names.entries()) {
      const port = ports.get(name)!
      // Each offered more than was taken: the queue was full, and the kernel says so.
      expect(port.queue).toEqual({ unit: 'frames', capacity: 1000, used: null })
      expect(floods[index]!.report.sender.refused).toBeGreaterThan(0)
      expect(port.kernelDrops).toBeGreaterThan(0)
    }
    expect(await running.show('drops')).toEqual([])
    expect(evenness(shares)).toBeGreaterThan(0.5)
  },
  60_000,
)
