/** Packets between addresses and ports, and a look at what became of them with every checksum judged. */
import { formatAddress, parseAddress } from '../../src/config/address.js'
import { fold, internetSum, pseudoHeaderSum } from './checksum.js'
import { EtherType, ethernet, join, station, word } from './frames.js'

export const Flag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16 } as const

export interface Ip {
  source: string
  destination: string
  protocol: number
  /** The transport header and what is behind it; its checksum field is filled in if known. */
  payload: Uint8Array
  ttl?: number
  id?: number
  /** Flags and offset of IPv4: DF is 0x4000. */
  fragment?: number
  /** What stands before the payload of IPv6: type and octets of extension headers. */
  extensions?: readonly (readonly [number, Uint8Array])[]
  checksum?: 'complete' | 'partial' | 'none'
}

const FIELD: Record<number, number> = { 1: 2, 6: 16, 17: 6, 58: 2 }

/** An Ethernet frame with the packet. */
export function ipFrame(given: Ip, to = station(2), from = station(1)): Uint8Array {
  const source = parseAddress(given.source)
  const addresses = join(source.bytes, parseAddress(given.destination).bytes)
  const wide = source.family === 6
  const { protocol, checksum = 'complete' } = given
  const payload = Uint8Array.from(given.payload)
  const field = FIELD[protocol]
  if (field !== undefined && checksum !== 'none' && ((given.fragment ?? 0) & 0x1fff) === 0) {
    payload.fill(0, field, field + 2)
    const seed = protocol === 1 ? 0 : pseudoHeaderSum(addresses, protocol, payload.length)
    if (checksum === 'partial') payload.set(word(seed), field)
    else {
      const sum = ~fold(seed + internetSum(payload)) & 0xffff
      payload.set(word(sum === 0 && protocol === 17 ? 0xffff : sum), field)
    }
  }
  const packet = wide ? ipv6(given, addresses, payload) : ipv4(given, addresses, payload)
  return ethernet(to, from, wide ? EtherType.IPV6 : EtherType.IPV4, packet)
}

function ipv4(given: Ip, addresses: Uint8Array, payload: Uint8Array): Uint8Array {
  const { ttl = 64, id = 7, fragment = 0x4000, protocol } = given
  const start = [0x45, 0, ...word(20 + payload.length), ...word(id), ...word(fragment)]
  const header = join(start, [ttl, protocol, 0, 0], addresses)
  header.set(word(~internetSum(header) & 0xffff), 10)
  return join(header, payload)
}

function ipv6(given: Ip, addresses: Uint8Array, payload: Uint8Array): Uint8Array {
  const { ttl = 64, protocol, extensions = [] } = given
  const chain = extensions.map(([type]) => type)
  const extra = join(
    ...extensions.map(([, octets], index) =>
      join([chain[index + 1] ?? protocol], octets.subarray(1)),
    ),
  )
  const length = extra.length + payload.length
  return join(
    [0x60, 0, 0, 0, ...word(length), chain[0] ?? protocol, ttl],
    addresses,
    extra,
    payload,
  )
}

export interface Ends {
  /** `address` and port: `10.0.0.2 4000`. */
  from: readonly [string, number]
  to: readonly [string, number]
}

/** A datagram with these octets, or so many of any. */
export function udp(
  { from, to }: Ends,
  more: Partial<Ip> = {},
  data: number | Uint8Array = 4,
): Uint8Array {
  const octets =
    typeof data === 'number'
      ? Uint8Array.from({ length: data }, (_, at) => (at * 31 + 5) & 0xff)
      : data
  const head = [...word(from[1]), ...word(to[1]), ...word(8 + octets.length), 0, 0]
  const payload = join(head, octets)
  return ipFrame({ source: from[0], destination: to[0], protocol: 17, payload, ...more })
}

export interface Segment {
  flags: number
  sequence?: number
  acknowledgement?: number
  window?: number
  /** Octets, or how many of any. */
  data?: number | Uint8Array
  options?: readonly number[]
}

export function tcp(ends: Ends, segment: Segment, more: Partial<Ip> = {}): Uint8Array {
  const { from, to } = ends
  const { flags, sequence = 0, acknowledgement = 0, window = 8192 } = segment
  const { data = 0, options = [] } = segment
  const long = (value: number) => [...word(value >>> 16), ...word(value & 0xffff)]
  const numbers = [...long(sequence), ...long(acknowledgement)]
  const head = [...word(from[1]), ...word(to[1]), ...numbers, (5 + options.length / 4) << 4, flags]
  const payload = join(
    head,
    [...word(window), 0, 0, 0, 0],
    options,
    typeof data === 'number' ? new Uint8Array(data).fill(0x61) : data,
  )
  return ipFrame({ source: from[0], destination: to[0], protocol: 6, payload, ...more })
}

