/** Packets for the router, octet by octet, and a reader that checks what it reads as a host would. */
import { formatAddress, parseAddress } from '../../src/config/address.js'
import { internetSum, pseudoHeaderSum } from './checksum.js'
import { BROADCAST, EtherType, ethernet, join, word, ZERO_MAC } from './frames.js'

export const ICMP = 1
export const ICMPV6 = 58
export const UDP = 17
export const TCP = 6

/** An address's octets. */
export function ip(text: string): Uint8Array {
  return parseAddress(text).bytes
}

/** A MAC's octets. */
export function mac(text: string): Uint8Array {
  return Uint8Array.from(text.split(':'), (octet) => Number.parseInt(octet, 16))
}

export function macText(bytes: Uint8Array): string {
  return [...bytes].map((octet) => octet.toString(16).padStart(2, '0')).join(':')
}

export interface ArpMessage {
  operation: 'request' | 'reply'
  sender: string
  target: string
  senderMac: Uint8Array
  targetMac?: Uint8Array
  /** Ethernet addresses, where they are not the usual ones. */
  to?: Uint8Array
  from?: Uint8Array
}

export function arpFrame(message: ArpMessage): Uint8Array {
  const { operation, sender, target, senderMac, targetMac = ZERO_MAC } = message
  const { to = operation === 'request' ? BROADCAST : targetMac, from = senderMac } = message
  const head = [...word(1), ...word(EtherType.IPV4), 6, 4, ...word(operation === 'request' ? 1 : 2)]
  const payload = join(head, senderMac, ip(sender), targetMac, ip(target))
  return ethernet(to, from, EtherType.ARP, payload)
}

export interface ReadArp {
  operation: 'request' | 'reply'
  sender: string
  target: string
  senderMac: string
  targetMac: string
  to: string
  from: string
}

/** The ARP message of a frame, or undefined. */
export function readArp(frame: Uint8Array): ReadArp | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (view.getUint16(12) !== EtherType.ARP) return undefined
  return {
    operation: view.getUint16(20) === 1 ? 'request' : 'reply',
    sender: formatAddress(frame.slice(28, 32)),
    target: formatAddress(frame.slice(38, 42)),
    senderMac: macText(frame.slice(22, 28)),
    targetMac: macText(frame.slice(32, 38)),
    to: macText(frame.slice(0, 6)),
    from: macText(frame.slice(6, 12)),
  }
}

export interface IpOptions {
  source: string
  destination: string
  protocol: number
  payload: Uint8Array
  hops?: number
  id?: number
  /** Flags and offset as they stand in the header; DF if left out. */
  fragment?: number
  options?: readonly number[]
  tos?: number
}

/** An IPv4 or IPv6 packet, by its addresses. */
export function ipPacket(given: IpOptions): Uint8Array {
  return given.source.includes(':') ? ipv6Packet(given) : ipv4Packet(given)
}

function ipv4Packet(given: IpOptions): Uint8Array {
  const { payload, hops = 64, id = 7, fragment = 0x4000, options = [], protocol, tos = 0 } = given
  const length = 20 + options.length
  const start = [0x40 | (length / 4), tos, ...word(length + payload.length), ...word(id)]
  const rest = [...word(fragment), hops, protocol, 0, 0]
  const header = join(start, rest, ip(given.source), ip(given.destination), options)
  header.set(word(~internetSum(header) & 0xffff), 10)
  return join(header, payload)
}

function ipv6Packet({ source, destination, protocol, payload, hops = 64 }: IpOptions): Uint8Array {
  const start = [0x60, 0, 0, 0, ...word(payload.length), protocol, hops]
  return join(start, ip(source), ip(destination), payload)
}

/** Puts the checksum of a transport header in its place; ICMP of IPv4 has no pseudo-header. */
export function sealed(
  given: Pick<IpOptions, 'source' | 'destination' | 'protocol'>,
  segment: Uint8Array,
  field: number,
): Uint8Array {
  const bytes = segment.slice()
  bytes.set([0, 0], field)
  bytes.set(word(~checksumOf(given, bytes) & 0xffff), field)
  return bytes
}

function checksumOf(
  given: Pick<IpOptions, 'source' | 'destination' | 'protocol'>,
  bytes: Uint8Array,
): number {
  if (given.protocol === ICMP) return internetSum(bytes)
  const addresses = join(ip(given.source), ip(given.destination))
  const pseudo = pseudoHeaderSum(addresses, given.protocol, bytes.length)
  const total = pseudo + internetSum(bytes)
  return (total & 0xffff) + (total >>> 16)
}

