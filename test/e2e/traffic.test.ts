import { describe, expect, test } from 'vitest'
import { frame, markOf } from '../support/frames.js'
import { lab, macOf, type Station, three, two } from '../support/lab.js'
import { up } from '../support/linkspan.js'
import { ip, ping, within } from '../support/netns.js'
import { type PacketSocket, packetSocket } from '../support/packet.js'
import { must } from '../support/process.js'
import { heard, iperf, listen } from '../support/traffic.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const FIXED = ['-M', 'do', '-s']

describe('four namespaces', () => {
  test('every pair pings, over IPv4 and IPv6', async () => {
    const { stations, config } = lab(4)
    await up(config)
    const pairs = stations.flatMap((from) => stations.map((to) => [from, to] as const))
    for (const [from, to] of pairs.filter(([from, to]) => from !== to)) {
      const answers = await Promise.all([ping(from.netns, to.ip4), ping(from.netns, to.ip6)])
      expect(answers, `${from.name} to ${to.name}`).toEqual([all, all])
    }
  })

  test('the FDB has every station at its port', async () => {
    const { stations, config } = lab(4)
    const running = await up(config)
    for (const { ip4 } of stations.slice(1)) await ping(stations[0]?.netns ?? '', ip4)
    const expected = Object.fromEntries(stations.map(({ mac, name }) => [mac, name]))
    expect(await running.fdb()).toEqual(expected)
  })
})

describe('iperf3', () => {
  test.each([
    ['TCP', []],
    ['TCP, the other way', ['-R']],
    ['TCP, both ways at once', ['--bidir']],
    ['TCP in small segments', ['-M', '500']],
  ])('%s', async (_, options) => {
    const { stations, config } = lab(2)
    await up(config)
    const [a, b] = two(stations)
    const { bitsPerSecond } = await iperf(a, b, b.ip4, ...options)
    expect(bitsPerSecond).toBeGreaterThan(1e6)
  })

  test('TCP over IPv6', async () => {
    const { stations, config } = lab(2)
    await up(config)
    const [a, b] = two(stations)
    expect((await iperf(a, b, b.ip6, '-6')).bitsPerSecond).toBeGreaterThan(1e6)
  })

  // Far below what the path carries, so that a datagram that is lost was lost by the switch.
  test.each([
    ['UDP', []],
    ['UDP, the other way', ['-R']],
    ['UDP in datagrams that are fragmented', ['-l', '20000']],
  ])('%s: every datagram arrives', async (_, options) => {
    const { stations, config } = lab(2)
    await up(config)
    const [a, b] = two(stations)
    const { lost, packets } = await iperf(a, b, b.ip4, '-u', '-b', '4M', ...options)
    expect(packets).toBeGreaterThan(10)
    expect(lost).toBe(0)
  })
})

describe('an MTU of 9000', () => {
  test('is kept: at it passes, above it does not leave', async () => {
    const { stations, config } = lab(2, { mtu: 9000 })
    await up(config)
    const [a, b] = two(stations)
    expect(await ping(a.netns, b.ip4, ...FIXED, String(9000 - 28))).toEqual(all)
    expect(await ping(a.netns, b.ip6, ...FIXED, String(9000 - 48))).toEqual(all)
    const above = await ping(a.netns, b.ip4, ...FIXED, String(9000 - 27), '-c', '1', '-W', '1')
    expect(above.received).toBe(0)
  })

  test('carries fragments of a datagram of 60,000 bytes', async () => {
    const { stations, config } = lab(2, { mtu: 9000 })
    await up(config)
    const [a, b] = two(stations)
    expect(await ping(a.netns, b.ip4, '-s', '60000')).toEqual(all)
    expect(await ping(a.netns, b.ip6, '-s', '60000')).toEqual(all)
  })

  test('towards a port of 1500: dropped and counted, in full size only', async () => {
    const { stations, config } = lab(2, { mtu: 9000 })
    const running = await up(config)
    const [a, b] = two(stations)
    ip('-n', b.netns, 'link', 'set', 'eth0', 'mtu', '1500')
    await running.portIs('b', { mtu: 1500 })
    expect(await ping(a.netns, b.ip4, ...FIXED, String(1500 - 28))).toEqual(all)
    const above = await ping(a.netns, b.ip4, ...FIXED, String(1500 - 27), '-c', '2', '-W', '1')
    expect(above.received).toBe(0)
    const drops = await running.show('drops')
    expect(drops).toContainEqual(
      expect.objectContaining({ port: 'b', reason: 'over-mtu', frames: 2 }),
    )
  })
})

