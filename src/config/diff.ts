/**
 * What it takes to get from one config to another: pure, so that a plan can be shown before it is
 * carried out.
 */
import { withRoutes } from './auto-routes.js'
import { deviceIdentity } from './device-identity.js'
import { mapped } from './fill-in.js'
import { type ListChange, listChanges } from './list-diff.js'
import { field, same } from './plain.js'
import { entryKey, placeText } from './static-entry.js'
import type { Bridge, Config, Mirror, Port, StaticEntry, Underlay, Uplink } from './types.js'

/**
 * A part of a port that can change by itself: the bridge it is on, whether it is up, its device
 * (addresses, MTU, routes … of the same interface, file or socket), its impairment, all its other
 * settings.
 */
export type PortPart = 'bridge' | 'up' | 'device' | 'impair' | 'policy'

/** What of the switch as a whole may change while it runs. */
export type SwitchSetting = 'workers' | 'spin'

/** One step. Steps come in an order in which each can be applied to what the ones before it left. */
export type Change =
  /** A setting that is read at start only; `key` as in `capacity.macs`. */
  | { op: 'restart'; key: string; from: unknown; to: unknown }
  /** A setting of the switch as a whole. */
  | {
      op: 'update'
      object: 'switch'
      name: SwitchSetting
      from: object
      to: Record<string, unknown>
    }
  | { op: 'add'; object: 'bridge'; name: string; to: Bridge }
  | {
      op: 'update'
      object: 'bridge'
      name: string
      from: Bridge
      to: Bridge
      keys: (keyof Bridge)[]
    }
  | { op: 'remove'; object: 'bridge'; name: string; from: Bridge }
  /** `replace`: the port is in both configs on different devices; removed here, added further on. */
  | { op: 'add'; object: 'port'; name: string; to: Port; replace: boolean }
  | { op: 'update'; object: 'port'; name: string; from: Port; to: Port; parts: PortPart[] }
  | { op: 'remove'; object: 'port'; name: string; from: Port; replace: boolean }
  | { op: 'add'; object: 'fdb'; to: StaticEntry }
  | { op: 'remove'; object: 'fdb'; from: StaticEntry }
  /** `replace`: as with ports. */
  | { op: 'add'; object: 'uplink'; name: string; to: Uplink; replace: boolean }
  | { op: 'update'; object: 'uplink'; name: string; from: Uplink; to: Uplink }
  | { op: 'remove'; object: 'uplink'; name: string; from: Uplink; replace: boolean }
  /** There is one at most; `name` has its addresses. */
  | { op: 'add'; object: 'underlay'; name: string; to: Underlay }
  | { op: 'update'; object: 'underlay'; name: string; from: Underlay; to: Underlay }
  | { op: 'remove'; object: 'underlay'; name: string; from: Underlay }
  | ListChange

/**
 * The steps from one config to another; none when they say the same.
 *
 * All that goes, goes first, replaced ports too, so that an interface name is free again when the
 * next port takes it. The exception is bridges: a port moves to its new bridge before its old one
 * goes, so for the length of the plan the bridges of both configs exist. Mirrors name ports, and what
 * they name is there when the whole plan is carried out, not before. Whoever mirrors to a port that is
 * replaced is updated, since that is another port now, even if both configs say the same of it.
 *
 * The underlay comes before the bridges that need it and goes after them. An update of it stands before
 * them too, while tunnels may still lead from an address that it takes away: both are set as a whole.
 *
 * A port's `routes: auto` stands here as the list that it comes to, so that a port changes with its
 * bridge's gateway.
 */
export function planChanges(from: Config, to: Config): Change[] {
  const ports = comparePorts(from, to)
  const replaced = new Set(ports.replaced.map(({ name }) => name))
  const bridges = compare(from.bridges, to.bridges, retargeted(replaced))
  const uplinks = uplinkChanges(from, to)
  const lists = listChanges(from, to)
  const underlay = underlayChange(from.underlay, to.underlay)
  return [
    ...restarts(from, to),
    ...switchChanges(from, to),
    ...lists.gone,
    ...uplinks.gone,
    ...staticEntries(from, to, replaced).map((entry) => removal(entry)),
    ...[...ports.removed, ...ports.replaced].map(({ name, from }) =>
      portRemoval(name, from, replaced),
    ),
    ...underlay.filter(({ op }) => op !== 'remove'),
    ...bridges.added.map(({ name, to }): Change => ({ op: 'add', object: 'bridge', name, to })),
    ...bridges.changed.map((both) => bridgeUpdate(both)),
    ...ports.updated.map((both) => portUpdate(both)),
    ...[...ports.added, ...ports.replaced].map(({ name, to }) => portAddition(name, to, replaced)),
    ...bridges.removed.map(
      ({ name, from }): Change => ({ op: 'remove', object: 'bridge', name, from }),
    ),
    ...underlay.filter(({ op }) => op === 'remove'),
    ...uplinks.come,
    ...staticEntries(to, from, replaced).map((entry) => addition(entry)),
    ...lists.come,
  ]
}

/** One change, or none. */
function underlayChange(from: Underlay | undefined, to: Underlay | undefined): Change[] {
  const object = 'underlay'
  const nameOf = ({ addresses }: Underlay) => addresses.join(' ')
  if (to === undefined) {
    return from === undefined ? [] : [{ op: 'remove', object, name: nameOf(from), from }]
  }
  if (from === undefined) return [{ op: 'add', object, name: nameOf(to), to }]
  return same(from, to) ? [] : [{ op: 'update', object, name: nameOf(to), from, to }]
}

