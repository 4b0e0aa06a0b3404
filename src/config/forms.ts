/**
 * The two forms of a config: from a file and from a program. A file states its version, gives
 * durations and sizes a unit, and names each port's device. A program may leave the first and the
 * last out, numbers are milliseconds and bytes, and a port's VLANs may be in the form in which a
 * Config has them, so that a Config is a ConfigInput too.
 */
import * as z from 'zod'
import { deviceSchema } from './device-schema.js'
import { DURATION, DURATION_PATTERN, formatDuration, parseDuration } from './duration.js'
import { formatSize, parseSize, SIZE, SIZE_PATTERN } from './size.js'
import { text, whole } from './values.js'
import { parsedVlanSchema, vlanSchema } from './vlan.js'

/** Both forms are of this type, so that one ConfigInput describes them. */
type Quantity = z.ZodType<number, string | number>
/** What a quantity's schema is made of: the least and the most, in the base unit. */
export type QuantitySchema = (min: number, max: number) => Quantity

/** A bare number is refused in words of its own: whoever writes one needs to hear why. */
const withUnit = (expected: string, pattern: RegExp) =>
  z
    .string({
      error: ({ input }) =>
        `${expected}${typeof input === 'number' ? '; a bare number has none' : ''}`,
    })
    .regex(pattern, expected)

export const FILE = {
  version: z.literal(1, '1'),
  duration: (min: number, max: number): Quantity => {
    const expected = `a duration from "${formatDuration(min)}" to "${formatDuration(max)}"`
    return text(withUnit(DURATION, DURATION_PATTERN), parseDuration).pipe(whole(min, max, expected))
  },
  size: (min: number, max: number): Quantity => {
    const expected = `a size from "${formatSize(min)}" to "${formatSize(max)}"`
    return text(withUnit(SIZE, SIZE_PATTERN), parseSize).pipe(whole(min, max, expected))
  },
  device: deviceSchema,
  vlan: vlanSchema,
}

export const PROGRAM = {
  version: FILE.version.default(1),
  duration: (min: number, max: number): Quantity => {
    const expected = `milliseconds from ${min} to ${max}, or a duration such as "300s"`
    return z.union([FILE.duration(min, max), whole(min, max, expected)], expected)
  },
  size: (min: number, max: number): Quantity => {
    const expected = `bytes from ${min} to ${max}, or a size such as "4MiB"`
    return z.union([FILE.size(min, max), whole(min, max, expected)], expected)
  },
  device: deviceSchema.prefault({ type: 'memory' }),
  vlan: parsedVlanSchema,
}
