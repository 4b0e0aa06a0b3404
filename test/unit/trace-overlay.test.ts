/** What a trace says of tunnels: of frames into them, and of datagrams out of which frames come. */
import { describe, expect, test } from 'vitest'
import { traceAnswer } from '../../src/control/api/trace.js'
import { drops } from '../../src/dataplane/generated/drops.js'
import type { Trace } from '../../src/inspect/trace.js'
import { type BuildName, onEveryBuild } from '../support/builds.js'
import { fold, internetSum } from '../support/checksum.js'
import { arp, BROADCAST, ethernet, frame, packet, station, word } from '../support/frames.js'
import type { TunnelOptions } from '../support/rig.js'
import { TraceBench, wordsOf } from '../support/trace-bench.js'
import { datagram, type OuterOptions, readDatagram, run } from '../support/vxlan.js'

const [A, B, C] = [station(1), station(2), station(3)]
const [REMOTE, OTHER] = ['192.0.2.2', '192.0.2.3']
const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex')

/** Ports `a` and `b`, and tunnels `t` to 192.0.2.2 and `u` to 192.0.2.3. */
function bench(build: BuildName = 'single', more: Partial<TunnelOptions> = {}) {
  const ports = { a: { bridge: 'lan' }, b: { bridge: 'lan' } }
  const made = new TraceBench(build, { bridges: { lan: {} }, ports }).underlay()
  return made.tunnel('t', { remote: REMOTE, ...more }).tunnel('u', { remote: OTHER, ...more })
}

const came = (inner: Uint8Array, given?: OuterOptions) => datagram(inner, given).frame
const texts = (trace: Trace, stage: string) =>
  trace.steps.filter((step) => step.stage === stage).map(({ text }) => text)

/** A packet with a type of service; its header checksum is right. */
function marked(tos: number): Uint8Array {
  const { frame: made } = packet({ to: B, from: A, payload: 30 })
  made.set([tos], 15)
  made.set([0, 0], 24)
  made.set(word(~fold(internetSum(made, 14, 34)) & 0xffff), 24)
  return made
}

test('what is answered is what the API describes', () => {
  const on = bench().setStatic(A, 'a')
  const given = [came(marked(2), { tos: 3 }), came(frame(A, C), { vni: 7 }), frame(A, C)]
  const traces = [
    ...on.trace('underlay', ...given),
    ...on.trace('a', frame(BROADCAST, A), marked(1)),
  ]
  for (const trace of traces) expect(traceAnswer.parse(trace)).toEqual(trace)
})

onEveryBuild('a dry run through tunnels', (build) => {
  test('changes nothing of the switch', () => {
    const on = bench(build)
    on.inject('underlay', came(frame(A, C)))
      .run()
      .deliveries()
    const before = on.memory()
    on.trace('a', frame(C, A), frame(BROADCAST, A))
    on.trace('underlay', came(frame(A, B)), came(frame(A, B), { vni: 7 }))
    on.trace('t', frame(A, B), frame(BROADCAST, C))
    expect(Buffer.compare(on.memory(), before)).toBe(0)
  })

  test('is what the switch then does', () => {
    const on = bench(build)
    const inward = [came(frame(A, C)), came(packet({ to: A, from: B, checksum: 'partial' }).frame)]
    const outward = [frame(C, A), packet({ to: B, from: A }).frame, frame(BROADCAST, A)]
    const traces = [...on.trace('underlay', ...inward)]
    on.inject('underlay', ...inward).run()
    const sent = (names: string[]) => names.flatMap((name) => on.frames(name).map(hex))
    expect(traces.flatMap(({ outputs }) => outputs.map((one) => one.hex)).sort()).toEqual(
      sent(['a', 'b', 'underlay']).sort(),
    )
    const leaving = on.trace('a', ...outward)
    on.inject('a', ...outward).run()
    expect(leaving.flatMap(({ outputs }) => outputs.map((one) => one.hex)).sort()).toEqual(
      sent(['a', 'b', 'underlay']).sort(),
    )
  })

  test('a frame given to a tunnel is what it is in a datagram of its own', () => {
    const on = bench(build)
    const given = marked(0xb9)
    const [inside] = on.trace('t', given)
    const [outside] = on.trace('underlay', came(given, { sourcePort: 49_152, tos: 0xb9 }))
    expect(inside).toEqual({ ...outside, port: 't' })
    expect(inside).toMatchObject({ bridge: 'lan', verdict: 'flooded', drops: [] })
  })
})

