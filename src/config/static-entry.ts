/** What tells static FDB entries apart. */
import { quote } from './describe.js'
import { tunnelName } from './overlay-names.js'
import type { StaticEntry } from './types.js'

/** The same for two entries of which a switch can have one only: a MAC in a broadcast domain. */
export function entryKey({ bridge, vlan, mac }: StaticEntry): string {
  return `${bridge} ${vlan ?? ''} ${mac}`
}

/** Where an entry's MAC is, as a sentence has it: `port "web"`, `VTEP "192.0.2.11"`. */
export function placeText({ port, vtep }: Pick<StaticEntry, 'port' | 'vtep'>): string {
  return port === undefined ? `VTEP ${quote(`${vtep}`)}` : `port ${quote(port)}`
}

export type PortEntry = StaticEntry & { readonly port: string }

/** An entry as the dataplane has it: a VTEP is behind the bridge's tunnel to it. */
export function atPort(entry: StaticEntry): PortEntry {
  const { vtep, port = tunnelName(entry.bridge, vtep ?? ''), ...rest } = entry
  return { ...rest, port }
}

/** Whether its MAC is at a port of this switch. */
export const isAtPort = (entry: StaticEntry): entry is PortEntry => entry.port !== undefined
