/**
 * Tunnels: a port for each pair of a VNI and a VTEP. Learning, flooding and policy see a port like any
 * other; only what comes in was in a datagram of the underlay, and what leaves is put into one. The
 * tunnel's part of a port's record, 80 octets, holds the headers of such a datagram ready made:
 *
 *    0 underlay u16       port by which it leaves
 *    2 sources u16        how many UDP source ports there are to choose from
 *    4 outer u8           octets of all outer headers: 50 over IPv4, 70 over IPv6
 *    5 options u8         Option
 *    6 nothing u16
 *    8 headers 70 octets  Ethernet without MACs, IP, UDP, VXLAN, as on the wire. Lengths and the type of
 *                         service are as those of no payload; the UDP source port is the first of its range
 *                         and the IPv4 header checksum a sum that is folded and not complemented
 *
 * Received datagrams find their tunnel by underlay port, VNI and sender in a table that is made anew at
 * a commit: u16 port numbers by a hash, open addressing, NOBODY where there is none. One tunnel of each
 * VNI stands there once more, by its VNI alone, which tells a stranger from a VNI that nobody has.
 */
import { Config, PortFlag, PortRecord, portRecord } from './config'
import { floodEnd } from './flood'
import { DIRECTORY, Directory, directory } from './memory'
import { tunnelPlacesFor } from './size'

export namespace Tunnel {
  export const UNDERLAY: usize = 0
  export const SOURCES: usize = 2
  export const OUTER: usize = 4
  export const OPTIONS: usize = 5
  export const HEADERS: usize = 8
}

/** Bits of Tunnel.OPTIONS; the same in src/dataplane/abi.ts. */
export namespace TunnelOption {
  /** Reserved bits of a VXLAN header must be zero (CONFORMANCE X2). */
  export const STRICT: u32 = 1
  /** Frames with a VLAN tag pass (CONFORMANCE X7). */
  export const TAGGED: u32 = 2
  /** The outer DSCP is that of the packet inside. */
  export const COPY_DSCP: u32 = 4
}

/** Octets of outer headers, Ethernet to VXLAN; what of the VXLAN header's second word is the VNI. */
export const OUTER4: u32 = 50
export const OUTER6: u32 = 70
export const VNI_MASK: u32 = 0xffffff

/** A place of the table without a tunnel; no port has that number. */
export const NOBODY: u32 = 0xffff

/** Where in the head of the FDB's table the switch's secret stands (table/head.ts). */
const SEED: usize = 24

const PRESENT: u32 = PortFlag.PRESENT | PortFlag.UP | PortFlag.OVERLAY

@inline
export function tunnelOf(record: usize): usize {
  return record + PortRecord.TUNNEL
}

/** The VNI as the wire has it, its first octet lowest. */
@inline
function vniOf(tunnel: usize): u32 {
  return load<u32>(tunnel + Tunnel.HEADERS + <usize>load<u8>(tunnel, Tunnel.OUTER) - 4) & VNI_MASK
}

/** Where in the headers the remote address stands: 4 octets of IPv4, 16 of IPv6. */
@inline
function remoteOf(tunnel: usize, wide: bool): usize {
  return tunnel + Tunnel.HEADERS + (wide ? 38 : 30)
}

@inline
function isWide(tunnel: usize): bool {
  return <u32>load<u8>(tunnel, Tunnel.OUTER) == OUTER6
}

function hashOf(underlay: u32, vni: u32, low: u64, high: u64): u32 {
  // Keyed, or strangers could choose addresses that meet.
  let x = (low ^ (((<u64>vni) << 32) | <u64>underlay) ^ seed()) * 0xff51afd7ed558ccd
  x = (x ^ (high * 0x9e3779b97f4a7c15)) * 0xbf58476d1ce4e5b9
  return <u32>(((x ^ (x >> 29)) * 0x94d049bb133111eb) >> 32)
}

@inline
function seed(): u64 {
  return load<u64>(directory(Directory.FDB), SEED)
}

