/**
 * A TCP segment (RFC 9293 3.1), read.
 *
 * ```
 *  0                   1                   2                   3
 * |          source port          |       destination port        |  0
 * |                        sequence number                        |  4
 * |                     acknowledgment number                     |  8
 * | offset|  res  |     flags     |            window             | 12
 * |           checksum            |        urgent pointer         | 16
 * |                    options, 0 to 40 octets                    | 20
 * ```
 * Big-endian. `Segment.read` is the check at the door; behind it nothing is checked again.
 */
import { u16, u32 } from './octets.js'
import { clearOptions, readOptions, SACK_BLOCKS } from './options.js'

/** IANA's number. */
export const PROTOCOL = 6
export const HEADER = 20
/** Offset of the checksum. */
export const CHECKSUM = 16

export const FIN = 0x01
export const SYN = 0x02
export const RST = 0x04
export const PSH = 0x08
export const ACK = 0x10

/** How far `a` is behind `b` in sequence space, -2^31 to 2^31 - 1. */
export const distance = (a: number, b: number): number => (a - b) | 0

/** The segment that is being received. A stack has one and reads each into it. */
export class Segment {
  bytes: Uint8Array = new Uint8Array(0)
  sourcePort = 0
  destinationPort = 0
  /** u32 */
  sequence = 0
  /** u32; means something with the flag ACK only. */
  acknowledgment = 0
  flags = 0
  /** As it stands there, not scaled. */
  window = 0
  /** Where the payload begins. */
  payload = 0
  /** Octets of payload. */
  length = 0

  /** Option 2; 0 where there is none. */
  mss = 0
  /** Option 3; -1 where there is none. */
  windowScale = -1
  sackPermitted = false
  hasTimestamps = false
  timestamp = 0
  timestampEcho = 0
  /** Numbers in `sack`: twice that of the blocks. */
  sackCount = 0
  /** Left and right edges, u32. */
  readonly sack = new Uint32Array(2 * SACK_BLOCKS)

  /** @returns false where header, length or options are malformed: nothing may be done with it then */
  read(bytes: Uint8Array): boolean {
    if (bytes.length < HEADER) return false
    const header = ((bytes[12] as number) >>> 4) * 4
    if (header < HEADER || header > bytes.length) return false
    this.bytes = bytes
    this.sourcePort = u16(bytes, 0)
    this.destinationPort = u16(bytes, 2)
    this.sequence = u32(bytes, 4)
    this.acknowledgment = u32(bytes, 8)
    this.flags = bytes[13] as number
    this.window = u16(bytes, 14)
    this.payload = header
    this.length = bytes.length - header
    clearOptions(this)
    // Port 0 is nobody's (RFC 6335 6).
    if (this.sourcePort === 0 || this.destinationPort === 0) return false
    return header === HEADER || readOptions(this, bytes, HEADER, header)
  }

  /** Octets of sequence space: SYN and FIN count one each. */
  get extent(): number {
    return this.length + ((this.flags >>> 1) & 1) + (this.flags & 1)
  }
}
