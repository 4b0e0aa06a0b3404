/**
 * The shape of a config (DESIGN section 6), as zod schemas. What hangs together across keys is in
 * check.ts.
 *
 * A config comes from a file or from a program. They differ in three things: a file states its
 * version, gives durations and sizes a unit, and names each port's device. A program may leave the
 * first and the last out, and numbers are milliseconds and bytes.
 */
import * as z from 'zod'
import { deviceSchema } from './device-schema.js'
import { DURATION, DURATION_PATTERN, formatDuration, parseDuration } from './duration.js'
import { checkSocketPath, SOCKET_PATH } from './names.js'
import { formatSize, parseSize, SIZE, SIZE_PATTERN } from './size.js'
import { account, flag, mtu, name, quoted, text, unicastMac, whole } from './values.js'

/** Both forms are of this type, so that one ConfigInput describes them. */
type Quantity = z.ZodType<number, string | number>

/** A bare number is refused in words of its own: whoever writes one needs to hear why. */
const withUnit = (expected: string, pattern: RegExp) =>
  z
    .string({
      error: ({ input }) =>
        `${expected}${typeof input === 'number' ? '; a bare number has none' : ''}`,
    })
    .regex(pattern, expected)

/** What differs between a config from a file and one from a program. */
const FILE = {
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
}

const PROGRAM = {
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
}

const WORKERS = '"auto" or a whole number from 1 to 64'
const workers = z.union([z.literal('auto', WORKERS), whole(1, 64, WORKERS)], WORKERS)

const MODE = 'a file mode of octal digits in quotes, such as "0600"'

export const controlSchema = z.strictObject(
  {
    group: account('group').optional().describe('Who besides the owner may use the socket'),
    mode: z
      .string(MODE)
      .regex(/^0?[0-7]{3}$/, MODE)
      .default('0600'),
    socket: text(quoted(SOCKET_PATH), checkSocketPath).optional(),
  },
  'a mapping such as { group: netadmin, mode: "0660" }',
)

export const fdbSchema = z.strictObject(
  { bridge: name('the name of a bridge'), mac: unicastMac, port: name('the name of a port') },
  'a mapping with "bridge", "mac" and "port"',
)

function configSchema<P extends typeof FILE | typeof PROGRAM>(parts: P) {
  const { duration, size } = parts
  const capacity = z.strictObject(
    {
      ports: whole(1, 65_535).default(1024),
      bridges: whole(1, 65_535).default(256),
      macs: whole(1, 16_777_216)
        .default(65_536)
        .describe('Entries of the FDB, all bridges together'),
      maxWorkers: whole(1, 64).optional().describe('Left out: "workers", or 1 when that is auto'),
      arena: size(1 << 20, 1 << 28)
        .default(1 << 22)
        .describe('Memory for the frames of a burst, each worker; "4MiB" if left out'),
    },
    'a mapping such as { ports: 4096 }',
  )
  const bridge = z.strictObject(
    {
      // IEEE 802.1D-2004 7.9.2: default and range.
      ageing: duration(10_000, 1_000_000_000)
        .default(300_000)
        .describe('How long a silent MAC is kept; "300s" if left out'),
      mtu: mtu.optional().describe('The most any of its ports may have'),
    },
    'a mapping, {} for all defaults',
  )
  const port = z.strictObject(
    {
      bridge: name('the name of a bridge'),
      device: parts.device as P['device'],
      up: flag.default(true).describe('false: the port forwards nothing'),
    },
    'a mapping such as { bridge: lan, device: { type: tap, name: eth0 } }',
  )
  const shape = {
    version: parts.version as P['version'],
    workers: workers.default('auto'),
    capacity: capacity
      .prefault({})
      .describe('Sizes of what is set up at start; a change needs a restart'),
    bridges: z.record(name(), bridge, 'a mapping of bridge names to bridges').default({}),
    ports: z.record(name(), port, 'a mapping of port names to ports').default({}),
    fdb: z
      .array(fdbSchema, 'a list of { bridge, mac, port }')
      .default([])
      .describe('Static entries'),
    control: controlSchema.prefault({}),
  }
  return {
    capacity,
    bridge,
    port,
    config: z.strictObject(shape, 'a mapping such as { version: 1 }'),
  }
}

export const fileSchemas = configSchema(FILE)
export const programSchemas = configSchema(PROGRAM)
