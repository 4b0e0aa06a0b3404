/** The words of a trace, for each thing that the router, connection tracking and NAT can decide. */
import { expect, test } from 'vitest'
import type { NatRule, Publish } from '../../src/config/types.js'
import { drops } from '../../src/dataplane/generated/drops.js'
import { stages } from '../../src/inspect/stages.js'
import { ethernet, join, station, word } from '../support/frames.js'
import { arpFrame, mac } from '../support/ip.js'
import { echo, Flag, ipFrame, tcp, udp } from '../support/nat-packets.js'
import { TraceBench, wordsOf } from '../support/trace-bench.js'

const [A, B, OUT] = [station(1), station(2), station(9)]
const [LAN, WAN] = [mac('02:ff:00:00:00:0a'), mac('02:ff:00:00:00:0b')]
const [HOST, OTHER, EXTERNAL, FAR] = ['10.0.0.2', '10.0.0.3', '203.0.113.10', '198.51.100.7']

const masquerade: NatRule = {
  ...{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' },
  ports: 'preserve',
  filtering: 'address-dependent',
} as NatRule
const web: Publish = {
  name: 'web',
  listen: 'wan:80',
  to: [`${HOST}:8080`],
  protocol: ['tcp'],
} as Publish

/** A bridge with hosts, and an uplink whose router is known. */
function bench(nat: readonly NatRule[] = [masquerade], published: readonly Publish[] = [web]) {
  const made = new TraceBench('single', {
    bridges: { lan: {} },
    ports: { a: { bridge: 'lan' }, b: { bridge: 'lan' } },
  })
  made.gateway('lan', { addresses: ['10.0.0.1/24', 'fd00::1/64'], mac: '02:ff:00:00:00:0a' })
  made.uplink('wan', { addresses: [`${EXTERNAL}/24`], mac: '02:ff:00:00:00:0b' })
  made.routes({ to: '0.0.0.0/0', via: '203.0.113.1' }, { to: '192.0.2.0/24' }).nat(nat, published)
  const neighbor = (bridge: string, address: string, of: string) => ({ bridge, address, mac: of })
  made.neighbors(
    neighbor('lan', HOST, '02:00:00:00:00:01'),
    neighbor('lan', OTHER, '02:00:00:00:00:02'),
    neighbor('wan', '203.0.113.1', '02:00:00:00:00:09'),
  )
  return made.setStatic(A, 'a').setStatic(B, 'b').setStatic(OUT, 'wan', 'wan')
}

const out = (more = {}) => udp({ from: [HOST, 4000], to: [FAR, 53], ...more }, { fragment: 0 })
/** To the gateway, and by the uplink. */
const inside = (frame: Uint8Array) => join(LAN, A, frame.subarray(12))
const outside = (frame: Uint8Array) => join(WAN, OUT, frame.subarray(12))
const query = inside(out())
const answer = outside(udp({ from: [FAR, 53], to: [EXTERNAL, 4000] }))
const call = (port = 80) =>
  outside(tcp({ from: [FAR, 5000], to: [EXTERNAL, port] }, { flags: Flag.SYN }))

type Case = [
  words: string,
  port: string,
  frames: Uint8Array[],
  prepare?: (bench: TraceBench) => unknown,
]

const tiny = (ttl: number) => {
  const payload = out().subarray(34)
  return inside(ipFrame({ source: HOST, destination: FAR, protocol: 17, payload, ttl }))
}
const near = inside(udp({ from: [HOST, 4000], to: ['203.0.113.77', 53] }))
const asked = { operation: 'request', sender: HOST, senderMac: A } as const
const own = "02:ff:00:00:00:0a is the gateway's MAC: the frame is for the router"
const flow = 'udp 10.0.0.2:4000 > 198.51.100.7:53'
const fixed: NatRule = { type: 'static', inside: HOST, outside: '203.0.113.20', uplink: 'wan' }
const denied = 'a filter rule or the policy of a bridge denies it'

const cases: Case[] = [
  [`router: ${own}`, 'a', [query]],
  [`flow: new: ${flow}`, 'a', [query]],
  [`flow: belongs to ${flow}, unreplied`, 'a', [query, query]],
  [`flow: answers ${flow}, replied`, 'wan', [answer], (made) => made.inject('a', query).run()],
  [
    'flow: none: what is for the router itself begins no flow',
    'a',
    [inside(echo(HOST, '10.0.0.1', 7))],
  ],
  ['flow: new: icmp 10.0.0.2 > 198.51.100.7, id 7', 'a', [inside(echo(HOST, FAR, 7))]],
  ['nat: source 10.0.0.2:4000 becomes 203.0.113.10:4000, masqueraded', 'a', [query]],
  [
    'nat: destination 203.0.113.10:4000 becomes 10.0.0.2:4000, who began the flow',
    'wan',
    [answer],
    (made) => made.inject('a', query).run(),
  ],
  ['nat: destination 203.0.113.10:80 becomes 10.0.0.2:8080, published as "web"', 'wan', [call()]],
  [
    'nat: source 10.0.0.2:4000 becomes 203.0.113.20:4000, by a static rule',
    'a',
    [query],
    (made) => made.nat([fixed], []),
  ],
  ['route: 0.0.0.0/0 via 203.0.113.1 by bridge wan', 'a', [query]],
  ['route: 10.0.0.0/24 is on bridge lan', 'wan', [call()]],
  ["route: 10.0.0.1 is the router's own: local", 'a', [inside(echo(HOST, '10.0.0.1', 7))]],
  [
    'filter: rule "all" allows it',
    'a',
    [query],
    (made) => made.rules({ name: 'all', action: 'allow' }),
  ],
  [
    'filter: no rule takes it, and the policies of bridge lan and bridge wan are allow',
    'a',
    [query],
    (made) => made.rules({ name: 'none', action: 'deny', protocol: 'tcp' }),
  ],
  [
    'filter: no rule takes it: what is published is let in',
    'wan',
    [call()],
    (made) => made.bridge('lan', { policy: 'deny' }),
  ],
  [
    `filter: dropped (filter-denied) by the policy of bridge lan: ${denied}`,
    'a',
    [query],
    (made) => made.bridge('lan', { policy: 'deny' }),
  ],
  [
    'filter: no rule denies it: its flow was let through',
    'a',
    [query, query],
    (made) => made.rules({ name: 'none', action: 'deny', protocol: 'tcp' }),
  ],
  ['neighbor: 203.0.113.1 has 02:00:00:00:00:09, permanent', 'a', [query]],
  ['neighbor: 203.0.113.77 is asked for its MAC: the frame waits', 'a', [near]],
  ["egress: to wan: 42 octets, the router's question", 'a', [near]],
  [
    'neighbor: asks for the gateway: the router answers',
    'a',
    [arpFrame({ ...asked, target: '10.0.0.1' })],
  ],
  [
    "egress: to a: 42 octets, the router's answer",
    'a',
    [arpFrame({ ...asked, target: '10.0.0.1' })],
  ],
  [
    'neighbor: the router hears it',
    'a',
    [arpFrame({ ...asked, operation: 'reply', target: '10.0.0.1', targetMac: LAN })],
  ],
  ["egress: to a: 46 octets, the router's answer", 'a', [inside(echo(HOST, '10.0.0.1', 7))]],
  ["egress: to a: 74 octets, the router's answer", 'a', [tiny(1)]],
  ['egress: to wan: 46 octets', 'a', [query]],
]

test.each(cases)('%s', (words, port, frames, prepare) => {
  const made = bench()
  prepare?.(made)
  expect(wordsOf(made.last(port, ...frames))).toContain(words)
})

test('a frame that waits, or is for the router itself, is neither delivered nor dropped', () => {
  const made = bench()
  const { verdict, drops: lost } = made.last('a', near)
  expect([verdict, lost]).toEqual(['held', []])
  expect(made.last('a', inside(echo(HOST, '10.0.0.1', 7)))).toMatchObject({
    verdict: 'local',
    drops: [],
  })
  expect(made.last('a', query).verdict).toBe('forwarded')
})

test('stages stand in the order of the packet path, translation of the source behind the filter', () => {
  const made = bench().rules({ name: 'all', action: 'allow' })
  const stagesOf = (port: string, frame: Uint8Array) =>
    made.last(port, frame).steps.map(({ stage }) => stage)
  const entry = ['door', 'source', 'router', 'flow']
  expect(stagesOf('a', query)).toEqual([...entry, 'route', 'filter', 'nat', 'neighbor', 'egress'])
  expect(stagesOf('wan', call())).toEqual([
    ...entry,
    'nat',
    'route',
    'filter',
    'neighbor',
    'egress',
  ])
})

test('an ICMP error is told with the flow that it quotes', () => {
  const made = bench().inject('a', query).run()
  const sent = made.frames('wan').at(-1) as Uint8Array
  const payload = join([3, 1, 0, 0, 0, 0, 0, 0], sent.subarray(14, 42))
  const error = ipFrame({ source: '203.0.113.1', destination: EXTERNAL, protocol: 1, payload })
  const words = wordsOf(made.last('wan', outside(error)))
  expect(words).toContain(`flow: related to ${flow}, unreplied`)
  expect(words).toContain('nat: destination 203.0.113.10 becomes 10.0.0.2, as that of the flow')
})

test('a frame of a watched port is told like any other', () => {
  const made = bench()
    .port('s')
    .setPort('a', { policy: { mirror: { port: 's', direction: 'both' } } })
  const words = wordsOf(made.last('a', query))
  expect(words).toContain(`flow: new: ${flow}`)
  expect(words).toContain('egress: to s: 46 octets, a mirrored copy')
})

type Drop = [
  reason: keyof typeof stages,
  stage: string,
  port: string,
  frames: Uint8Array[],
  prepare?: (bench: TraceBench) => unknown,
]

const from = (address: string, port = 1) => inside(udp({ from: [address, port], to: [FAR, 2] }))
const fragment = inside(
  ipFrame({
    ...{ source: HOST, destination: FAR, protocol: 17 },
    ...{ payload: new Uint8Array(64), fragment: 0x1fff },
  }),
)
const wrong = query.slice()
wrong[24] = 0x77
const source = [131, 7, 4, 10, 0, 0, 1, 0]
const optioned = (() => {
  const frame = join(query.subarray(0, 34), source, query.subarray(34))
  frame[14] = 0x47
  frame.set(word(frame.length - 14), 16)
  frame.set([0, 0], 24)
  let sum = 0
  for (let at = 14; at < 42; at += 2)
    sum += ((frame[at] as number) << 8) | (frame[at + 1] as number)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  frame.set(word(~sum & 0xffff), 24)
  return frame
})()
const bare = inside(udp({ from: ['fd00::2', 1], to: ['fd00::9', 2] }, { checksum: 'none' }))
const big = inside(udp({ from: [HOST, 1], to: [FAR, 2] }, {}, 1400))

const dropped: Drop[] = [
  ['ip-header', 'router', 'a', [wrong]],
  ['ip-options', 'router', 'a', [optioned]],
  ['martian', 'router', 'a', [from('127.0.0.1')]],
  ['checksum-zero', 'router', 'a', [bare]],
  ['gateway-spoofed', 'source', 'a', [join(B, LAN, query.subarray(12))]],
  ['gateway-spoofed', 'neighbor', 'a', [arpFrame({ ...asked, sender: '10.0.0.1', target: OTHER })]],
  ['neighbor-invalid', 'neighbor', 'a', [ethernet(LAN, A, 0x806, new Uint8Array(46))]],
  ['not-for-router', 'router', 'a', [ethernet(LAN, A, 0x88b5, new Uint8Array(46))]],
  ['not-for-router', 'route', 'a', [inside(udp({ from: [HOST, 1], to: ['10.0.0.1', 2] }))]],
  ['ttl-exceeded', 'route', 'a', [tiny(1)]],
  ['no-route', 'route', 'a', [inside(udp({ from: [HOST, 1], to: ['192.0.2.7', 2] }))]],
  [
    'directed-broadcast',
    'route',
    'a',
    [inside(udp({ from: [HOST, 1], to: ['203.0.113.255', 2] }))],
  ],
  ['fragment-invalid', 'router', 'a', [fragment]],
  [
    'flow-limit',
    'flow',
    'a',
    [query],
    (made) => {
      for (let port = 1; port < 1100; port++) made.inject('a', from(HOST, port)).run()
    },
  ],
  ['nat-unsolicited', 'nat', 'wan', [call(81)]],
  ['flow-invalid', 'flow', 'a', [inside(echo(HOST, FAR, 7, true))]],
  ['filter-denied', 'filter', 'a', [query], (made) => made.rules({ name: 'x', action: 'deny' })],
  [
    'filter-rejected',
    'filter',
    'a',
    [query],
    (made) => made.rules({ name: 'x', action: 'reject' }),
  ],
  [
    'needs-fragmentation',
    'egress',
    'a',
    [big],
    (made) =>
      made.gateway('wan', { addresses: [`${EXTERNAL}/24`], mac: '02:ff:00:00:00:0b', mtu: 1280 }),
  ],
  ['neighbor-queue', 'neighbor', 'a', Array.from({ length: 300 }, () => near)],
]

test.each(dropped)('a drop for %s has its step: %s', (reason, stage, port, frames, prepare) => {
  const made = bench()
  prepare?.(made)
  const trace = made.last(port, ...frames)
  const { text = '' } = drops.find(({ name }) => name === reason) ?? {}
  expect(trace).toMatchObject({ verdict: 'dropped', drops: [{ reason }] })
  const said = trace.steps.filter((step) => step.text.startsWith(`dropped (${reason})`))
  expect(said.map((step) => [step.stage, step.text.includes(text)])).toEqual([[stage, true]])
})

test('every reason has a stage', () => {
  expect(Object.keys(stages).sort()).toEqual(drops.map(({ name }) => name).sort())
})
