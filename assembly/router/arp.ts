/** ARP as the router speaks it (RFC 826, RFC 5227). */
import { Arp } from '../wire/arp'
import { Ethernet, EtherType } from '../wire/ethernet'
import { swap16 } from '../wire/order'

export namespace Operation {
  export const REQUEST: u32 = 1
  export const REPLY: u32 = 2
}

/** Octets of a frame with an ARP packet. */
export const ARP_FRAME: u32 = Ethernet.HEADER + Arp.LENGTH

@inline
export function operationOf(packet: usize): u32 {
  return <u32>swap16(load<u16>(packet, 6))
}

/** Writes the two MACs of an Ethernet header and its type, host order. */
@inline
export function writeEthernet(frame: usize, destination: u64, source: u64, type: u32): void {
  store<u64>(frame, destination)
  store<u64>(frame, source | ((<u64>swap16(<u16>type)) << 48), Ethernet.SOURCE)
}

/** Writes a frame of ARP_FRAME octets: addresses as a load of their octets gives them. */
export function writeArp(
  frame: usize,
  operation: u32,
  destination: u64,
  mac: u64,
  sender: u32,
  targetMac: u64,
  target: u32,
): void {
  writeEthernet(frame, destination, mac, EtherType.ARP)
  const packet = frame + Ethernet.HEADER
  store<u64>(packet, Arp.KIND | ((<u64>swap16(<u16>operation)) << 48))
  store<u64>(packet, mac, 8) // the sender's address goes over its end
  store<u32>(packet, sender, Arp.SENDER)
  store<u32>(packet, <u32>targetMac, 18)
  store<u16>(packet, <u16>(targetMac >> 32), 22)
  store<u32>(packet, target, Arp.TARGET)
}
