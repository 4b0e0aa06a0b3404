/** A hash of state: FNV-1a of 64 bits over all that is told. */
import { Fnv } from '../config/fnv.js'
import type { Keeper, Kept, OtherState } from './keeper.js'

/** What comes next, so that nothing of one kind is taken for another. */
const Tag = {
  NOTHING: 0,
  FALSE: 1,
  TRUE: 2,
  NUMBER: 3,
  TEXT: 4,
  OCTETS: 5,
  LIST: 6,
  OBJECT: 7,
  OF_CLASS: 8,
}

export class Digest implements Keeper {
  readonly #hash = new Fnv()
  readonly #seen = new Set<Kept>()

  /** 16 digits. */
  get hex(): string {
    return this.#hash.hex
  }

  values(values: readonly unknown[]): void {
    for (const value of values) this.#value(value)
  }

  handles(): void {}

  map<K, V>(map: Map<K, V>, each?: (value: V) => void): void {
    this.#hash.number(map.size)
    for (const [key, value] of map) {
      this.#value(key)
      this.#element(value, each)
    }
  }

  set<V>(set: Set<V>, each?: (value: V) => void): void {
    this.#hash.number(set.size)
    for (const value of set) this.#element(value, each)
  }

  list<V>(list: V[], each?: (value: V) => void): void {
    this.#hash.number(list.length)
    for (const value of list) this.#element(value, each)
  }

  #element<V>(value: V, each: ((value: V) => void) | undefined): void {
    if (each) each(value)
    else this.#value(value)
  }

  record(object: object): void {
    for (const value of Object.values(object)) this.#value(value)
  }

  octets(octets: Uint8Array | Uint32Array | Float64Array): void {
    this.#value(octets)
  }

  part(part: Kept | undefined): void {
    if (part === undefined) return this.#value(undefined)
    if (this.#seen.has(part)) return
    this.#seen.add(part)
    part.keep(this)
  }

  other(state: OtherState): void {
    this.values(state.hash())
  }

  before(): void {}
  after(): void {}

  #value(value: unknown): void {
    const hash = this.#hash
    if (typeof value === 'number') this.#tag(Tag.NUMBER).number(value)
    else if (typeof value === 'string') this.#tag(Tag.TEXT).text(value)
    else if (typeof value === 'bigint') this.#tag(Tag.TEXT).text(String(value))
    else if (typeof value === 'boolean') this.#tag(value ? Tag.TRUE : Tag.FALSE)
    else if (value == null) this.#tag(Tag.NOTHING)
    else if (ArrayBuffer.isView(value)) {
      this.#tag(Tag.OCTETS).number(value.byteLength)
      hash.bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    } else if (Array.isArray(value)) {
      this.#tag(Tag.LIST).number(value.length)
      this.values(value)
    } else this.#object(value)
  }

  /** A plain one by what it has; of another, that it is there. */
  #object(value: object | ((...given: never[]) => unknown) | symbol): void {
    const isPlain = typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype
    if (!isPlain) return void this.#tag(Tag.OF_CLASS)
    const entries = Object.entries(value)
    this.#tag(Tag.OBJECT).number(entries.length)
    for (const [key, each] of entries) {
      this.#hash.text(key)
      this.#value(each)
    }
  }

  readonly #one = new Uint8Array(1)

  #tag(tag: number): Fnv {
    this.#one[0] = tag
    return this.#hash.bytes(this.#one)
  }
}
