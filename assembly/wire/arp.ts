/**
 * ARP for IPv4 over Ethernet (RFC 826): 0 hardware 1, 2 protocol 0x0800, 4 lengths 6 and 4,
 * 6 operation, 8 sender MAC, 14 sender address, 18 target MAC, 24 target address.
 */
export namespace Arp {
  export const LENGTH: u32 = 28
  export const SENDER: usize = 14
  export const TARGET: usize = 24
  /** Hardware, protocol and lengths as one load gives them. */
  export const KIND: u64 = 0x040600080100
}

/** True for a whole packet of the one kind there is a use for. */
@inline
export function check(packet: usize, available: u32): bool {
  return available >= Arp.LENGTH && (load<u64>(packet) & 0xffffffffffff) == Arp.KIND
}

/** The sender's MAC, first octet lowest. */
@inline
export function senderOf(packet: usize): u64 {
  return load<u64>(packet, 8) & 0xffffffffffff
}
