/** TCP connections: opened, used, closed in every way, and spoken of after their end. */
import type { Random } from '../random.js'
import { type Endpoint, Flag, type More, type Segment, tcp } from './packets.js'
import type { End } from './places.js'
import { type About, complaint, doomed, ends, header, one, type Step } from './session.js'

const { FIN, SYN, RST, PSH, ACK, URG } = Flag
const other = (end: End): End => (end === 'inside' ? 'outside' : 'inside')

/** Of each end the next sequence number, and the window it offers. */
class Connection {
  readonly #next: Record<End, number>
  readonly window = { inside: 0, outside: 0 }

  constructor(
    readonly random: Random,
    readonly about: About,
  ) {
    this.#next = { inside: random.word(), outside: random.word() }
    for (const end of ['inside', 'outside'] as const) this.window[end] = 4096 + random.below(60000)
  }

  /** A segment in its place; what it takes of the sequence is counted. */
  say(from: End, what: string, flags: number, data = 0, given: Partial<Segment> = {}): Step {
    const sequence = this.#next[from]
    const taken = data + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0)
    this.#next[from] = (sequence + taken) >>> 0
    return this.stray(from, what, { flags, sequence, data: this.random.bytes(data), ...given })
  }

  /** A segment that counts for nothing. */
  stray(from: End, what: string, given: Partial<Segment>, more: More = header(this.random)): Step {
    const segment = {
      flags: ACK,
      sequence: this.#next[from],
      acknowledgement: (given.flags ?? ACK) & ACK ? this.#next[other(from)] : 0,
      window: this.window[from],
      ...given,
    }
    return one(from, what, (known) => {
      const place: { from: Endpoint; to: Endpoint } = ends(this.about, from, known)
      return tcp(place.from, place.to, segment, more)
    })
  }

  next(end: End): number {
    return this.#next[end]
  }

  again(end: End): void {
    this.#next[end] = (this.#next[end] + 100_000 + this.random.below(1_000_000)) >>> 0
  }
}

const mss = (size: number) => [2, 4, size >> 8, size & 255]
const SYN_OPTIONS = [[], mss(1460), [...mss(1380), 1, 3, 3, 7], [4, 2, 1, 1, ...mss(536)]]

export function* connection(random: Random, about: About): Generator<Step> {
  const client: End = about.published ? 'outside' : 'inside'
  const tcp = new Connection(random, about)
  const lives = random.chance(0.2) ? 2 : 1
  for (let life = 0; life < lives; life++) {
    yield* open(tcp, client, life === 0)
    const turns = 2 + random.below(10)
    for (let turn = 0; turn < turns; turn++) yield* talk(tcp)
    yield* close(tcp)
    tcp.again('inside')
    tcp.again('outside')
  }
}

function* open(tcp: Connection, client: End, first: boolean): Generator<Step> {
  const { random } = tcp
  const server = other(client)
  const options = random.pick(SYN_OPTIONS)
  const syn = tcp.say(client, 'SYN', SYN, 0, { options })
  yield syn
  if (random.chance(0.2)) yield syn
  if (random.chance(0.1)) yield complaint(random, server)
  // Both call each other at once (RFC 9293 section 3.5): in the kernel not where a connection was before.
  if (first && random.chance(0.1)) {
    yield tcp.say(server, 'SYN of both', SYN)
    for (const end of [client, server]) {
      const sequence = (tcp.next(end) - 1) >>> 0
      yield tcp.stray(end, 'SYN ACK of both', { flags: SYN | ACK, sequence })
    }
    return
  }
  const scaled = options.length > 6
  const answer = tcp.say(server, 'SYN ACK', SYN | ACK, 0, { options: scaled ? options : mss(1460) })
  yield answer
  if (random.chance(0.2)) yield answer
  yield tcp.say(client, 'ACK of the handshake', ACK)
}

function* talk(tcp: Connection): Generator<Step> {
  const { random } = tcp
  const from: End = random.pick(['inside', 'outside'])
  const size = random.pick([1, 10, 100, 536, 1300])
  if (random.chance(0.06)) {
    const { what, more, size = 10 } = doomed(random)
    // Outside has the smaller MTU.
    const end = size > 1000 ? 'inside' : from
    yield tcp.stray(end, what, { flags: ACK, data: random.bytes(size) }, { ...more })
  }
  if (random.chance(0.06)) yield keepAlive(tcp, from)
  if (random.chance(0.06)) yield outOfWindow(tcp, from)
  if (random.chance(0.04)) yield wrongSum(tcp, from)
  if (random.chance(0.04)) {
    const again = tcp.stray(from, 'SYN within a connection', { flags: SYN, acknowledgement: 0 })
    const client: End = tcp.about.published ? 'outside' : 'inside'
    yield { ...again, ...(from !== client && { differs: 'SYN of the one called' as const }) }
  }
  const flags = ACK | PSH | (random.chance(0.05) ? URG : 0)
  const data = tcp.say(from, 'data', flags, size)
  yield data
  if (random.chance(0.1)) yield data
  if (random.chance(0.08)) yield complaint(random, other(from))
  yield tcp.say(other(from), 'ACK', ACK)
}

function keepAlive(tcp: Connection, from: End): Step {
  return tcp.stray(from, 'keep-alive', { sequence: (tcp.next(from) - 1) >>> 0 })
}

function outOfWindow(tcp: Connection, from: End): Step {
  const sequence = (tcp.next(from) + 0x2000_0000) >>> 0
  const flags = tcp.random.pick([RST, RST | ACK, ACK])
  return { ...tcp.stray(from, 'out of the window', { flags, sequence }), differs: 'window' }
}

function wrongSum(tcp: Connection, from: End): Step {
  const id = tcp.random.below(0x10000)
  const step = tcp.stray(from, 'a wrong TCP checksum', {}, { id, wrong: 'transport' })
  return { ...step, differs: 'transport checksum' }
}

function* close(tcp: Connection): Generator<Step> {
  const { random } = tcp
  const from: End = random.pick(['inside', 'outside'])
  const kind = random.below(4)
  if (kind === 0) {
    yield tcp.say(from, 'RST', random.pick([RST, RST | ACK]))
    if (random.chance(0.5)) yield tcp.stray(from, 'RST again', { flags: RST })
    return
  }
  yield tcp.say(from, 'FIN', FIN | ACK)
  if (kind === 1) {
    yield tcp.say(other(from), 'ACK of the FIN', ACK)
    yield tcp.say(other(from), 'data after a FIN', ACK | PSH, 200)
    yield tcp.say(from, 'ACK after a FIN', ACK)
  }
  yield tcp.say(other(from), 'FIN of the other', FIN | ACK)
  yield tcp.say(from, 'last ACK', ACK)
  if (random.chance(0.3)) yield tcp.stray(other(from), 'ACK of a closed connection', {})
}
