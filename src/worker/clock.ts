/**
 * One clock for all threads: milliseconds of CLOCK_MONOTONIC. `performance.now()` is the cheapest
 * reading of it but counts from the start of its thread; the offset is taken once.
 */
export function monotonicClock(): () => number {
  const offset = Number(process.hrtime.bigint() / 1000n) / 1000 - performance.now()
  return () => offset + performance.now()
}
