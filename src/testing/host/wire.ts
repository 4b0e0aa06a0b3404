/** Where things are in frames, and the numbers that stand there. */

/** EtherTypes (IEEE 802 numbers). */
export const EtherType = { IPV4: 0x0800, ARP: 0x0806, IPV6: 0x86dd } as const

/** Octets of an Ethernet header without tags. */
export const ETHERNET = 14
/** The shortest frame, without its FCS (IEEE 802.3 3.2.8). */
export const FRAME_MIN = 60

/** Protocol numbers (IANA). */
export const Protocol = { ICMP: 1, TCP: 6, UDP: 17, ICMPV6: 58 } as const

export const BROADCAST_MAC = Uint8Array.of(255, 255, 255, 255, 255, 255)

export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}

export function u32(bytes: Uint8Array, at: number): number {
  return (u16(bytes, at) * 0x10000 + u16(bytes, at + 2)) >>> 0
}

export function setU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

export function setU32(bytes: Uint8Array, at: number, value: number): void {
  setU16(bytes, at, value >>> 16)
  setU16(bytes, at + 2, value & 0xffff)
}

/** Short enough to be copied octet by octet, which takes no view of them. */
export function copy(
  from: Uint8Array,
  at: number,
  length: number,
  to: Uint8Array,
  toAt: number,
): void {
  for (let index = 0; index < length; index++) to[toAt + index] = from[at + index] as number
}

/** The MAC of a group (RFC 1112 6.4, RFC 2464 7); undefined where the address is no group's. */
export function groupMac(address: Uint8Array): Uint8Array | undefined {
  const octet = (at: number) => address[at] as number
  if (address.length === 16) {
    if (octet(0) !== 0xff) return undefined
    return Uint8Array.of(0x33, 0x33, octet(12), octet(13), octet(14), octet(15))
  }
  if (octet(0) >>> 4 !== 0xe) return undefined
  return Uint8Array.of(1, 0, 0x5e, octet(1) & 0x7f, octet(2), octet(3))
}

/** The group of those whose address ends like this one (RFC 4291 2.7.1). */
export function solicitedNode(address: Uint8Array): Uint8Array {
  const group = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0, 0, 0)
  group.set(address.subarray(13), 13)
  return group
}

/** A MAC as a number, to look it up. */
export function macNumber(bytes: Uint8Array, at = 0): number {
  return u16(bytes, at) * 0x100000000 + u32(bytes, at + 2)
}
