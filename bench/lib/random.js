// Pseudo-random numbers that are the same in every run.

/** @returns {() => number} uniform u32s (mulberry32) */
export function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return (x ^ (x >>> 14)) >>> 0
  }
}

/** A one-to-one mixing of 32 bits: numbers that count upwards become addresses that do not. */
export function scatter(number) {
  let x = Math.imul(number ^ (number >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}
