/** Interoperation with the kernel's vxlan device (RFC 7348), in both directions. */
import { describe, expect, test } from 'vitest'
import { digestOf, echoUdp, sendTcp } from '../support/exchange.js'
import { type Linkspan, up } from '../support/linkspan.js'
import { ping } from '../support/netns.js'
import {
  type Container,
  container,
  type Host,
  kernelVtep,
  OVERHEAD,
  onKernelBridge,
  switchOn,
  underlayNet,
} from '../support/overlay-net.js'
import { iperf } from '../support/traffic.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const STREAM = 20_000_000

interface Lab {
  ours: Container
  theirs: Container
  hosts: [Host, Host]
  running: Linkspan
  mtu: number
}

/** A container on a switch here, one on the kernel's bridge there. */
async function lab(version: 4 | 6 = 4, underlay = 1500, words: string[] = []): Promise<Lab> {
  const [here, there] = underlayNet(2, underlay).hosts as [Host, Host]
  const [ours, theirs] = [container(1), container(2)]
  const [local, remote] = version === 4 ? [here.ip4, there.ip4] : [here.ip6, there.ip6]
  const mtu = underlay - OVERHEAD[version]
  kernelVtep(there, [remote, local], { mtu, words })
  onKernelBridge(there, theirs, mtu)
  const vxlan = { peers: [remote] }
  const config = switchOn({
    host: here,
    containers: [ours],
    vxlan,
    version,
    ...(underlay === 1500 ? {} : { mtu, underlay: { mtu: underlay } }),
  })
  return { ours, theirs, hosts: [here, there], running: await up(config), mtu }
}

/** Both ways, to both addresses. */
function ways({ ours, theirs }: Lab): [Container, Container, string][] {
  return [
    [ours, theirs, theirs.ip4],
    [theirs, ours, ours.ip4],
    [ours, theirs, theirs.ip6],
    [theirs, ours, ours.ip6],
  ]
}

const headers = (address: string) => (address.includes(':') ? 48 : 28)

describe.each([
  ['IPv4', 4, 1500, []],
  ['IPv6, with checksums', 6, 1500, []],
  ['IPv6, zero checksums', 6, 1500, ['udp6zerocsumtx', 'udp6zerocsumrx']],
  ['IPv4, jumbo', 4, 9000, []],
  ['IPv4, no checksums', 4, 1500, ['noudpcsum']],
] as [string, 4 | 6, number, string[]][])('the kernel over %s', (_, version, underlay, words) => {
  test('pings of all sizes up to the MTU go through whole, and not beyond (X8)', async () => {
    const made = await lab(version, underlay, words)
    for (const [from, , address] of ways(made)) {
      expect(await ping(from.netns, address)).toEqual(all)
      const size = made.mtu - headers(address)
      expect(await ping(from.netns, address, '-M', 'do', '-s', String(size))).toEqual(all)
      const fragmented = await ping(from.netns, address, '-M', 'dont', '-s', String(3 * size))
      expect(fragmented).toEqual(all)
    }
    expect(await made.running.show('drops')).toEqual([])
  })

  test('TCP arrives octet by octet', async () => {
    const made = await lab(version, underlay, words)
    for (const [from, to, address] of ways(made)) {
      expect(await sendTcp(from.netns, to.netns, address, STREAM)).toBe(digestOf(STREAM))
    }
    expect((await made.running.port('c1')).state).toBe('up')
  })

  test('UDP of every size arrives, from none to the most there is', async () => {
    const made = await lab(version, underlay, words)
    for (const [from, to, address] of ways(made)) {
      const most = made.mtu - headers(address)
      const sizes = [0, 1, 2, 17, 18, 19, 512, most - 1, most, most + 1, 2 * most, 65_507 - 20]
      expect(await echoUdp(from.netns, to.netns, address, sizes)).toEqual(sizes)
    }
  })
})

test('iperf3 has its streams, both ways', async () => {
  const { ours, theirs } = await lab()
  const stations = [ours, theirs].map((one) => ({ ...one, name: one.ip4 }))
  const [a, b] = stations as [(typeof stations)[0], (typeof stations)[0]]
  expect((await iperf(a, b, b.ip4, '-n', '50M')).bitsPerSecond).toBeGreaterThan(1e6)
  expect((await iperf(b, a, a.ip6, '-n', '50M', '-P', '4')).bitsPerSecond).toBeGreaterThan(1e6)
  expect((await iperf(a, b, b.ip4, '-u', '-b', '20M')).packets).toBeGreaterThan(100)
})
