/** What a link is told to do to frames, in both directions or in one. */
import {
  checkImpairment,
  type Impairment,
  type ImpairmentPatch,
  mergeImpairment,
  parseImpairmentPatch,
} from '../../config/impair.js'
import { isMapping } from '../../config/plain.js'
import type { Change } from '../../impair/schedule.js'
import { type Duration, milliseconds } from '../time.js'

/** From the link's first end, the host, and to it. */
export type Direction = 'out' | 'in'
export const DIRECTIONS: readonly Direction[] = ['out', 'in']

/**
 * What is given is changed, for both directions; null takes a setting away. `out` and `in` have what is
 * for frames from the host, or to it, only.
 */
export type LinkSettings = ImpairmentPatch & {
  out?: ImpairmentPatch
  in?: ImpairmentPatch
}

/** Settings as they hold: probabilities 0 to 1, times milliseconds, rates bits a second. */
export type LinkState = { readonly [Each in Direction]: Impairment }

/** A change at a time of the lab's clock. */
export interface LinkChange {
  at: Duration
  settings: LinkSettings
}

export type Patches = { readonly [Each in Direction]: ImpairmentPatch }

/** The settings of each direction. @throws ConfigError */
export function patchesOf(settings: LinkSettings, place: (string | number)[]): Patches {
  if (!isMapping(settings)) parseImpairmentPatch(settings, place)
  const { out = {}, in: into = {}, ...both } = settings
  parseImpairmentPatch(both, place)
  parseImpairmentPatch(out, [...place, 'out'])
  parseImpairmentPatch(into, [...place, 'in'])
  const of = (one: ImpairmentPatch) => ({ ...given(both), ...given(one) })
  return { out: of(out), in: of(into) }
}

/** What is undefined is not there. */
const given = (patch: ImpairmentPatch): ImpairmentPatch =>
  Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))

/** Refuses a change that makes no whole with what is there. @throws ConfigError */
export function checkPatches(patches: Patches, before: LinkState, link: string): void {
  for (const each of DIRECTIONS) {
    const place = ['links', link, each]
    const change = parseImpairmentPatch(patches[each], place)
    checkImpairment(mergeImpairment(before[each], change), place)
  }
}

/** The changes of each direction. @throws ConfigError, InvalidError */
export function changesOf(
  changes: readonly LinkChange[],
  link: string,
): Readonly<Record<Direction, Change[]>> {
  const read = changes.map(({ at, settings }, index) => ({
    at: milliseconds(at),
    patches: patchesOf(settings, ['links', link, 'schedule', index]),
  }))
  const of = (each: Direction) => read.map(({ at, patches }) => ({ at, settings: patches[each] }))
  return { out: of('out'), in: of('in') }
}
