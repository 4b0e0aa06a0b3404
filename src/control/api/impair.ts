/** What the impairment of a port is and does, as the API shows it: every field there, null when empty. */
import * as z from 'zod'
import { count } from './values.js'

const probability = z.number().describe('From 0 to 1')
const milliseconds = z.number().describe('Milliseconds')
const correlation = probability.nullable()
const chance = z.strictObject({ probability, correlation })

const way = z.strictObject({
  up: z.boolean(),
  mtu: z.number().nullable().describe('Octets, without the Ethernet header'),
  rate: z.number().nullable().describe('Bits a second'),
  queue: z
    .strictObject({ frames: count.nullable(), octets: count.nullable() })
    .nullable()
    .describe('One of both; null: 1000 frames'),
  delay: milliseconds.nullable(),
  jitter: z
    .strictObject({
      time: milliseconds,
      distribution: z.enum(['uniform', 'normal', 'pareto']),
      correlation,
      reorder: z.boolean(),
    })
    .nullable(),
  loss: z
    .strictObject({
      probability: probability.nullable(),
      correlation,
      toBad: probability.nullable(),
      toGood: probability.nullable(),
      lossBad: probability.nullable(),
      lossGood: probability.nullable(),
    })
    .nullable()
    .describe('A probability, or the odds of a medium that is good or bad'),
  duplicate: chance.nullable(),
  reorder: z
    .strictObject({ probability, correlation, gap: count, delay: milliseconds.nullable() })
    .nullable(),
  corrupt: chance.nullable(),
  held: count.describe('Frames that are on their way'),
  duplicated: count.describe('Copies that were made'),
  corrupted: count.describe('Frames of which a bit was changed'),
})

export const impair = z.strictObject({
  seed: z.number().describe('What luck hangs on; drawn where the config has none'),
  receive: way.describe('Into the switch'),
  transmit: way.describe('Out of the switch'),
})
