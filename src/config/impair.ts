/** Settings of one direction of a link, read: as a whole, or as a change of what is there. */
import { ConfigError } from '../error.js'
import {
  type Impairment,
  type ImpairmentInput,
  impairmentSchema,
  impairmentShape,
  keysOfImpairment,
  lacksOvertaken,
  OVERTAKEN,
} from './impair-schema.js'
import { addZodIssues, Issues, type Path } from './issues.js'
import { isMapping } from './plain.js'

export type {
  BurstLoss,
  Chance,
  Distribution,
  Impairment,
  ImpairmentInput,
} from './impair-schema.js'

/** A change: what is null is taken away, what is not there stays. */
export type ImpairmentPatch = { [Key in keyof ImpairmentInput]: ImpairmentInput[Key] | null }

/**
 * @param value an ImpairmentInput, or anything else @param where the path that errors name
 * @throws ConfigError
 */
export function parseImpairment(value: unknown, where: Path = []): Impairment {
  return checkImpairment(mergeImpairment({}, parseImpairmentPatch(value, where)), where)
}

/** A change that was read: what it sets, and the names of what it takes away. */
export interface ImpairmentChange {
  readonly set: Impairment
  readonly gone: readonly string[]
}

/** @param value an ImpairmentPatch, or anything else @throws ConfigError */
export function parseImpairmentPatch(value: unknown, where: Path = []): ImpairmentChange {
  const gone = isMapping(value)
    ? Object.keys(impairmentShape).filter((key) => value[key] === null)
    : []
  const given = isMapping(value) ? without(value, gone) : value
  const parsed = impairmentSchema.safeParse(given)
  if (parsed.success) return { set: parsed.data, gone }
  const issues = new Issues()
  addZodIssues(issues, parsed.error, given, where, keysOfImpairment)
  throw new ConfigError(issues.sorted())
}

/** What is there after a change. Of two right ones it may make a whole that asks for nothing: {@link checkImpairment}. */
export function mergeImpairment(before: Impairment, { set, gone }: ImpairmentChange): Impairment {
  return without({ ...before, ...set }, gone)
}

/** What hangs together across settings. @throws ConfigError */
export function checkImpairment(impairment: Impairment, where: Path = []): Impairment {
  if (!lacksOvertaken(impairment)) return impairment
  const issues = new Issues()
  issues.add([...where, 'reorder'], '"reorder" alone', OVERTAKEN)
  throw new ConfigError(issues.list)
}

function without(mapping: object, keys: readonly string[]) {
  return Object.fromEntries(Object.entries(mapping).filter(([key]) => !keys.includes(key)))
}
