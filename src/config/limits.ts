/** Limits of a port: learnt MACs, storm control, policing. */
import * as z from 'zod'
import type { QuantitySchema } from './forms.js'
import { rateSchema } from './rate-schema.js'
import { whole } from './values.js'

const rate = rateSchema(1e3, 1e12)

const FRAMES = 'frames a second, a whole number from 1 to 1000000000'
const frames = whole(1, 1e9, FRAMES)

/** Below a frame nothing would pass; check-policy.ts knows how long the port's frames may be. */
const BURST_MIN = 64
/** Octets. */
export const BURST_MAX = 1 << 30

const POLICE = 'a mapping with "bits", "frames" or both, such as { bits: 100M }'

function policeSchema(size: QuantitySchema) {
  const police = z.strictObject(
    {
      bits: rate.optional().describe('Bits a second: a number, or with k, M or G'),
      frames: frames.optional().describe('Frames a second'),
      burst: size(BURST_MIN, BURST_MAX)
        .optional()
        .describe('Octets that may come at once; left out: those of a tenth of a second'),
    },
    POLICE,
  )
  return police.superRefine(({ bits, frames, burst }, ctx) => {
    if (bits !== undefined) return
    if (burst !== undefined) {
      const message = '"bits" beside it, whose burst it is'
      ctx.addIssue({ code: 'custom', path: ['burst'], message })
    } else if (frames === undefined) ctx.addIssue({ code: 'custom', message: POLICE })
  })
}

export function limitsSchema(size: QuantitySchema) {
  return z.strictObject(
    {
      macs: whole(1, 16_777_216)
        .optional()
        .describe('Learnt MACs; frames of more sources are dropped'),
      broadcast: frames.optional().describe('Broadcast frames a second into the switch'),
      multicast: frames.optional().describe('Multicast frames a second into the switch'),
      unknownUnicast: frames
        .optional()
        .describe('Frames a second into the switch to MACs that nobody has'),
      receive: policeSchema(size).optional().describe('Policing of what comes into the switch'),
      transmit: policeSchema(size).optional().describe('Policing of what leaves the switch'),
    },
    'a mapping such as { macs: 16, broadcast: 1000, receive: { bits: 100M } }',
  )
}