describe('checksums', () => {
  /** TCP and UDP from one station to another, heard there. */
  async function conversation() {
    const { stations, config } = lab(2)
    await up(config)
    const [a, b] = two(stations)
    await switchOff(a.netns, 'eth0')
    const ear = await listen(b.netns, 'tcp or udp')
    await iperf(a, b, b.ip4, '-n', '400K')
    await iperf(a, b, b.ip6, '-n', '100K')
    await iperf(a, b, b.ip4, '-u', '-b', '2M', '-n', '100K')
    await until('UDP to be heard', () => /UDP.*length/.test(ear.stdout))
    return await heard(ear)
  }

  test('that were complete arrive complete and right', async () => {
    const lines = await conversation()
    expect(lines.filter((line) => /cksum|udp sum ok/.test(line)).length).toBeGreaterThan(100)
    expect(lines.filter((line) => /incorrect|bad \w* ?cksum/.test(line))).toEqual([])
  }, 60_000)

  test('that were partial are right on a wire that has no offloads', async () => {
    const { stations, config } = lab(3)
    await up(config)
    const [a, b, outside] = three(stations)
    await wireBehind(b.netns, outside.netns)
    ip('-n', a.netns, 'route', 'add', '10.78.0.0/24', 'via', b.ip4)
    const ear = await listen(outside.netns, 'tcp or udp', 'wire')
    const far = { ...outside, ip4: '10.78.0.2' }
    await iperf(a, far, far.ip4, '-n', '400K')
    await iperf(a, far, far.ip4, '-u', '-b', '2M', '-n', '100K')
    const lines = await heard(ear)
    expect(lines.filter((line) => /cksum .*correct|udp sum ok/.test(line)).length).toBeGreaterThan(
      100,
    )
    expect(lines.filter((line) => /incorrect|bad \w* ?cksum/.test(line))).toEqual([])
  }, 60_000)
})

/** Has the kernel complete checksums and cut super-frames itself before they leave. */
async function switchOff(netns: string, name: string): Promise<void> {
  await must(within(netns, 'ethtool', '-K', name, 'tx', 'off', 'tso', 'off', 'gso', 'off'))
}

/** A veth between two namespaces without offloads: a wire on which checksums are as a receiver sees them. */
async function wireBehind(router: string, outside: string): Promise<void> {
  ip('-n', router, 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', outside)
  ip('-n', router, 'address', 'add', '10.78.0.1/24', 'dev', 'wire')
  ip('-n', outside, 'address', 'add', '10.78.0.2/24', 'dev', 'wire')
  for (const netns of [router, outside]) {
    ip('-n', netns, 'link', 'set', 'wire', 'up')
    await switchOff(netns, 'wire')
  }
  ip('-n', outside, 'route', 'add', '10.77.0.1/32', 'via', '10.78.0.1')
  await must(within(router, 'sysctl', '-qw', 'net.ipv4.ip_forward=1'))
}

describe('flooding', () => {
  test('an unknown destination is heard everywhere, a known one only where it is', async () => {
    const { stations, config } = lab(4, { ipv6: false })
    const running = await up(config)
    const [a, b] = two(stations)
    ip('-n', a.netns, 'neigh', 'add', b.ip4, 'lladdr', b.mac, 'dev', 'eth0', 'nud', 'permanent')
    const ears = await Promise.all(stations.slice(1).map(({ netns }) => listen(netns, 'icmp')))
    // b has not spoken yet.
    expect(await running.fdb()).not.toHaveProperty(b.mac)
    expect(await ping(a.netns, b.ip4, '-c', '5')).toMatchObject({ received: 5, duplicates: 0 })
    expect(await running.fdb()).toMatchObject({ [a.mac]: 'a', [b.mac]: 'b' })
    const requests = (lines: string[] = []) =>
      lines.flatMap((line) => /echo request, id \d+, seq (\d+)/.exec(line)?.[1] ?? [])
    // What tcpdump has not read yet when it is ended it never tells.
    await until('each to tell of its last', () =>
      ears.every(({ stdout }, at) => requests(stdout.split('\n')).includes(at === 0 ? '5' : '1')),
    )
    const [atB, ...elsewhere] = await Promise.all(ears.map(heard))
    expect(requests(atB)).toEqual(['1', '2', '3', '4', '5'])
    expect(elsewhere.map(requests)).toEqual([['1'], ['1']])
  })

  test('a third station hears nothing of iperf3 between two others', async () => {
    const { stations, config } = lab(3, { ipv6: false })
    await up(config)
    const [a, b, c] = three(stations)
    await ping(a.netns, b.ip4)
    const ear = await listen(c.netns)
    await iperf(a, b, b.ip4)
    await iperf(a, b, b.ip4, '-u', '-b', '20M')
    expect((await heard(ear)).filter((line) => !line.includes('ARP'))).toEqual([])
  })

  test('nothing is sent twice, lost or overtaken, whatever its length', async () => {
    const { stations, config } = lab(3, { ipv6: false })
    await up(config)
    const [a, b, c] = three(stations)
    const from = packetSocket(a.netns)
    const [to, beside] = [packetSocket(b.netns), packetSocket(c.netns)]
    const marks: number[] = []
    let last = 0
    // No more at a time than the queue of a TAP holds.
    for (let group = 0; group < 100; group++) {
      const first = last
      for (; last < first + 100; last++) from.send(numbered(b, a, last))
      await until(`frame ${last - 1} to arrive`, () => {
        marks.push(...marksOf(to))
        return marks.at(-1) === last - 1
      })
    }
    expect(marks).toEqual(Array.from({ length: last }, (_, mark) => mark))
    // Flooded, since b never spoke.
    expect(marksOf(beside).slice(0, 100)).toEqual(marks.slice(0, 100))
  })
})

function numbered(to: Station, from: Station, mark: number): Uint8Array {
  return frame(macOf(to), macOf(from), mark, 60 + ((mark * 7919) % 1455))
}

function marksOf(socket: PacketSocket): number[] {
  const own = socket.take().filter(({ frame }) => frame[12] === 0x88 && frame[13] === 0xb5)
  return own.map(({ frame }) => markOf(frame))
}
