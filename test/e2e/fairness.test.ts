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

/** How long they flood, and the stretch of it that is looked at: when all of them do. */
const FLOOD = '3s'
const [BEGUN_MS, WATCHED_MS] = [1000, 1200]
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

/** What came in by each port in the stretch that is looked at. */
async function received(running: Linkspan, names: readonly string[]): Promise<number[]> {
  await setTimeout(BEGUN_MS)
  const before = await portsOf(running)
  await setTimeout(WATCHED_MS)
  const after = await portsOf(running)
  return names.map((name) => after.get(name)!.rx.frames - before.get(name)!.rx.frames)
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
    const mean = shares.reduce((sum, share) => sum + share) / shares.length
    expect(Math.min(...shares)).toBeGreaterThan(mean / 2)
  },
  60_000,
)
