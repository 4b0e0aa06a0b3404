// Medians and ratios. A ratio is taken pair by pair, of two values measured one after the other: on
// a machine whose speed drifts, only that carries over.

/** The middle value, or the mean of the middle two. */
export function median(values) {
  if (values.length === 0) throw new RangeError('the median of no values')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * @typedef {{count: number, median: number, min: number, max: number}} Summary
 * @returns {Summary}
 */
export function summarize(values) {
  return {
    count: values.length,
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
  }
}

/** `values[i] / others[i]` for as many pairs as there are. */
export function ratios(values, others) {
  return values.slice(0, others.length).map((value, index) => value / others[index])
}

/**
 * Whether a value reaches a target.
 *
 * @param {{atLeast?: number, atMost?: number}} target
 */
export function reaches(value, { atLeast = -Infinity, atMost = Infinity }) {
  return value >= atLeast && value <= atMost
}
