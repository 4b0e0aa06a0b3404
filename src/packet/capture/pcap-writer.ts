/** Writes pcap (draft-ietf-opsawg-pcap), for programs that read nothing newer: little-endian, nanoseconds. */
import { LINKTYPE_ETHERNET } from './link-type.js'

/** The file's header. `snapLength`: octets of a frame that are kept. */
export function pcapHeader(snapLength = 262_144): Uint8Array {
  const bytes = new Uint8Array(24)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0xa1b23c4d, true)
  view.setUint16(4, 2, true)
  view.setUint16(6, 4, true)
  view.setUint32(16, snapLength, true)
  view.setUint32(20, LINKTYPE_ETHERNET, true)
  return bytes
}

/**
 * A packet's record.
 *
 * @param time nanoseconds since 1970-01-01 UTC; the format ends in 2106
 * @param originalLength octets on the wire, if not all of them are written
 */
export function pcapRecord(
  frame: Uint8Array,
  time: bigint,
  originalLength = frame.length,
): Uint8Array {
  const bytes = new Uint8Array(16 + frame.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, Number(BigInt.asUintN(32, time / 1_000_000_000n)), true)
  view.setUint32(4, Number(time % 1_000_000_000n), true)
  view.setUint32(8, frame.length, true)
  view.setUint32(12, originalLength, true)
  bytes.set(frame, 16)
  return bytes
}
