/** A copy of state, which is put back into the objects that it was taken from. */
import type { Keeper, Kept, OtherState } from './keeper.js'

export class Memento implements Keeper {
  readonly #before: (() => void)[] = []
  readonly #puts: (() => void)[] = []
  readonly #after: (() => void)[] = []
  readonly #seen = new Set<Kept>()

  /** Puts all of it back. */
  restore(): void {
    for (const run of this.#before) run()
    for (const put of this.#puts) put()
    for (const run of this.#after) run()
  }

  values<T extends readonly unknown[]>(values: readonly [...T], put: (...values: T) => void): void {
    this.#puts.push(() => put(...(values as readonly unknown[] as T)))
  }

  handles<T extends readonly unknown[]>(
    values: readonly [...T],
    put: (...values: T) => void,
  ): void {
    this.values(values, put)
  }

  map<K, V>(map: Map<K, V>, each?: (value: V) => void): void {
    const entries = [...map]
    this.#puts.push(() => {
      map.clear()
      for (const [key, value] of entries) map.set(key, value)
    })
    if (each) for (const [, value] of entries) each(value)
  }

  set<V>(set: Set<V>, each?: (value: V) => void): void {
    const values = [...set]
    this.#puts.push(() => {
      set.clear()
      for (const value of values) set.add(value)
    })
    if (each) for (const value of values) each(value)
  }

  list<V>(list: V[], each?: (value: V) => void): void {
    const values = [...list]
    this.#puts.push(() => {
      list.length = 0
      for (const value of values) list.push(value)
    })
    if (each) for (const value of values) each(value)
  }

  record(object: object): void {
    const fields = { ...object }
    this.#puts.push(() => {
      for (const key of Object.keys(object))
        if (!(key in fields)) Reflect.deleteProperty(object, key)
      Object.assign(object, fields)
    })
  }

  octets(octets: Uint8Array | Uint32Array | Float64Array): void {
    if (octets.length === 0) return
    const copy = octets.slice()
    this.#puts.push(() => octets.set(copy))
  }

  part(part: Kept | undefined): void {
    if (part === undefined || this.#seen.has(part)) return
    this.#seen.add(part)
    part.keep(this)
  }

  other(state: OtherState): void {
    this.#puts.push(state.save())
  }

  before(run: () => void): void {
    this.#before.push(run)
  }

  after(run: () => void): void {
    this.#after.push(run)
  }
}
