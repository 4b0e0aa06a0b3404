/** Frames octet by octet, with right checksums or with partial ones and the header that says so. */
import { fold, internetSum, pseudoHeaderSum } from './checksum.js'
import type { Offloaded } from './rig.js'
import { Gso, NEEDS_CSUM, NOTHING } from './virtio.js'

export const BROADCAST = Uint8Array.of(255, 255, 255, 255, 255, 255)
export const ZERO_MAC = new Uint8Array(6)

/** EtherTypes. 88B5 is for experiments (IEEE 802): nobody looks into it. */
export const EtherType = {
  IPV4: 0x0800,
  ARP: 0x0806,
  VLAN: 0x8100,
  IPV6: 0x86dd,
  QINQ: 0x88a8,
  LOCAL: 0x88b5,
} as const

export const TCP = 6
export const UDP = 17
export const ICMP = 1

/** IPv6 extension headers (RFC 8200 4.1). */
export const Extension = { HOP_BY_HOP: 0, ROUTING: 43, FRAGMENT: 44, DESTINATION: 60 } as const

/** The MAC of station `number`: locally administered, individual. */
export function station(number: number): Uint8Array {
  return Uint8Array.of(0x02, 0, 0, number >>> 16, number >>> 8, number)
}

/** The IPv4 multicast MAC of group `number` (RFC 1112 6.4). */
export function group(number: number): Uint8Array {
  return Uint8Array.of(0x01, 0, 0x5e, 0, number >>> 8, number)
}

