// Is it slower? Pure: from samples of both sides.
import { ratios, summarize } from '../lib/statistics.js'

/** What may be lost before it is called a loss. */
export const LOSS = 0.1

/**
 * How the speed of this tree compares with the base's: a ratio above 1 is faster. A ratio is taken pair by
 * pair.
 *
 * @param {{better: 'more' | 'less'}} figure
 * @param {number[]} own
 * @param {number[]} base
 * @returns {import('../lib/statistics.js').Summary & {lost: boolean}}
 */
export function compareSides({ better }, own, base) {
  const speed = summarize(better === 'more' ? ratios(own, base) : ratios(base, own))
  return { ...speed, lost: speed.median < 1 - LOSS }
}
