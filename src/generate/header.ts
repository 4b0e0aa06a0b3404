/**
 * What a stamped frame carries where its payload begins: 32 octets, big-endian.
 *
 *   0        4        8        12       16                24               32
 *   │ magic  │ stream │ flow   │ check  │ sequence number │ time           │ pattern …
 *
 * - magic: 0x4c53474e, "LSGN".
 * - stream: of one run, drawn at random, so that frames of another run are not taken for ours.
 * - flow: from 0.
 * - check: of stream, flow, sequence number and time ({@link checkOf}); one that is wrong is damage.
 * - sequence number: u64, from 0, of the flow. Of the flow and not of the stream, since nobody promises
 *   an order between flows: a switch with several workers keeps that of a flow only, and what it may do
 *   is not to be counted as reordering.
 * - time: u64, nanoseconds of CLOCK_MONOTONIC when the batch that the frame is in was made up.
 */
export const HEADER = {
  magic: 0,
  stream: 4,
  flow: 8,
  check: 12,
  sequence: 16,
  time: 24,
} as const

export const HEADER_SIZE = 32
export const MAGIC = 0x4c53474e

/** 2^32. */
export const WORD = 0x1_0000_0000

/** Of the words as they stand in the header, the numbers of 64 bits as two words each. */
export function checkOf(
  stream: number,
  flow: number,
  sequenceHigh: number,
  sequenceLow: number,
  timeHigh: number,
  timeLow: number,
): number {
  let mixed = Math.imul(stream ^ MAGIC, 0x9e3779b1)
  mixed = Math.imul((mixed ^ (mixed >>> 15)) + flow, 0x85ebca6b)
  mixed = Math.imul((mixed ^ (mixed >>> 13)) + sequenceLow, 0xc2b2ae35)
  mixed = Math.imul((mixed ^ (mixed >>> 16)) + sequenceHigh, 0x9e3779b1)
  mixed = Math.imul((mixed ^ (mixed >>> 15)) + timeLow, 0x85ebca6b)
  mixed = Math.imul((mixed ^ (mixed >>> 13)) + timeHigh, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