function uplinkChanges(from: Config, to: Config): { gone: Change[]; come: Change[] } {
  const { added, removed, changed } = compare(from.uplinks, to.uplinks)
  const replaced = changed.filter(({ from, to }) => isReplaced(from, to))
  const updated = changed.filter((both) => !replaced.includes(both))
  const removal =
    (replace: boolean) =>
    (one: { name: string; from: Uplink }): Change => {
      return { op: 'remove', object: 'uplink', name: one.name, from: one.from, replace }
    }
  const addition =
    (replace: boolean) =>
    (one: { name: string; to: Uplink }): Change => {
      return { op: 'add', object: 'uplink', name: one.name, to: one.to, replace }
    }
  return {
    gone: [...removed.map(removal(false)), ...replaced.map(removal(true))],
    come: [
      ...updated.map((both): Change => ({ op: 'update', object: 'uplink', ...both })),
      ...added.map(addition(false)),
      ...replaced.map(addition(true)),
    ],
  }
}

function removal(from: StaticEntry): Change {
  return { op: 'remove', object: 'fdb', from }
}

function addition(to: StaticEntry): Change {
  return { op: 'add', object: 'fdb', to }
}

function portRemoval(name: string, from: Port, replaced: Set<string>): Change {
  return { op: 'remove', object: 'port', name, from, replace: replaced.has(name) }
}

function portAddition(name: string, to: Port, replaced: Set<string>): Change {
  return { op: 'add', object: 'port', name, to, replace: replaced.has(name) }
}

interface Both<T> {
  name: string
  from: T
  to: T
}

function bridgeUpdate(both: Both<Bridge>): Change {
  const { from, to } = both
  const changed = changedKeys(from, to)
  return {
    op: 'update',
    object: 'bridge',
    ...both,
    keys: changed.length > 0 ? changed : ['mirror'],
  }
}

function portUpdate(both: Both<Port>): Change {
  const changed: readonly string[] = changedKeys(both.from, both.to)
  const parts: PortPart[] = SEPARATE.filter((part) => changed.includes(part))
  // Nothing changed: it is there for its mirror.
  if (parts.length === 0 || changed.length > parts.length) parts.push('policy')
  return { op: 'update', object: 'port', ...both, parts }
}

const SEPARATE = ['bridge', 'up', 'device', 'impair'] as const

function changedKeys<T extends object>(from: T, to: T): (keyof T)[] {
  const keys = Object.keys({ ...from, ...to }) as (keyof T)[]
  return keys.filter((key) => !same(from[key], to[key]))
}

type Mirroring = { readonly mirror?: Mirror | undefined }

/** Whether a mirror's target is another port, though of the same name. */
function retargeted(replaced: Set<string>) {
  return <T extends Mirroring>({ mirror }: T) =>
    mirror?.port !== undefined && replaced.has(mirror.port)
}

/** Entries of `of` that `other` lacks, and those of replaced ports, which lose theirs (B11). */
function staticEntries(of: Config, other: Config, replaced: Set<string>): StaticEntry[] {
  const id = (entry: StaticEntry) => `${entryKey(entry)} ${placeText(entry)}`
  const theirs = new Set(other.fdb.map(id))
  return of.fdb.filter((entry) => replaced.has(entry.port ?? '') || !theirs.has(id(entry)))
}

function restarts(from: Config, to: Config): Change[] {
  const changes: Change[] = []
  const compareKeys = (prefix: string, before: object, after: object) => {
    for (const key of Object.keys({ ...before, ...after })) {
      const [was, is] = [field(before, key), field(after, key)]
      if (was !== is) changes.push({ op: 'restart', key: `${prefix}${key}`, from: was, to: is })
    }
  }
  compareKeys('capacity.', from.capacity, to.capacity)
  compareKeys('control.', from.control, to.control)
  return changes
}

function switchChanges(from: Config, to: Config): Change[] {
  return (['workers', 'spin'] as const).flatMap((name): Change[] => {
    if (from[name] === to[name]) return []
    const both = { from: { [name]: from[name] }, to: { [name]: to[name] } }
    return [{ op: 'update', object: 'switch', name, ...both }]
  })
}

function comparePorts(from: Config, to: Config) {
  const before: Config['ports'] = mapped(from.ports, (port) => withRoutes(port, from))
  const after: Config['ports'] = mapped(to.ports, (port) => withRoutes(port, to))
  const devices = compare(before, after).changed
  const replaced = devices.filter(({ from, to }) => isReplaced(from, to))
  const names = new Set(replaced.map(({ name }) => name))
  const { added, removed, changed } = compare(before, after, retargeted(names))
  return { added, removed, replaced, updated: changed.filter(({ name }) => !names.has(name)) }
}

type Devised = Pick<Port, 'device'>

function isReplaced(from: Devised, to: Devised): boolean {
  return deviceIdentity(from.device) !== deviceIdentity(to.device)
}

type Named<T> = Readonly<Record<string, T>>

/** @param anyway whether what says the same counts as changed */
function compare<T>(before: Named<T>, after: Named<T>, anyway: (to: T) => boolean = () => false) {
  const both = Object.entries(after).filter(([name]) => name in before)
  return {
    added: missing(after, before).map(([name, to]) => ({ name, to })),
    removed: missing(before, after).map(([name, from]) => ({ name, from })),
    changed: both
      .map(([name, to]) => ({ name, from: before[name] as T, to }))
      .filter(({ from, to }) => !same(from, to) || anyway(to)),
  }
}

function missing<T>(of: Named<T>, elsewhere: Named<T>): [string, T][] {
  return Object.entries(of).filter(([name]) => !(name in elsewhere))
}
