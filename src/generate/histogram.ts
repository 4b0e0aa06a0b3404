/**
 * How often each duration was seen, in bounded memory: buckets that are linear within a power of two, as
 * in HdrHistogram. A percentile is exact below 256, else at most 1/128 above what was recorded.
 */

/** Buckets of a power of two. */
const LINEAR_BITS = 7
const LINEAR = 1 << LINEAR_BITS
/** Values from 2^42 on (73 minutes, in nanoseconds) share the last bucket. */
const VALUE_BITS = 42
const VALUE_MAX = 2 ** VALUE_BITS - 1
const BUCKETS = (VALUE_BITS - LINEAR_BITS + 1) * LINEAR

/** Which bucket a whole number from 0 to VALUE_MAX is in. */
function bucketOf(value: number): number {
  if (value < LINEAR * 2) return value
  // Above 2^31 the high part decides: the shift leaves more bits than a bucket looks at.
  const high = value >= 0x8000_0000
  const word = high ? Math.floor(value / 65_536) : value
  const shift = 31 - Math.clz32(word) - LINEAR_BITS
  return (shift + (high ? 16 : 0)) * LINEAR + (word >>> shift)
}

/** The highest whole number of a bucket. */
function highestOf(bucket: number): number {
  if (bucket < LINEAR * 2) return bucket
  const shift = Math.floor(bucket / LINEAR) - 1
  return ((bucket % LINEAR) + LINEAR + 1) * 2 ** shift - 1
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS)
  #count = 0
  #sum = 0
  #min = Infinity
  #max = 0

  /** A value below 0 counts as 0: clocks of two interrupts may differ by a little. */
  record(value: number): void {
    const whole = value > 0 ? Math.min(Math.floor(value), VALUE_MAX) : 0
    const bucket = bucketOf(whole)
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#count++
    this.#sum += whole
    if (whole < this.#min) this.#min = whole
    if (whole > this.#max) this.#max = whole
  }

  get count(): number {
    return this.#count
  }
  /** NaN of none, as `min` and `max`. */
  get mean(): number {
    return this.#sum / this.#count
  }
  get min(): number {
    return this.#count === 0 ? Number.NaN : this.#min
  }
  get max(): number {
    return this.#count === 0 ? Number.NaN : this.#max
  }

  /** The least value that is not exceeded by this share of all, nearest rank. @param share 0 to 1 */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] as number
      if (seen >= rank) return Math.min(highestOf(bucket), this.#max)
    }
    return Number.NaN
  }
}
