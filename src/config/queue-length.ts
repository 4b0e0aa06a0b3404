/** The length of a queue: frames (`100 frames`) or octets (`64kB`, `64KiB`). */
import * as z from 'zod'
import { InvalidError } from '../error.js'
import { describe } from './describe.js'
import { parseQuantity, quantityPattern } from './quantity.js'
import { text, whole } from './values.js'

/** Exactly one of both. */
export type QueueLength =
  | { readonly frames: number; readonly octets?: undefined }
  | { readonly octets: number; readonly frames?: undefined }

const FRAMES = { ' frame': 1, ' frames': 1 }
const OCTETS = { B: 1, kB: 1e3, KiB: 2 ** 10, MB: 1e6, MiB: 2 ** 20 }
const FRAMES_MAX = 1e6
const OCTETS_MAX = 2 ** 30

const QUEUE =
  'frames or octets with their unit (B, kB, KiB, MB, MiB) such as "100 frames" or "64kB", at least 1 and at most 1000000 frames or 1024MiB'
const PATTERN = new RegExp(`${quantityPattern(FRAMES).source}|${quantityPattern(OCTETS).source}`)

/** @throws InvalidError */
export function parseQueueLength(value: string): QueueLength {
  if (!PATTERN.test(value)) throw new InvalidError(describe(value), QUEUE)
  const frames = value.endsWith('frame') || value.endsWith('frames')
  const length = parseQuantity(value, frames ? FRAMES : OCTETS, QUEUE)
  if (length < 1 || length > (frames ? FRAMES_MAX : OCTETS_MAX)) {
    throw new InvalidError(describe(value), QUEUE)
  }
  return frames ? { frames: length } : { octets: length }
}

const lengths = z
  .strictObject(
    {
      frames: whole(1, FRAMES_MAX).optional(),
      octets: whole(1, OCTETS_MAX).optional(),
    },
    QUEUE,
  )
  .transform(({ frames, octets }, ctx): QueueLength => {
    if (frames !== undefined && octets === undefined) return { frames }
    if (octets !== undefined && frames === undefined) return { octets }
    ctx.issues.push({ code: 'custom', message: 'either "frames" or "octets"', input: frames })
    return z.NEVER
  })

export const queueLength = z.union(
  [text(z.string(QUEUE).regex(PATTERN, QUEUE), parseQueueLength), lengths],
  QUEUE,
)
