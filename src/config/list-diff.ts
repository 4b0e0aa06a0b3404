/** What differs between the lists of two configs: routes, neighbours, NAT, published ports, rules. */
import { same } from './plain.js'
import type { Config, NatRule } from './types.js'

/** What a list has entries of. */
export type Listed = 'route' | 'neighbor' | 'nat' | 'publish' | 'filter'

/** `from` and `to` are entries; of a list whose order alone changed, `{ order: names }`. */
export type ListChange =
  | { op: 'add'; object: Listed; name: string; to: object }
  | { op: 'update'; object: Listed; name: string; from: object; to: object }
  | { op: 'remove'; object: Listed; name: string; from: object }

type Entries = [Listed, ReadonlyMap<string, object>][]

/** The entries of every list, by what tells them apart. */
function entriesOf({ routes, neighbors, nat, publish, filter }: Config): Entries {
  return [
    ['route', byName(routes, ({ to }) => to)],
    [
      'neighbor',
      byName(neighbors, ({ bridge, uplink, address }) => `${bridge ?? uplink} ${address}`),
    ],
    ['nat', byName(nat, natName)],
    ['publish', byName(publish, ({ name }) => name)],
    ['filter', byName(filter, ({ name }) => name)],
  ]
}

function byName<T extends object>(list: readonly T[], nameOf: (entry: T) => string) {
  const entries = new Map<string, T>()
  for (const entry of list) {
    const name = nameOf(entry)
    // Two NAT rules may say the same of the same: the second changes nothing.
    if (!entries.has(name)) entries.set(name, entry)
  }
  return entries
}

function natName(rule: NatRule): string {
  if (rule.type !== 'masquerade') return `${rule.type} ${rule.inside} ${rule.outside}`
  const { bridge, prefix } = rule.from
  return `masquerade ${bridge ?? prefix} ${rule.uplink}`
}

/** Removals first, then changes and additions; a list whose order changed has one change more. */
export function listChanges(from: Config, to: Config): { gone: ListChange[]; come: ListChange[] } {
  const gone: ListChange[] = []
  const come: ListChange[] = []
  const after = entriesOf(to)
  for (const [index, [object, before]] of entriesOf(from).entries()) {
    const now = after[index]?.[1] as ReadonlyMap<string, object>
    for (const [name, entry] of before) {
      if (!now.has(name)) gone.push({ op: 'remove', object, name, from: entry })
    }
    for (const [name, entry] of now) {
      const was = before.get(name)
      if (was === undefined) come.push({ op: 'add', object, name, to: entry })
      else if (!same(was, entry)) {
        come.push({ op: 'update', object, name, from: was, to: entry })
      }
    }
    if (object === 'nat' || object === 'filter') come.push(...reordered(object, before, now))
  }
  return { gone, come }
}

/** The first rule that matches counts, so that their order does too. */
function reordered(
  object: Listed,
  before: ReadonlyMap<string, object>,
  now: ReadonlyMap<string, object>,
): ListChange[] {
  const was = [...before.keys()].filter((name) => now.has(name))
  const is = [...now.keys()].filter((name) => before.has(name))
  if (was.every((name, index) => name === is[index])) return []
  return [{ op: 'update', object, name: '*', from: { order: was }, to: { order: is } }]
}
