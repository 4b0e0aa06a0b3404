/** Dry runs: they leave the switch alone, and say of every decision what was decided. */
import { describe, expect, test } from 'vitest'
import type { ConfigInput, PortInput } from '../../src/config/types.js'
import { DryRunner } from '../../src/dataplane/dry-run.js'
import { drops } from '../../src/dataplane/generated/drops.js'
import { dissect } from '../../src/packet/dissect/dissect.js'
import { frameOf } from '../../src/packet/virtio.js'
import { builds, onEveryBuild } from '../support/builds.js'
import {
  arp,
  BROADCAST,
  ethernet,
  frame,
  group,
  packet,
  station,
  superFrame,
} from '../support/frames.js'
import { arpFrame } from '../support/ip.js'
import { udp } from '../support/nat-packets.js'
import { TraceBench, wordsOf } from '../support/trace-bench.js'
import { encode } from '../support/virtio.js'

const [A, B, C] = [station(1), station(2), station(3)]
const LLDP = Uint8Array.of(1, 0x80, 0xc2, 0, 0, 0xe)

const port = (more: object = {}): PortInput => ({ bridge: 'lan', ...more })
const lan = (ports: Record<string, PortInput>, bridge: object = {}): ConfigInput => ({
  bridges: { lan: bridge },
  ports,
})
const plain = lan({ a: port(), b: port(), c: port() })

function tagged(tci: number, type = 0x8100): Uint8Array {
  return ethernet(B, A, 0x88b5, new Uint8Array(46), [{ vid: tci, type }])
}

const vlans = lan(
  {
    access: port({ vlan: { access: 10 } }),
    trunk: port({ vlan: { tagged: [10, 20], native: 1 } }),
    strict: port({ vlan: { tagged: [20] } }),
    tunnel: port({ vlan: { access: 10, tunnel: true } }),
  },
  { vlanAware: true },
)

onEveryBuild('a dry run', (build) => {
  test('changes nothing of the switch', () => {
    const bench = new TraceBench(build, plain)
    bench.inject('b', frame(A, B)).run().deliveries()
    const before = bench.memory()
    const traces = bench.trace('a', frame(B, A), frame(BROADCAST, C), new Uint8Array(3))
    expect(traces.map(({ verdict }) => verdict)).toEqual(['forwarded', 'flooded', 'dropped'])
    expect(Buffer.compare(bench.memory(), before)).toBe(0)
  })

  test('is what the switch then does', () => {
    const bench = new TraceBench(build, vlans)
    const frames = [tagged(10), frame(BROADCAST, A), tagged(0x6014), tagged(99)]
    const expected = bench.trace('trunk', ...frames).flatMap(({ outputs }) => outputs)
    bench.inject('trunk', ...frames).run()
    for (const name of bench.topology.ports.keys()) {
      const sent = bench.frames(name).map((octets) => Buffer.from(octets).toString('hex'))
      expect(sent).toEqual(expected.filter((one) => one.port === name).map(({ hex }) => hex))
    }
  })

  test('builds on the frames before it', () => {
    const bench = new TraceBench(build, plain)
    bench.inject('a', frame(C, B)).run()
    const [first, second] = bench.trace('b', frame(A, B), frame(A, B))
    expect(first && wordsOf(first)).toContain('source: 02:00:00:00:00:02 moves here from port a')
    expect(second && wordsOf(second)).toContain(
      'source: 02:00:00:00:00:02 is known on port b, seen 0.0 s ago',
    )
  })
})

onEveryBuild('a dry run of a flow that is known', (build) => {
  test('says of each of its packets what it says of the first', () => {
    const bench = new TraceBench(build, { bridges: {}, ports: {} }).port('a')
    bench.gateway('lan', { addresses: ['10.55.0.1/16'], mac: '02:ff:00:00:00:01' })
    bench.uplink('wan', { addresses: ['203.0.113.10/24'], mac: '02:ff:00:00:00:02' })
    bench.routes({ to: '0.0.0.0/0', via: '203.0.113.1' })
    bench.neighbors({ bridge: 'wan', address: '203.0.113.1', mac: '02:00:00:00:00:90' })
    const next = { sender: '203.0.113.1', target: '203.0.113.10', senderMac: station(0x90) }
    const host = { sender: '10.55.0.11', target: '10.55.0.1', senderMac: station(1) }
    bench.inject('wan', arpFrame({ operation: 'request', ...next })).run()
    bench.inject('a', arpFrame({ operation: 'request', ...host })).run()
    const sent = udp({ from: ['10.55.0.11', 4000], to: ['198.51.100.1', 53] })
    sent.set([2, 0xff, 0, 0, 0, 1])
    sent.set(station(1), 6)
    for (let step = 0; step < 3; step++) bench.inject('a', sent.slice()).run()
    const said = bench.trace('a', sent, sent, sent)
    for (const trace of said) expect(wordsOf(trace)).toEqual(wordsOf(said[0]!))
    expect(said[2]).toMatchObject({ verdict: 'forwarded' })
    expect(wordsOf(said[2]!).join('\n')).toContain('wan')
  })
})

