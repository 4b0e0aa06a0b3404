import { describe, expect, test } from 'vitest'
import { metrics } from '../../src/control/metric-list.js'
import { lab, two } from '../support/lab.js'
import { up } from '../support/linkspan.js'
import { ip, ping } from '../support/netns.js'
import { scrape } from '../support/prometheus.js'

describe('metrics', () => {
  test('say what the switch says elsewhere, in the format', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const [a, b] = two(stations)
    const fdb = [{ bridge: 'lan', mac: '02:e2:e0:00:00:99', port: 'b' }]
    const running = await up({ ...config, fdb })
    await ping(a.netns, b.ip4, '-c', '10')
    ip('-n', b.netns, 'neigh', 'add', '10.77.0.99', 'lladdr', '02:e2:e0:00:00:99', 'dev', 'eth0')
    await ping(b.netns, '10.77.0.99', '-c', '1', '-W', '1')
    const { types, samples, of, value } = await scrape(running)
    expect(Object.fromEntries(types)).toEqual(
      Object.fromEntries(metrics.map(({ name, type }) => [name, type])),
    )
    for (const port of ['a', 'b']) {
      const { rx, tx } = await running.port(port)
      const labels = { port, bridge: 'lan' }
      expect(value('linkspan_port_up', labels)).toBe(1)
      expect(value('linkspan_port_receive_frames_total', labels)).toBe(rx.frames)
      expect(value('linkspan_port_receive_bytes_total', labels)).toBe(rx.bytes)
      expect(value('linkspan_port_transmit_frames_total', labels)).toBe(tx.frames)
      expect(value('linkspan_port_transmit_bytes_total', labels)).toBe(tx.bytes)
      expect(value('linkspan_port_kernel_drops_total', labels)).toBe(0)
    }
    expect(of('linkspan_port_drops_total')).toEqual([
      expect.objectContaining({ labels: { port: 'b', bridge: 'lan', reason: 'same-port' } }),
    ])
    expect(value('linkspan_fdb_entries')).toBeGreaterThanOrEqual(3)
    expect(value('linkspan_fdb_capacity_entries')).toBe(65_536)
    expect(value('linkspan_bridges')).toBe(1)
    expect(of('linkspan_build_info')).toHaveLength(1)
    for (const { value } of samples) expect(value).toBeGreaterThanOrEqual(0)
  })

  test('have a histogram of bursts that adds up', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const [a, b] = two(stations)
    const running = await up(config)
    await ping(a.netns, b.ip4, '-c', '10')
    const { of, value } = await scrape(running)
    const name = 'linkspan_worker_burst_frames'
    const buckets = of(`${name}_bucket`, { worker: '0' })
    expect(buckets.map(({ labels }) => labels.le)).toEqual([
      '1',
      '3',
      '7',
      '15',
      '31',
      '63',
      '127',
      '255',
      '256',
      '+Inf',
    ])
    const counts = buckets.map(({ value }) => value)
    expect(counts).toEqual([...counts].sort((one, other) => one - other))
    expect(value(`${name}_count`)).toBe(counts.at(-1))
    expect(value(`${name}_sum`)).toBeGreaterThanOrEqual(value(`${name}_count`) ?? Infinity)
    expect(value('linkspan_worker_waited_seconds_total')).toBeGreaterThan(0)
    expect(value('linkspan_worker_up')).toBe(1)
  })

  test('of a port never fall while it is there, and start anew with a new one', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const [a, b] = two(stations)
    const running = await up(config)
    const frames = 'linkspan_port_receive_frames_total'
    const labels = { port: 'b', bridge: 'lan' }
    await ping(a.netns, b.ip4)
    const first = (await scrape(running)).value(frames, labels) ?? 0
    expect(first).toBeGreaterThan(0)
    await running.do('port', 'del', 'b')
    expect((await scrape(running)).of(frames, { port: 'b' })).toEqual([])
    const words = ['--bridge', 'lan', '--ifname', 'eth0', '--netns', b.netns, '--mac', b.mac]
    await running.do('port', 'add', 'b', ...words, '--address', `${b.ip4}/24`)
    const anew = (await scrape(running)).value(frames, labels) ?? Infinity
    expect(anew).toBeLessThan(first)
    await ping(a.netns, b.ip4, '-c', '5')
    expect((await scrape(running)).value(frames, labels)).toBeGreaterThan(anew)
  })
})