@inline
function lowOf(address: usize, wide: bool): u64 {
  return wide ? load<u64>(address) : <u64>load<u32>(address)
}

@inline
function highOf(address: usize, wide: bool): u64 {
  return wide ? load<u64>(address, 8) : 0
}

@inline
function mask(): u32 {
  return tunnelPlacesFor(load<u32>(DIRECTORY, Directory.MAX_PORTS)) - 1
}

/** Makes the table of a draft. */
export function buildTunnelTable(config: usize): void {
  const ports = load<u32>(DIRECTORY, Directory.MAX_PORTS)
  const table = floodEnd(config)
  memory.fill(table, 0xff, (<usize>mask() + 1) << 1)
  let count: u32 = 0
  for (let port: u32 = 0; port < ports; port++) {
    const record = portRecord(config, port)
    if ((load<u32>(record, PortRecord.FLAGS) & PRESENT) != PRESENT) continue
    const tunnel = tunnelOf(record)
    const underlay = <u32>load<u16>(tunnel, Tunnel.UNDERLAY)
    const wide = isWide(tunnel)
    const remote = remoteOf(tunnel, wide)
    enter(table, port, hashOf(underlay, vniOf(tunnel), lowOf(remote, wide), highOf(remote, wide)))
    if (!hasVni(config, table, underlay, vniOf(tunnel))) {
      enter(table, port, hashOf(underlay, vniOf(tunnel), 0, 0))
    }
    count++
  }
  store<u32>(config, count, Config.TUNNEL_COUNT)
}

function enter(table: usize, port: u32, hash: u32): void {
  let place = hash & mask()
  while (<u32>load<u16>(table + ((<usize>place) << 1)) != NOBODY) place = (place + 1) & mask()
  store<u16>(table + ((<usize>place) << 1), <u16>port)
}

/** True if what came by `underlay` with that VNI from the address at `sender` came by this tunnel. */
@inline
export function isOf(tunnel: usize, underlay: u32, vni: u32, sender: usize, wide: bool): bool {
  if (<u32>load<u16>(tunnel, Tunnel.UNDERLAY) != underlay || vniOf(tunnel) != vni) return false
  if (isWide(tunnel) != wide) return false
  const remote = remoteOf(tunnel, wide)
  if (lowOf(remote, wide) != lowOf(sender, wide)) return false
  return highOf(remote, wide) == highOf(sender, wide)
}

/** The tunnel by which a datagram came, or NOBODY. `vni` is as the wire has it. */
export function tunnelFrom(config: usize, underlay: u32, vni: u32, sender: usize, wide: bool): u32 {
  if (load<u32>(config, Config.TUNNEL_COUNT) == 0) return NOBODY
  const table = floodEnd(config)
  let place = hashOf(underlay, vni, lowOf(sender, wide), highOf(sender, wide)) & mask()
  while (true) {
    const port = <u32>load<u16>(table + ((<usize>place) << 1))
    if (port == NOBODY) return NOBODY
    if (isOf(tunnelOf(portRecord(config, port)), underlay, vni, sender, wide)) return port
    place = (place + 1) & mask()
  }
}

/** True if some bridge has the VNI on that port of the underlay. */
export function isVniKnown(config: usize, underlay: u32, vni: u32): bool {
  if (load<u32>(config, Config.TUNNEL_COUNT) == 0) return false
  return hasVni(config, floodEnd(config), underlay, vni)
}

function hasVni(config: usize, table: usize, underlay: u32, vni: u32): bool {
  let place = hashOf(underlay, vni, 0, 0) & mask()
  while (true) {
    const port = <u32>load<u16>(table + ((<usize>place) << 1))
    if (port == NOBODY) return false
    const tunnel = tunnelOf(portRecord(config, port))
    if (<u32>load<u16>(tunnel, Tunnel.UNDERLAY) == underlay && vniOf(tunnel) == vni) return true
    place = (place + 1) & mask()
  }
}
