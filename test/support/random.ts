/** Random numbers that repeat: one seed, one sequence. */

/** A generator of 32-bit numbers (xorshift32, Marsaglia 2003). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b1) >>> 0 || 1
  }

  /** 0 to 2^32 - 1. */
  word(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state
  }

  /** 0 to `end` - 1. */
  below(end: number): number {
    return Math.floor((this.word() / 2 ** 32) * end)
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T
  }

  chance(probability: number): boolean {
    return this.word() / 2 ** 32 < probability
  }

  bytes(length: number): Uint8Array {
    return this.fill(new Uint8Array(length))
  }

  fill(bytes: Uint8Array): Uint8Array {
    for (let at = 0; at < bytes.length; at++) bytes[at] = this.word() >>> 24
    return bytes
  }
}
