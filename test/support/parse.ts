/** Reads a frame as a receiver would: written from the RFCs, shares nothing with the dataplane. */
import { fold, internetSum, pseudoHeaderSum } from './checksum.js'
import { EtherType, Extension, TCP, UDP } from './frames.js'

export interface Transport {
  kind: 'tcp' | 'udp'
  version: 4 | 6
  /** Offsets from the frame's start: IP header, transport header, payload, end of the packet. */
  l3: number
  l4: number
  payload: number
  end: number
}

/** Why there is no TCP or UDP header to be found. */
export interface Unfit {
  kind: 'other' | 'truncated' | 'chain'
}

/** At most 8 extension headers, 256 octets of them (CONFORMANCE T10). */
const CHAIN_HEADERS = 8
const CHAIN_OCTETS = 256

const OTHER: Unfit = { kind: 'other' }
const TRUNCATED: Unfit = { kind: 'truncated' }

function viewOf(frame: Uint8Array): DataView {
  return new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
}

/** Octets before the network header: two tags are looked through, no more. */
export function networkOffset(frame: Uint8Array): number {
  const view = viewOf(frame)
  const tagged = (at: number) => {
    const type = view.getUint16(at)
    return (type === EtherType.VLAN || type === EtherType.QINQ) && frame.length >= at + 6
  }
  if (!tagged(12)) return 14
  return tagged(16) ? 22 : 18
}

/** Finds the TCP or UDP header of a whole packet whose lengths all agree. */
export function parse(frame: Uint8Array): Transport | Unfit {
  const l3 = networkOffset(frame)
  const type = viewOf(frame).getUint16(l3 - 2)
  if (type === EtherType.IPV4) return parse4(frame, l3)
  if (type === EtherType.IPV6) return parse6(frame, l3)
  return OTHER
}

function parse4(frame: Uint8Array, l3: number): Transport | Unfit {
  const view = viewOf(frame)
  if (frame.length < l3 + 20) return TRUNCATED
  const first = view.getUint8(l3)
  const header = (first % 16) * 4
  const total = view.getUint16(l3 + 2)
  if (first >> 4 !== 4 || header < 20 || total < header || l3 + total > frame.length) {
    return TRUNCATED
  }
  const fragment = view.getUint16(l3 + 6)
  // More fragments to come, or not the first one.
  if ((fragment & 0x2000) !== 0 || (fragment & 0x1fff) !== 0) return OTHER
  return parseTransport(frame, view.getUint8(l3 + 9), {
    version: 4,
    l3,
    l4: l3 + header,
    end: l3 + total,
  })
}

function parse6(frame: Uint8Array, l3: number): Transport | Unfit {
  const view = viewOf(frame)
  if (frame.length < l3 + 40 || view.getUint8(l3) >> 4 !== 6) return TRUNCATED
  const end = l3 + 40 + view.getUint16(l3 + 4)
  if (end > frame.length) return TRUNCATED
  const followed: number[] = [Extension.HOP_BY_HOP, Extension.ROUTING, Extension.DESTINATION]
  let next = view.getUint8(l3 + 6)
  let l4 = l3 + 40
  for (let count = 1; followed.includes(next); count++) {
    if (count > CHAIN_HEADERS) return { kind: 'chain' }
    if (l4 + 8 > end) return TRUNCATED
    next = view.getUint8(l4)
    l4 += 8 * (view.getUint8(l4 + 1) + 1)
    if (l4 > l3 + 40 + CHAIN_OCTETS) return { kind: 'chain' }
  }
  if (l4 > end) return TRUNCATED
  return parseTransport(frame, next, { version: 6, l3, l4, end })
}

function parseTransport(
  frame: Uint8Array,
  protocol: number,
  found: Omit<Transport, 'kind' | 'payload'>,
): Transport | Unfit {
  const view = viewOf(frame)
  const { l4, end } = found
  if (protocol === UDP) {
    // The checksum covers the length that UDP states: where that is not the packet's, none is right.
    if (l4 + 8 > end || view.getUint16(l4 + 4) !== end - l4) return TRUNCATED
    return { ...found, kind: 'udp', payload: l4 + 8 }
  }
  if (protocol !== TCP) return OTHER
  if (l4 + 20 > end) return TRUNCATED
  const payload = l4 + 4 * (view.getUint8(l4 + 12) >> 4)
  if (payload < l4 + 20 || payload > end) return TRUNCATED
  return { ...found, kind: 'tcp', payload }
}

export function isTransport(parsed: Transport | Unfit): parsed is Transport {
  return parsed.kind === 'tcp' || parsed.kind === 'udp'
}

/** Offset of the checksum field in the transport header. */
export function checksumField({ kind }: Transport): number {
  return kind === 'tcp' ? 16 : 6
}

function pseudo(frame: Uint8Array, { kind, version, l3, l4, end }: Transport): number {
  const at = version === 4 ? l3 + 12 : l3 + 8
  const addresses = frame.subarray(at, at + (version === 4 ? 8 : 32))
  return pseudoHeaderSum(addresses, kind === 'tcp' ? TCP : UDP, end - l4)
}

/** True when a receiver would find the transport checksum right. */
export function checksumIsRight(frame: Uint8Array): boolean {
  const found = parse(frame)
  if (!isTransport(found)) throw new Error(`no TCP or UDP packet: ${found.kind}`)
  return fold(pseudo(frame, found) + internetSum(frame, found.l4, found.end)) === 0xffff
}

/** True when the checksum field holds the pseudo-header's sum, as a partial checksum does. */
export function checksumIsPartial(frame: Uint8Array): boolean {
  const found = parse(frame)
  if (!isTransport(found)) throw new Error(`no TCP or UDP packet: ${found.kind}`)
  return viewOf(frame).getUint16(found.l4 + checksumField(found)) === pseudo(frame, found)
}
