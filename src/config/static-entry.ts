/** What tells static FDB entries apart. */
import type { StaticEntry } from './types.js'

/** The same for two entries of which a switch can have one only: a MAC in a broadcast domain. */
export function entryKey({ bridge, vlan, mac }: StaticEntry): string {
  return `${bridge} ${vlan ?? ''} ${mac}`
}
