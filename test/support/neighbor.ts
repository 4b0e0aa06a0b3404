/**
 * Packets that say who their sender is: ARP (RFC 826), IPv4 and IPv6 with any source, DHCP (RFC 2131),
 * neighbour discovery (RFC 4861), multicast listener reports (RFC 2710, 3810). Checksums are zero: a
 * bridge looks at none of them.
 */
import { parseAddress } from '../../src/config/address.js'
import { EtherType, ethernet, join, station, UDP, word, ZERO_MAC } from './frames.js'

export const ICMPV6 = 58
export const Icmpv6 = {
  ECHO: 128,
  REPORT: 131,
  DONE: 132,
  ROUTER_SOLICITATION: 133,
  ROUTER_ADVERTISEMENT: 134,
  SOLICITATION: 135,
  ADVERTISEMENT: 136,
  REDIRECT: 137,
  REPORT_2: 143,
} as const

const ALL_NODES = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1)

/** An address's octets. */
export function address(text: string): number[] {
  return [...parseAddress(text).bytes]
}

export interface ArpOptions {
  /** 1 request, 2 reply. */
  operation?: number
  /** The MAC that the packet states, and the frame's. */
  mac?: Uint8Array
  from?: Uint8Array
  target?: string
}

export function arpOf(sender: string, options: ArpOptions = {}): Uint8Array {
  const { from = station(1), mac = from, operation = 1, target = '10.0.0.9' } = options
  const kind = [...word(1), ...word(EtherType.IPV4), 6, 4, ...word(operation)]
  const body = join(kind, mac, address(sender), ZERO_MAC, address(target))
  return ethernet(station(2), from, EtherType.ARP, body)
}

/** UDP ports of a DHCP client and of a server. */
export const DHCP = [68, 67] as const

export interface DatagramOptions {
  from?: Uint8Array
  ports?: readonly [number, number]
  protocol?: number
  /** Flags and offset of the fragment. */
  fragment?: number
}

export function ipv4From(source: string, options: DatagramOptions = {}): Uint8Array {
  const { from = station(1), ports = [4000, 53], protocol = UDP, fragment = 0 } = options
  const payload = join(word(ports[0]), word(ports[1]), word(8 + 20), [0, 0], new Uint8Array(20))
  const start = [0x45, 0, ...word(20 + payload.length), 0, 7, ...word(fragment), 64, protocol, 0, 0]
  const packet = join(start, address(source), address('10.0.0.9'), payload)
  return ethernet(station(2), from, EtherType.IPV4, packet)
}

/** An IPv6 packet of any payload; `extensions` are whole headers but for their first octet. */
export function ipv6From(
  source: string,
  next: number,
  payload: Uint8Array,
  { from = station(1), to = 'ff02::1' } = {},
): Uint8Array {
  const start = [0x60, 0, 0, 0, ...word(payload.length), next, 255]
  const packet = join(start, address(source), address(to), payload)
  return ethernet(ALL_NODES, from, EtherType.IPV6, packet)
}

/** Link-layer address options: 1 of the source, 2 of the target. */
export function linkOption(kind: 1 | 2, mac: Uint8Array): number[] {
  return [kind, 1, ...mac]
}

/** An ICMPv6 message: of solicitations and advertisements with their target. */
export function icmpv6(type: number, target?: string, options: readonly number[] = []) {
  const rest = target === undefined ? [] : address(target)
  return Uint8Array.from([type, 0, 0, 0, 0, 0, 0, 0, ...rest, ...options])
}

/** An extension header of 8 octets before `payload`. */
export function extended(next: number, payload: Uint8Array): Uint8Array {
  return join([next, 0, 1, 4, 0, 0, 0, 0], payload)
}

/** A fragment header before `payload`; `offset` is in octets. */
export function fragment(next: number, payload: Uint8Array, offset = 0, more = true): Uint8Array {
  return join([next, 0, ...word(offset | (more ? 1 : 0)), 0, 0, 0, 7], payload)
}

/** LLC and SNAP (RFC 1042) before the EtherType of a frame; `length` is what 802.3 states. */
export function snapped(frame: Uint8Array, length?: number, oui = [0, 0, 0]): Uint8Array {
  const inner = join([0xaa, 0xaa, 3], oui, frame.subarray(12))
  return join(frame.subarray(0, 12), word(length ?? inner.length), inner)
}
