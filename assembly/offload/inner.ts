/**
 * Partial checksums of encapsulated packets. A guest that runs a tunnel of its own (VXLAN, Geneve,
 * GRE, IP in IP) over a TAP leaves the checksum of the inner packet to the device, and has computed
 * the outer one so that it is right when the inner one is (Linux: local checksum offload,
 * Documentation/networking/checksum-offloads). Where the inner header lies depends on the tunnel, so
 * such a frame is not carried on as partial but completed at once, and is plain from then on.
 */
import { Drop } from '../drop'
import { Frame } from '../frame'
import * as checksum from '../wire/checksum'
import { EtherType } from '../wire/ethernet'
import * as ipv4 from '../wire/ipv4'
import * as ipv6 from '../wire/ipv6'
import { TCP } from '../wire/tcp'
import { UDP } from '../wire/udp'

/** IP protocol numbers of tunnels other than those over UDP. */
namespace Tunnel {
  export const IPV4: u32 = 4
  export const IPV6: u32 = 41
  export const GRE: u32 = 47
}

export function isTunnel(protocol: u32): bool {
  return protocol == Tunnel.IPV4 || protocol == Tunnel.IPV6 || protocol == Tunnel.GRE
}

/**
 * Completes the checksum whose range starts `start` octets into the frame, behind the outer headers,
 * and whose field lies `field` octets further. Returns 0, or a drop reason if there is no such
 * field, or if the outer UDP checksum, where there is one, is not right afterwards: then the request
 * was a lie.
 */
export function completeInner(frame: usize, start: u32, field: u32): u32 {
  const length = load<u32>(frame, Frame.LENGTH)
  if (start < <u32>load<u16>(frame, Frame.HEADERS)) return Drop.CHECKSUM_REQUEST
  if (field != TCP.CHECKSUM && field != UDP.CHECKSUM) return Drop.CHECKSUM_REQUEST
  if (start + field + 2 > length) return Drop.CHECKSUM_REQUEST
  const at = <usize>load<u32>(frame, Frame.ADDRESS) + start
  checksum.complete(at, length - start, field, field == UDP.CHECKSUM)
  const outer = <u32>load<u16>(frame, Frame.CHECKSUM_FIELD)
  return outer != UDP.CHECKSUM || outerHolds(frame) ? 0 : Drop.CHECKSUM_REQUEST
}

/** True if the outer UDP checksum is right, or is 0: there is none. */
function outerHolds(frame: usize): bool {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const l4 = <u32>load<u16>(frame, Frame.L4)
  const packet = address + <u32>load<u16>(frame, Frame.L3)
  const length = load<u32>(frame, Frame.LENGTH) - l4
  if (load<u16>(address + l4, UDP.CHECKSUM) == 0) return true
  const pseudo =
    <u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4
      ? ipv4.pseudoHeaderSum(packet, UDP.PROTOCOL, length)
      : ipv6.pseudoHeaderSum(packet, UDP.PROTOCOL, length)
  return checksum.fold(pseudo + <u64>checksum.sum(address + l4, length)) == 0xffff
}
