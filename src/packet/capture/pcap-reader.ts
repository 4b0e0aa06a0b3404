/**
 * pcap, the older format (draft-ietf-opsawg-pcap): a file header, then records.
 *
 *       0       4     6     8         12       16        20         24
 *       | magic | maj | min | thiszone| sigfigs | snaplen | linktype |
 *       | seconds | fraction | captured length | original length | octets ...
 */
import type { ByteQueue } from './byte-queue.js'
import { LINKTYPE_ETHERNET, linkTypeText } from './link-type.js'
import { BLOCK_MAX, type CapturedPacket, CaptureFileError, type CaptureInterface } from './types.js'

const FILE_HEADER = 24
const RECORD_HEADER = 16

/** The magic number as its file's byte order reads it, and nanoseconds in a unit of its fraction. */
const units: ReadonlyMap<number, bigint> = new Map([
  [0xa1b2c3d4, 1000n],
  [0xa1b23c4d, 1n],
])

/** The byte order and time unit of a file that begins like this; undefined if it is no pcap file. */
export function pcapMagic(head: DataView): { littleEndian: boolean; unit: bigint } | undefined {
  for (const littleEndian of [true, false]) {
    const unit = units.get(head.getUint32(0, littleEndian))
    if (unit !== undefined) return { littleEndian, unit }
  }
  return undefined
}

export class PcapFormat {
  readonly #littleEndian: boolean
  readonly #unit: bigint
  #interface: CaptureInterface | undefined
  /** Octets of FCS behind every frame. */
  #fcs = 0

  constructor({ littleEndian, unit }: { littleEndian: boolean; unit: bigint }) {
    this.#littleEndian = littleEndian
    this.#unit = unit
  }

  /** The next packet, or undefined while it is not whole. */
  next(queue: ByteQueue): CapturedPacket | undefined {
    this.#interface ??= this.#readHeader(queue)
    return this.#interface && this.#readRecord(queue, this.#interface)
  }

  #readHeader(queue: ByteQueue): CaptureInterface | undefined {
    const header = queue.peek(FILE_HEADER)
    if (!header) return undefined
    const major = header.getUint16(4, this.#littleEndian)
    const minor = header.getUint16(6, this.#littleEndian)
    // Before 2.4 the two lengths of a record may stand the other way round.
    if (major !== 2 || minor !== 4) {
      throw new CaptureFileError(4, `version ${major}.${minor} of pcap; expected 2.4`)
    }
    const snapLength = header.getUint32(16, this.#littleEndian)
    const linkField = header.getUint32(20, this.#littleEndian)
    const linkType = linkField & 0xffff
    if (linkType !== LINKTYPE_ETHERNET) {
      const found = `link type ${linkTypeText(linkType)}`
      throw new CaptureFileError(20, `${found}; only Ethernet frames (1) can be read`)
    }
    // Bit 26 says that the four highest bits are the FCS's length, in units of 16 bits.
    this.#fcs = (linkField & 0x0400_0000) === 0 ? 0 : (linkField >>> 28) * 2
    queue.skip(FILE_HEADER)
    return { index: 0, linkType, snapLength }
  }

  #readRecord(queue: ByteQueue, from: CaptureInterface): CapturedPacket | undefined {
    const header = queue.peek(RECORD_HEADER)
    if (!header) return undefined
    const captured = header.getUint32(8, this.#littleEndian)
    const original = header.getUint32(12, this.#littleEndian)
    if (captured > BLOCK_MAX) {
      const problem = `a packet of ${captured} captured octets; at most ${BLOCK_MAX} can be read`
      throw new CaptureFileError(queue.offset + 8, problem)
    }
    if (captured > original) {
      const problem = `${captured} octets captured of a packet of ${original}`
      throw new CaptureFileError(queue.offset + 8, problem)
    }
    const record = queue.peek(RECORD_HEADER + captured)
    if (!record) return undefined
    const seconds = BigInt(record.getUint32(0, this.#littleEndian))
    const fraction = BigInt(record.getUint32(4, this.#littleEndian))
    const originalLength = Math.max(0, original - this.#fcs)
    const start = record.byteOffset + RECORD_HEADER
    const frame = new Uint8Array(record.buffer, start, Math.min(captured, originalLength)).slice()
    queue.skip(RECORD_HEADER + captured)
    const time = seconds * 1_000_000_000n + fraction * this.#unit
    return { frame, originalLength, time, interface: from, comments: [] }
  }
}
