/**
 * The headers around what a UDP socket is given and gives, as devices of the underlay have them: Ethernet without
 * MACs, IP without options, which is not to be cut (RFC 7348 4.3), and UDP without a checksum.
 */
import { formatAddress, parseAddress } from '../config/address.js'
import { checksumOf, sumOf } from './checksum.js'
import { u16 } from './locate.js'

/** What stands in the headers around a frame. */
export interface OuterHeaders {
  source: string
  destination: string
  sourcePort: number
  destinationPort: number
  /** TTL or hop limit. */
  ttl: number
  dscp: number
  /** RFC 3168: 0 not-ECT, 1 ECT(1), 2 ECT(0), 3 CE. */
  ecn: number
}

export const ETHERNET = 14
export const UDP = { PROTOCOL: 17, HEADER: 8 } as const
/** Octets of an IP header, and of an address, which are the last in it. */
const HEADER = { 4: 20, 6: 40 } as const
const ADDRESS = { 4: 4, 6: 16 } as const
const EtherType = { 4: 0x0800, 6: 0x86dd } as const
const DF = 0x4000
/** UDP says its length, with its header, in 16 bits, IPv4 that of all. */
export const PAYLOAD_MAX = { 4: 0xffff - 20 - UDP.HEADER, 6: 0xffff - UDP.HEADER } as const

/** A UDP payload behind its headers. @param payload of PAYLOAD_MAX octets at most */
export function wrap(payload: Uint8Array, headers: OuterHeaders): Uint8Array {
  const { sourcePort, destinationPort, ttl, dscp, ecn } = headers
  const { bytes: source, family } = parseAddress(headers.source)
  const { bytes: destination } = parseAddress(headers.destination)
  const udp = ETHERNET + HEADER[family]
  const length = UDP.HEADER + payload.length
  const frame = new Uint8Array(udp + length)
  const view = new DataView(frame.buffer)
  const service = (dscp << 2) | ecn
  view.setUint16(12, EtherType[family])
  frame.set(source, udp - 2 * ADDRESS[family])
  frame.set(destination, udp - ADDRESS[family])
  if (family === 4) {
    view.setUint16(14, 0x4500 | service)
    view.setUint16(16, 20 + length)
    view.setUint16(20, DF)
    view.setUint16(22, (ttl << 8) | UDP.PROTOCOL)
    view.setUint16(24, checksumOf(sumOf(frame, ETHERNET, udp)))
  } else {
    view.setUint16(14, 0x6000 | (service << 4))
    view.setUint16(18, length)
    view.setUint16(20, (UDP.PROTOCOL << 8) | ttl)
  }
  view.setUint16(udp, sourcePort)
  view.setUint16(udp + 2, destinationPort)
  view.setUint16(udp + 4, length)
  frame.set(payload, udp + UDP.HEADER)
  return frame
}

/** The same the other way round, of a frame that the packet path has made: nothing of it is checked. */
export function unwrap(frame: Uint8Array): OuterHeaders & { payload: Uint8Array } {
  const family = u16(frame, 12) === EtherType[4] ? 4 : 6
  const udp = ETHERNET + HEADER[family]
  const service = family === 4 ? (frame[15] as number) : (u16(frame, 14) >>> 4) & 0xff
  const address = (at: number) => formatAddress(frame.subarray(at, at + ADDRESS[family]))
  return {
    source: address(udp - 2 * ADDRESS[family]),
    destination: address(udp - ADDRESS[family]),
    sourcePort: u16(frame, udp),
    destinationPort: u16(frame, udp + 2),
    ttl: frame[family === 4 ? 22 : 21] as number,
    dscp: service >>> 2,
    ecn: service & 3,
    payload: frame.subarray(udp + UDP.HEADER),
  }
}
