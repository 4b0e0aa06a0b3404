/**
 * Luck that repeats: the word of frame n depends on the names it was made with and on n, on nothing
 * that happened before. Whoever asks for other frames, or in another order, changes nobody's luck.
 * Integers of 32 bits only, so that it is the same on every engine.
 */

/** What a lab may be seeded with. */
export type Seed = number | bigint | string

/** A source of words that is told apart by names: `new Luck(7, 'web', 'ingress')`. */
export class Luck {
  readonly #add: number
  readonly #flip: number

  /** Names are told apart by where one ends, too: ('ab', 'c') is not ('a', 'bc'). */
  constructor(seed: Seed, ...names: readonly string[]) {
    let [a, b] = [0x6c696e6b, 0x7370616e]
    for (const text of [`${typeof seed}:${seed}`, ...names]) {
      for (let at = 0; at < text.length; at++) {
        a = Math.imul(a ^ text.charCodeAt(at), 0x9e3779b1)
        b = Math.imul(b ^ text.charCodeAt(at), 0x85ebca77) ^ (a >>> 15)
      }
      a = mixed(a ^ text.length)
      b = mixed(b ^ a)
    }
    this.#add = a
    this.#flip = b
  }

  /** 32 bits, as a number from 0 to 2^32 - 1. @param n a frame's number, modulo 2^32 */
  word(n: number): number {
    // Two rounds with half of the key each: with one, two sources would be the same row of words, shifted.
    return mixed(mixed((n + this.#add) | 0) ^ this.#flip) >>> 0
  }
}

/** A permutation of 32 bits in which every bit hangs on every other: triple32, Wellons 2018. */
function mixed(word: number): number {
  let x = word ^ (word >>> 17)
  x = Math.imul(x, 0xed5ad4bb)
  x = Math.imul(x ^ (x >>> 11), 0xac4c1b51)
  x = Math.imul(x ^ (x >>> 15), 0x31848bab)
  return x ^ (x >>> 14)
}

/** The words there are: a probability times this is how many of them are below it, exactly. */
export const WORDS = 2 ** 32
