/** The same sessions through two routers, round by round, and what comes out compared. */
import { DIFFERENCES, type Difference } from './differences.js'
import { destinationOf, exchange, type Outputs, sourceOf } from './exchange.js'
import { ENDS, type End, EXTERNAL } from './places.js'
import type { Known, Session, Step } from './session.js'
import type { Router } from './sides.js'
import { type NamePort, tellAll } from './tell.js'

export interface Turn {
  session: Session
  step: Step
}

/** How often what was compared: a comparison of nothing would be equal too. */
export interface Seen {
  sent: number
  came: number
  errors: number
  fragmented: number
  differences: Partial<Record<Difference, number>>
}

/** One router, and what is known of the sessions at it. */
class Side {
  readonly #known = new Map<number, Known>()
  readonly #ports = new Map<string, number>()
  readonly #owners = new Map<string, string>()
  /** By protocol and what is outside. */
  readonly #sessions: Map<string, Session>

  constructor(
    readonly router: Router,
    sessions: Map<string, Session>,
  ) {
    this.#sessions = sessions
  }

  known({ number }: Session): Known {
    const known = this.#known.get(number) ?? { port: 0, last: {} }
    this.#known.set(number, known)
    return known
  }

  forget({ number }: Session): void {
    this.#known.delete(number)
  }

  /** One external port an inside endpoint, whoever it talks to, and no two with one (A1, A3). */
  #judgePort({ protocol, inside }: Session, port: number): void {
    const endpoint = inside.join(' ')
    const owner = `${protocol} ${port}`
    const has = this.#ports.get(`${protocol} ${endpoint}`) ?? port
    if (has !== port) throw new Error(`${endpoint} has external ports ${has} and ${port}`)
    const before = this.#owners.get(owner) ?? endpoint
    if (before !== endpoint)
      throw new Error(`${before} and ${endpoint} share external port ${port}`)
    this.#ports.set(`${protocol} ${endpoint}`, port)
    this.#owners.set(owner, endpoint)
  }

  /** The first packet of a session to leave says what its external port is. */
  readonly name: NamePort = ({ protocol, far, port, leaves }) => {
    const session = this.#sessions.get(`${protocol} ${far}`)
    if (session === undefined || session.published) return String(port)
    const known = this.known(session)
    if (leaves && known.port === 0) {
      known.port = port
      if (this.router.name === 'Linkspan') this.#judgePort(session, port)
    }
    return known.port === port ? 'MAPPED' : `NOT MAPPED ${port}`
  }
}

/** Whether a packet that came out at an end is one of a session, and no later fragment or error. */
function isOf({ protocol, inside, outside }: Session, end: End, packet: Uint8Array): boolean {
  const word = (at: number) => ((packet[at] as number) << 8) | (packet[at + 1] as number)
  const header = ((packet[0] as number) & 15) * 4
  if (packet[9] !== protocol || (word(6) & 0x1fff) !== 0) return false
  const [source, destination] = end === 'inside' ? [outside, inside] : [[EXTERNAL, 0], outside]
  if (sourceOf(packet) !== source[0]) return false
  if (destinationOf(packet) !== destination[0]) return false
  if (protocol === 1) return packet[header] === (end === 'inside' ? 0 : 8)
  return word(header + (end === 'inside' ? 0 : 2)) === outside[1]
}

export class Comparer {
  readonly seen: Seen = { sent: 0, came: 0, errors: 0, fragmented: 0, differences: {} }
  readonly #sides: [Side, Side]
  readonly #sessions = new Map<string, Session>()

  /** Linkspan first. */
  constructor(
    routers: readonly [Router, Router],
    readonly seed: number,
  ) {
    const [one, other] = routers.map((router) => new Side(router, this.#sessions))
    this.#sides = [one as Side, other as Side]
  }

  begin(session: Session): void {
    this.#sessions.set(keyOf(session), session)
  }

  end(session: Session): void {
    this.#sessions.delete(keyOf(session))
    for (const side of this.#sides) side.forget(session)
  }

  /** Steps from one end through both routers; throws with the difference. */
  async round(from: End, turns: readonly Turn[]): Promise<void> {
    const told = await Promise.all(
      this.#sides.map(async (side) => {
        const packets = turns.flatMap(({ session, step }) => step.packets(side.known(session)))
        if (side === this.#sides[0]) this.seen.sent += packets.length
        const outputs = await exchange(side.router, from, packets)
        const [inside, outside] = ENDS.map((end) => tellAll(outputs[end], side.name))
        for (const { session } of turns) this.#note(side.known(session), session, outputs)
        return { inside, outside } as Record<End, string[]>
      }),
    )
    this.#judge(turns, told)
  }

  /** Notes the last packet of a session at each end: errors may quote it. */
  #note(known: Known, session: Session, outputs: Outputs): void {
    for (const end of ENDS) {
      const last = outputs[end].findLast((packet) => isOf(session, end, packet))
      if (last !== undefined) known.last[end] = last
    }
  }

  #judge(turns: readonly Turn[], told: readonly Record<End, string[]>[]): void {
    const [one, other] = told as [Record<End, string[]>, Record<End, string[]>]
    const { seen } = this
    const [apart] = turns.flatMap(({ step }) => step.differs ?? [])
    if (apart !== undefined) {
      const all = [one, other].map(({ inside, outside }) => [...inside, ...outside])
      try {
        DIFFERENCES[apart].holds(all[0] as string[], all[1] as string[])
      } catch (error) {
        throw new Error(this.#in(`${turns[0]?.step.what}, ${apart}: ${error}`))
      }
      seen.differences[apart] = (seen.differences[apart] ?? 0) + 1
      return
    }
    for (const end of ENDS) {
      seen.came += one[end].length
      seen.errors += one[end].filter((text) => text.includes(' about (')).length
      seen.fragmented += one[end].filter((text) => text.includes(' cut ')).length
      const same = one[end].join('\n') === other[end].join('\n')
      if (!same) throw new Error(this.#in(difference(end, turns, one[end], other[end])))
    }
  }

  #in(what: string): string {
    return `seed ${this.seed}: ${what}; run it alone with DIFFERENTIAL_SEED=${this.seed}`
  }
}

export function keyOf({ protocol, outside }: Omit<Session, 'steps'>): string {
  return protocol === 1 || protocol === 200
    ? `${protocol} ${outside[0]}`
    : `${protocol} ${outside[0]}:${outside[1]}`
}

function difference(
  end: End,
  turns: readonly Turn[],
  one: readonly string[],
  other: readonly string[],
): string {
  const only = (own: readonly string[], others: readonly string[], who: string) =>
    own.filter((text) => !others.includes(text)).map((text) => `  only ${who}: ${text}`)
  const lines = [...only(one, other, 'Linkspan'), ...only(other, one, 'the kernel')]
  const sent = turns.map(({ session, step }) => `${step.what} (${keyOf(session)})`)
  const orders = lines.length === 0 ? ['  the same in another order'] : lines
  return [`${end} differs`, ...orders.slice(0, 6), `  after ${sent.join(', ')}`].join('\n')
}
