/** The filter on a bridge: ordered rules, policy, links between isolated ports (issue of the router). */
import { expect, test } from 'vitest'
import type { FilterRule } from '../../src/dataplane/filter.js'
import { buildFrame } from '../../src/packet/build.js'
import { parseFlow } from '../../src/packet/flow.js'
import { onEveryBuild } from '../support/builds.js'
import { arp, ethernet, join, packet, station, word } from '../support/frames.js'
import { framed, ICMPV6, ipPacket } from '../support/ip.js'
import { ipFrame, udp } from '../support/nat-packets.js'
import { solicitation } from '../support/nd.js'
import { type Rig, rig } from '../support/rig.js'

const web: FilterRule = {
  name: 'web-db',
  action: 'allow',
  from: { port: 'a' },
  to: { port: 'b' },
  protocol: 'tcp',
  destinationPort: [5432],
}
const closed: FilterRule = { name: 'db-closed', action: 'deny', to: { port: 'b' } }

function frame(flow: string, from: number, to: number): Uint8Array {
  const macs = { sourceMac: station(from), destinationMac: station(to) }
  return buildFrame(parseFlow(flow.split(' ')), macs)
}
const wanted = () => frame('tcp 10.55.0.1:40000 10.55.0.2:5432', 1, 2)
/** What the other side says to what `wanted` says. */
const answer = (port = 5432) => {
  const made = frame(`tcp 10.55.0.2:${port} 10.55.0.1:40000`, 2, 1)
  made[47] = 0x12 // SYN and ACK; the checksum is nobody's business here
  new DataView(made.buffer).setUint32(42, 1)
  return made
}
const other = () => frame('tcp 10.55.0.1:40000 10.55.0.2:22', 1, 2)

function known(bench: Rig): Rig {
  return bench.setStatic(station(1), 'a').setStatic(station(2), 'b').setStatic(station(3), 'c')
}

