/** The VLANs of a port (IEEE 802.1Q-2018 clause 6.9), from how people write them to what they mean. */
import * as z from 'zod'
import { quote } from './describe.js'
import { flag, whole } from './values.js'

/** 0 is priority only, 4095 is reserved (802.1Q table 9-2). */
const VLAN_MAX = 4094

export const vlanId = whole(1, VLAN_MAX, `a VLAN ID from 1 to ${VLAN_MAX}`)

const RANGE = 'a VLAN ID from 1 to 4094, or a range such as "20-29"'
const range = z
  .string(RANGE)
  .regex(/^[1-9]\d{0,3}-[1-9]\d{0,3}$/, RANGE)
  .refine((text) => {
    const [first = 0, last = 0] = bounds(text)
    return first <= last && last <= VLAN_MAX
  }, RANGE)

function bounds(text: string): number[] {
  return text.split('-').map(Number)
}

/** Numbers and ranges, in order, each once. */
export const vlanNumbers = z
  .array(z.union([whole(1, VLAN_MAX, RANGE), range], RANGE), 'a list of VLAN IDs and ranges')
  .transform(numbersOf)

const TAGGED = '"all" or a list of VLAN IDs and ranges such as [10, "20-29"]'
const tagged = z.union(
  [
    z.literal('all', TAGGED),
    z.array(z.union([whole(1, VLAN_MAX, RANGE), range], RANGE), TAGGED).transform(numbersOf),
  ],
  TAGGED,
)

/** In order, each once. */
function numbersOf(list: (number | string)[]): number[] {
  const numbers = list.flatMap((item) => {
    if (typeof item === 'number') return [item]
    const [first = 0, last = 0] = bounds(item)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
  return [...new Set(numbers)].sort((a, b) => a - b)
}

const VLAN = 'a mapping such as { access: 10 } or { tagged: [10, "20-29"], native: 1 }'
const ADMIT = '"all", "tagged" or "untagged"'

const shape = {
  access: vlanId.optional().describe('The one VLAN of a port whose frames are untagged'),
  tunnel: flag
    .optional()
    .describe('true: what comes in, tagged or not, gets the access VLAN as outer tag (QinQ)'),
  tagged: tagged.optional().describe('VLANs whose frames are tagged, in and out'),
  native: vlanId.optional().describe('The VLAN of untagged frames; left out: they are dropped'),
  nativeTagged: flag.optional().describe('true: the native VLAN leaves tagged too'),
  admit: z.enum(['all', 'tagged', 'untagged'], ADMIT).optional().describe('What may come in'),
}

/** How people write it. */
export const vlanSchema = z.strictObject(shape, VLAN).transform(policyOf)

/** The same, and what came of it too. */
export const parsedVlanSchema = z
  .strictObject(
    {
      ...shape,
      mode: z.enum(['access', 'tunnel', 'trunk'], '"access", "tunnel" or "trunk"').optional(),
    },
    VLAN,
  )
  .transform(policyOf)

/** What a port's VLANs come to; see VlanPolicy in types.ts. */
export interface ParsedVlan {
  mode: 'access' | 'tunnel' | 'trunk'
  native?: number
  tagged: 'all' | number[]
  nativeTagged: boolean
  admit: 'all' | 'tagged' | 'untagged'
}

type Written = z.output<z.ZodObject<typeof shape>>

function policyOf(
  written: Written & { mode?: ParsedVlan['mode'] | undefined },
  ctx: Context,
): ParsedVlan {
  const { mode, ...vlan } = written
  const { access, tunnel, native, tagged, nativeTagged } = vlan
  if (mode === undefined) return access === undefined ? trunkOf(vlan, ctx) : accessOf(vlan, ctx)
  if (access !== undefined || tunnel !== undefined) {
    return wrong(ctx, 'mode', mode, 'no "mode" beside "access" or "tunnel"')
  }
  if (mode === 'trunk') return trunkOf({ tagged: [], ...vlan }, ctx)
  if (native === undefined) return wrong(ctx, 'native', native, `a VLAN ID from 1 to ${VLAN_MAX}`)
  const others = {
    ...(tagged?.length !== 0 && { tagged }),
    ...(nativeTagged && { nativeTagged }),
  }
  return accessOf({ access: native, tunnel: mode === 'tunnel', admit: vlan.admit, ...others }, ctx)
}

function accessOf(vlan: Written, ctx: Context): ParsedVlan {
  const { access, tunnel = false, tagged, native, nativeTagged, admit } = vlan
  const mode = tunnel ? 'tunnel' : 'access'
  const only = tunnel ? 'all' : 'untagged'
  for (const [key, value] of Object.entries({ tagged, native, nativeTagged })) {
    if (value === undefined || value === false) continue
    wrong(ctx, key, value, `no ${quote(key)} beside "access": a port has one VLAN or is a trunk`)
  }
  if (admit !== undefined && admit !== only) {
    const what = tunnel ? '"tunnel: true" takes all' : '"access" takes untagged frames'
    wrong(ctx, 'admit', admit, `${quote(only)} or nothing: ${what}`)
  }
  return { mode, native: access as number, tagged: [], nativeTagged: false, admit: only }
}

function trunkOf(vlan: Written, ctx: Context): ParsedVlan {
  const { tunnel, tagged, native, nativeTagged = false, admit = 'all' } = vlan
  if (tunnel) wrong(ctx, 'tunnel', tunnel, 'an "access" VLAN beside it: that of the outer tag')
  if (tagged === undefined && native === undefined) {
    return wrong(ctx, undefined, vlan, '"access", "tagged" or "native" in it')
  }
  if (native === undefined && nativeTagged) {
    wrong(ctx, 'nativeTagged', nativeTagged, 'a "native" VLAN beside it')
  }
  if (native === undefined && admit === 'untagged') {
    wrong(ctx, 'admit', admit, '"all" or "tagged": without a "native" VLAN nothing could come in')
  }
  return {
    mode: 'trunk',
    ...(native !== undefined && { native }),
    tagged: withNative(tagged ?? [], native, nativeTagged),
    nativeTagged,
    admit,
  }
}

/** `nativeTagged` alone says how the native VLAN leaves, whether it stands in the list or not. */
function withNative(
  tagged: 'all' | number[],
  native: number | undefined,
  nativeTagged: boolean,
): 'all' | number[] {
  if (tagged === 'all' || native === undefined) return tagged
  const others = tagged.filter((vlan) => vlan !== native)
  return nativeTagged ? numbersOf([...others, native]) : others
}

type Context = z.RefinementCtx<unknown>

/** Adds an issue; what it returns is never looked at. */
function wrong(
  ctx: Context,
  key: string | undefined,
  input: unknown,
  expected: string,
): ParsedVlan {
  const path = key === undefined ? [] : [key]
  ctx.issues.push({ code: 'custom', message: expected, input, path })
  return z.NEVER
}
