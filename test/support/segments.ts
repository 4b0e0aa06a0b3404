/**
 * What a super-frame is on a wire, from RFC 9293, RFC 3168, RFC 791 and Linux's documentation of
 * segmentation offloads alone: written octet by octet, with checksums of the tests' own.
 */
import { fold, internetSum, pseudoHeaderSum } from './checksum.js'
import { join, TCP, UDP, word } from './frames.js'
import { parse, type Transport } from './parse.js'
import type { Offloaded } from './rig.js'

const FIN_PSH = 0x09
const CWR = 0x80
const URG = 0x20

/** All segments, complete in every header. */
export function segmentsOf({ header, frame }: Offloaded): Uint8Array[] {
  const found = parse(frame)
  if (found.kind !== 'tcp' && found.kind !== 'udp') throw new Error('no super-frame')
  const payload = frame.subarray(found.payload, found.end)
  const count = Math.ceil(payload.length / header.gsoSize)
  return Array.from({ length: count }, (_, index) => {
    const from = index * header.gsoSize
    const part = payload.subarray(from, from + header.gsoSize)
    const segment = join(frame.subarray(0, found.payload), part)
    if (found.kind === 'tcp') cutTcp(segment, found.l4, from, index === 0, index === count - 1)
    else segment.set(word(8 + part.length), found.l4 + 4)
    if (found.version === 4) cutIPv4(segment, found, index)
    else segment.set(word(segment.length - found.l3 - 40), found.l3 + 4)
    sum(segment, { ...found, end: segment.length })
    return segment
  })
}

function cutTcp(
  segment: Uint8Array,
  l4: number,
  from: number,
  first: boolean,
  last: boolean,
): void {
  const view = new DataView(segment.buffer)
  view.setUint32(l4 + 4, (view.getUint32(l4 + 4) + from) % 2 ** 32)
  let flags = view.getUint8(l4 + 13)
  if (!last) flags &= ~FIN_PSH
  if (!first) flags &= ~CWR
  // The urgent pointer counts from the segment; behind what is urgent there is none.
  const urgent = view.getUint16(l4 + 18) - from
  if (flags & URG) view.setUint16(l4 + 18, Math.max(0, urgent))
  if (!first && urgent <= 0) flags &= ~URG
  view.setUint8(l4 + 13, flags)
}

function cutIPv4(segment: Uint8Array, found: Transport, index: number): void {
  const { l3 } = found
  const view = new DataView(segment.buffer)
  view.setUint16(l3 + 2, segment.length - l3)
  view.setUint16(l3 + 4, (view.getUint16(l3 + 4) + index) % 2 ** 16)
  sumHeader(segment, found)
}

function sumHeader(segment: Uint8Array, { l3, l4 }: Transport): void {
  const view = new DataView(segment.buffer)
  view.setUint16(l3 + 10, 0)
  view.setUint16(l3 + 10, ~internetSum(segment, l3, l4) & 0xffff)
}

/** A frame with some of its octets changed, and all checksums right again. */
export function changed(
  frame: Uint8Array,
  ...changes: readonly (readonly [at: number, ...octets: number[]])[]
): Uint8Array {
  const bytes = Uint8Array.from(frame)
  for (const [at, ...octets] of changes) bytes.set(octets, at)
  const found = parse(bytes)
  if (found.kind !== 'tcp' && found.kind !== 'udp') return bytes
  if (found.version === 4) sumHeader(bytes, found)
  sum(bytes, found)
  return bytes
}

function sum(segment: Uint8Array, { kind, version, l3, l4, end }: Transport): void {
  const at = version === 4 ? l3 + 12 : l3 + 8
  const addresses = segment.subarray(at, at + (version === 4 ? 8 : 32))
  const field = l4 + (kind === 'tcp' ? 16 : 6)
  segment.set([0, 0], field)
  const pseudo = pseudoHeaderSum(addresses, kind === 'tcp' ? TCP : UDP, end - l4)
  const checksum = ~fold(pseudo + internetSum(segment, l4, end)) & 0xffff
  segment.set(word(checksum === 0 && kind === 'udp' ? 0xffff : checksum), field)
}
