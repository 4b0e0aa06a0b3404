/** A container with a tunnel of its own: the kernel leaves the inner checksum to our TAP. */
import { describe, expect, test } from 'vitest'
import { lab, two } from '../support/lab.js'
import { up } from '../support/linkspan.js'
import { ip, ping } from '../support/netns.js'
import { iperf } from '../support/traffic.js'

describe('VXLAN between two stations', () => {
  test.each([
    ['without outer checksums', 'noudpcsum'],
    ['with outer checksums', 'udpcsum'],
  ])('TCP and UDP cross %s, and nothing is dropped', async (_, checksums) => {
    const { stations, config } = lab(2)
    const running = await up(config)
    const [a, b] = two(stations)
    for (const [here, there, address] of [
      [a, b, '10.88.0.1/24'] as const,
      [b, a, '10.88.0.2/24'] as const,
    ]) {
      const tunnel = ['type', 'vxlan', 'id', '7', 'dstport', '4789', 'dev', 'eth0', checksums]
      ip('-n', here.netns, 'link', 'add', 'vx0', ...tunnel, 'remote', there.ip4)
      ip('-n', here.netns, 'address', 'add', address, 'dev', 'vx0')
      ip('-n', here.netns, 'link', 'set', 'vx0', 'up')
    }
    expect(await ping(a.netns, '10.88.0.2')).toMatchObject({ received: 3 })
    expect((await iperf(a, b, '10.88.0.2', '-n', '20M')).bitsPerSecond).toBeGreaterThan(1e6)
    const datagrams = await iperf(a, b, '10.88.0.2', '-u', '-b', '10M')
    expect(datagrams.packets).toBeGreaterThan(100)
    const drops = await running.show<{ reason: string }[]>('drops')
    expect(drops.map(({ reason }) => reason)).not.toContain('checksum-request')
  })
})
