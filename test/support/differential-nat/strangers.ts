/** Packets that nobody asked for, and packets between networks that are translated by nobody. */
import type { Random } from '../random.js'
import { echo, Flag, icmpError, packet, tcp, udp } from './packets.js'
import { type End, EXTERNAL, GATEWAY, NEIGHBORS } from './places.js'
import { type About, header, one, type Step } from './session.js'

const { SYN, ACK, RST, FIN } = Flag

export function* strangers(random: Random, about: About): Generator<Step> {
  for (let count = 5 + random.below(5); count > 0; count--) yield* random.pick(KINDS)(random, about)
}

type Kind = (random: Random, about: About) => Generator<Step>

/** A port that no session can have: they begin above. */
const unused = (random: Random) => 100 + random.below(800)

function* segments(random: Random, { outside }: About): Generator<Step> {
  const flags = random.pick([SYN, SYN | ACK, ACK, RST, RST | ACK, FIN | ACK])
  const to = [EXTERNAL, unused(random)] as const
  const segment = { flags, sequence: random.word(), acknowledgement: random.word() }
  const more = header(random)
  yield one('outside', 'a segment of nothing', () => tcp(outside, to, segment, more))
}

function* datagrams(random: Random, { outside }: About): Generator<Step> {
  const to = [EXTERNAL, unused(random)] as const
  const data = random.bytes(20)
  const more = header(random)
  yield one('outside', 'a datagram that was not asked for', () => udp(outside, to, data, more))
}

function* echoes(random: Random, { outside }: About): Generator<Step> {
  const reply = random.chance(0.3)
  const given = { reply, sequence: random.below(1000), data: random.bytes(40) }
  const more = { id: random.below(0x10000) }
  const make = () => echo(outside[0], EXTERNAL, 9, given, more)
  yield one('outside', reply ? 'an echo reply to nothing' : 'an echo request to the router', make)
}

function* errors(random: Random, { inside, outside }: About): Generator<Step> {
  const [port, far] = [unused(random), [outside[0], 5] as const]
  const quoted = udp([EXTERNAL, port], far, random.bytes(30))
  const make = () => icmpError(NEIGHBORS[1], EXTERNAL, [3, 3], quoted)
  yield one('outside', 'an error about nothing', make)
  const leaving = udp([outside[0], 77], inside, random.bytes(30))
  const error = () => icmpError(inside[0], outside[0], [3, 3], leaving)
  yield one('inside', 'an error about nothing, from inside', error)
}

function* unknown(random: Random, { outside }: About): Generator<Step> {
  const [data, more] = [random.bytes(random.pick([10, 700])), header(random)]
  const make = () => packet(outside, [EXTERNAL, 0], 201, data, more)
  yield one('outside', 'a protocol that nobody speaks', make)
}

/** Without translation: neither router has a filter between the networks. */
function* routed(random: Random, { inside, outside }: About): Generator<Step> {
  const far = [outside[0], unused(random)] as const
  const near = [inside[0], unused(random)] as const
  const data = random.bytes(100)
  const more = [header(random), header(random)]
  yield one('outside', 'to an inside address', () => udp(far, near, data, more[0]))
  yield one('inside', 'an answer to that', () => udp(near, far, data, more[1]))
}

const MARTIANS = [
  '127.0.0.1',
  '224.0.0.5',
  '240.0.0.1',
  '0.0.0.1',
  EXTERNAL,
  GATEWAY,
  '203.0.113.255',
]

function* martians(random: Random, { inside, outside }: About): Generator<Step> {
  const from: End = random.pick(['inside', 'outside'])
  const source = [random.pick(MARTIANS), 5000] as const
  const to = from === 'inside' ? outside : inside
  const data = random.bytes(10)
  const differs =
    source[0] === '0.0.0.1' || source[0] === '240.0.0.1' ? 'martian source' : undefined
  yield one(from, `from ${source[0]}`, () => udp(source, to, data), differs)
}

function* toGateway(random: Random, { inside }: About): Generator<Step> {
  const data = random.bytes(random.pick([10, 600]))
  const more = { id: random.below(0x10000) }
  yield one('inside', 'a datagram to the gateway', () => udp(inside, [GATEWAY, 7], data, more))
}

const KINDS: Kind[] = [segments, datagrams, echoes, errors, unknown, routed, martians, toGateway]
