/** Reads capture files of both formats as their octets come in. */
import { ByteQueue } from './byte-queue.js'
import { PcapFormat, pcapMagic } from './pcap-reader.js'
import { BLOCK } from './pcapng.js'
import { PcapngFormat } from './pcapng-reader.js'
import { type CapturedPacket, CaptureFileError, type Truncation } from './types.js'

/** What other files that one takes for a capture begin with, big-endian. */
const others: readonly [mask: number, magic: number, what: string][] = [
  [0xffff0000, 0x1f8b0000, 'compressed by gzip: unpack it first'],
  [0xffffffff, 0x28b52ffd, 'compressed by zstd: unpack it first'],
  [0xffffffff, 0x04224d18, 'compressed by lz4: unpack it first'],
  [
    0xffffffff,
    0xa1b2cd34,
    'a pcap file as modified by Kuznetzov: convert it by "editcap -F pcapng"',
  ],
  [
    0xffffffff,
    0x34cdb2a1,
    'a pcap file as modified by Kuznetzov: convert it by "editcap -F pcapng"',
  ],
  [0xffffffff, 0x736e6f6f, 'a snoop file: convert it by "editcap -F pcapng"'],
]

/**
 * `push` octets as they come, `next` until it has no more, `end` at the file's end. Memory: the
 * octets of one block, at most 16 MiB, and what was pushed and not read yet.
 */
export class CaptureReader {
  readonly #queue = new ByteQueue()
  #format: PcapFormat | PcapngFormat | undefined
  readonly #file: string | undefined
  #ended = false
  #failure: unknown

  /** @param file its name, for errors */
  constructor(file?: string) {
    this.#file = file
  }

  /** Octets that are kept. More than a block's says that `next` should be called before `push`. */
  get waiting(): number {
    return this.#queue.length
  }

  /** The octets are copied. */
  push(octets: Uint8Array): void {
    this.#queue.push(octets)
  }

  /** Says that no octets follow. */
  end(): void {
    this.#ended = true
  }

  /**
   * The next packet; undefined when the octets that were pushed hold no further whole one.
   *
   * @throws CaptureFileError where the file is damaged or none of ours, at every call from then on
   */
  next(): CapturedPacket | undefined {
    if (this.#failure !== undefined) throw this.#failure
    try {
      this.#format ??= formatOf(this.#queue)
      return this.#format?.next(this.#queue)
    } catch (error) {
      const named = error instanceof CaptureFileError && this.#file !== undefined
      this.#failure = named ? error.of(this.#file as string) : error
      throw this.#failure
    }
  }

  /**
   * Where a file that has ended was cut, once `next` has given all that is whole. A cut between two
   * blocks leaves a whole file.
   */
  get truncated(): Truncation | undefined {
    const { length, offset } = this.#queue
    const cut = this.#ended && (length > 0 || offset === 0)
    return cut ? { offset, octets: length } : undefined
  }
}

function formatOf(queue: ByteQueue): PcapFormat | PcapngFormat | undefined {
  const head = queue.peek(4)
  if (!head) return undefined
  if (head.getUint32(0) === BLOCK.SHB) return new PcapngFormat()
  const magic = pcapMagic(head)
  if (magic) return new PcapFormat(magic)
  const start = head.getUint32(0)
  const known = others.find(([mask, value]) => (start & mask) >>> 0 === value)
  const found = `begins with 0x${start.toString(16).padStart(8, '0')}`
  const expected = known?.[2] ?? 'expected a pcap or pcapng file'
  throw new CaptureFileError(0, `${found}; ${known ? 'this is ' : ''}${expected}`)
}

/** All packets of a file that is in memory. */
export function readCapture(octets: Uint8Array): {
  packets: CapturedPacket[]
  truncated: Truncation | undefined
} {
  const reader = new CaptureReader()
  reader.push(octets)
  reader.end()
  const packets: CapturedPacket[] = []
  for (let packet = reader.next(); packet; packet = reader.next()) packets.push(packet)
  return { packets, truncated: reader.truncated }
}
