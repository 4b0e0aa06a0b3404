/** Addresses of hosts: made once for each, compared by what they are, and keys of tables without text. */
import { formatAddress, type Address as Parsed, parseAddress } from '../../config/address.js'
import type { Keeper } from '../../memento/keeper.js'
import type { Address } from './network.js'

class HostAddress implements Address {
  #text: string | undefined

  constructor(
    readonly family: 4 | 6,
    readonly bytes: Uint8Array,
  ) {}

  get text(): string {
    this.#text ??= formatAddress(this.bytes)
    return this.#text
  }

  toString(): string {
    return this.text
  }
}

/** An address of text, or of what was parsed. @throws InvalidError */
export function addressOf(from: string | Parsed): Address {
  const { family, bytes } = typeof from === 'string' ? parseAddress(from) : from
  return new HostAddress(family, bytes.slice())
}

/** An address that stands in a packet; a copy. */
export function addressAt(bytes: Uint8Array, at: number, family: 4 | 6): Address {
  return new HostAddress(family, bytes.slice(at, at + (family === 4 ? 4 : 16)))
}

export function isSame(a: Uint8Array, b: Uint8Array, bAt = 0, length = a.length): boolean {
  for (let at = 0; at < length; at++) if (a[at] !== b[bAt + at]) return false
  return true
}

/** 32 bits of an address: of IPv4 all of it. */
function hashAt(bytes: Uint8Array, at: number, length: number): number {
  const last = wordAt(bytes, at + length - 4)
  if (length === 4) return last
  let mixed = Math.imul(wordAt(bytes, at), 0x9e3779b1)
  mixed = Math.imul(mixed ^ wordAt(bytes, at + 4), 0x85ebca6b)
  return Math.imul(mixed ^ wordAt(bytes, at + 8), 0xc2b2ae35) ^ last
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  )
}

interface Slot<V> {
  readonly key: Uint8Array
  value: V
  readonly next: Slot<V> | undefined
}

/** A table by address of one family, also one that still stands in a packet. */
export class AddressMap<V> {
  /** Of IPv4 the hash is the whole address. */
  readonly #values = new Map<number, V>()
  readonly #slots = new Map<number, Slot<V>>()

  constructor(private readonly length: 4 | 16) {}

  getAt(bytes: Uint8Array, at: number): V | undefined {
    const hash = hashAt(bytes, at, this.length)
    if (this.length === 4) return this.#values.get(hash)
    let slot = this.#slots.get(hash)
    while (slot !== undefined && !isSame(slot.key, bytes, at)) slot = slot.next
    return slot?.value
  }

  get(key: Uint8Array): V | undefined {
    return this.getAt(key, 0)
  }

  set(key: Uint8Array, value: V): void {
    const hash = hashAt(key, 0, this.length)
    if (this.length === 4) {
      this.#values.set(hash, value)
      return
    }
    const first = this.#slots.get(hash)
    for (let slot = first; slot !== undefined; slot = slot.next) {
      if (!isSame(slot.key, key)) continue
      slot.value = value
      return
    }
    this.#slots.set(hash, { key: key.slice(), value, next: first })
  }

  delete(key: Uint8Array): void {
    const hash = hashAt(key, 0, this.length)
    this.#values.delete(hash)
    const left: Slot<V>[] = []
    for (let slot = this.#slots.get(hash); slot !== undefined; slot = slot.next) {
      if (!isSame(slot.key, key)) left.push(slot)
    }
    this.#slots.delete(hash)
    for (const { key: other, value } of left) this.set(other, value)
  }

  *values(): Iterable<V> {
    yield* this.#values.values()
    for (const first of this.#slots.values()) {
      for (let slot: Slot<V> | undefined = first; slot !== undefined; slot = slot.next) {
        yield slot.value
      }
    }
  }

  get size(): number {
    return this.#values.size + this.#slots.size
  }

  clear(): void {
    this.#values.clear()
    this.#slots.clear()
  }

  /** @internal @param each tells the state of a value; left out: as one */
  keep(keeper: Keeper, each: (value: V) => void = () => {}): void {
    keeper.map(this.#values, each)
    keeper.map(this.#slots, (first) => {
      for (let slot: Slot<V> | undefined = first; slot !== undefined; slot = slot.next) {
        keeper.record(slot)
        each(slot.value)
      }
    })
  }
}

/** Addresses that were seen, each once: who sends a thousand packets is one object. */
export class Seen {
  readonly #of = { 4: new AddressMap<Address>(4), 6: new AddressMap<Address>(16) }

  at(bytes: Uint8Array, at: number, family: 4 | 6): Address {
    const map = this.#of[family]
    const known = map.getAt(bytes, at)
    if (known !== undefined) return known
    if (map.size >= SEEN_MAX) map.clear()
    const address = addressAt(bytes, at, family)
    map.set(address.bytes, address)
    return address
  }
}

const SEEN_MAX = 65_536
