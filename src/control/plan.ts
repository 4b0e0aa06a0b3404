/** A plan (config/diff.ts) as it is shown: a replaced port is one change, an update names its keys. */
import type * as z from 'zod'
import type { Change } from '../config/diff.js'
import { isMapping, same } from '../config/plain.js'
import type { changeAnswer } from './api/config.js'

export type ChangeView = z.output<typeof changeAnswer>

export function planView(changes: readonly Change[]): ChangeView[] {
  return changes.flatMap((change) => {
    if (change.op === 'restart') return []
    const from = change.op === 'add' ? oldOf(changes, change) : change.from
    const to = change.op === 'remove' ? undefined : change.to
    const replaced = 'replace' in change && change.replace
    if (replaced && change.op === 'remove') return [] // told where it is added
    const op = replaced ? 'replace' : change.op
    const keys = op === 'update' || op === 'replace' ? keysOf(change, from, to) : []
    const name = change.object === 'fdb' ? nameOfEntry(change) : change.name
    return [{ op, object: change.object, name, keys, from: plain(from), to: plain(to) }]
  })
}

function oldOf(changes: readonly Change[], { object, ...added }: Extract<Change, { op: 'add' }>) {
  if ((object !== 'port' && object !== 'uplink') || !('name' in added)) return undefined
  const old = changes.find((change) => {
    return change.op === 'remove' && change.object === object && change.name === added.name
  })
  return old && 'from' in old ? (old.from as object) : undefined
}

function nameOfEntry(change: Extract<Change, { object: 'fdb' }>): string {
  const { bridge, mac, port, vtep } = change.op === 'add' ? change.to : change.from
  return `${bridge} ${mac} ${port ?? vtep}`
}

/** None differs where a mirror's target is another port of the same name. */
function keysOf(change: Change, from: unknown, to: unknown): string[] {
  const keys = differences(from, to)
  if (keys.length > 0) return keys
  return 'keys' in change ? change.keys : 'parts' in change ? change.parts : []
}

/** Names of the settings that differ: `up`, `device.mtu`. */
function differences(from: unknown, to: unknown, prefix = ''): string[] {
  if (!isMapping(from) || !isMapping(to)) return same(from, to) ? [] : [prefix]
  const keys = Object.keys({ ...from, ...to })
  return keys.flatMap((key) =>
    differences(from[key], to[key], prefix === '' ? key : `${prefix}.${key}`),
  )
}

const plain = (value: object | undefined): Record<string, unknown> | null =>
  value === undefined ? null : { ...value }