export function join(...parts: (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

export function word(value: number): [number, number] {
  return [(value >>> 8) & 0xff, value & 0xff]
}

/** An 802.1Q tag. */
export interface Tag {
  vid: number
  type?: number
}

export function ethernet(
  to: Uint8Array,
  from: Uint8Array,
  type: number,
  payload: Uint8Array,
  tags: readonly Tag[] = [],
): Uint8Array {
  const tagged = tags.flatMap((tag) => [...word(tag.type ?? EtherType.VLAN), ...word(tag.vid)])
  const head = [...to, ...from, ...tagged, ...word(type)]
  const frame = new Uint8Array(head.length + payload.length)
  frame.set(head)
  frame.set(payload, head.length)
  return frame
}

/** A frame that is nothing but addresses and `length` octets; `mark` tells it from others. */
export function frame(to: Uint8Array, from: Uint8Array, mark = 0, length = 60): Uint8Array {
  const payload = new Uint8Array(length - 14)
  new DataView(payload.buffer).setUint32(0, mark)
  return ethernet(to, from, EtherType.LOCAL, payload)
}

/** The mark of such a frame. */
export function markOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(14)
}

/** Who has `number`'s address? (RFC 826) */
export function arp(from: number): Uint8Array {
  const head = [...word(1), ...word(EtherType.IPV4), 6, 4, ...word(1)]
  const payload = join(head, station(from), address4(from), ZERO_MAC, address4(from + 1))
  return ethernet(BROADCAST, station(from), EtherType.ARP, payload)
}

function address4(number: number): number[] {
  return [10, 55, ...word(number)]
}

function address6(number: number): number[] {
  return [0xfd, 0x55, ...new Array<number>(12).fill(0), ...word(number)]
}

export interface PacketOptions {
  to?: Uint8Array
  from?: Uint8Array
  tags?: readonly Tag[]
  version?: 4 | 6
  protocol?: 'tcp' | 'udp'
  /** Octets, or how many of a pattern. */
  payload?: Uint8Array | number
  /** Octets of IPv4 options, of TCP options: multiples of 4. */
  options?: number
  tcpOptions?: number
  /** IPv6 extension headers: type, octets (a multiple of 8). */
  extensions?: readonly (readonly [type: number, octets: number])[]
  /** Flags and offset of IPv4. */
  fragment?: number
  checksum?: 'complete' | 'partial'
  /** Octets behind the packet, as Ethernet pads short frames. */
  padding?: number
}

/** Where things are in a packet, from the frame's start. */
export interface Layout {
  l3: number
  l4: number
  payload: number
  end: number
}

export interface Packet extends Offloaded {
  layout: Layout
}

/** A TCP or UDP packet. With a partial checksum the header asks to complete it. */
export function packet(given: PacketOptions = {}): Packet {
  const { to = station(2), from = station(1), tags = [], version = 4, padding = 0 } = given
  const { protocol = 'tcp', checksum = 'complete' } = given
  const l3 = 14 + 4 * tags.length
  const segment = transport(given)
  const addresses =
    version === 4 ? [...address4(1), ...address4(2)] : [...address6(1), ...address6(2)]
  const number = protocol === 'tcp' ? TCP : UDP
  const field = protocol === 'tcp' ? 16 : 6
  const seed = pseudoHeaderSum(Uint8Array.from(addresses), number, segment.bytes.length)
  segment.bytes.set(word(seed), field)
  if (checksum === 'complete') complete(segment.bytes, field)
  const head =
    version === 4
      ? ipv4(given, addresses, segment.bytes.length)
      : ipv6(given, addresses, segment.bytes.length)
  const type = version === 4 ? EtherType.IPV4 : EtherType.IPV6
  const l4 = l3 + head.length
  const end = l4 + segment.bytes.length
  const body = new Uint8Array(head.length + segment.bytes.length + padding)
  body.set(head)
  body.set(segment.bytes, head.length)
  body.fill(0xee, head.length + segment.bytes.length)
  const header =
    checksum === 'complete'
      ? { ...NOTHING }
      : { ...NOTHING, flags: NEEDS_CSUM, checksumStart: l4, checksumOffset: field }
  const layout = { l3, l4, payload: l4 + segment.header, end }
  return { frame: ethernet(to, from, type, body, tags), header, layout }
}

/** A packet of many segments, as an offloading sender hands it over. */
export function superFrame(gsoSize: number, options: PacketOptions = {}): Packet {
  const { protocol = 'tcp', version = 4 } = options
  const made = packet({ ...options, checksum: 'partial' })
  const tcp = version === 4 ? Gso.TCPV4 : Gso.TCPV6
  const gsoType = protocol === 'tcp' ? tcp : Gso.UDP_L4
  return {
    ...made,
    header: { ...made.header, gsoType, gsoSize, headerLength: made.layout.payload },
  }
}

function payloadOf({ payload = 100 }: PacketOptions): Uint8Array {
  if (typeof payload !== 'number') return payload
  return Uint8Array.from({ length: payload }, (_, at) => (at * 7 + 3) & 0xff)
}

/** Header and payload, the checksum field zero. */
function transport(options: PacketOptions): { bytes: Uint8Array; header: number } {
  const payload = payloadOf(options)
  const ports = [...word(40_000), ...word(5432)]
  let head: number[]
  if (options.protocol === 'udp') {
    head = [...ports, ...word(8 + payload.length), 0, 0]
  } else {
    const { tcpOptions = 0 } = options
    const numbers = [0, 0, 0, 1, 0, 0, 0, 2]
    const rest = [...word(0xffff), 0, 0, 0, 0, ...new Array<number>(tcpOptions).fill(1)]
    head = [...ports, ...numbers, ((20 + tcpOptions) / 4) << 4, 0x18, ...rest]
  }
  const bytes = new Uint8Array(head.length + payload.length)
  bytes.set(head)
  bytes.set(payload, head.length)
  return { bytes, header: head.length }
}

/** Turns the pseudo-header's sum in the field into the checksum. */
function complete(segment: Uint8Array, field: number): void {
  const sum = ~internetSum(segment) & 0xffff
  segment.set(word(sum === 0 && field === 6 ? 0xffff : sum), field)
}

function ipv4(options: PacketOptions, addresses: readonly number[], payload: number): Uint8Array {
  const { options: octets = 0, fragment = 0x4000 } = options
  const length = 20 + octets
  const protocol = options.protocol === 'udp' ? UDP : TCP
  const start = [0x40 | (length / 4), 0, ...word(length + payload), ...word(7), ...word(fragment)]
  const header = join(start, [64, protocol, 0, 0], addresses, new Uint8Array(octets).fill(1))
  header.set(word(~fold(internetSum(header)) & 0xffff), 10)
  return header
}

function ipv6(options: PacketOptions, addresses: readonly number[], payload: number): Uint8Array {
  const { extensions = [] } = options
  const protocol = options.protocol === 'udp' ? UDP : TCP
  const chain = extensions.map(([type]) => type)
  const extra = extensions.flatMap(([, octets], index) => {
    const next = chain[index + 1] ?? protocol
    return [next, octets / 8 - 1, ...new Array<number>(octets - 2).fill(0)]
  })
  const length = extra.length + payload
  const start = [0x60, 0, 0, 0, ...word(length), chain[0] ?? protocol, 64]
  return join(start, addresses, extra)
}
