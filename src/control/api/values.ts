/** Values that occur in many places of the API. */
import * as z from 'zod'

/** A count that never falls while the object lives. */
export const count = z.number().min(0)
export const milliseconds = z.number().min(0).describe('Milliseconds')
export const time = z.iso.datetime().describe('RFC 3339, UTC')
export const origin = z
  .enum(['config', 'api'])
  .describe('Whether it came from a config or was added while the switch ran')
export const mac = z.string().describe('Such as 02:55:00:00:00:02')
export const named = z.strictObject({ name: z.string() })

/** A VLAN ID in a query, where all is text. */
export const vlanText = z
  .string()
  .regex(/^\d+$/, 'expected a VLAN ID from 1 to 4094')
  .transform(Number)
  .pipe(z.int().min(1).max(4094))

/** Some settings of a port or bridge; which, and what they may be, the config's parser says. */
export const settings = (description: string) =>
  z
    .record(z.string(), z.unknown(), 'expected settings as in docs/config.md')
    .default({})
    .describe(description)
