/** Probabilities: a number from 0 to 1, or text in percent (`0.5%`). */
import * as z from 'zod'
import { text } from './values.js'

export const PROBABILITY = 'a probability from 0 to 1, or in percent such as "1%"'
const PERCENT = /^\d{1,3}(\.\d{1,9})?%$/

const within = z.number(PROBABILITY).check(z.gte(0, PROBABILITY), z.lte(1, PROBABILITY))
const percent = z.string(PROBABILITY).regex(PERCENT, PROBABILITY)

export const probability = z.union(
  [within, text(percent, (value) => Number(value.slice(0, -1)) / 100).pipe(within)],
  PROBABILITY,
)
