/** A part of the FDB: of a bridge, a VLAN, a port, a VTEP, a MAC, or of several of them at once. */
import { formatMac, macToPair, parseMac } from '../config/address.js'
import { tunnelName } from '../config/overlay-names.js'
import type { StaticEntry } from '../config/types.js'
import type { FdbEntry } from '../dataplane/fdb.js'
import { tunnelsTo } from './overlay-view.js'
import type { RunningSwitch } from './running.js'

/** What is left out is no condition. */
export interface FdbScope {
  bridge?: string | undefined
  vlan?: number | undefined
  /** A tunnel's name too. */
  port?: string | undefined
  vtep?: string | undefined
  mac?: string | undefined
}

/** The entries in it, in the order of bridges, VLANs and MACs. @throws NOT_FOUND for unknown names */
export function listed(running: RunningSwitch, scope: FdbScope): FdbEntry[] {
  const { bridge, vlan, port } = scope
  const mac = scope.mac === undefined ? undefined : formatMac(parseMac(scope.mac))
  checkNames(running, scope)
  const tunnels = scope.vtep === undefined ? undefined : tunnelsTo(running, scope.vtep, bridge)
  const entries = running.fdb.list().filter((entry) => {
    return (
      (bridge === undefined || entry.bridge === bridge) &&
      (vlan === undefined || entry.vlan === vlan) &&
      (port === undefined || portOf(entry) === port) &&
      (tunnels === undefined || tunnels.includes(portOf(entry))) &&
      (mac === undefined || entry.mac === mac)
    )
  })
  const order = new Map([...running.topology.bridges.keys()].map((name, index) => [name, index]))
  const rank = (entry: FdbEntry) => order.get(entry.bridge) ?? 0
  return entries.sort((a, b) => {
    return rank(a) - rank(b) || (a.vlan ?? 0) - (b.vlan ?? 0) || (a.mac < b.mac ? -1 : 1)
  })
}

/** The name of the port, or of the tunnel, that the MAC is behind. */
const portOf = ({ bridge, port, vtep }: FdbEntry) => port ?? tunnelName(bridge, vtep ?? '')

/** An entry as if it had been learnt. @throws NOT_FOUND for unknown names */
export function addLearnt(running: RunningSwitch, entry: StaticEntry): void {
  const { vtep, bridge } = entry
  checkNames(running, { bridge })
  const [tunnel] = vtep === undefined ? [] : tunnelsTo(running, vtep, bridge)
  const { port = tunnel ?? '', ...rest } = entry
  running.fdb.add({ ...rest, port, static: false })
}

/** Forgets what was learnt there; static entries stay. @throws NOT_FOUND for unknown names */
export function flush(running: RunningSwitch, scope: Omit<FdbScope, 'mac'>): void {
  const { bridge, vlan, port, vtep } = scope
  checkNames(running, scope)
  if (vtep !== undefined && port === undefined && vlan === undefined) {
    for (const tunnel of tunnelsTo(running, vtep, bridge)) running.fdb.flush({ port: tunnel })
    return
  }
  if (vtep === undefined && port === undefined && (bridge !== undefined || vlan === undefined)) {
    return running.fdb.flush({ bridge, vlan })
  }
  if (vtep === undefined && bridge === undefined && vlan === undefined) {
    return running.fdb.flush({ port })
  }
  // The dataplane forgets a port or a domain as a whole; what is in both goes one by one.
  for (const entry of listed(running, scope)) {
    if (entry.static) continue
    // One that has aged out by now is no error.
    running.topology.entries.delete(entry.bridge, ...macToPair(parseMac(entry.mac)), entry.vlan)
  }
}

function checkNames({ topology }: RunningSwitch, { bridge, port }: FdbScope): void {
  if (bridge !== undefined) topology.bridge(bridge)
  if (port !== undefined) topology.port(port)
}
