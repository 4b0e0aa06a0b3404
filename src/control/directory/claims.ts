/**
 * What several sources say of the same things, and which of it counts. Nothing here is looked through
 * as a whole: a statement, its end and its expiry cost the same however much is known.
 */
import type { DirectoryChange, Marks } from './directory.js'

/** One source's statement about one thing. */
interface Claim<T> {
  readonly key: string
  readonly source: string
  value: T
  /** The later, the higher. */
  order: number
  stale: boolean
}

export interface Subject<T> {
  /** What tells things apart. */
  keyOf(value: T): string
  same(a: T, b: T): boolean
  /** Whether two statements about one thing cannot both be true. */
  contradict(a: T, b: T): boolean
}

export class Claims<T extends object> {
  readonly #subject: Subject<T>
  /** Nearly all things have one claim: no list for them. */
  readonly #claims = new Map<string, Claim<T> | Claim<T>[]>()
  readonly #bySource = new Map<string, Set<Claim<T>>>()
  /** When claims became stale; the first became so first. */
  readonly #staleSince = new Map<Claim<T>, number>()
  /** What has changed since changes were last taken, as it was then. */
  readonly #before = new Map<string, (T & Marks) | undefined>()
  #order = 0

  constructor(subject: Subject<T>) {
    this.#subject = subject
  }

  get size(): number {
    return this.#claims.size
  }

  get stale(): number {
    return this.#staleSince.size
  }

  get hasChanges(): boolean {
    return this.#before.size > 0
  }

  /** A source says this, last of all; what it said of the same thing before is void. */
  put(source: string, value: T): void {
    const key = this.#subject.keyOf(value)
    this.#touch(key)
    const order = ++this.#order
    const own = this.#find(key, source)
    if (own === undefined) {
      this.#add({ key, source, value, order, stale: false })
      return
    }
    own.value = value
    own.order = order
    own.stale = false
    this.#staleSince.delete(own)
  }

  /** A source says so no more. @returns whether it did */
  remove(source: string, key: string): boolean {
    const claim = this.#find(key, source)
    if (claim !== undefined) this.#drop(claim)
    return claim !== undefined
  }

  /** A source was lost at `now`: what it said is stale. */
  lose(source: string, now: number): void {
    for (const claim of this.#bySource.get(source) ?? []) {
      if (claim.stale) continue
      this.#touch(claim.key)
      claim.stale = true
      this.#staleSince.set(claim, now)
    }
  }

  /** What a source said ends: all of it, or what is stale. */
  drop(source: string, staleOnly: boolean): void {
    for (const claim of this.#bySource.get(source) ?? []) {
      if (claim.stale || !staleOnly) this.#drop(claim)
    }
  }

  /** Ends what has been stale since `time` or longer. */
  expire(time: number): void {
    for (const [claim, since] of this.#staleSince) {
      if (since > time) return
      this.#drop(claim)
    }
  }

  /** Since when the first has been stale that is. */
  get firstStale(): number | undefined {
    for (const since of this.#staleSince.values()) return since
    return undefined
  }

  *known(): Generator<T & Marks> {
    for (const key of this.#claims.keys()) yield this.find(key) as T & Marks
  }

  /** What counts: of those that are not stale, or else of all, the latest. */
  find(key: string): (T & Marks) | undefined {
    const claims = this.#claims.get(key)
    if (claims === undefined) return undefined
    if (!Array.isArray(claims)) return marked(claims, false)
    const live = claims.filter(({ stale }) => !stale)
    const best = (live.length > 0 ? live : claims).reduce((a, b) => (a.order > b.order ? a : b))
    const contested = live.some(({ value }) => this.#subject.contradict(value, best.value))
    return marked(best, contested)
  }

  /** What changed since the last call; what is again as it was then is none. */
  takeChanges(): DirectoryChange<T & Marks>[] {
    const changes: DirectoryChange<T & Marks>[] = []
    for (const [key, from] of this.#before) {
      const to = this.find(key)
      if (from === undefined && to !== undefined) changes.push({ op: 'added', to })
      else if (from !== undefined && to === undefined) changes.push({ op: 'removed', from })
      else if (from !== undefined && to !== undefined && !this.#same(from, to)) {
        changes.push({ op: 'changed', from, to })
      }
    }
    this.#before.clear()
    return changes
  }

  #same(a: T & Marks, b: T & Marks): boolean {
    const marks = a.source === b.source && a.stale === b.stale && a.contested === b.contested
    return marks && this.#subject.same(a, b)
  }

  /** Before a thing changes: keeps what it was. */
  #touch(key: string): void {
    if (!this.#before.has(key)) this.#before.set(key, this.find(key))
  }

  #find(key: string, source: string): Claim<T> | undefined {
    const claims = this.#claims.get(key)
    if (Array.isArray(claims)) return claims.find((claim) => claim.source === source)
    return claims?.source === source ? claims : undefined
  }

  #add(claim: Claim<T>): void {
    const { key, source } = claim
    const others = this.#claims.get(key)
    if (others === undefined) this.#claims.set(key, claim)
    else if (Array.isArray(others)) others.push(claim)
    else this.#claims.set(key, [others, claim])
    const own = this.#bySource.get(source)
    if (own === undefined) this.#bySource.set(source, new Set([claim]))
    else own.add(claim)
  }

  #drop(claim: Claim<T>): void {
    const { key, source } = claim
    this.#touch(key)
    const all = this.#claims.get(key)
    const others = Array.isArray(all) ? all.filter((other) => other !== claim) : []
    const [first] = others
    if (first === undefined) this.#claims.delete(key)
    else this.#claims.set(key, others.length === 1 ? first : others)
    this.#staleSince.delete(claim)
    const own = this.#bySource.get(source)
    own?.delete(claim)
    if (own?.size === 0) this.#bySource.delete(source)
  }
}

function marked<T extends object>({ value, source, stale }: Claim<T>, contested: boolean) {
  return Object.freeze({ ...value, source, stale, contested })
}
