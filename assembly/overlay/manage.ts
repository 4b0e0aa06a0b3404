/** How control makes a port of the draft a tunnel: the headers of its datagrams, made ready. */
import { draft, portRecord } from '../config'
import { OUTER4, OUTER6, Tunnel, tunnelOf } from '../tunnel'
import * as checksum from '../wire/checksum'
import { Ethernet, EtherType } from '../wire/ethernet'
import { IPv4 } from '../wire/ipv4'
import { swap16, swap32 } from '../wire/order'
import { UDP } from '../wire/udp'
import { Vxlan } from '../wire/vxlan'

/**
 * Makes a port a tunnel of `vni` over IP `version` 4 or 6: `underlay` is the port by which its datagrams
 * leave; `options` bits of TunnelOption; `hops` the outer TTL, `service` the outer DSCP shifted left by
 * two; the UDP source ports are `sources` from `firstSource` on. Its ends are set by `configTunnelEnd`.
 */
export function configTunnel(
  port: u32,
  underlay: u32,
  version: u32,
  vni: u32,
  options: u32,
  hops: u32,
  service: u32,
  firstSource: u32,
  sources: u32,
  destination: u32,
): void {
  const tunnel = tunnelOf(portRecord(draft(), port))
  const outer = version == 6 ? OUTER6 : OUTER4
  store<u16>(tunnel, <u16>underlay, Tunnel.UNDERLAY)
  store<u16>(tunnel, <u16>sources, Tunnel.SOURCES)
  store<u8>(tunnel, <u8>outer, Tunnel.OUTER)
  store<u8>(tunnel, <u8>options, Tunnel.OPTIONS)
  const headers = tunnel + Tunnel.HEADERS
  memory.fill(headers, 0, OUTER6)
  const packet = headers + Ethernet.HEADER
  if (version == 6) {
    store<u16>(headers, swap16(<u16>EtherType.IPV6), Ethernet.TYPE)
    store<u16>(packet, <u16>(0x60 | (service >> 4) | ((service & 15) << 12)))
    store<u16>(packet, <u16>(UDP.PROTOCOL | (hops << 8)), 6)
  } else {
    store<u16>(headers, swap16(<u16>EtherType.IPV4), Ethernet.TYPE)
    store<u16>(packet, <u16>(0x45 | (service << 8)))
    // Identification 0 and DF: a VTEP does not fragment (RFC 7348 section 4.3, RFC 6864).
    store<u32>(packet, 0x00400000, 4)
    store<u16>(packet, <u16>(hops | (UDP.PROTOCOL << 8)), 8)
  }
  const udp = headers + outer - Vxlan.HEADER - UDP.HEADER
  store<u16>(udp, swap16(<u16>firstSource))
  store<u16>(udp, swap16(<u16>destination), 2)
  store<u32>(udp, Vxlan.FLAG_VNI, UDP.HEADER)
  store<u32>(udp, swap32(vni << 8), UDP.HEADER + 4)
}

/** Sets an end of a tunnel: ours, or the remote VTEP; the address as four words, IPv4's the first. */
export function configTunnelEnd(port: u32, remote: bool, a: u32, b: u32, c: u32, d: u32): void {
  const tunnel = tunnelOf(portRecord(draft(), port))
  const packet = tunnel + Tunnel.HEADERS + Ethernet.HEADER
  if (<u32>load<u8>(tunnel, Tunnel.OUTER) == OUTER4) {
    store<u32>(packet + (remote ? 16 : 12), a)
    store<u16>(packet, 0, 10)
    store<u16>(packet, <u16>checksum.sum(packet, IPv4.HEADER), 10)
    return
  }
  const at = packet + (remote ? 24 : 8)
  store<u32>(at, a)
  store<u32>(at, b, 4)
  store<u32>(at, c, 8)
  store<u32>(at, d, 12)
}
