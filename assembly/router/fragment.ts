/** Fragments of an IPv4 packet (RFC 791 section 3.2): what one of them is made of. */
import { Frame } from '../frame'
import * as checksum from '../wire/checksum'
import * as ipv4 from '../wire/ipv4'
import { swap16 } from '../wire/order'

const MORE: u32 = 0x2000

/** Octets of payload that a fragment may have where packets of `mtu` octets pass: a multiple of 8. */
@inline
export function partFor(mtu: u32, header: u32): u32 {
  return (mtu - header) & ~7
}

/**
 * Makes the fragment of a frame's packet whose payload is `length` octets from `offset` on at `to`,
 * where an Ethernet header will lie: both headers and the payload. Returns its length as a frame.
 */
export function writeFragment(to: usize, frame: usize, offset: u32, length: u32): u32 {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const l3 = <u32>load<u16>(frame, Frame.L3)
  const whole = address + l3
  const header = ipv4.headerLengthOf(whole)
  const packet = to + l3
  memory.copy(to, address, l3 + header)
  memory.copy(packet + header, whole + header + offset, length)
  const last = offset + length == ipv4.totalLengthOf(whole) - header
  const field = <u32>swap16(load<u16>(whole, 6))
  const more = last ? field & MORE : MORE
  store<u16>(packet, swap16(<u16>(header + length)), 2)
  store<u16>(packet, swap16(<u16>(more | ((field & 0x1fff) + (offset >> 3)))), 6)
  if (offset != 0) clearOptions(packet, header)
  store<u16>(packet, 0, 10)
  store<u16>(packet, <u16>~checksum.sum(packet, header), 10)
  return l3 + header + length
}

/** Options that are not copied to later fragments (RFC 791 section 3.1) become nothing. */
function clearOptions(packet: usize, header: u32): void {
  let at = ipv4.IPv4.HEADER
  while (at < header) {
    const type = <u32>load<u8>(packet + at)
    if (type == 0) return
    if (type == 1) {
      at++
      continue
    }
    const length = <u32>load<u8>(packet + at, 1)
    if ((type & 0x80) == 0) memory.fill(packet + at, 1, length)
    at += length
  }
}
