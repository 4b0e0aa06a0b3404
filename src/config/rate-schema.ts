/** Rates of bits where a config has them: a number of bits a second, or text (rate.ts). */
import * as z from 'zod'
import { quantityPattern } from './quantity.js'
import { formatRate, PORT_RATE, parseRate, type RateWords } from './rate.js'
import { text, whole } from './values.js'

/** @param min bits a second @param words how the text is written */
export function rateSchema(min: number, max: number, words: RateWords = PORT_RATE) {
  const expected = `${words.expected}, from "${formatRate(min)}" to "${formatRate(max)}"`
  const within = whole(min, max, expected)
  const written = z.string(expected).regex(quantityPattern(words.units), expected)
  return z.union([within, text(written, (value) => parseRate(value, words)).pipe(within)], expected)
}
