/**
 * Changes of a part of a port or a bridge that runs, as a JSON merge patch (RFC 7396): what is not
 * named stays, null takes the default again. What hangs on something that changes is worked out anew
 * by the parser, unless the change says it too. Pure.
 */
import { LinkspanError } from '../error.js'
import { isMapping, type Mapping } from './plain.js'
import { patchImpair } from './port-impair.js'
import type { Bridge, Config, Port, VlanPolicy } from './types.js'

/** Settings of a port that change, and VLANs that a trunk carries more or less. */
export interface PortPatch {
  readonly port?: Mapping
  readonly tag?: readonly number[]
  readonly untag?: readonly number[]
}

/**
 * The port as a PortInput, right or wrong: that is for parseConfig to say.
 *
 * `guard` and `mirror` are replaced as a whole; `vlan` too, unless both are trunks; each setting of
 * `impair` too, for both ways unless it is said of one.
 */
export function patchPort(port: Port, { port: patch = {}, tag = [], untag = [] }: PortPatch) {
  const { vlan, guard, mirror, device, impair, ...rest } = patch
  const whole = { guard, mirror }
  const next = merge(withoutDerived(port, patch), rest)
  for (const [key, value] of Object.entries(whole)) if (value !== undefined) put(next, key, value)
  if (device !== undefined) next.device = patchDevice(port.device, device)
  if (impair !== undefined) put(next, 'impair', patchImpair(port.impair, impair))
  const wanted = patchVlan(port.vlan, vlan, tag, untag)
  if (wanted === undefined) delete next.vlan
  else next.vlan = wanted
  return next
}

/** Without what follows from a setting that changes: `learning` from `locked`, a burst from a rate. */
function withoutDerived(port: Port, patch: Mapping): Mapping {
  const { learning, limits, ...rest } = port
  const said = (of: unknown, key: string) => isMapping(of) && key in of
  const police = (way: 'receive' | 'transmit') => {
    const changed = isMapping(patch.limits) ? patch.limits[way] : undefined
    const current = limits[way]
    if (current === undefined || !said(changed, 'bits')) return current
    const { burst: _, ...rate } = current
    return rate
  }
  const [receive, transmit] = [police('receive'), police('transmit')]
  return {
    ...rest,
    ...(said(patch, 'locked') ? {} : { learning }),
    limits: { ...limits, ...(receive && { receive }), ...(transmit && { transmit }) },
  }
}

/** Another type of device has nothing of the one before. */
function patchDevice(device: Mapping, patch: unknown): unknown {
  if (!isMapping(patch)) return patch
  const other = patch.type !== undefined && patch.type !== device.type
  return other ? patch : merge(device, patch)
}

function patchVlan(
  current: VlanPolicy | undefined,
  patch: unknown,
  tag: readonly number[],
  untag: readonly number[],
): unknown {
  if (patch === null) return undefined
  const changed = isMapping(patch) ? trunkPatch(current, patch) : (patch ?? current)
  if (tag.length === 0 && untag.length === 0) return changed
  return retagged(isMapping(changed) ? changed : {}, tag, untag)
}

function trunkPatch(current: VlanPolicy | undefined, patch: Mapping): Mapping {
  if (patch.access != null || patch.mode !== undefined || current?.mode !== 'trunk') return patch
  const { native, tagged, ...rest } = current
  // That the old native VLAN was tagged too was on account of `nativeTagged`.
  const others = tagged === 'all' ? tagged : tagged.filter((vlan) => vlan !== native)
  return merge({ ...rest, ...(native !== undefined && { native }), tagged: others }, patch)
}

/** An access port becomes a trunk that keeps its VLAN for untagged frames. */
function retagged(vlan: Mapping, tag: readonly number[], untag: readonly number[]): Mapping {
  const { mode, access, ...rest } = vlan
  const isTrunk = access === undefined && (mode === undefined || mode === 'trunk')
  const trunk = isTrunk ? rest : { native: access ?? vlan.native }
  const { tagged = [] } = rest
  if (tagged === 'all') {
    if (untag.length === 0) return vlan
    const message = 'the port is in all VLANs of its bridge: say which it is to have as "tagged"'
    throw new LinkspanError('INVALID', message)
  }
  const list = Array.isArray(tagged) ? tagged : []
  const left = [...list, ...tag].filter((vlan) => !untag.includes(vlan))
  return { ...trunk, ...(isTrunk && { mode: 'trunk' }), tagged: left }
}

/** The config with a bridge changed, as a ConfigInput; `mirror` is replaced as a whole. */
export function patchBridge(config: Config, name: string, patch: Mapping) {
  const { mirror, ...rest } = patch
  const next = merge(config.bridges[name] as Bridge, rest)
  if (mirror !== undefined) put(next, 'mirror', mirror)
  const aware = next.vlanAware === true
  if (!aware && patch.vlanProtocol === undefined) delete next.vlanProtocol
  const off = (of: { readonly bridge: string }) => of.bridge === name && !aware
  const ports = Object.entries(config.ports).map(([port, { vlan, ...settings }]) => {
    return [port, { ...settings, ...(vlan && !off(settings) && { vlan }) }]
  })
  return {
    ...config,
    bridges: { ...config.bridges, [name]: next },
    ports: Object.fromEntries(ports),
    fdb: config.fdb.map(({ vlan, ...entry }) => {
      return { ...entry, ...(vlan !== undefined && !off(entry) && { vlan }) }
    }),
  }
}

function merge(of: Mapping, patch: Mapping): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...of }
  for (const [key, value] of Object.entries(patch)) {
    if (!isMapping(value)) put(merged, key, value)
    else put(merged, key, merge(isMapping(merged[key]) ? merged[key] : {}, value))
  }
  return merged
}

function put(of: Record<string, unknown>, key: string, value: unknown): void {
  if (value === null) delete of[key]
  else of[key] = value
}