/** An echo request, or a reply. */
export function echo(
  source: string,
  destination: string,
  identifier: number,
  reply = false,
): Uint8Array {
  const wide = source.includes(':')
  const type = wide ? (reply ? 129 : 128) : reply ? 0 : 8
  const payload = Uint8Array.of(type, 0, 0, 0, ...word(identifier), 0, 1, 1, 2, 3, 4)
  return ipFrame({ source, destination, protocol: wide ? 58 : 1, payload })
}

/** An ICMP error of `source` that quotes what is behind a frame's Ethernet header. */
export function icmpError(
  source: string,
  destination: string,
  [type, code]: readonly [number, number],
  quoted: Uint8Array,
  octets = 500,
): Uint8Array {
  const payload = join([type, code, 0, 0, 0, 0, 0, 0], quoted.subarray(14, 14 + octets))
  const protocol = source.includes(':') ? 58 : 1
  return ipFrame({ source, destination, protocol, payload })
}

export interface Read {
  source: string
  destination: string
  protocol: number
  /** Of UDP and TCP, or the identifier of an echo in both. */
  sourcePort: number
  destinationPort: number
  ttl: number
  id: number
  /** The transport header and all behind. */
  payload: Uint8Array
  /** What is wrong with it, in words. */
  faults: string[]
}

/** Reads a frame and judges its checksums; `partial`: the transport's holds the pseudo-header's sum. */
export function readIp(frame: Uint8Array, partial = false): Read {
  const packet = frame.subarray(14)
  return readPacket(packet, partial, false)
}

/** Reads the packet that an ICMP error quotes; of a part of a packet no transport checksum is judged. */
export function readQuoted(read: Read): Read {
  return readPacket(read.payload.subarray(8), false, true)
}

function readPacket(packet: Uint8Array, partial: boolean, quoted: boolean): Read {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length)
  const wide = view.getUint8(0) >> 4 === 6
  const header = wide
    ? chainOf(packet)
    : { length: (view.getUint8(0) & 15) * 4, protocol: view.getUint8(9) }
  const end = wide ? 40 + view.getUint16(4) : view.getUint16(2)
  const addresses = wide ? packet.subarray(8, 40) : packet.subarray(12, 20)
  const payload = packet.subarray(header.length, end)
  const faults: string[] = []
  if (!wide && internetSum(packet, 0, header.length) !== 0xffff) faults.push('IPv4 header checksum')
  const { protocol } = header
  const later = !wide && (view.getUint16(6) & 0x1fff) !== 0
  const first = !wide && (view.getUint16(6) & 0x2000) !== 0
  const whole = !later && !first && payload.length === end - header.length
  if (whole && (!quoted || end <= packet.length)) {
    const fault = judge(payload, protocol, addresses, partial)
    if (fault) faults.push(fault)
  }
  const l4 = new DataView(payload.buffer, payload.byteOffset, payload.length)
  const ported = (protocol === 6 || protocol === 17) && payload.length >= 4
  const identifier = payload.length >= 6 ? l4.getUint16(4) : 0
  return {
    source: formatAddress(addresses.slice(0, addresses.length / 2)),
    destination: formatAddress(addresses.slice(addresses.length / 2)),
    protocol,
    sourcePort: ported ? l4.getUint16(0) : identifier,
    destinationPort: ported ? l4.getUint16(2) : identifier,
    ttl: wide ? view.getUint8(7) : view.getUint8(8),
    id: wide ? 0 : view.getUint16(4),
    payload,
    faults,
  }
}

function chainOf(packet: Uint8Array): { length: number; protocol: number } {
  let [protocol, length] = [packet[6] as number, 40]
  while ([0, 43, 44, 60].includes(protocol)) {
    const octets = protocol === 44 ? 8 : ((packet[length + 1] as number) + 1) * 8
    protocol = packet[length] as number
    length += octets
  }
  return { length, protocol }
}

function judge(
  payload: Uint8Array,
  protocol: number,
  addresses: Uint8Array,
  partial: boolean,
): string | undefined {
  const field = FIELD[protocol]
  if (field === undefined || payload.length < field + 2) return undefined
  const seed = protocol === 1 ? 0 : pseudoHeaderSum(addresses, protocol, payload.length)
  const held = ((payload[field] as number) << 8) | (payload[field + 1] as number)
  if (partial) return held % 0xffff === seed % 0xffff ? undefined : 'partial checksum'
  if (protocol === 17 && held === 0) return undefined
  return fold(seed + internetSum(payload)) === 0xffff ? undefined : `checksum of ${protocol}`
}
