/** A narrower link between two hosts: what the sender inside is told of it, and when (X6, X8). */
import { describe, expect, test } from 'vitest'
import { digestOf, sendTcp } from '../support/exchange.js'
import { up } from '../support/linkspan.js'
import { ip, namespace, ping, within } from '../support/netns.js'
import {
  type Container,
  container,
  give,
  type Host,
  link,
  OVERHEAD,
  switchOn,
} from '../support/overlay-net.js'
import { must, run } from '../support/process.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const STREAM = 10_000_000
const NARROW = 1400

/** Two hosts on networks of their own and a router, whose link to the second takes less. */
async function routed(): Promise<[Host, Host]> {
  const [a, b, router] = [namespace(), namespace(), namespace()]
  const forwarding = ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']
  const on = forwarding.map((key) => `echo 1 > /proc/sys/net/${key}`).join(' && ')
  await must(within(router, 'sh', '-c', on))
  const hosts = [a, b].map((netns, index) => {
    const host = { netns, ip4: `10.${index + 1}.0.2`, ip6: `fd0${index + 1}::2` }
    const way = { ip4: `10.${index + 1}.0.1`, ip6: `fd0${index + 1}::1` }
    link([netns, 'eth0'], [router, `r${index}`])
    give(netns, 'eth0', host)
    give(router, `r${index}`, way)
    ip('-n', netns, 'route', 'add', 'default', 'via', way.ip4)
    ip('-n', netns, '-6', 'route', 'add', 'default', 'via', way.ip6)
    return host
  })
  ip('-n', router, 'link', 'set', 'r1', 'mtu', String(NARROW))
  return hosts as [Host, Host]
}

/** A switch and a container on each. */
async function lab(version: 4 | 6): Promise<[Container, Container]> {
  const hosts = await routed()
  const inside = [container(1), container(2)] as [Container, Container]
  const address = ({ ip4, ip6 }: Host) => (version === 4 ? ip4 : ip6)
  const configs = hosts.map((host, index) => {
    const peers = [address(hosts[1 - index] as Host)]
    return switchOn({ host, containers: [inside[index] as Container], vxlan: { peers }, version })
  })
  await Promise.all(configs.map((config) => up(config)))
  await until('the two to meet', async () => {
    return (await ping(inside[0].netns, inside[1].ip4, '-W', '1')).received === 3
  })
  return inside
}

const once = (netns: string, to: string, size: number) =>
  run(within(netns, 'ping', '-n', '-c', '1', '-W', '1', '-M', 'do', '-s', String(size), to))

describe.each([4, 6] as const)('over IPv%i', (version) => {
  const wide = 1500 - OVERHEAD[version]
  const narrow = NARROW - OVERHEAD[version]

  test('the sender of a packet that is too large is told, once it is known', async () => {
    const [a, b] = await lab(version)
    // The first is lost on the underlay, which tells us; the next is answered here.
    await once(a.netns, b.ip4, wide - 28)
    await until('the sender to be told', async () => {
      const { stdout } = await once(a.netns, b.ip4, wide - 28)
      return /Frag needed and DF set \(mtu = (\d+)\)|Message too long/.test(stdout)
    })
    expect(ip('-n', a.netns, 'route', 'get', b.ip4)).toContain(`mtu ${narrow}`)
    expect(await ping(a.netns, b.ip4, '-M', 'do', '-s', String(narrow - 28))).toEqual(all)
    expect((await once(a.netns, b.ip4, narrow - 27)).stdout).toContain(' 0 received')
    // Inside there is IPv6, too: what the tunnel takes is known by now.
    await once(a.netns, b.ip6, wide - 48)
    expect(ip('-n', a.netns, '-6', 'route', 'get', b.ip6)).toContain(`mtu ${narrow}`)
    expect(await ping(a.netns, b.ip6, '-M', 'do', '-s', String(narrow - 48))).toEqual(all)
  })

  test('TCP goes on, both ways', async () => {
    const [a, b] = await lab(version)
    expect(await sendTcp(a.netns, b.netns, b.ip4, STREAM)).toBe(digestOf(STREAM))
    expect(await sendTcp(b.netns, a.netns, a.ip6, STREAM)).toBe(digestOf(STREAM))
    expect(await sendTcp(b.netns, a.netns, a.ip4, STREAM)).toBe(digestOf(STREAM))
  })
})
