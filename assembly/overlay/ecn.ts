/**
 * Explicit congestion notification through a tunnel (RFC 6040), in its normal mode: the outer header
 * gets what the inner one has, and what the underlay marked is carried in.
 */
import * as checksum from '../wire/checksum'
import { Ethernet, EtherType, etherTypeAt } from '../wire/ethernet'

export namespace Ecn {
  export const MASK: u32 = 3
  export const NOT_ECT: u32 = 0
  export const ECT1: u32 = 1
  export const ECT0: u32 = 2
  export const CE: u32 = 3
}

/**
 * Carries the `outer` codepoint into the packet of an inner frame of `length` octets without a VLAN tag;
 * what is no IP packet has none. False if the frame is to be dropped: congestion that nobody inside
 * would hear of (RFC 6040 section 4.2, figure 4).
 */
export function carryIn(frame: usize, length: u32, outer: u32): bool {
  // Not-ECT and ECT(0) change nothing.
  if (outer != Ecn.CE && outer != Ecn.ECT1) return true
  const type = etherTypeAt(frame, <u32>Ethernet.TYPE)
  const packet = frame + Ethernet.HEADER
  if (type == EtherType.IPV4) {
    return length < Ethernet.HEADER + 20 || carryIntoIPv4(packet, outer)
  }
  if (type == EtherType.IPV6) {
    return length < Ethernet.HEADER + 40 || carryIntoIPv6(packet, outer)
  }
  return true
}

/** The codepoint that the packet leaves with. */
@inline
function combined(inner: u32, outer: u32): u32 {
  if (outer == Ecn.CE) return Ecn.CE
  return inner == Ecn.ECT0 ? Ecn.ECT1 : inner
}

function carryIntoIPv4(packet: usize, outer: u32): bool {
  const word = <u32>load<u16>(packet)
  const inner = (word >> 8) & Ecn.MASK
  if (inner == Ecn.NOT_ECT) return outer != Ecn.CE
  const now = (word & ~(Ecn.MASK << 8)) | (combined(inner, outer) << 8)
  const change = checksum.difference(<u64>word, <u64>now)
  store<u16>(packet, <u16>now)
  store<u16>(packet, <u16>checksum.update(<u32>load<u16>(packet, 10), change), 10)
  return true
}

/** The traffic class lies across the first two octets. */
function carryIntoIPv6(packet: usize, outer: u32): bool {
  const octet = <u32>load<u8>(packet, 1)
  const inner = (octet >> 4) & Ecn.MASK
  if (inner == Ecn.NOT_ECT) return outer != Ecn.CE
  store<u8>(packet, <u8>((octet & ~(Ecn.MASK << 4)) | (combined(inner, outer) << 4)), 1)
  return true
}