describe('into a tunnel', () => {
  const known = (more?: Partial<TunnelOptions>) => bench('single', more).setStatic(B, 't')

  test('the step has all of the outer headers, and so have the data', () => {
    const { frame: made } = packet({ to: B, from: A, payload: 44 })
    const trace = known().last('a', made)
    const [output] = trace.outputs
    const sent = readDatagram(Buffer.from(output?.hex ?? '', 'hex'))
    expect(output).toMatchObject({ port: 'underlay', length: 148 })
    expect(output?.datagram).toEqual({
      ...{ tunnel: 't', vni: 42, source: '192.0.2.1', destination: REMOTE },
      ...{ sourcePort: sent.sourcePort, destinationPort: 4789, ttl: 64, dscp: 0, ecn: 0 },
      ...{ inner: 98, mtu: 1450, sourcePorts: { first: 49_152, count: 64 }, chosenBy: 'ports' },
    })
    expect(output?.layers.map(({ layer }) => layer)).toEqual([
      ...['ethernet', 'ipv4', 'udp', 'vxlan', 'ethernet', 'ipv4', 'tcp', 'payload'],
    ])
    expect(wordsOf(trace).slice(-2)).toEqual([
      'egress: to t: 98 octets, a packet of 84 where 1450 fit',
      `tunnel: t, VNI 42: 192.0.2.1:${sent.sourcePort} > ${REMOTE}:4789, source port of 49152-49215 by addresses, protocol and ports, DSCP 0 as inside, ECN not-ECT as inside, TTL 64, 148 octets by underlay`,
    ])
    expect(trace).toMatchObject({ verdict: 'forwarded', datagram: null, withheld: [] })
  })

  test('a flood has a step for each, and one datagram each', () => {
    const trace = bench().last('a', frame(BROADCAST, A))
    expect(texts(trace, 'tunnel').map((text) => text.split(':')[0])).toEqual([
      ...['t, VNI 42', 'u, VNI 42'],
    ])
    expect(trace.outputs.map(({ port, datagram: of }) => [port, of?.tunnel])).toEqual([
      ['b', undefined],
      ['underlay', 't'],
      ['underlay', 'u'],
    ])
    expect(trace.verdict).toBe('flooded')
  })

  test.each<[string, Uint8Array, Partial<TunnelOptions>, string]>([
    ['copied', marked((46 << 2) | 2), {}, 'DSCP 46 as inside, ECN ECT(0) as inside, TTL 64'],
    [
      'set',
      marked((46 << 2) | 3),
      { dscp: 10, ttl: 9 },
      'DSCP 10 as configured, ECN CE as inside, TTL 9',
    ],
    ['of no packet', frame(B, A), {}, 'DSCP 0, ECN not-ECT, TTL 64'],
  ])('the type of service is told: %s', (_, made, more, words) => {
    expect(texts(known(more).last('a', made), 'tunnel')[0]).toContain(words)
  })

  test.each<[string, Uint8Array]>([
    ['addresses, protocol and ports', packet({ to: B, from: A, version: 6 }).frame],
    ['addresses and protocol', packet({ to: B, from: A, fragment: 0x2000 }).frame],
    ['addresses and protocol', packet({ to: B, from: A, version: 6, extensions: [[60, 8]] }).frame],
    ['MACs', frame(B, A)],
  ])('what chose the source port is told: %s', (words, made) => {
    const [said] = texts(known().last('a', made), 'tunnel')
    expect(said).toContain(`source port of 49152-49215 by ${words},`)
  })

  test('over IPv6, and to another UDP port', () => {
    const on = bench('single').tunnel('six', {
      ...{ local: '2001:db8::1', remote: '2001:db8::2', vni: 7, port: 8472, mtu: 1430 },
    })
    const trace = on.setStatic(B, 'six').last('a', frame(B, A))
    expect(texts(trace, 'tunnel')[0]).toMatch(
      /^six, VNI 7: \[2001:db8::1\]:\d+ > \[2001:db8::2\]:8472,.* 130 octets by underlay$/,
    )
    expect(trace.outputs[0]?.layers.map(({ layer }) => layer)).toContain('vxlan')
  })

  test('a super-frame is told to be cut, and into how many datagrams', () => {
    const { frame: made } = packet({ to: B, from: A, payload: 4000 })
    made[47] = 0x10
    const trace = known().segmented('a', made, 1400)
    expect(trace.outputs.map(({ length }) => length)).toEqual([1504, 1504, 1304])
    expect(texts(trace, 'egress')).toEqual([
      'to t: 3 frames of at most 1454 octets, cut from a super-frame, a packet of 1440 where 1450 fit',
    ])
    expect(texts(trace, 'tunnel')).toEqual([
      expect.stringMatching(/TTL 64, 3 datagrams of at most 1504 octets by underlay$/),
    ])
    const inner = trace.outputs.map((one) => readDatagram(Buffer.from(one.hex, 'hex')).inner)
    expect(inner.map((one) => one.length)).toEqual([1454, 1454, 1254])
    for (const one of trace.outputs) expect(one.layers.at(-2)?.fields.checksumState).toBe('right')
  })

  test('a socket that is down is told', () => {
    const on = known()
    on.setPort('underlay', { up: false })
    expect(texts(on.last('a', frame(B, A)), 'tunnel')[0]).toMatch(
      /by underlay, which is down: nothing leaves by it$/,
    )
  })
})