describe('what leaves', () => {
  test.each(builds)(
    'has its checksum completed, and is segmented where it must be [%s]',
    (build) => {
      const bench = new TraceBench(
        build,
        lan({
          a: port({ device: { type: 'memory', offloads: true } }),
          b: port(),
          c: port({ device: { type: 'memory', offloads: true } }),
        }),
      )
      const made = superFrame(500, { payload: 1200 })
      const ports = [...bench.topology.ports.values()].map(({ index }) => index)
      const runner = new DryRunner(bench.attachment, 1, ports)
      const fids = bench.topology.domains.fidsOf('lan')
      const message = encode(made.header, made.frame)
      const { outputs, drops: lost } = runner.run(bench.indexOf('a'), message, fids, 0)
      const to = (name: string) => outputs.filter((one) => one.port === bench.indexOf(name))
      expect([to('b').length, to('c').length, lost]).toEqual([3, 1, []])
      for (const { message: octets } of outputs) {
        const tcp = dissect(frameOf(octets)).find(({ layer }) => layer === 'tcp')
        expect(tcp?.fields.checksumState).toBe('right')
      }
    },
  )

  test('of a frame that is longer than any is refused', () => {
    const bench = new TraceBench('single', plain)
    expect(() => bench.trace('a', new Uint8Array(70_000))).toThrow(/at most 65557/)
    expect(() => bench.trace('x', frame(B, A))).toThrow(/no port "x"/)
  })
})

type Case = [
  reason: (typeof drops)[number]['name'],
  stage: string,
  config: ConfigInput,
  from: string,
  frames: Uint8Array[],
  prepare?: (bench: TraceBench) => unknown,
]

const many = (one: Uint8Array) => Array.from({ length: 50 }, () => one)
const large = { type: 'memory', mtu: 9000 }
const guard = { macs: ['02:00:00:00:00:01'], addresses: ['10.9.9.9'] }
const limited = (limits: object) => lan({ a: port({ limits }), b: port() })
const guarded = lan({ a: port({ guard }), b: port() })
const isolated = lan({ a: port({ isolated: true }), b: port({ isolated: true }) })
const mirrored = lan({ a: port({ mirror: { port: 's' } }), b: port(), s: port() })
const hasB = (bench: TraceBench) => bench.setStatic(B, 'b')

