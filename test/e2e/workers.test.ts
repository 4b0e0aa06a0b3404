/** More workers and fewer while traffic runs: nothing is lost, nothing overtakes, and who has gone ends. */
import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { call } from '../../src/cli/client.js'
import { lab, two } from '../support/lab.js'
import { configFile, type Linkspan, up } from '../support/linkspan.js'
import { numbered, outOfOrder, type Place, streams } from '../support/many.js'
import { narrowLab } from '../support/nat-hosts.js'
import { descriptors, ping } from '../support/netns.js'
import { until } from '../support/until.js'

const FLOWS = 16
const DATAGRAMS = 6000
const CONNECTIONS = 24
const OCTETS = 1 << 24
const PORT = 7009
const COUNTS = [3, 1, 2, 3, 2, 1]

interface WorkerRow {
  worker: number
  state: string
  frames: number
}

const room = { workers: 1, capacity: { maxWorkers: 3 } }
const threads = ({ pid }: Linkspan) => readdirSync(`/proc/${pid}/task`).length
const states = async (running: Linkspan) =>
  (await running.show<WorkerRow[]>('workers')).map(({ state }) => state)

async function setWorkers(running: Linkspan, config: object, workers: number): Promise<void> {
  await call(running, 'POST', '/v1/apply', { config: { ...config, workers } })
  const rows = await states(running)
  expect(rows.filter((state) => state === 'running')).toHaveLength(workers)
}

/** Changes the number of workers time and again until something is done. @returns how often */
async function changing(running: Linkspan, config: object, until: Promise<unknown>) {
  let done = false
  const end = until.finally(() => {
    done = true
  })
  let changes = 0
  while (!done) {
    await setWorkers(running, config, COUNTS[changes % COUNTS.length] as number)
    changes += 1
  }
  await end
  return changes
}

/** Datagrams and streams, while workers come and go. */
async function holds(running: Linkspan, config: object, from: string, to: Place): Promise<void> {
  const datagrams = numbered(from, to, FLOWS, DATAGRAMS)
  expect(await changing(running, config, datagrams)).toBeGreaterThan(3)
  expect(await datagrams).toEqual({ answered: FLOWS * DATAGRAMS, disordered: 0 })
  const before = await outOfOrder(from, to.netns)
  const transfers = streams(from, to, CONNECTIONS, OCTETS)
  expect(await changing(running, config, transfers)).toBeGreaterThan(3)
  const late = (await outOfOrder(from, to.netns)) - before
  const drops = await running.show('drops')
  expect({ right: await transfers, late, drops }).toEqual({
    right: CONNECTIONS,
    late: 0,
    drops: [],
  })
}

describe('workers that come and go', () => {
  test('over a bridge', async () => {
    const { stations, config: plain } = lab(2, { ipv6: false })
    const config = { ...plain, ...room }
    const [a, b] = two(stations)
    const running = await up(config)
    await holds(running, config, a.netns, { netns: b.netns, at: [b.ip4, PORT] })
    // All have had their share.
    await setWorkers(running, config, 3)
    for (const { frames } of await running.show<WorkerRow[]>('workers')) {
      expect(frames).toBeGreaterThan(100)
    }
  })

  test('through NAT', async () => {
    const { inside, outside, config: plain } = narrowLab({ ipv6: false })
    const config = { ...plain, ...room }
    const running = await up(config)
    await ping(inside, '203.0.113.1')
    await holds(running, config, inside, { netns: outside, at: ['203.0.113.1', PORT] })
  })

  test('leave nothing behind', async () => {
    const { stations, config: plain } = lab(2)
    const config = { ...plain, ...room }
    const [a, b] = two(stations)
    const running = await up(config)
    const cycle = async () => {
      for (const count of [3, 2, 1]) await setWorkers(running, config, count)
    }
    const bare = threads(running)
    await until('a spare thread', () => threads(running) > bare)
    await cycle()
    const before = [descriptors(running.pid), threads(running)]
    for (let round = 0; round < 5; round++) await cycle()
    expect([descriptors(running.pid), threads(running)]).toEqual(before)
    expect(await states(running)).toEqual(['running', 'stopped', 'stopped'])
    expect((await ping(a.netns, b.ip4)).received).toBe(3)
    expect(await running.stop()).toMatchObject({ status: 0 })
  })

  test('are as many as there is room for, and no more', async () => {
    const { config: plain } = lab(1)
    const running = await up({ ...plain, ...room })
    const refused = await running.run('apply', '-c', configFile({ ...plain, workers: 4 }))
    expect(refused).toMatchObject({ status: 1 })
    expect(refused.stderr).toContain('a change of capacity.maxWorkers needs a restart')
    expect(
      await running.do('apply', '--dry-run', '-c', configFile({ ...plain, workers: 2 })),
    ).toContain('~ switch workers')
    expect(await states(running)).toEqual(['running'])
  })
})
