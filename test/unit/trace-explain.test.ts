/** The words of a trace, for each thing that can be decided. */
import { expect, test } from 'vitest'
import type { ConfigInput, PortInput } from '../../src/config/types.js'
import type { FilterRule } from '../../src/dataplane/filter.js'
import { BROADCAST, ethernet, frame, group, packet, station } from '../support/frames.js'
import { TraceBench, wordsOf } from '../support/trace-bench.js'

const [A, B, C] = [station(1), station(2), station(3)]
const port = (more: object = {}): PortInput => ({ bridge: 'lan', ...more })
const lan = (ports: Record<string, PortInput>, bridge: object = {}): ConfigInput => ({
  bridges: { lan: bridge },
  ports,
})
const two = lan({ a: port(), b: port() })
const of = (more: object) => lan({ a: port(more), b: port() })
const tagged = (tci: number, type = 0x8100) =>
  ethernet(B, A, 0x88b5, new Uint8Array(46), [{ vid: tci, type }])
const vlans = (bridge: object = {}) =>
  lan(
    {
      a: port({ vlan: { tagged: [20], native: 1 } }),
      b: port({ vlan: { tagged: [20], native: 1 } }),
      q: port({ vlan: { access: 20, tunnel: true } }),
    },
    { vlanAware: true, ...bridge },
  )

type Case = [
  words: string,
  config: ConfigInput,
  frame: Uint8Array,
  prepare?: (bench: TraceBench) => unknown,
]

const macA = '02:00:00:00:00:01'
const macB = '02:00:00:00:00:02'
const none: FilterRule = { name: 'none', action: 'deny', protocol: 'udp' }
const guard = { macs: [macA], addresses: ['10.55.0.1'] }

const cases: Case[] = [
  ['door: 60 octets into port a of bridge lan', two, frame(B, A)],
  [
    'policing: within what the port may send',
    of({ limits: { receive: { frames: 9 } } }),
    frame(B, A),
  ],
  ['vlan: untagged, so of the native VLAN 1', vlans(), frame(B, A)],
  ['vlan: untagged, so of the native VLAN 1', vlans(), tagged(20, 0x88a8)],
  ['vlan: tagged for priority 3 only, so of the native VLAN 1', vlans(), tagged(0x6000)],
  ['vlan: tagged with priority 5, and the port is a member of VLAN 20', vlans(), tagged(0xa014)],
  [
    'vlan: tagged with priority 0, and the port is a member of VLAN 20',
    vlans({ vlanProtocol: '802.1ad' }),
    tagged(20, 0x88a8),
  ],
  ['guard: its source addresses are bound to the port', of({ guard }), packet().frame],
  [`source: ${macA} is new: learnt on port a`, two, frame(B, A)],
  [
    `source: ${macA} is known on port a, seen 2.5 s ago`,
    two,
    frame(B, A),
    (bench) => bench.inject('a', frame(C, A)).run().advance(2500),
  ],
  [
    `source: ${macA} moves here from port b`,
    two,
    frame(B, A),
    (bench) => bench.inject('b', frame(C, A)).run(),
  ],
  [
    `source: ${macA} is a static entry of port b, which stays`,
    two,
    frame(B, A),
    (bench) => bench.setStatic(A, 'b'),
  ],
  [
    `source: ${macA} is known on port a, a static entry`,
    two,
    frame(B, A),
    (bench) => bench.setStatic(A, 'a'),
  ],
  [
    `source: ${macA} is known on port a, sticky`,
    of({ sticky: true }),
    frame(B, A),
    (bench) => bench.inject('a', frame(C, A)).run(),
  ],
  [
    `source: ${macA} has an entry on this port, which is locked`,
    of({ locked: true }),
    frame(B, A),
    (bench) => bench.setStatic(A, 'a'),
  ],
  [`source: ${macA} is not learnt: the port does not learn`, of({ learning: false }), frame(B, A)],
  ['destination: broadcast: flooded', two, frame(BROADCAST, A)],
  ['destination: 01:00:5e:00:00:01 is a group: flooded', two, frame(group(1), A)],
  [`destination: ${macB} is not in the FDB: flooded`, two, frame(B, A)],
  [
    `destination: ${macB} is in the FDB on port b, seen 1.0 s ago`,
    two,
    frame(B, A),
    (bench) => bench.inject('b', frame(C, B)).run().advance(1000),
  ],
  [
    `destination: ${macB} is in the FDB on port b, a static entry`,
    two,
    frame(B, A),
    (bench) => bench.setStatic(B, 'b'),
  ],
  [
    "storm: within the port's limit of floods",
    of({ limits: { broadcast: 9 } }),
    frame(BROADCAST, A),
  ],
  [
    'filter: rule "all" allows it',
    two,
    packet().frame,
    (bench) => bench.rules({ name: 'all', action: 'allow' }),
  ],
  [
    'filter: no rule takes it, and the policy of bridge lan is allow',
    two,
    packet().frame,
    (bench) => bench.rules(none),
  ],
  [
    'filter: dropped (filter-denied) by rule "db": a filter rule or the policy of a bridge denies it',
    two,
    packet().frame,
    (bench) => bench.rules({ name: 'db', action: 'deny', protocol: 'tcp' }),
  ],
  [
    'filter: dropped (filter-denied) by the policy of bridge lan: a filter rule or the policy of a bridge denies it',
    two,
    packet().frame,
    (bench) => bench.bridge('lan', { policy: 'deny' }).rules(none),
  ],
  ['egress: to b: 60 octets', two, frame(B, A)],
  ['egress: to b: 64 octets, tagged for VLAN 20 with priority 5', vlans(), tagged(0xa014)],
  ['egress: to q: 60 octets', vlans(), tagged(0xa014)],
]

test.each(cases)('%s', (words, config, octets, prepare) => {
  const bench = new TraceBench('single', config)
  prepare?.(bench)
  expect(wordsOf(bench.last('a', octets))).toContain(words)
})

test('stages stand in the order of the packet path, and only those that the port has', () => {
  const stages = (config: ConfigInput) =>
    new TraceBench('single', config).last('a', packet().frame).steps.map(({ stage }) => stage)
  expect(stages(two)).toEqual(['door', 'source', 'destination', 'egress'])
  const limits = { receive: { frames: 9 }, unknownUnicast: 9 }
  const all = lan({ a: port({ guard, limits }), b: port() }, { vlanAware: true })
  expect(stages(all)).toEqual([
    ...['door', 'vlan', 'guard', 'policing', 'source', 'destination', 'storm', 'egress'],
  ])
})

test('a mirrored copy is no delivery, and is told of a frame that is dropped too', () => {
  const mirror = { port: 's' }
  const bench = new TraceBench('single', lan({ a: port({ mirror }), b: port(), s: port() }))
  const flooded = bench.last('a', frame(B, A))
  expect(flooded.verdict).toBe('flooded')
  expect(wordsOf(flooded)).toContain('egress: to s: 60 octets, a mirrored copy')
  const dropped = bench.last('a', frame(A, B), frame(B, A), frame(A, B))
  expect(dropped.verdict).toBe('dropped')
  expect(dropped.outputs.map((output) => output.port)).toEqual(['s'])
  expect(wordsOf(dropped).slice(-2)).toEqual([
    'destination: dropped (same-port): the destination is known on the port the frame came from',
    'egress: to s: 60 octets, a mirrored copy',
  ])
})