const dropped: Case[] = [
  ['short-frame', 'door', plain, 'a', [new Uint8Array(13)]],
  ['port-down', 'door', lan({ a: port({ up: false }), b: port() }), 'a', [frame(B, A)]],
  ['mirror-port', 'door', mirrored, 's', [frame(B, A)]],
  ['policed-receive', 'policing', limited({ receive: { frames: 1 } }), 'a', many(frame(B, A))],
  ['truncated-tag', 'vlan', vlans, 'trunk', [tagged(10).subarray(0, 15)]],
  ['vlan-reserved', 'vlan', vlans, 'trunk', [tagged(4095)]],
  ['untagged-refused', 'vlan', vlans, 'strict', [frame(B, A)]],
  ['tagged-refused', 'vlan', vlans, 'access', [tagged(10)]],
  ['vlan-ingress', 'vlan', vlans, 'trunk', [tagged(99)]],
  ['guard-mac', 'guard', guarded, 'a', [frame(B, C)]],
  ['guard-address', 'guard', guarded, 'a', [packet().frame]],
  ['guard-neighbor', 'guard', guarded, 'a', [arp(1)]],
  ['source-invalid', 'source', plain, 'a', [frame(B, BROADCAST)]],
  ['locked', 'source', lan({ a: port({ locked: true }), b: port() }), 'a', [frame(B, A)]],
  ['mac-limit', 'source', limited({ macs: 1 }), 'a', [frame(B, A), frame(B, C)]],
  [
    'sticky-violated',
    'source',
    lan({ a: port(), b: port({ sticky: true }) }),
    'a',
    [frame(B, A)],
    (bench) => bench.inject('b', frame(BROADCAST, A)).run(),
  ],
  ['reserved-destination', 'destination', plain, 'a', [frame(LLDP, A)]],
  ['same-port', 'destination', plain, 'a', [frame(C, A), frame(A, B)]],
  ['storm-broadcast', 'storm', limited({ broadcast: 1 }), 'a', many(frame(BROADCAST, A))],
  ['storm-multicast', 'storm', limited({ multicast: 1 }), 'a', many(frame(group(1), A))],
  ['storm-unknown-unicast', 'storm', limited({ unknownUnicast: 1 }), 'a', many(frame(B, A))],
  ['no-destination', 'egress', lan({ a: port() }), 'a', [frame(B, A)]],
  ['egress-down', 'egress', lan({ a: port(), b: port({ up: false }) }), 'a', [frame(B, A)], hasB],
  ['isolated', 'egress', isolated, 'a', [frame(B, A)], hasB],
  [
    'over-mtu',
    'egress',
    lan({ a: port({ device: large }), b: port() }),
    'a',
    [frame(B, A, 0, 3000)],
  ],
  [
    'policed-transmit',
    'egress',
    lan({ a: port(), b: port({ limits: { transmit: { frames: 1 } } }) }),
    'a',
    many(frame(B, A)),
  ],
  ['vlan-nested', 'egress', vlans, 'tunnel', [tagged(20)]],
]

/** trace-router.test.ts has these, and trace-explain.test.ts the filter's words. */
const ofTheRouter = [
  'ip-header',
  'ip-options',
  'martian',
  'gateway-spoofed',
  'ttl-exceeded',
  'no-route',
  'neighbor-queue',
  'neighbor-invalid',
  'needs-fragmentation',
  'not-for-router',
  'directed-broadcast',
  'fragment-invalid',
  'flow-limit',
  'flow-invalid',
  'nat-unsolicited',
  'filter-denied',
  'filter-rejected',
  'checksum-zero',
]

/** Of frames that waited for too long, or for lack of room: they have a stage, and no case. */
const ofTimeAndRoom = ['neighbor-unresolved', 'fragment-limit', 'flow-table-full', 'nat-exhausted']

/** Of datagrams and tunnels: trace-overlay.test.ts has these. */
const ofTheOverlay = [
  'outer-header',
  'vxlan-header',
  'vni-unknown',
  'vtep-unlisted',
  'overlay-tagged',
  'congestion-marked',
  'split-horizon',
  'tunnel-tagged',
]

/** Of what happens before a frame is in the switch, or after it has left: no trace tells of it. */
const ofImpairments = ['loss', 'queue', 'mtu', 'down', 'room'].flatMap((fault) => [
  `impair-${fault}-receive`,
  `impair-${fault}-transmit`,
])

/** Of frames that ask for offloads, of devices, and of what is refused before. */
const others = new Set([
  'long-frame',
  'checksum-request',
  'segmentation-request',
  'truncated-header',
  'header-chain',
  'needs-segmentation',
  'transmit-list-full',
  'device-full',
  'device-down',
  'device-refused',
  'underlay-too-big',
  'underlay-unreachable',
  'worker-died',
  ...ofTheRouter,
  ...ofTimeAndRoom,
  ...ofTheOverlay,
  ...ofImpairments,
])

describe('a drop', () => {
  test.each(dropped)('for %s has its step: %s', (reason, stage, config, from, frames, prepare) => {
    const bench = new TraceBench('single', config)
    prepare?.(bench)
    const trace = bench.last(from, ...frames)
    const { text = '' } = drops.find(({ name }) => name === reason) ?? {}
    expect(trace.drops.map((drop) => drop.reason)).toEqual([reason])
    const said = trace.steps.filter((step) => step.text.includes(`(${reason}): ${text}`))
    expect(said.map((step) => step.stage)).toEqual([stage])
    if (reason !== 'vlan-nested') expect(trace).toMatchObject({ verdict: 'dropped', outputs: [] })
    const isKnown = config === vlans && stage !== 'vlan'
    expect(trace.vlan).toBe(isKnown ? 10 : null)
  })

  test('of every reason is told', () => {
    const told = [...dropped.map(([reason]) => reason), ...others].sort()
    expect(told).toEqual(drops.map(({ name }) => name).sort())
  })
})
