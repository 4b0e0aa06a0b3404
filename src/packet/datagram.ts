/** VXLAN datagrams (RFC 7348 section 5) outside the dataplane: read, and made of a frame. */
import { parseAddress } from '../config/address.js'
import { LinkspanError } from '../error.js'
import { checksumOf, sumOf } from './checksum.js'
import { dissect, type Layer } from './dissect/dissect.js'
import { locate, u16 } from './locate.js'
import { ETHERNET, type OuterHeaders, PAYLOAD_MAX, UDP, wrap } from './outer.js'

export interface ReadDatagram extends OuterHeaders {
  /** Of UDP: `right`, `wrong`, `partial`, `absent` or `unchecked`. */
  checksum: string
  /** The VXLAN header: its 8 octets, or as many as there are. */
  header: Uint8Array
  /** What is behind it, and how many octets are before that. */
  inner: Uint8Array
  outer: number
}

const VXLAN = 8
const VNI_FLAG = 0x08

/** The UDP datagram in a frame: whole, and right behind the IP header; undefined where there is none. */
export function readDatagram(frame: Uint8Array): ReadDatagram | undefined {
  const [, ip, udp] = dissect(frame)
  if (!ip || udp?.layer !== 'udp' || isWrong(ip) || isWrong(udp)) return undefined
  const { source, destination, dscp, ecn, flags, ttl, hopLimit } = ip.fields
  if (Array.isArray(flags) && flags.includes('MF')) return undefined
  const { sourcePort, destinationPort, length, checksumState } = udp.fields
  const payload = frame.subarray(udp.offset + UDP.HEADER, udp.offset + Number(length))
  return {
    source: String(source),
    destination: String(destination),
    sourcePort: Number(sourcePort),
    destinationPort: Number(destinationPort),
    ttl: Number(ttl ?? hopLimit),
    dscp: Number(dscp),
    ecn: Number(ecn),
    checksum: String(checksumState),
    header: payload.subarray(0, VXLAN),
    inner: payload.subarray(VXLAN),
    outer: udp.offset + UDP.HEADER + VXLAN,
  }
}

const isWrong = ({ fields }: Layer): boolean =>
  fields.problem !== undefined || fields.truncated !== undefined

/** The VNI in a VXLAN header; undefined where it is cut, or says that it has none. */
export function vniOf(header: Uint8Array): number | undefined {
  const [flags = 0, , , , high = 0, middle = 0, low = 0] = header
  if (header.length < VXLAN || (flags & VNI_FLAG) === 0) return undefined
  return (high << 16) | (middle << 8) | low
}

/** Whether bits are set that RFC 7348 section 5 reserves. */
export function hasReserved(header: Uint8Array): boolean {
  return header.some((octet, at) => (at < 4 || at === 7) && octet !== (at === 0 ? VNI_FLAG : 0))
}

/**
 * The datagrams in a frame: a socket may be given a run of them, from one sender and of one length but the
 * last, as one (UDP_GRO), and so a capture has it. One where it is one, or none that can be read.
 */
export function datagramsIn(frame: Uint8Array): Uint8Array[] {
  const read = readDatagram(frame)
  if (!read) return [frame]
  const at = read.outer - VXLAN
  const end = read.outer + read.inner.length
  const size = VXLAN + lengthOf(read.inner)
  const isRun = read.header.every((octet, index) => frame[at + size + index] === octet)
  if (!isRun || size >= end - at) return [frame]
  const parts: Uint8Array[] = []
  for (let from = at; from < end; from += size) {
    parts.push(withPayload(frame, at, frame.subarray(from, Math.min(from + size, end))))
  }
  return parts
}

/** Octets of a frame by what its IP packet says; all of any other. */
function lengthOf(frame: Uint8Array): number {
  const { etherType, offset } = locate(frame)
  if (offset + 6 > frame.length) return frame.length
  if (etherType === 0x0800) return offset + u16(frame, offset + 2)
  return etherType === 0x86dd ? offset + 40 + u16(frame, offset + 4) : frame.length
}

/** The headers of a UDP datagram, which end `at`, with another payload and no UDP checksum. */
function withPayload(frame: Uint8Array, at: number, payload: Uint8Array): Uint8Array {
  const made = Uint8Array.from([...frame.subarray(0, at), ...payload])
  const length = UDP.HEADER + payload.length
  made.set([...word(length), 0, 0], at - 4)
  if (u16(made, 12) !== 0x0800) made.set(word(length), ETHERNET + 4)
  else {
    made.set(word(made.length - ETHERNET), ETHERNET + 2)
    made.set([0, 0], ETHERNET + 10)
    made.set(word(checksumOf(sumOf(made, ETHERNET, at - UDP.HEADER))), ETHERNET + 10)
  }
  return made
}

/**
 * A frame in a datagram without a UDP checksum, behind an Ethernet header without MACs, as a device of the
 * underlay hands it over.
 *
 * @throws LinkspanError code `INVALID` where no datagram is that long
 */
export function makeDatagram(
  inner: Uint8Array,
  headers: OuterHeaders & { vni: number },
): Uint8Array {
  const { vni } = headers
  const most = PAYLOAD_MAX[parseAddress(headers.source).family] - VXLAN
  if (inner.length > most) {
    const found = `a frame of ${inner.length} octets; expected at most ${most}`
    throw new LinkspanError('INVALID', `${found}, which fit into a datagram`)
  }
  const payload = new Uint8Array(VXLAN + inner.length)
  payload.set([VNI_FLAG, 0, 0, 0, vni >>> 16, (vni >>> 8) & 0xff, vni & 0xff])
  payload.set(inner, VXLAN)
  return wrap(payload, headers)
}

function word(value: number): [number, number] {
  return [(value >>> 8) & 0xff, value & 0xff]
}
