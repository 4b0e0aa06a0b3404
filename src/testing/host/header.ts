/** IP headers, written and read: RFC 791 and RFC 8200, of both what the other one has too. */
import { checksumOf, sumOf } from '../../packet/checksum.js'
import { copy, EtherType, setU16, setU32, u16, u32 } from './wire.js'

export interface HeaderFields {
  protocol: number
  from: Uint8Array
  to: Uint8Array
  ttl: number
  /** DSCP and ECN (RFC 2474, RFC 3168). */
  trafficClass: number
  /** Octets behind the header. */
  payload: number
  /** Of all fragments of a packet. */
  id: number
  /** Octets of the packet before this fragment's, and whether more come. */
  offset: number
  more: boolean
  /** Of IPv4: routers are to tell instead. */
  dontFragment: boolean
}

/** What was read of a header. */
export interface ReadHeader {
  protocol: number
  ttl: number
  trafficClass: number
  id: number
  offset: number
  more: boolean
  /** Where the payload begins and ends in the frame. */
  start: number
  end: number
  /** Where source and destination are; they stand one behind the other. */
  source: number
  destination: number
}

export interface HeaderCodec {
  readonly family: 4 | 6
  readonly etherType: number
  /** Octets of an address, of a header, and of what a fragment has on top. */
  readonly address: 4 | 16
  readonly header: number
  readonly fragmentHeader: number
  /** The smallest MTU that a link may have (RFC 791, RFC 8200 5). */
  readonly leastMtu: number
  /** Writes a header; returns how long it is. */
  write(into: Uint8Array, at: number, fields: HeaderFields): number
  /** False where it is no packet, or damaged. */
  read(frame: Uint8Array, at: number, into: ReadHeader): boolean
}

const VERSION_4 = 0x45
const DF = 0x4000
const MF = 0x2000
const OFFSET = 0x1fff

export const header4: HeaderCodec = {
  family: 4,
  etherType: EtherType.IPV4,
  address: 4,
  header: 20,
  fragmentHeader: 0,
  leastMtu: 68,

  write(into, at, fields) {
    const { protocol, from, to, ttl, payload, id, offset, more, dontFragment } = fields
    into[at] = VERSION_4
    into[at + 1] = fields.trafficClass
    setU16(into, at + 2, 20 + payload)
    setU16(into, at + 4, id & 0xffff)
    setU16(into, at + 6, (dontFragment ? DF : 0) | (more ? MF : 0) | (offset >>> 3))
    into[at + 8] = ttl
    into[at + 9] = protocol
    setU16(into, at + 10, 0)
    copy(from, 0, 4, into, at + 12)
    copy(to, 0, 4, into, at + 16)
    setU16(into, at + 10, checksumOf(sumOf(into, at, at + 20)))
    return 20
  },

  read(frame, at, into) {
    if (frame.length < at + 20) return false
    const first = frame[at] as number
    const length = (first & 15) * 4
    const total = u16(frame, at + 2)
    if (first >>> 4 !== 4 || length < 20 || total < length || at + total > frame.length)
      return false
    if (sumOf(frame, at, at + length) !== 0xffff) return false
    const fragment = u16(frame, at + 6)
    into.protocol = frame[at + 9] as number
    into.ttl = frame[at + 8] as number
    into.trafficClass = frame[at + 1] as number
    into.id = u16(frame, at + 4)
    into.offset = (fragment & OFFSET) * 8
    into.more = (fragment & MF) !== 0
    into.start = at + length
    into.end = at + total
    into.source = at + 12
    into.destination = at + 16
    return true
  },
}

/** RFC 8200 4: the extension headers that a host reads over. */
const Extension = { HOP_BY_HOP: 0, ROUTING: 43, FRAGMENT: 44, DESTINATION: 60 } as const

export const header6: HeaderCodec = {
  family: 6,
  etherType: EtherType.IPV6,
  address: 16,
  header: 40,
  fragmentHeader: 8,
  leastMtu: 1280,

  write(into, at, { protocol, from, to, ttl, trafficClass, payload, id, offset, more }) {
    const isFragment = more || offset > 0
    setU32(into, at, 0x60000000 | (trafficClass << 20))
    setU16(into, at + 4, payload + (isFragment ? 8 : 0))
    into[at + 6] = isFragment ? Extension.FRAGMENT : protocol
    into[at + 7] = ttl
    copy(from, 0, 16, into, at + 8)
    copy(to, 0, 16, into, at + 24)
    if (!isFragment) return 40
    into[at + 40] = protocol
    into[at + 41] = 0
    setU16(into, at + 42, offset | (more ? 1 : 0))
    setU32(into, at + 44, id)
    return 48
  },

  read(frame, at, into) {
    if (frame.length < at + 40 || (frame[at] as number) >>> 4 !== 6) return false
    into.end = at + 40 + u16(frame, at + 4)
    if (into.end > frame.length) return false
    into.ttl = frame[at + 7] as number
    into.trafficClass = (u16(frame, at) >>> 4) & 0xff
    into.source = at + 8
    into.destination = at + 24
    into.offset = 0
    into.more = false
    return readExtensions(frame, frame[at + 6] as number, at + 40, into)
  },
}

/** Goes over extension headers to what is behind them; false where they are cut or want a router. */
function readExtensions(frame: Uint8Array, first: number, at: number, into: ReadHeader): boolean {
  let type = first
  let start = at
  while (isExtension(type)) {
    if (start + 8 > into.end) return false
    if (type === Extension.ROUTING && frame[start + 3] !== 0) return false
    if (type === Extension.FRAGMENT) {
      const word = u16(frame, start + 2)
      into.offset = word & 0xfff8
      into.more = (word & 1) === 1
      into.id = u32(frame, start + 4)
    }
    const length = type === Extension.FRAGMENT ? 8 : ((frame[start + 1] as number) + 1) * 8
    type = frame[start] as number
    start += length
    // What follows a later fragment is payload, whatever it looks like.
    if (into.offset > 0) break
  }
  into.protocol = type
  into.start = start
  return start <= into.end
}

function isExtension(type: number): boolean {
  return (
    type === Extension.HOP_BY_HOP ||
    type === Extension.DESTINATION ||
    type === Extension.ROUTING ||
    type === Extension.FRAGMENT
  )
}

/**
 * The header that is written or read: one for all hosts, since none is interrupted. With one each, a lab
 * of a thousand hosts would wait for memory most of the time.
 */
const nobody = new Uint8Array(0)
export const written: HeaderFields = {
  protocol: 0,
  from: nobody,
  to: nobody,
  ttl: 0,
  trafficClass: 0,
  payload: 0,
  id: 0,
  offset: 0,
  more: false,
  dontFragment: false,
}
export const lastRead: ReadHeader = {
  protocol: 0,
  ttl: 0,
  trafficClass: 0,
  id: 0,
  offset: 0,
  more: false,
  start: 0,
  end: 0,
  source: 0,
  destination: 0,
}