describe('what is too large for a tunnel', () => {
  const narrow = () => bench('single', { mtu: 1400 }).setStatic(B, 't')
  const sized = (payload: number, more = {}) =>
    packet({ protocol: 'udp', to: B, from: A, payload, ...more }).frame

  test.each([
    [4, 1400, 'ICMP destination unreachable: fragmentation needed, MTU 1400', '10.55.0.2'],
    [6, 1400, 'ICMPv6 packet too big, MTU 1400', 'fd55::2'],
  ] as const)('is answered over IPv%i', (version, payload, words, name) => {
    const trace = narrow().last('a', sized(payload, { version }))
    const octets = payload + 8 + (version === 4 ? 20 : 40)
    expect(texts(trace, 'egress')).toEqual([
      expect.stringMatching(
        new RegExp(
          `^dropped \\(needs-fragmentation\\).*: a packet of ${octets} for t, where 1400 fit$`,
        ),
      ),
      expect.stringMatching(new RegExp(`^to a: \\d+ octets, in the name of ${name}: ${words}$`)),
    ])
    expect(trace).toMatchObject({ verdict: 'dropped', drops: [{ reason: 'needs-fragmentation' }] })
  })

  test('by the gateway where there is one', () => {
    const on = narrow().gateway('lan', { addresses: ['10.55.0.9/16'] })
    expect(texts(on.last('a', sized(1400)), 'egress')[1]).toMatch(
      /^to a: \d+ octets, the router's answer: ICMP .*fragmentation needed, MTU 1400$/,
    )
  })

  test('is dropped without a word where it may be cut', () => {
    const trace = narrow().last('a', sized(1400, { fragment: 0 }))
    expect(texts(trace, 'egress')).toEqual([
      expect.stringMatching(
        /^not to t \(over-mtu\): .*: a packet of 1428 where 1400 fit; its sender is not told$/,
      ),
    ])
  })
})

describe('a question for who is behind a tunnel', () => {
  function suppressing() {
    const on = bench().bridge('lan', { suppresses: true })
    const [fid, port] = [on.topology.domains.fidOf('lan', 0) as number, on.indexOf('t')]
    const entry = { fid, port, macHigh: 0x0200, macLow: 2, static: false, external: true }
    on.manager.fdb.set(entry, on.now)
    on.topology.overlay.setNeighbors([
      { bridge: 'lan', address: '10.55.0.2', mac: '02:00:00:00:00:02' },
    ])
    on.topology.overlay.committed()
    return on
  }

  test('is answered here', () => {
    const on = suppressing()
    const trace = on.last('a', arp(1))
    expect(trace).toMatchObject({ verdict: 'answered', drops: [], withheld: [] })
    expect(trace.outputs.map(({ port }) => port)).toEqual(['a'])
    expect(wordsOf(trace).slice(-3)).toEqual([
      'destination: broadcast: to be flooded',
      'neighbor: whom it asks for is 02:00:00:00:00:02 behind t: answered here',
      'egress: to a: 42 octets, the answer in the name of 10.55.0.2',
    ])
    expect(on.topology.overlay.suppressed('lan')).toBe(0)
  })

  test('travels where nothing is known', () => {
    const trace = suppressing().last('a', arp(3))
    expect(trace.verdict).toBe('flooded')
    expect(texts(trace, 'neighbor')).toEqual([])
    expect(texts(trace, 'tunnel')).toHaveLength(2)
  })
})

