/**
 * Settings as the way of a frame wants them: every field always there and a number where it can be,
 * so that links with different faults run through the same code. Odds are in words of luck.
 */
import type { BurstLoss, Chance, Impairment } from '../config/impair.js'
import { quantilesOf } from './distribution.js'
import { WORDS } from './luck.js'

/** Something happens when the word is less than `below`; frames share a word when another is below `tied`. */
export interface Odds {
  below: number
  tied: number
}

/** Odds of a medium that changes: to the bad state and back, and of loss in both. */
export interface BurstOdds {
  readonly toBad: number
  readonly toGood: number
  readonly lossBad: number
  readonly lossGood: number
}

/** What is not set is Infinity for limits, 0 for all else. */
export interface Plan {
  readonly up: boolean
  readonly mtu: number
  /** Milliseconds that an octet takes. */
  readonly octetTime: number
  readonly queueFrames: number
  readonly queueOctets: number
  readonly delay: number
  readonly jitter: number
  /** What to multiply the jitter with, by the word; undefined is uniform. */
  readonly quantiles: Float64Array | undefined
  readonly jitterTied: number
  /** true: frames may overtake each other by their jitter. */
  readonly free: boolean
  readonly loss: Odds
  readonly bursts: BurstOdds | undefined
  readonly duplicate: Odds
  readonly corrupt: Odds
  readonly reorder: Odds
  readonly gap: number
  /** How much later those come that are out of order; -1: without the delay. */
  readonly late: number
}

/** As netem's limit, and the txqueuelen of an interface. */
const QUEUE = 1000

export function planOf(settings: Impairment): Plan {
  const { up, mtu, rate, delay = 0, jitter, loss, reorder } = settings
  const bursts = loss !== undefined && 'toBad' in loss ? loss : undefined
  return {
    up: up !== false,
    mtu: mtu ?? Number.POSITIVE_INFINITY,
    octetTime: rate === undefined ? 0 : 8000 / rate,
    ...queueOf(settings),
    delay,
    jitter: jitter?.time ?? 0,
    quantiles: quantilesOf(jitter?.distribution ?? 'uniform'),
    jitterTied: (jitter?.correlation ?? 0) * WORDS,
    free: jitter?.reorder ?? false,
    loss: oddsOf(bursts === undefined ? (loss as Chance | undefined) : undefined),
    bursts: bursts && burstOdds(bursts),
    duplicate: oddsOf(settings.duplicate),
    corrupt: oddsOf(settings.corrupt),
    reorder: oddsOf(reorder),
    gap: reorder?.gap ?? 1,
    late: reorder?.delay ?? -1,
  }
}

/** Whether frames pass as if there were no link between. */
export function isClean(plan: Plan): boolean {
  const { up, mtu, octetTime, delay, jitter, loss, bursts, duplicate, corrupt } = plan
  const always = up && mtu === Number.POSITIVE_INFINITY && loss.below === 0 && bursts === undefined
  const once = duplicate.below === 0 && corrupt.below === 0
  return (
    always && once && octetTime === 0 && delay === 0 && jitter === 0 && plan.reorder.below === 0
  )
}

function queueOf({ queue }: Impairment) {
  const [frames, octets] = queue === undefined ? [QUEUE] : [queue.frames, queue.octets]
  const unlimited = Number.POSITIVE_INFINITY
  return { queueFrames: frames ?? unlimited, queueOctets: octets ?? unlimited }
}

/** Exact, since WORDS is a power of two: 0 never happens and 1 always does. */
function oddsOf(chance: Chance | undefined): Odds {
  const { probability = 0, correlation = 0 } = chance ?? {}
  return { below: probability * WORDS, tied: correlation * WORDS }
}

function burstOdds({ toBad, toGood, lossBad, lossGood }: BurstLoss): BurstOdds {
  return {
    toBad: toBad * WORDS,
    toGood: toGood * WORDS,
    lossBad: lossBad * WORDS,
    lossGood: lossGood * WORDS,
  }
}
