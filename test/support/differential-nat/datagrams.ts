/** UDP, echo and another protocol: questions, answers, fragments, and what does not fit. */
import type { Random } from '../random.js'
import { echo, fragmentsOf, type More, packet, udp } from './packets.js'
import { type End, EXTERNAL } from './places.js'
import {
  type About,
  complaint,
  doomed,
  ends,
  header,
  type Known,
  one,
  type Step,
} from './session.js'

const other = (end: End): End => (end === 'inside' ? 'outside' : 'inside')

/** A packet of the session from an end. */
type Make = (from: End, known: Known, data: Uint8Array, more: More) => Uint8Array

export function* exchange(random: Random, about: About): Generator<Step> {
  const make = about.protocol === 17 ? datagram(about) : echoOf(about)
  const caller: End = about.published ? 'outside' : 'inside'
  const sized = (from: End, more: More = header(random), size = random.below(1200)): Step => {
    const data = random.bytes(size)
    return one(from, `a datagram of ${size}`, (known) => make(from, known, data, more))
  }
  const turns = 3 + random.below(10)
  for (let turn = 0; turn < turns; turn++) {
    if (turn > 0 && random.chance(0.06)) {
      const { what, more, size = 10 } = doomed(random)
      yield { ...sized(size > 1000 ? 'inside' : caller, more, size), what }
    }
    const question = sized(caller)
    yield question
    if (random.chance(0.2)) yield question
    if (random.chance(0.1)) yield complaint(random, other(caller))
    if (random.chance(0.8)) {
      yield sized(other(caller))
      if (random.chance(0.1)) yield complaint(random, caller)
    }
    if (random.chance(0.15)) yield inFragments(random, random.pick([caller, other(caller)]), make)
    if (random.chance(0.05)) {
      yield { ...sized('inside', { fragment: 0, id: random.below(0x10000) }, 1450), what: 'cut' }
    }
    if (random.chance(0.04)) {
      const step = sized(caller, { wrong: 'transport' }, 30)
      yield { ...step, what: 'a wrong checksum', differs: 'transport checksum' }
    }
    if (about.protocol === 17 && !about.published && random.chance(0.2)) {
      yield neighborOf(random, about)
    }
    if (about.protocol === 17 && random.chance(0.05)) {
      yield { ...sized(caller, { unsummed: true }), what: 'a datagram without a checksum' }
    }
  }
}

/** To the external port, from another port of who was called, or from another address. */
function neighborOf(random: Random, { outside }: About): Step {
  const same = random.chance(0.5)
  const from = [same ? outside[0] : '198.51.200.1', 500 + random.below(500)] as const
  const data = random.bytes(50)
  const make = ({ port }: Known) => udp(from, [EXTERNAL, port], data)
  const what = `from another ${same ? 'port' : 'address'}`
  return one('outside', what, make, same ? 'filtering' : undefined)
}

/** Two to five fragments, in order or not; outside no link takes more than 1400 octets. */
function inFragments(random: Random, from: End, make: Make): Step {
  const size = 8 * (20 + random.below(150))
  const count = 2 + random.below(4)
  const data = random.bytes(size * (count - 1) + 1 + random.below(size - 8))
  const id = random.below(0x10000)
  const order = Array.from({ length: count + 1 }, (_, at) => at)
  const shuffled = random.chance(0.5)
  if (shuffled) order.sort(() => random.below(3) - 1)
  return {
    from,
    what: `fragments ${shuffled ? 'out of order' : 'in order'}`,
    packets: (known) => {
      const parts = fragmentsOf(make(from, known, data, { id, fragment: 0 }), size)
      return order.flatMap((at) => parts[at] ?? [])
    },
  }
}

function datagram(about: About): Make {
  return (from, known, data, more) => {
    const place = ends(about, from, known)
    return udp(place.from, place.to, data, more)
  }
}

/** The numbers of echo messages do not matter to a translator. */
function echoOf({ inside, outside }: About): Make {
  return (from, { port }, data, more) =>
    from === 'inside'
      ? echo(inside[0], outside[0], inside[1], { sequence: data.length, data }, more)
      : echo(outside[0], EXTERNAL, port, { reply: true, sequence: data.length, data }, more)
}

/** A protocol without ports, one host inside with one outside. */
export function* portless(random: Random, { inside, outside }: About): Generator<Step> {
  for (let turn = 3 + random.below(5), first = turn; turn > 0; turn--) {
    const from: End = turn === first || random.chance(0.5) ? 'inside' : 'outside'
    const [data, more] = [random.bytes(random.below(500)), header(random)]
    const place =
      from === 'inside' ? ([inside, outside] as const) : ([outside, [EXTERNAL, 0]] as const)
    yield one(from, 'another protocol', () => packet(...place, 200, data, more))
  }
}
