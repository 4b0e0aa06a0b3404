/** The FDB of a switch as programs and people see it: names, and MACs as text. */
import { formatMac, macToPair, parseMac } from '../config/address.js'
import { tunnelOf } from '../config/overlay-names.js'
import { LinkspanError } from '../error.js'
import type { Topology } from './topology.js'

/** An entry of the FDB as it is shown. */
export interface FdbEntry {
  bridge: string
  /** Null on a bridge that is not VLAN-aware. */
  vlan: number | null
  mac: string
  /** Null where the MAC is behind a tunnel. */
  port: string | null
  /** The end of the tunnel that the MAC is behind; null where it is at a port. */
  vtep: string | null
  /** Milliseconds since it was last seen; null for an entry that does not age. */
  age: number | null
  static: boolean
  /** Learnt on a sticky port: neither ages nor moves. */
  sticky: boolean
  /** Programmed from a directory: does not age, moves when it is heard elsewhere. */
  external: boolean
}

/** The FDB of a switch. MACs are text, `02:55:00:00:00:02`. */
export class Fdb {
  constructor(
    private readonly topology: Topology,
    private readonly now: () => number,
  ) {}

  list(): FdbEntry[] {
    return Array.from(this.topology.entries.list(this.now()), (entry) => ({
      bridge: entry.bridge,
      vlan: entry.vlan,
      mac: formatMac([entry.macHigh, entry.macLow]),
      ...placeOf(entry.port),
      age: entry.static || entry.sticky || entry.external ? null : entry.age,
      static: entry.static,
      sticky: entry.sticky,
      external: entry.external,
    }))
  }

  /** Adds an entry by hand, or replaces one: static unless said otherwise. */
  add(entry: {
    bridge: string
    vlan?: number | null | undefined
    mac: string
    port: string
    static?: boolean
  }): void {
    const [macHigh, macLow] = individual(entry.mac)
    const { bridge, vlan, port } = entry
    const fixed = entry.static ?? true
    this.topology.entries.set({ bridge, vlan, port, macHigh, macLow, static: fixed }, this.now())
  }

  /** Removes an entry, static or not, of a VLAN or of all; NOT_FOUND if there is none. */
  delete(entry: { bridge: string; vlan?: number | null | undefined; mac: string }): void {
    const [macHigh, macLow] = individual(entry.mac)
    if (this.topology.entries.delete(entry.bridge, macHigh, macLow, entry.vlan)) return
    throw new LinkspanError('NOT_FOUND', `bridge "${entry.bridge}" has no entry for ${entry.mac}`)
  }

  /** Forgets what was learnt on a port, in a VLAN, on a bridge, or altogether; static entries stay. */
  flush(
    scope: {
      port?: string | undefined
      bridge?: string | undefined
      vlan?: number | null | undefined
    } = {},
  ): void {
    this.topology.entries.flush(scope)
  }
}

function placeOf(port: string): Pick<FdbEntry, 'port' | 'vtep'> {
  const tunnel = tunnelOf(port)
  return tunnel === undefined ? { port, vtep: null } : { port: null, vtep: tunnel.vtep }
}

function individual(text: string): readonly [number, number] {
  const mac = parseMac(text)
  if (mac.every((octet) => octet === 0) || ((mac[0] as number) & 1) === 1) {
    throw new LinkspanError('INVALID', `${text} is not the MAC of a station: group address or zero`)
  }
  return macToPair(mac)
}
