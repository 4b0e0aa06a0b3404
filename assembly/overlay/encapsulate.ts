/**
 * Into a tunnel (RFC 7348 section 5): the outer headers of a datagram, copied from where the port's
 * record has them ready (tunnel.ts) and completed with what the frame decides. The UDP checksum is left
 * to the device: 0 says that there is none (RFC 7348 section 5, RFC 6935 for IPv6).
 */
import { OUTER4, Tunnel, TunnelOption } from '../tunnel'
import { fold } from '../wire/checksum'
import { IPv4 } from '../wire/ipv4'
import { swap16 } from '../wire/order'
import { UDP } from '../wire/udp'
import { clear } from '../wire/virtio'
import { Vxlan } from '../wire/vxlan'
import { Ecn } from './ecn'

/** Where the packet begins, and UDP behind either header. */
const PACKET: usize = 14
const UDP4: usize = 34
const UDP6: usize = 54

/** Octets of the outer headers. */
@inline
export function outerLength(tunnel: usize): u32 {
  return <u32>load<u8>(tunnel, Tunnel.OUTER)
}

/**
 * Writes the headers of a datagram with `octets` of inner frame, a virtio-net header that asks for
 * nothing before them, with the outer Ethernet header at `to`; not an octet behind them. `inside` is what
 * `insideOf` said of the frame.
 */
export function writeOuter(to: usize, tunnel: usize, octets: u32, inside: u32): void {
  putOuter(to, tunnel, octets, inside)
}

/** The same within a loop. */
@inline
export function putOuter(to: usize, tunnel: usize, octets: u32, inside: u32): void {
  const copied = (load<u8>(tunnel, Tunnel.OPTIONS) & <u8>TunnelOption.COPY_DSCP) != 0
  const service = (inside >> 16) & (copied ? 0xff : Ecn.MASK)
  const headers = tunnel + Tunnel.HEADERS
  const payload = octets + UDP.HEADER + Vxlan.HEADER
  const sources = <u32>load<u16>(tunnel, Tunnel.SOURCES)
  // One source port of the range for all of a flow, and all of them for many (CONFORMANCE X4).
  const choice = ((inside & 0xffff) * sources) >> 16
  clear(to)
  v128.store(to, v128.load(headers))
  v128.store(to, v128.load(headers, 16), 16)
  v128.store(to, v128.load(headers, 32), 32)
  if (outerLength(tunnel) == OUTER4) {
    store<u16>(to, load<u16>(headers, 48), 48)
    finishIPv4(to + PACKET, headers + PACKET, payload, service)
    finishUdp(to + UDP4, headers + UDP4, payload, choice)
  } else {
    v128.store(to, v128.load(headers, 48), 48)
    store<u32>(to, load<u32>(headers, 64), 64)
    store<u16>(to, load<u16>(headers, 68), 68)
    finishIPv6(to + PACKET, headers + PACKET, payload, service)
    finishUdp(to + UDP6, headers + UDP6, payload, choice)
  }
}

/** `own` is the header in the tunnel's record, read there: what was written a moment ago is not near yet. */
@inline
function finishIPv4(packet: usize, own: usize, payload: u32, service: u32): void {
  const total = <u32>swap16(<u16>(IPv4.HEADER + payload))
  const first = <u32>load<u16>(own) | (service << 8)
  const sum = <u64>load<u16>(own, 10) + <u64>total + <u64>(service << 8)
  store<u32>(packet, first | (total << 16))
  store<u16>(packet, <u16>~fold(sum), 10)
}

@inline
function finishIPv6(packet: usize, own: usize, payload: u32, service: u32): void {
  const first = <u32>load<u16>(own) | (service >> 4) | ((service & 15) << 12)
  store<u16>(packet, <u16>first)
  store<u16>(packet, swap16(<u16>payload), 4)
}

@inline
function finishUdp(udp: usize, own: usize, payload: u32, choice: u32): void {
  const port = <u32>swap16(load<u16>(own)) + choice
  store<u16>(udp, swap16(<u16>port))
  store<u16>(udp, swap16(<u16>payload), 4)
}
