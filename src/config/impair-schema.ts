/**
 * What one direction of a link does to frames, in the words that the lab and a config have for it.
 * What is left out does nothing. What they mean, and in which order they apply, is in
 * src/impair/README.md.
 */
import * as z from 'zod'
import { probability } from './probability.js'
import { parseQuantity, quantityPattern } from './quantity.js'
import { queueLength } from './queue-length.js'
import { LINK_RATE } from './rate.js'
import { rateSchema } from './rate-schema.js'
import { flag, mtu, text, whole } from './values.js'

const TIMES = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9 }
const MS = 1e6
const TIME_MAX = 3_600_000
const TIME =
  'milliseconds, or a time with its unit (ns, us, ms, s, m) such as "10ms"; at most "60m"'
const withinTime = z.number(TIME).check(z.gte(0, TIME), z.lte(TIME_MAX, TIME))
const writtenTime = text(
  z.string(TIME).regex(quantityPattern(TIMES), TIME),
  (value) => parseQuantity(value, TIMES, TIME) / MS,
)
/** To milliseconds, fractions allowed. */
const time = z.union([withinTime, writtenTime.pipe(withinTime)], TIME)

const chanceShape = {
  probability,
  correlation: probability
    .optional()
    .describe('How likely a frame shares the luck of the last one'),
}
const CHANCE = `a mapping with a "probability" and, if you like, a "correlation"`
const chanceOf = (expected: string) =>
  z.union(
    [
      probability.transform((value) => ({ probability: value })),
      z.strictObject(chanceShape, CHANCE),
    ],
    expected,
  )
const chance = chanceOf('a probability such as "1%", or a mapping such as { probability: "1%" }')

const DISTRIBUTION = '"uniform", "normal" or "pareto"'
const JITTER = 'a time such as "5ms", or a mapping such as { time: "5ms", distribution: normal }'
const jitterShape = {
  time,
  distribution: z.enum(['uniform', 'normal', 'pareto'], DISTRIBUTION).default('uniform'),
  correlation: chanceShape.correlation,
  reorder: flag.default(false).describe('true: frames may overtake each other'),
}
const jitter = z.union([time, z.strictObject(jitterShape, JITTER)], JITTER).transform((value) => {
  if (typeof value !== 'number') return value
  return { time: value, distribution: 'uniform' as const, reorder: false, correlation: undefined }
})

const REORDER = 'a probability such as "1%", or a mapping such as { probability: "1%", gap: 5 }'
const reorderShape = {
  probability: probability.default(1),
  correlation: chanceShape.correlation,
  gap: whole(1, 1e6).default(1).describe('At most every how many frames'),
  delay: time.optional().describe('How much later they come; left out: without the delay'),
}
const reorder = z
  .union([probability, z.strictObject(reorderShape, REORDER)], REORDER)
  .transform((value) => {
    if (typeof value !== 'number') return value
    return { probability: value, gap: 1, correlation: undefined, delay: undefined }
  })

const LOSS = 'a probability such as "1%", or a mapping such as { average: "5%", burst: 4 }'
const BURST = 'a length in frames, 1 or more'
const lossShape = {
  probability: probability.optional(),
  correlation: chanceShape.correlation,
  average: probability.optional().describe('Of all frames'),
  burst: z.number(BURST).check(z.gte(1, BURST), z.lte(1e6, BURST)).optional(),
  toBad: probability.optional(),
  toGood: probability.optional(),
  lossBad: probability.optional(),
  lossGood: probability.optional(),
}
/** The ways to say it: by what each begins with, and what it may have besides. */
const LOSSES = [
  ['probability', ['correlation']],
  ['average', ['burst']],
  ['toBad', ['toGood', 'lossBad', 'lossGood']],
] as const
const WAYS = '"probability", or "average" and "burst", or "toBad" and "toGood"'