describe('out of a tunnel', () => {
  test('the steps have headers, VNI and peer, and then what a bridge decides', () => {
    const on = bench().setStatic(A, 'a')
    const trace = on.last('underlay', came(frame(A, C)))
    expect(wordsOf(trace)).toEqual([
      'door: 110 octets into port underlay',
      `tunnel: ${REMOTE}:50000 > 192.0.2.1:4789, TTL 64, DSCP 0, ECN not-ECT, no checksum`,
      `tunnel: VNI 42 from peer ${REMOTE}: 60 octets out of t`,
      'source: 02:00:00:00:00:03 is new: learnt on port t',
      'destination: 02:00:00:00:00:01 is in the FDB on port a, a static entry',
      'egress: to a: 60 octets',
    ])
    expect(trace).toMatchObject({ port: 'underlay', bridge: 'lan', vlan: null, withheld: [] })
    expect(trace.datagram).toEqual({
      ...{ tunnel: 't', vni: 42, source: REMOTE, destination: '192.0.2.1', sourcePort: 50_000 },
      ...{ destinationPort: 4789, ttl: 64, dscp: 0, ecn: 0, inner: 60, checksum: 'absent' },
      ...{ innerEcn: null, partial: false, segmentSize: null },
    })
  })

  test('each finds what those before it left', () => {
    const on = bench()
    const [, second] = on.trace('t', frame(A, C), frame(A, C))
    expect(texts(second as Trace, 'source')).toEqual([
      '02:00:00:00:00:03 is known on port t, seen 0.0 s ago',
    ])
  })

  test.each([
    [0, 3, 'CE outside, not-ECT inside', undefined],
    [1, 0, 'not-ECT outside, ECT(1) inside: goes on as ECT(1)', 1],
    [2, 3, 'CE outside, ECT(0) inside: goes on as CE', 3],
    [2, 1, 'ECT(1) outside, ECT(0) inside: goes on as ECT(1)', 1],
  ])('ECN %i inside and %i outside', (inner, outer, words, after) => {
    const trace = bench().last('underlay', came(marked(inner), { tos: outer }))
    if (after === undefined) {
      expect(trace.drops.map(({ reason }) => reason)).toEqual(['congestion-marked'])
      expect(trace.datagram).toMatchObject({ tunnel: 't', ecn: outer, innerEcn: null })
      return
    }
    expect(texts(trace, 'tunnel')[2]).toBe(`ECN ${words}`)
    expect(trace.datagram?.innerEcn).toEqual({ before: inner, after })
  })

  test('a partial checksum is told to be completed, and a super-frame to be cut', () => {
    const partial = (payload: number) =>
      came(packet({ to: B, from: A, checksum: 'partial', payload }).frame)
    const [small, large] = bench().trace('underlay', partial(10), partial(4000))
    const said = 'its partial checksum, which the peer left undone, is completed'
    expect(texts(small as Trace, 'tunnel').at(-1)).toBe(said)
    expect(small?.datagram).toMatchObject({ partial: true, segmentSize: null })
    expect(texts(large as Trace, 'tunnel').at(-1)).toBe(
      `${said}, and it is cut into segments of 1240 octets`,
    )
    expect(large?.datagram).toMatchObject({ partial: true, segmentSize: 1240 })
    expect(texts(large as Trace, 'egress')[0]).toContain('4 frames of at most 1294 octets')
  })

  test('reserved bits are told', () => {
    const header = [0x0c, 0, 0, 0, 0, 0, 42, 1]
    const trace = bench().last('underlay', came(frame(A, C), { header }))
    expect(texts(trace, 'tunnel')[1]).toMatch(/out of t, reserved bits ignored$/)
  })

  test('nothing goes by another tunnel, and that is told of floods too', () => {
    const on = bench().tunnel('v', { remote: '192.0.2.4' })
    const trace = on.last('underlay', came(frame(BROADCAST, C)))
    const { text = '' } = drops.find(({ name }) => name === 'split-horizon') ?? {}
    expect(texts(trace, 'egress')).toEqual([
      ...['to a: 60 octets', 'to b: 60 octets', `not to u, v (split-horizon): ${text}`],
    ])
    expect(trace.withheld).toEqual(
      ['u', 'v'].map((port) => ({ port, reason: 'split-horizon', text })),
    )
    expect(trace).toMatchObject({ verdict: 'flooded', drops: [] })
    on.setStatic(B, 'u')
    const one = on.last('underlay', came(frame(B, C)))
    expect(one).toMatchObject({
      verdict: 'dropped',
      drops: [{ port: 'u', reason: 'split-horizon' }],
    })
    expect(one.withheld).toEqual([])
  })

  test('many tunnels that are passed over are one step', () => {
    const on = bench()
    for (let host = 4; host < 12; host++) on.tunnel(`t${host}`, { remote: `192.0.2.${host}` })
    const trace = on.last('underlay', came(frame(BROADCAST, C)))
    expect(trace.withheld).toHaveLength(9)
    expect(texts(trace, 'egress').at(-1)).toMatch(/^not to u, t4, .*, t10 and 1 more \(split-/)
  })

  test('isolated ports and isolated tunnels do not reach each other', () => {
    const ports = { a: { bridge: 'lan', isolated: true } }
    const on = new TraceBench('single', { bridges: { lan: {} }, ports }).port('b').underlay()
    on.tunnel('t', { remote: REMOTE, policy: { isolated: true } }).tunnel('u', { remote: OTHER })
    const trace = on.last('a', frame(BROADCAST, A))
    expect(trace.withheld).toMatchObject([{ port: 't', reason: 'isolated' }])
    expect(trace.outputs.map(({ datagram: of }) => of?.tunnel)).toEqual([undefined, 'u'])
  })

  test('what the socket would not have handed over is told', () => {
    const wrong = came(frame(A, C))
    wrong.set([1, 2], 40)
    const [first, second] = bench().trace('underlay', came(frame(A, C), { to: '192.0.2.9' }), wrong)
    expect(texts(first as Trace, 'tunnel')[0]).toMatch(
      /no checksum; not for 192\.0\.2\.1:4789: its socket would not get it$/,
    )
    expect(texts(second as Trace, 'tunnel')[0]).toMatch(/checksum wrong; the kernel would drop it$/)
  })

  test('tags of the link around a datagram are no matter', () => {
    const plain = came(frame(A, C))
    const tagged = ethernet(A, C, 0x0800, plain.subarray(14), [{ vid: 5 }])
    expect(bench().last('underlay', tagged).datagram).toMatchObject({ tunnel: 't', inner: 60 })
  })

  test('a run of datagrams has a trace for each', () => {
    const inner = [700, 700, 30].map((payload) => packet({ to: A, from: B, payload }).frame)
    const on = bench().tunnel('six', { local: '2001:db8::1', remote: '2001:db8::2' })
    for (const given of [{}, { from: '2001:db8::2', to: '2001:db8::1' }]) {
      const traces = on.trace('underlay', run(inner, given).frame)
      const alone = on.trace('underlay', ...inner.map((one) => came(one, given)))
      expect(traces).toEqual(alone)
      expect(traces.map(({ datagram: of }) => of?.inner)).toEqual([754, 754, 84])
    }
  })

  test('no super-frame comes in a datagram', () => {
    const on = bench()
    for (const port of ['t', 'underlay']) {
      expect(() => on.segmented(port, frame(A, C), 100)).toThrow(/no super-frames come by/)
    }
    expect(() => on.trace('t', new Uint8Array(65_500))).toThrow(/expected at most 65499/)
  })
})

type Refusal = [
  reason: (typeof drops)[number]['name'],
  datagram: Uint8Array,
  words: string,
  tunnel: string | null,
  more?: Partial<TunnelOptions>,
]

const short = came(new Uint8Array(0)).subarray(0, 46)
short.set(word(32), 16)
short.set(word(12), 38)
const cut = came(frame(A, C))
cut.set(word(200), 38)
const part = came(frame(A, C))
part[20] = 0x20
const tcp = came(frame(A, C))
tcp[23] = 6
const ce = { tos: 3 }
const tagged = ethernet(A, C, 0x88b5, new Uint8Array(46), [{ vid: 5 }])

const refusals: Refusal[] = [
  ['outer-header', frame(A, C), ': no IP packet', null],
  [
    'outer-header',
    cut,
    ': UDP 50000 > 4789, length 200: only 76 octets are there, checksum 0x0000, absent',
    null,
  ],
  ['outer-header', sealed(part), ': a fragment; a socket gets datagrams whole', null],
  ['outer-header', sealed(tcp), ': no UDP right behind the IP header', null],
  ['vxlan-header', sealed(short), ': 4 of its 8 octets are there', null],
  [
    'vxlan-header',
    came(frame(A, C), { header: [0, 0, 0, 0, 0, 0, 42, 0] }),
    ': the I flag is not set',
    null,
  ],
  [
    'vxlan-header',
    came(frame(A, C), { header: [8, 0, 0, 0, 0, 0, 42, 1] }),
    ': reserved bits are set, and t is strict',
    't',
    { strict: true },
  ],
  ['vni-unknown', came(frame(A, C), { vni: 43 }), ': VNI 43', null],
  [
    'vtep-unlisted',
    came(frame(A, C), { from: '192.0.2.77' }),
    `: 192.0.2.77 is none of ${REMOTE}, ${OTHER}, the peers of bridge lan, VNI 42`,
    null,
  ],
  ['overlay-tagged', came(tagged), '', 't'],
  ['congestion-marked', came(marked(0), ce), '', 't'],
  ['short-frame', came(new Uint8Array(13)), '', 't'],
]

/** With the checksum of its IPv4 header made right. */
function sealed(octets: Uint8Array): Uint8Array {
  octets.set([0, 0], 24)
  octets.set(word(~fold(internetSum(octets, 14, 34)) & 0xffff), 24)
  return octets
}

test.each(refusals)(
  'a datagram that is dropped for %s: %#',
  (reason, given, words, tunnel, more) => {
    const trace = bench('single', more).last('underlay', given)
    const { text = '' } = drops.find(({ name }) => name === reason) ?? {}
    const said = trace.steps.at(-1)
    expect(said).toEqual({ stage: 'tunnel', text: `dropped (${reason}): ${text}${words}` })
    expect(trace).toMatchObject({ verdict: 'dropped', outputs: [], vlan: null })
    expect(trace.drops).toMatchObject([{ port: tunnel ?? 'underlay', reason }])
    expect(trace.bridge).toBe(tunnel === null ? null : 'lan')
    if (reason === 'outer-header') expect(trace.datagram).toBeNull()
    else expect(trace.datagram).toMatchObject({ tunnel, innerEcn: null, partial: false })
  },
)

test('a tagged frame into a tunnel that takes none is dropped', () => {
  const on = bench().setStatic(A, 't')
  const trace = on.last('b', tagged)
  expect(trace).toMatchObject({
    verdict: 'dropped',
    drops: [{ port: 't', reason: 'tunnel-tagged' }],
  })
})

test('a port of the underlay that is down takes nothing', () => {
  const on = bench()
  on.setPort('underlay', { up: false })
  const trace = on.last('underlay', came(frame(A, C)))
  expect(trace).toMatchObject({ bridge: null, drops: [{ port: 'underlay', reason: 'port-down' }] })
  expect(trace.steps.map(({ stage }) => stage)).toEqual(['door'])
})

test('routed from one tunnel into another bridge, both are told', () => {
  const on = bench().tunnel('far', { bridge: 'red', remote: REMOTE, vni: 7, mtu: 1450 })
  on.gateway('lan', { addresses: ['10.55.0.9/16'], mac: '02:ff:00:00:00:0a' })
  on.gateway('red', { addresses: ['10.66.0.9/16'], mac: '02:ff:00:00:00:0b' })
  on.neighbors({ bridge: 'red', address: '10.66.0.2', mac: '02:00:00:00:00:02' })
  on.setStatic(B, 'far', 'red')
  const { frame: made } = packet({ to: Uint8Array.of(2, 0xff, 0, 0, 0, 10), from: C })
  made.set([10, 66, 0, 2], 30)
  made.set([0, 0], 24)
  made.set(word(~fold(internetSum(made, 14, 34)) & 0xffff), 24)
  const trace = on.last('t', made)
  expect(trace.verdict).toBe('forwarded')
  expect(trace.datagram).toMatchObject({ tunnel: 't', vni: 42 })
  expect(trace.outputs).toMatchObject([{ port: 'underlay', datagram: { tunnel: 'far', vni: 7 } }])
  expect(trace.steps.map(({ stage }) => stage)).toEqual([
    ...['door', 'tunnel', 'tunnel', 'source', 'router', 'flow', 'route', 'neighbor'],
    ...['egress', 'tunnel'],
  ])
})

test('the router answers by the tunnel that a question came by', () => {
  const on = bench().gateway('lan', { addresses: ['10.55.0.2/16'] })
  const trace = on.last('t', arp(1))
  expect(trace.outputs.map(({ port, datagram: of }) => [port, of?.tunnel])).toContainEqual([
    ...['underlay', 't'],
  ])
  expect(texts(trace, 'egress')).toContain(
    "to t: 42 octets, a packet of 28 where 1450 fit, the router's answer",
  )
})
