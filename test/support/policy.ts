/** Policies of ports as the config's parser would leave them: the tests name only what they mean. */

import { OPEN } from '../../src/config/open-policy.js'
import type { Guard, Limits, Mirror, PortPolicy, VlanPolicy } from '../../src/config/types.js'

export interface PolicyOptions {
  vlan?: VlanPolicy
  isolated?: boolean
  learning?: boolean
  flood?: Partial<PortPolicy['flood']> | false
  locked?: boolean
  sticky?: boolean
  limits?: Limits
  guard?: Guard
  mirror?: Mirror
}

const NO_FLOOD = { unknownUnicast: false, multicast: false, broadcast: false }

/** A whole policy; whatever is left out forwards. */
export function policyOf({ flood, ...rest }: PolicyOptions): PortPolicy {
  return { ...OPEN, ...rest, flood: flood === false ? NO_FLOOD : { ...OPEN.flood, ...flood } }
}

/** Untagged frames only, both ways. */
export function access(native: number): VlanPolicy {
  return { mode: 'access', native, tagged: [], nativeTagged: false, admit: 'untagged' }
}

/** Whatever comes in gets an outer tag. */
export function tunnel(native: number): VlanPolicy {
  return { mode: 'tunnel', native, tagged: [], nativeTagged: false, admit: 'all' }
}

interface TrunkOptions {
  native?: number | undefined
  nativeTagged?: boolean
  admit?: VlanPolicy['admit']
}

export function trunk(tagged: 'all' | readonly number[], options: TrunkOptions = {}): VlanPolicy {
  const { native, nativeTagged = false, admit = 'all' } = options
  const others = tagged === 'all' ? tagged : membersOf(tagged, native, nativeTagged)
  const own = native === undefined ? {} : { native }
  return { mode: 'trunk', ...own, tagged: others, nativeTagged, admit }
}

/** In order, and with the native VLAN exactly when that leaves tagged. */
function membersOf(tagged: readonly number[], native: number | undefined, nativeTagged: boolean) {
  const others = tagged.filter((vid) => vid !== native)
  if (native !== undefined && nativeTagged) others.push(native)
  return others.sort((one, other) => one - other)
}