export interface EchoOptions extends Partial<Omit<IpOptions, 'payload' | 'protocol'>> {
  source: string
  destination: string
  reply?: boolean
  identifier?: number
  sequence?: number
  data?: Uint8Array | number
}

/** An echo request or reply of either family. */
export function echo(given: EchoOptions): Uint8Array {
  const six = given.source.includes(':')
  const protocol = six ? ICMPV6 : ICMP
  const { reply = false, identifier = 77, sequence = 1, data = 56 } = given
  const type = six ? (reply ? 129 : 128) : reply ? 0 : 8
  const octets = typeof data === 'number' ? pattern(data) : data
  const message = join([type, 0, 0, 0, ...word(identifier), ...word(sequence)], octets)
  return ipPacket({ ...given, protocol, payload: sealed({ ...given, protocol }, message, 2) })
}

export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 7 + 3) & 0xff)
}

export interface UdpOptions extends Partial<Omit<IpOptions, 'payload' | 'protocol'>> {
  source: string
  destination: string
  sourcePort?: number
  destinationPort?: number
  data?: Uint8Array | number
}

export function udp(given: UdpOptions): Uint8Array {
  const { sourcePort = 40_000, destinationPort = 33_434, data = 20 } = given
  const octets = typeof data === 'number' ? pattern(data) : data
  const head = [...word(sourcePort), ...word(destinationPort), ...word(8 + octets.length), 0, 0]
  const payload = sealed({ ...given, protocol: UDP }, join(head, octets), 6)
  return ipPacket({ ...given, protocol: UDP, payload })
}

/** A packet in a frame. */
export function framed(to: Uint8Array, from: Uint8Array, packet: Uint8Array): Uint8Array {
  const type = (packet[0] as number) >> 4 === 6 ? EtherType.IPV6 : EtherType.IPV4
  return ethernet(to, from, type, packet)
}

export interface ReadIp {
  to: string
  from: string
  version: 4 | 6
  source: string
  destination: string
  hops: number
  protocol: number
  id: number
  /** Flags and offset of IPv4. */
  fragment: number
  options: Uint8Array
  payload: Uint8Array
  length: number
}

/**
 * The packet of a frame, or undefined where it holds none. Throws if a length or the checksum of the
 * IP header or of a whole ICMP, UDP or TCP message is wrong.
 */
export function readIp(frame: Uint8Array, at = 14): ReadIp | undefined {
  const type = ((frame[at - 2] as number) << 8) | (frame[at - 1] as number)
  if (type !== EtherType.IPV4 && type !== EtherType.IPV6) return undefined
  const to = macText(frame.slice(0, 6))
  const from = macText(frame.slice(6, 12))
  const packet = frame.slice(at)
  const read = type === EtherType.IPV4 ? read4(packet) : read6(packet)
  if ((read.fragment & 0x3fff) === 0) checkTransport(read)
  return { to, from, ...read }
}

type ReadPacket = Omit<ReadIp, 'to' | 'from'>

function read4(packet: Uint8Array): ReadPacket {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  const header = (view.getUint8(0) & 15) * 4
  const length = view.getUint16(2)
  if (view.getUint8(0) >> 4 !== 4 || length !== packet.length) throw new Error('wrong length')
  if (internetSum(packet, 0, header) !== 0xffff) throw new Error('wrong IPv4 header checksum')
  return {
    version: 4,
    source: formatAddress(packet.slice(12, 16)),
    destination: formatAddress(packet.slice(16, 20)),
    hops: view.getUint8(8),
    protocol: view.getUint8(9),
    id: view.getUint16(4),
    fragment: view.getUint16(6),
    options: packet.slice(20, header),
    payload: packet.slice(header),
    length,
  }
}

function read6(packet: Uint8Array): ReadPacket {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  const length = 40 + view.getUint16(4)
  if (view.getUint8(0) >> 4 !== 6 || length !== packet.length) throw new Error('wrong length')
  return {
    version: 6,
    source: formatAddress(packet.slice(8, 24)),
    destination: formatAddress(packet.slice(24, 40)),
    hops: view.getUint8(7),
    protocol: view.getUint8(6),
    id: 0,
    fragment: 0,
    options: new Uint8Array(),
    payload: packet.slice(40),
    length,
  }
}

function checkTransport(packet: ReadPacket): void {
  const { protocol, payload } = packet
  if (![ICMP, ICMPV6, UDP, TCP].includes(protocol)) return
  if (protocol === UDP && payload[6] === 0 && payload[7] === 0) {
    if (packet.version === 4) return
    throw new Error('UDP over IPv6 without a checksum')
  }
  if (checksumOf(packet, payload) !== 0xffff) throw new Error(`wrong checksum of ${protocol}`)
}
