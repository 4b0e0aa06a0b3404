/** Sessions of all kinds side by side, each a step a round, until enough packets were sent. */
import type { Random } from '../random.js'
import type { Comparer } from './compare.js'
import { exchange, portless } from './datagrams.js'
import type { Endpoint } from './packets.js'
import { HOSTS, NEIGHBORS, PUBLISHED } from './places.js'
import type { About, Session, Step } from './session.js'
import { strangers } from './strangers.js'
import { connection } from './tcp.js'

const SESSIONS = 16
const [ICMP, TCP, UDP, OTHER, NONE] = [1, 6, 17, 200, 0]

export class Run {
  #number = 0
  readonly #waiting = new Map<Session, Step>()

  constructor(
    readonly random: Random,
    readonly comparer: Comparer,
  ) {}

  /** Goes on until so many packets were sent, and all sessions have ended. */
  async until(packets: number): Promise<void> {
    for (;;) {
      const more = this.comparer.seen.sent < packets
      while (more && this.#waiting.size < SESSIONS) this.#begin()
      if (this.#waiting.size === 0) return
      await this.#round()
    }
  }

  /** The steps that wait at one end; one that both routers are known to take apart goes alone. */
  async #round(): Promise<void> {
    const { random, comparer } = this
    const all = [...this.#waiting]
    const [, { from }] = random.pick(all)
    const here = all.filter(([, step]) => step.from === from)
    const apart = here.find(([, { differs }]) => differs !== undefined)
    const turns = apart ? [apart] : here
    await comparer.round(
      from,
      turns.map(([session, step]) => ({ session, step })),
    )
    for (const [session] of turns) this.#advance(session)
  }

  #advance(session: Session): void {
    const { done, value } = session.steps.next()
    if (!done) this.#waiting.set(session, value)
    else {
      this.#waiting.delete(session)
      this.comparer.end(session)
    }
  }

  #begin(): void {
    const about = this.#about()
    const session = { ...about, steps: this.#steps(about) }
    this.comparer.begin(session)
    this.#advance(session)
  }

  /** Endpoints of its own outside; inside several sessions may share one. */
  #about(): About {
    const { random } = this
    const number = ++this.#number
    const protocol = random.pick([ICMP, TCP, TCP, TCP, UDP, UDP, NONE, OTHER])
    const published = (protocol === TCP || protocol === UDP) && random.chance(0.3)
    const far = random.chance(0.3) ? random.pick(NEIGHBORS) : `198.51.100.${1 + (number % 200)}`
    const alone = protocol === ICMP || protocol === OTHER
    const outside: Endpoint = [
      alone ? `198.51.${number % 100}.${1 + (number % 200)}` : far,
      1024 + number,
    ]
    const inside: Endpoint = published
      ? [PUBLISHED.to, PUBLISHED.toPort]
      : [random.pick(HOSTS), 2000 + random.below(8)]
    return { number, protocol, inside, outside, published }
  }

  #steps(about: About): Generator<Step> {
    if (about.protocol === TCP) return connection(this.random, about)
    if (about.protocol === NONE) return strangers(this.random, about)
    return about.protocol === OTHER ? portless(this.random, about) : exchange(this.random, about)
  }
}
