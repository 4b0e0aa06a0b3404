/** Answers to echo requests (RFC 1122 section 3.2.2.6, RFC 4443 section 4.2). */
import { Frame } from '../frame'
import * as checksum from '../wire/checksum'
import { Ethernet, EtherType, sourceOf } from '../wire/ethernet'
import { Icmp } from '../wire/icmp'
import { Icmpv6 } from '../wire/icmpv6'
import * as ipv4 from '../wire/ipv4'
import * as ipv6 from '../wire/ipv6'

/** TTL and hop limit of what the router itself says (RFC 1700's default). */
export const HOPS: u32 = 64

/**
 * Makes an echo request that was parsed into its answer, from `mac` to where it came from. False,
 * and nothing done, if its checksum is wrong.
 */
export function echoReply(frame: usize, mac: u64): bool {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const packet = address + <u32>load<u16>(frame, Frame.L3)
  const message = address + <u32>load<u16>(frame, Frame.L4)
  const length = load<u32>(frame, Frame.LENGTH) - <u32>load<u16>(frame, Frame.L4)
  const version4 = <u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4
  const pseudo = version4 ? 0 : ipv6.pseudoHeaderSum(packet, Icmpv6.PROTOCOL, length)
  if (checksum.fold(pseudo + <u64>checksum.sum(message, length)) != 0xffff) return false
  const before = <u64>load<u16>(message)
  store<u8>(message, <u8>(version4 ? Icmp.ECHO_REPLY : Icmpv6.ECHO_REPLY))
  const changed = checksum.difference(before, <u64>load<u16>(message))
  store<u16>(message, <u16>checksum.update(<u32>load<u16>(message, 2), changed), 2)
  if (version4) turnIPv4(packet)
  else turnIPv6(packet)
  const source = sourceOf(address)
  store<u64>(address, source | (mac << 48))
  store<u32>(address, <u32>(mac >> 16), Ethernet.SOURCE + 2)
  return true
}

function turnIPv4(packet: usize): void {
  const source = load<u32>(packet, 12)
  store<u32>(packet, load<u32>(packet, 16), 12)
  store<u32>(packet, source, 16)
  store<u8>(packet, <u8>HOPS, 8)
  store<u16>(packet, 0, 10)
  store<u16>(packet, <u16>~checksum.sum(packet, ipv4.headerLengthOf(packet)), 10)
}

function turnIPv6(packet: usize): void {
  const source = v128.load(packet, 8)
  v128.store(packet, v128.load(packet, 24), 8)
  v128.store(packet, source, 24)
  store<u8>(packet, <u8>HOPS, 7)
}