const lossMapping = z.strictObject(lossShape, LOSS).transform((given, ctx) => {
  const wrong = (key: string | undefined, expected: string) => {
    const path = key === undefined ? [] : [key]
    ctx.issues.push({ code: 'custom', message: expected, input: given, path })
    return z.NEVER
  }
  const keys = Object.keys(given).filter((key) => given[key as keyof typeof given] !== undefined)
  const way = LOSSES.find(([first]) => given[first] !== undefined)
  if (way === undefined) return wrong(undefined, `a mapping with ${WAYS}`)
  const [first, others] = way
  const odd = keys.find((key) => key !== first && !others.some((other) => other === key))
  if (odd !== undefined) return wrong(odd, `nothing beside "${first}": either ${WAYS}`)
  if (given.probability !== undefined) {
    return { probability: given.probability, correlation: given.correlation }
  }
  if (given.average === undefined) return burstLoss(given)
  if (given.burst === undefined) return wrong('burst', BURST)
  const toBad = given.average / (1 - given.average) / given.burst
  if (toBad <= 1) return burstLoss({ toBad, toGood: 1 / given.burst })
  const most = given.burst / (1 + given.burst)
  return wrong('average', `at most ${most} with a burst of ${given.burst}`)
})

/** Gilbert and Elliott's; what is left out as netem: in the bad state all is lost, in the good nothing. */
function burstLoss(given: Partial<Record<keyof BurstLoss, number | undefined>>): BurstLoss {
  const { toBad = 0, lossBad = 1, lossGood = 0 } = given
  return { toBad, toGood: given.toGood ?? 1 - toBad, lossBad, lossGood }
}

const loss = z.union(
  [probability.transform((value) => ({ probability: value })), lossMapping],
  LOSS,
)

export const impairmentShape = {
  up: flag.optional().describe('false: no frame passes'),
  mtu: mtu.optional().describe('Larger packets are lost; octets, without the Ethernet header'),
  rate: rateSchema(1, 1e12, LINK_RATE).optional().describe('Bits a second'),
  queue: queueLength.optional().describe('What may wait for the rate; "1000 frames" if left out'),
  delay: time.optional(),
  jitter: jitter.optional(),
  loss: loss.optional(),
  duplicate: chance.optional(),
  reorder: reorder.optional(),
  corrupt: chance.optional().describe('Frames of which one bit is changed'),
}
export const IMPAIRMENT = 'a mapping such as { delay: "10ms", loss: "1%" }'
export const impairmentSchema = z.strictObject(impairmentShape, IMPAIRMENT)

/** A probability, with how likely a frame shares the luck of the last one. */
export interface Chance {
  readonly probability: number
  readonly correlation?: number | undefined
}
/** Gilbert and Elliott's p, r, 1-h and 1-k: how likely it changes, and loses what it is given. */
export interface BurstLoss {
  readonly toBad: number
  readonly toGood: number
  readonly lossBad: number
  readonly lossGood: number
}
export type Distribution = 'uniform' | 'normal' | 'pareto'
/** Probabilities are 0 to 1, times milliseconds, rates bits a second; what is absent does nothing. */
export type Impairment = Readonly<z.output<typeof impairmentSchema>>
export type ImpairmentInput = z.input<typeof impairmentSchema>

export const OVERTAKEN = 'a "delay" beside it, which some frames go without, or one of its own'

/** Whether frames are to go ahead where there is nobody to overtake. */
export function lacksOvertaken({ reorder, delay, jitter }: Impairment): boolean {
  return reorder !== undefined && reorder.delay === undefined && !delay && !jitter
}

const PARTS: Readonly<Record<string, object>> = {
  jitter: jitterShape,
  loss: lossShape,
  duplicate: chanceShape,
  reorder: reorderShape,
  corrupt: chanceShape,
  queue: { frames: 1, octets: 1 },
}

/** The keys of the mapping at a path below `where`, for errors about those that are not there. */
export function keysOfImpairment([part]: (string | number)[]): string[] {
  return Object.keys(part === undefined ? impairmentShape : (PARTS[part] ?? {}))
}
