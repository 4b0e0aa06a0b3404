/** TTL and hop limit (RFC 1812 section 5.3.1, RFC 8200 section 3). */
import { Frame } from '../frame'
import { difference, update } from '../wire/checksum'
import { EtherType } from '../wire/ethernet'

const TTL4: usize = 8
const LIMIT6: usize = 7

@inline
function packetOf(frame: usize): usize {
  return <usize>load<u32>(frame, Frame.ADDRESS) + <u32>load<u16>(frame, Frame.L3)
}

@inline
function isVersion4(frame: usize): bool {
  return <u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4
}

/** Hops that a packet has left. */
@inline
export function lifeOf(frame: usize): u32 {
  return <u32>load<u8>(packetOf(frame) + (isVersion4(frame) ? TTL4 : LIMIT6))
}

/** Takes one hop from a packet, and keeps the IPv4 header checksum right (RFC 1624). */
@inline
export function age(frame: usize): void {
  const packet = packetOf(frame)
  if (!isVersion4(frame)) {
    store<u8>(packet, load<u8>(packet, LIMIT6) - 1, LIMIT6)
    return
  }
  const before = <u64>load<u16>(packet, TTL4)
  store<u8>(packet, load<u8>(packet, TTL4) - 1, TTL4)
  const changed = difference(before, <u64>load<u16>(packet, TTL4))
  store<u16>(packet, <u16>update(<u32>load<u16>(packet, 10), changed), 10)
}
