/** Randomness of a lab: one seed, and a generator of its own for everything that has a name. */
import { describe } from '../config/describe.js'
import { InvalidError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'

export type Seed = number | bigint | string

/** FNV-1a, 32 bits (draft-eastlake-fnv), and the final mix of MurmurHash3. */
const OFFSET = 0x811c9dc5
const PRIME = 0x01000193

/** The seed as text: 7 and 7n are the same, "7" is another. @throws InvalidError for other types */
export function seedText(seed: unknown): string {
  if (typeof seed === 'string') return `s${seed}`
  if (typeof seed === 'bigint') return `n${seed}`
  if (typeof seed === 'number' && Number.isFinite(seed)) {
    // Beyond, neighbours are one number, and a bigint is written otherwise.
    if (Math.abs(seed) <= Number.MAX_SAFE_INTEGER) return `n${seed}`
    throw new InvalidError(String(seed), 'a seed: a number below 2^53, which is exact, or a bigint')
  }
  const found = typeof seed === 'number' ? String(seed) : describe(seed)
  throw new InvalidError(found, 'a seed: a finite number, a bigint or a string')
}

/** A generator of 32-bit numbers (sfc32, PractRand by Chris Doty-Humphrey). */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** @param text another text, another sequence */
  constructor(text: string) {
    this.#a = hash(`${text} 1`)
    this.#b = hash(`${text} 2`)
    this.#c = hash(`${text} 3`)
    for (let round = 0; round < 12; round++) this.u32()
  }

  /** 0 to 2^32 - 1. */
  u32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#a, this.#b, this.#c, this.#counter], (...kept) => {
      ;[this.#a, this.#b, this.#c, this.#counter] = kept
    })
  }
}

function hash(text: string): number {
  let value = OFFSET
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), PRIME)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return value ^ (value >>> 16)
}
