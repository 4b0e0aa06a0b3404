/** Packets between endpoints, with what a header may have beside the usual. */
import { join, word } from '../frames.js'
import { ICMP, type IpOptions, ipPacket, sealed, TCP, UDP } from '../ip.js'

/** Address and port, or echo identifier. */
export type Endpoint = readonly [string, number]

export type More = Partial<Pick<IpOptions, 'hops' | 'id' | 'fragment' | 'options' | 'tos'>> & {
  /** A checksum that is wrong: of the transport, or of the IP header. */
  wrong?: 'transport' | 'header'
  /** UDP without one. */
  unsummed?: boolean
}

export const DF = 0x4000

export const Flag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32 } as const

export interface Segment {
  flags: number
  sequence: number
  acknowledgement?: number
  window?: number
  options?: readonly number[]
  data?: Uint8Array
}

const long = (value: number) => [...word(value >>> 16), ...word(value & 0xffff)]

export function tcp(from: Endpoint, to: Endpoint, segment: Segment, more: More = {}): Uint8Array {
  const { flags, sequence, acknowledgement = 0, window = 8192, options = [] } = segment
  const header = [
    ...word(from[1]),
    ...word(to[1]),
    ...long(sequence),
    ...long(acknowledgement),
    (5 + options.length / 4) << 4,
    flags,
    ...word(window),
    ...[0, 0, 0, 0],
    ...options,
  ]
  return packet(from, to, TCP, join(header, segment.data ?? []), more)
}

export function udp(from: Endpoint, to: Endpoint, data: Uint8Array, more: More = {}): Uint8Array {
  const header = [...word(from[1]), ...word(to[1]), ...word(8 + data.length), 0, 0]
  return packet(from, to, UDP, join(header, data), more)
}

/** An echo request, or the reply to one; `identifier` is that of whoever sends or gets it. */
export function echo(
  from: string,
  to: string,
  identifier: number,
  given: { reply?: boolean; sequence: number; data: Uint8Array },
  more: More = {},
): Uint8Array {
  const head = [given.reply ? 0 : 8, 0, 0, 0, ...word(identifier), ...word(given.sequence)]
  return packet([from, 0], [to, 0], ICMP, join(head, given.data), more)
}

/** An error about a packet; `rest` is the word behind the checksum: an MTU, a pointer. */
export function icmpError(
  from: string,
  to: string,
  [type, code]: readonly [number, number],
  quoted: Uint8Array,
  { rest = 0, ...more }: More & { rest?: number } = {},
): Uint8Array {
  const message = join([type, code, 0, 0, ...long(rest)], quoted)
  return packet([from, 0], [to, 0], ICMP, message, { tos: 0xc0, fragment: 0, ...more })
}

export function packet(
  [source]: Endpoint,
  [destination]: Endpoint,
  protocol: number,
  transport: Uint8Array,
  { wrong, unsummed, ...more }: More = {},
): Uint8Array {
  const field = { [ICMP]: 2, [TCP]: 16, [UDP]: 6 }[protocol]
  const given = { source, destination, protocol }
  const payload = field === undefined ? transport : sealed(given, transport, field)
  if (field !== undefined && wrong === 'transport') flip(payload, field)
  // A sum of zero is sent as ffff (RFC 768).
  if (protocol === UDP && payload[6] === 0 && payload[7] === 0) payload.set([255, 255], 6)
  if (unsummed) payload.set([0, 0], 6)
  const made = ipPacket({ ...given, ...more, payload })
  if (wrong === 'header') flip(made, 10)
  return made
}

function flip(bytes: Uint8Array, at: number): void {
  bytes[at] = (bytes[at] as number) ^ 0x55
}

/** A whole packet's fragments, of `size` octets of payload each but the last. */
export function fragmentsOf(whole: Uint8Array, size: number): Uint8Array[] {
  const header = ((whole[0] as number) & 15) * 4
  const payload = whole.subarray(header)
  const [source, destination] = [12, 16].map((at) => whole.subarray(at, at + 4).join('.'))
  return Array.from({ length: Math.ceil(payload.length / size) }, (_, index) => {
    const part = payload.subarray(index * size, (index + 1) * size)
    const more = (index + 1) * size < payload.length ? 0x2000 : 0
    return ipPacket({
      source: source as string,
      destination: destination as string,
      protocol: whole[9] as number,
      id: ((whole[4] as number) << 8) | (whole[5] as number),
      hops: whole[8] as number,
      fragment: more | ((index * size) / 8),
      payload: part,
    })
  })
}
