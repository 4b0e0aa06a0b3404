/** What a port does with frames, as the API shows it: every field there, null when empty. */
import * as z from 'zod'

const perSecond = z.number().nullable().describe('Frames a second')

const police = z.strictObject({
  bits: z.number().nullable().describe('Bits a second'),
  frames: perSecond,
  burst: z.number().nullable().describe('Octets'),
})

export const mirror = z.strictObject({
  port: z.string().nullable(),
  file: z.string().nullable(),
  direction: z.enum(['receive', 'transmit', 'both']),
})

const vlan = z.strictObject({
  mode: z.enum(['access', 'tunnel', 'trunk']),
  native: z.number().nullable().describe('The VLAN of untagged frames; of an access port its own'),
  tagged: z.union([z.literal('all'), z.array(z.number())]),
  nativeTagged: z.boolean(),
  admit: z.enum(['all', 'tagged', 'untagged']),
})

export const policyShape = {
  vlan: vlan.nullable().describe('Null on a bridge that is not VLAN-aware'),
  isolated: z.boolean(),
  learning: z.boolean(),
  flood: z.strictObject({
    unknownUnicast: z.boolean(),
    multicast: z.boolean(),
    broadcast: z.boolean(),
  }),
  locked: z.boolean(),
  sticky: z.boolean(),
  limits: z.strictObject({
    macs: z.number().nullable(),
    broadcast: perSecond,
    multicast: perSecond,
    unknownUnicast: perSecond,
    receive: police.nullable(),
    transmit: police.nullable(),
  }),
  guard: z
    .strictObject({
      macs: z.array(z.string()).nullable(),
      addresses: z.array(z.string()).nullable(),
    })
    .nullable(),
  mirror: mirror.nullable().describe('Where copies of its frames go'),
  mirrorTarget: z.boolean().describe('It gets the copies of a mirror, and switches nothing'),
}
