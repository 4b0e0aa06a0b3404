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
