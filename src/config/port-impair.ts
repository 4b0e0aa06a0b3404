/**
 * `impair` of a port: what becomes of its frames on their way into the switch and out of it, in the words
 * that links of the lab have (impair-schema.ts).
 */
import * as z from 'zod'
import {
  IMPAIRMENT,
  type Impairment,
  impairmentSchema,
  impairmentShape,
  keysOfImpairment,
  lacksOvertaken,
  OVERTAKEN,
} from './impair-schema.js'
import { isMapping, type Mapping } from './plain.js'
import { whole } from './values.js'

/** `receive` is into the switch, as everywhere. */
export const WAYS = ['receive', 'transmit'] as const
export type Way = (typeof WAYS)[number]

/** Every setting of each way; what is absent does nothing. */
export interface PortImpair {
  readonly receive: Impairment
  readonly transmit: Impairment
  readonly seed?: number | undefined
}

const SEED_MAX = 2 ** 32 - 1

const shape = {
  ...impairmentShape,
  receive: impairmentSchema.optional().describe('Into the switch only; before what holds for both'),
  transmit: impairmentSchema.optional().describe('Out of the switch only'),
  seed: whole(0, SEED_MAX)
    .optional()
    .describe('The same seed and frames have the same luck; left out: another one every time'),
}

export const portImpairSchema = z.strictObject(shape, IMPAIRMENT).transform((given, ctx) => {
  const { receive = {}, transmit = {}, seed, ...both } = given
  const own = { receive, transmit }
  const of = (way: Way): Impairment => {
    const whole = defined({ ...both, ...defined(own[way]) })
    if (lacksOvertaken(whole)) {
      const path = own[way].reorder === undefined ? ['reorder'] : [way, 'reorder']
      ctx.issues.push({ code: 'custom', message: OVERTAKEN, input: whole.reorder, path })
    }
    return whole
  }
  return { receive: of('receive'), transmit: of('transmit'), ...(seed !== undefined && { seed }) }
})

/** Undefined where nothing is asked for: the port is as one without. */
export function impairOf(given: PortImpair | undefined): PortImpair | undefined {
  const asks = given && WAYS.some((way) => Object.keys(given[way]).length > 0)
  return asks ? given : undefined
}

/** The `impair` of a port with a change, right or wrong: that is for the parser to say. */
export function patchImpair(current: PortImpair | undefined, patch: unknown): unknown {
  if (!isMapping(patch)) return patch
  const { receive, transmit, seed = current?.seed, ...both } = patch
  const changed = Object.keys(both)
  const way = (before: Mapping = {}, own: unknown) => {
    if (own === null) return {}
    if (own !== undefined && !isMapping(own)) return own
    return present({ ...without(before, changed), ...own })
  }
  return {
    ...present(both),
    receive: way(current?.receive as Mapping | undefined, receive),
    transmit: way(current?.transmit as Mapping | undefined, transmit),
    ...(seed != null && { seed }),
  }
}

/** The keys of a mapping at a path below `impair`, for errors about those that are not there. */
export function keysOfImpair(path: (string | number)[]): string[] {
  const [first, ...rest] = path
  if (first === undefined) return Object.keys(shape)
  return keysOfImpairment(WAYS.some((way) => way === first) ? rest : path)
}

const without = (of: Mapping, keys: readonly string[]): Mapping =>
  Object.fromEntries(Object.entries(of).filter(([key]) => !keys.includes(key)))

const present = (of: Mapping): Mapping =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => value !== null))

const defined = (of: object): Impairment =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined))
