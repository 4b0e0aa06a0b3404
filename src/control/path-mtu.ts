/** MTUs of the ways to VTEPs, as routers on them told: believed for a while, then tried again. */

/** How long less than the link's is believed: RFC 1191 section 6.3 and RFC 8201 section 4 say 10 minutes. */
const LIFETIME = 600_000
/** Less than any link has that carries IPv4 (RFC 791 section 3.2) is no MTU. */
const LEAST = 68

interface Told {
  mtu: number
  until: number
}

export class PathMtus {
  readonly #now: () => number
  readonly #told = new Map<string, Told>()

  /** @param now milliseconds on a clock that only goes forward */
  constructor(now: () => number) {
    this.#now = now
  }

  /** @returns whether it is news */
  note(vtep: string, mtu: number): boolean {
    if (!(mtu >= LEAST)) return false
    const known = this.#told.get(vtep)
    this.#told.set(vtep, { mtu, until: this.#now() + LIFETIME })
    return known?.mtu !== mtu
  }

  /** The MTU of the way to a VTEP whose first link has that one. */
  of(vtep: string, link: number): number {
    return Math.min(link, this.#told.get(vtep)?.mtu ?? link)
  }

  /** Whether one is too old. */
  isDue(): boolean {
    return [...this.#told.values()].some(({ until }) => until <= this.#now())
  }

  /** Forgets those that are too old. */
  expire(): void {
    for (const [vtep, { until }] of this.#told) if (until <= this.#now()) this.#told.delete(vtep)
  }
}