onEveryBuild('filter', (build) => {
  const lan = () => known(rig(build).ports('abc'))

  test('the first rule that takes a packet decides', () => {
    const bench = lan().rules(web, closed)
    bench.inject('a', wanted(), other()).run()
    expect(bench.deliveries()).toEqual({ b: 1 })
    expect(bench.drops()).toEqual({ 'a filter-denied': 1 })
    bench.rules(closed, web)
    bench.inject('a', frame('tcp 10.55.0.1:40001 10.55.0.2:5432', 1, 2)).run()
    expect(bench.deliveries()).toEqual({})
  })

  test('a rule counts what it decides, and keeps its count under its name', () => {
    const bench = lan().rules(web, closed)
    bench.inject('a', wanted(), other(), other()).run()
    expect(bench.topology.filter.counters('web-db')).toEqual({ packets: 1, bytes: 54 })
    bench.rules(closed)
    expect(bench.topology.filter.counters('db-closed')).toMatchObject({ packets: 2 })
    expect(bench.topology.filter.counters('web-db')).toBeUndefined()
    bench.rules(web, closed)
    expect(bench.topology.filter.counters('web-db')).toEqual({ packets: 0, bytes: 0 })
  })

  test('a bridge whose policy is deny passes nothing but what a rule allows, ARP and discovery', () => {
    const bench = known(rig(build).bridge('lan', { policy: 'deny' }).ports('abc')).rules(web)
    bench.inject('a', wanted(), other()).run()
    expect(bench.deliveries()).toEqual({ b: 1 })
    const asking = packet({ version: 6 }).frame
    asking[20] = 58
    asking[54] = 135
    bench.inject('a', arp(1), asking).run()
    expect(bench.deliveries()).toEqual({ b: 2, c: 1 })
  })

  test('D3: discovery in a fragment is none, and passes no closed bridge (RFC 6980)', () => {
    const bench = known(rig(build).bridge('lan', { policy: 'deny' }).ports('abc')).rules(web)
    const given = { source: 'fe80::1', destination: 'ff02::1:ff00:2', target: 'fe80::2' }
    const whole = solicitation({ ...given, from: station(1), to: station(2) })
    const message = whole.slice(54)
    for (const [offset, part] of [
      [1, message.slice(0, 16)],
      [16, message.slice(16)],
    ] as const) {
      const payload = join([ICMPV6, 0, 0, offset, 0, 0, 0, 1], part)
      const fragment = ipPacket({ ...given, protocol: 44, payload, hops: 255 })
      bench.inject('a', framed(station(2), station(1), fragment))
    }
    bench.run()
    expect(bench.deliveries()).toEqual({})
    bench.inject('a', whole).run()
    expect(bench.deliveries()).toEqual({ b: 1 })
  })

  test('a bridge that no rule can concern is not asked', () => {
    const bench = lan()
      .port('z', { bridge: 'dmz' })
      .rules({ ...closed, to: { port: 'z' } })
    bench.inject('a', wanted()).run()
    expect(bench.deliveries()).toEqual({ b: 1 })
    expect(bench.topology.filter.concerns('lan')).toBe(false)
    expect(bench.topology.filter.concerns('dmz')).toBe(true)
  })

  test('a rule links two isolated ports, one way, and ARP finds the way', () => {
    const isolated = { policy: { isolated: true } }
    const bench = known(rig(build).port('a', isolated).port('b', isolated).port('c', isolated))
    bench.rules(web)
    bench.inject('a', arp(1), other()).run()
    expect(bench.deliveries()).toEqual({ b: 1, c: 1 })
    expect(bench.drops()).toEqual({ 'b isolated': 1 })
    const back = frame('tcp 10.55.0.2:40000 10.55.0.1:5432', 2, 1)
    bench.inject('b', back).run()
    expect(bench.deliveries()).toEqual({})
    bench.inject('a', wanted()).run().inject('b', answer()).run().inject('a', wanted()).run()
    expect(bench.deliveries()).toEqual({ a: 1, b: 2 })
  })

  test('what no rule allows between isolated ports leaves no flow behind that would let it pass', () => {
    const isolated = { policy: { isolated: true } }
    const bench = known(rig(build).port('a', isolated).port('b', isolated).port('c'))
    bench.rules(web)
    bench.inject('a', other(), other()).run().inject('b', answer(22)).run()
    expect(bench.deliveries()).toEqual({})
    // By way of a port that is not isolated too.
    bench.inject('c', other()).run().inject('b', answer(22)).run().inject('a', other()).run()
    expect(bench.deliveries()).toEqual({ b: 1 })
  })

  test('what answers an allowed packet passes, and what does not is asked itself', () => {
    const bench = known(rig(build).bridge('lan', { policy: 'deny' }).ports('abc')).rules(web)
    bench.inject('b', answer()).run()
    expect(bench.deliveries()).toEqual({})
    bench.inject('a', wanted()).run().inject('b', answer()).run()
    expect(bench.deliveries()).toEqual({ a: 1, b: 1 })
    bench.inject('b', frame('tcp 10.55.0.2:5432 10.55.0.1:40001', 2, 1)).run()
    expect(bench.deliveries()).toEqual({})
  })

  test('a flow goes on when the rule that allowed it goes, unless a rule asks for its state', () => {
    const bench = known(rig(build).bridge('lan', { policy: 'deny' }).ports('abc')).rules(web)
    bench.inject('a', wanted()).run().rules(closed).inject('b', answer()).run()
    expect(bench.deliveries()).toEqual({ a: 1, b: 1 })
    bench.rules({ name: 'none', action: 'deny', state: ['established', 'related'] })
    bench.inject('b', answer()).run()
    expect(bench.deliveries()).toEqual({})
  })

  test('a rejected packet is told to its sender by the gateway, in both families', () => {
    const rejecting: FilterRule = { name: 'no', action: 'reject', to: { port: 'b' } }
    const bench = lan().gateway('lan', { addresses: ['10.55.0.254/24', 'fd55::fe/64'] })
    bench.advance(3000).deliveries()
    bench.rules(rejecting).inject('a', other()).run()
    const [told] = bench.frames('a')
    // Unreachable, communication administratively prohibited (RFC 1812 section 5.2.7.1).
    expect([...(told?.subarray(34, 36) ?? [])]).toEqual([3, 13])
    expect([...(told?.subarray(30, 34) ?? [])]).toEqual([10, 55, 0, 1])
    bench.inject('a', frame('tcp [fd55::1]:40000 [fd55::2]:22', 1, 2)).run()
    expect([...(bench.frames('a')[0]?.subarray(54, 56) ?? [])]).toEqual([1, 1])
    expect(bench.drops()).toMatchObject({ 'a filter-rejected': 2 })
    expect(bench.frames('b')).toEqual([])
  })

  test('a rule that names a port takes what the router sends there, by its addresses', () => {
    const bench = rig(build).port('a', { bridge: 'blue' }).port('b', { bridge: 'red' })
    bench.gateway('blue', { addresses: ['10.1.0.1/24'], mac: '02:ff:00:00:00:01' })
    bench.gateway('red', { addresses: ['10.2.0.1/24'], mac: '02:ff:00:00:00:02' })
    bench.advance(3000)
    bench.neighbors(
      { bridge: 'blue', address: '10.1.0.2', mac: '02:00:00:00:00:01' },
      { bridge: 'red', address: '10.2.0.2', mac: '02:00:00:00:00:02' },
    )
    bench.setStatic(station(1), 'a', 'blue').setStatic(station(2), 'b', 'red').deliveries()
    const routed = (port: number) => {
      const packet = frame(`tcp 10.1.0.2:40000 10.2.0.2:${port}`, 1, 2)
      packet.set([0x02, 0xff, 0, 0, 0, 1])
      return packet
    }
    const to = { port: 'b', addresses: ['10.2.0.2', 'fd02::2'] }
    bench.rules({ ...web, to }, { ...closed, to })
    bench.inject('a', routed(5432), routed(22)).run()
    expect(bench.deliveries()).toEqual({ b: 1 })
    expect(bench.drops()).toMatchObject({ 'a filter-denied': 1 })
  })

  test('B13 what lies in LLC/SNAP or behind tags gets the verdict of the packet in it', () => {
    const bench = lan().rules(closed)
    const ip = other().subarray(14)
    const snap = join([0xaa, 0xaa, 3, 0, 0, 0], word(0x0800), ip)
    bench.inject('a', ethernet(station(2), station(1), snap.length, snap)).run()
    bench.inject('a', ethernet(station(2), station(1), 0x0800, ip, [{ vid: 5 }])).run()
    bench.inject('a', ethernet(station(2), station(1), 0x0800, ip, [{ vid: 5 }, { vid: 6 }])).run()
    expect(bench.deliveries()).toEqual({})
    expect(bench.drops()).toEqual({ 'a filter-denied': 3 })
  })

  test('fragments behind the first go its way; one of no flow is asked itself, by all but its ports', () => {
    const [from, to] = ['10.55.0.1', '10.55.0.2']
    const first = (port: number, id: number) =>
      udp({ from: [from, 4000], to: [to, port] }, { fragment: 0x2000, id }, 1472)
    const later = (id: number, protocol = 17) => {
      const payload = new Uint8Array(100)
      return ipFrame({ source: from, destination: to, protocol, payload, fragment: 185, id })
    }
    const dns = { protocol: 'udp', destinationPort: [53] } as const
    const bench = lan().rules({ name: 'dns', action: 'allow', ...dns }, closed)
    bench.inject('a', first(53, 1), later(1), first(80, 2)).run()
    expect(bench.deliveries()).toEqual({ b: 2 })
    // Its first was denied, or did not come yet: the rule would take it, were it for its ports or not.
    bench.inject('a', later(2), later(3), later(4, 6)).run()
    expect(bench.deliveries()).toEqual({ b: 2 })

    bench.rules({ name: 'no-dns', action: 'deny', ...dns })
    bench.inject('a', first(80, 5), later(5), later(6)).run()
    expect(bench.deliveries()).toEqual({ b: 2 })
    expect(bench.drops()).toEqual({ 'a filter-denied': 3 })
  })

  test('a packet that is not what it says is dropped where rules are asked, and padding stays', () => {
    const bench = lan().rules(web)
    const wrong = other()
    wrong[24] = (wrong[24] as number) ^ 1
    const padded = join(other(), new Uint8Array(20))
    bench.inject('a', wrong, padded).run()
    expect(bench.drops()).toEqual({ 'a ip-header': 1 })
    expect(bench.frames('b')).toEqual([padded])
  })

  test('rules follow the names of ports and bridges', () => {
    const bench = lan().rules(closed)
    bench.removePort('b')
    bench.inject('a', other()).run()
    expect(bench.deliveries()).toEqual({ c: 1 })
    bench.port('b').setStatic(station(2), 'b').inject('a', other()).run()
    expect(bench.deliveries()).toEqual({})
  })

  test('more rules than there is room for are refused, and those before stay', () => {
    const bench = known(rig(build, { capacity: { rules: 2 } }).ports('abc')).rules(web, closed)
    expect(() => bench.rules(web, closed, { ...web, name: 'third' })).toThrow('capacity.rules')
    bench.inject('a', other()).run()
    expect(bench.deliveries()).toEqual({})
  })
})
