/**
 * pcapng (draft-ietf-opsawg-pcapng): a chain of blocks, in sections that have a byte order each.
 *
 *       0      4              8                      length - 4
 *       | type | total length | body ...  | options | total length |
 */
import type { ByteQueue } from './byte-queue.js'
import { LINKTYPE_ETHERNET, linkTypeText } from './link-type.js'
import { BLOCK, BYTE_ORDER_MAGIC, INBOUND, OPTION, OUTBOUND, padded } from './pcapng.js'
import { type DescribedInterface, IDB_FIXED, readInterface, timeOf } from './pcapng-interface.js'
import { type Block, findOption, type Option, optionText, readOptions } from './pcapng-options.js'
import { BLOCK_MAX, type CapturedPacket, CaptureFileError } from './types.js'

/** Interfaces that a section may describe: a file of nothing else must not fill the memory. */
const INTERFACES_MAX = 65_536

/** Where the fields of the blocks with packets are; `fixed` octets come before the frame. */
const packetBlocks = {
  [BLOCK.EPB]: { fixed: 28, numberSize: 4 },
  [BLOCK.PB]: { fixed: 28, numberSize: 2 },
} as const

/** Octets before the options or the frame, both lengths included: fewer cannot be that block. */
const SHORTEST: Readonly<Record<number, number>> = {
  [BLOCK.SHB]: 28,
  [BLOCK.IDB]: IDB_FIXED + 4,
  [BLOCK.PB]: 32,
  [BLOCK.SPB]: 16,
  [BLOCK.EPB]: 32,
}

export class PcapngFormat {
  #littleEndian = true
  #interfaces: DescribedInterface[] = []

  /** The next packet, or undefined while it is not whole. Blocks without packets are passed over. */
  next(queue: ByteQueue): CapturedPacket | undefined {
    for (;;) {
      const block = this.#take(queue)
      if (!block) return undefined
      const packet = this.#read(block)
      queue.skip(block.view.byteLength)
      if (packet) return packet
    }
  }

  /** The block at the head of the queue, its lengths checked. */
  #take(queue: ByteQueue): Block | undefined {
    const head = queue.peek(8)
    if (!head) return undefined
    const { offset } = queue
    if (head.getUint32(0) === BLOCK.SHB) {
      const order = queue.peek(12)
      if (!order) return undefined
      this.#littleEndian = isLittleEndian(order, offset)
    }
    const littleEndian = this.#littleEndian
    const length = head.getUint32(4, littleEndian)
    checkLength(head.getUint32(0, littleEndian), length, offset)
    const view = queue.peek(length)
    if (!view) return undefined
    const again = view.getUint32(length - 4, littleEndian)
    if (again !== length) {
      const problem = `a block of ${length} octets ends with a length of ${again}`
      throw new CaptureFileError(offset + length - 4, problem)
    }
    return { view, littleEndian, offset }
  }

  #read(block: Block): CapturedPacket | undefined {
    switch (block.view.getUint32(0, block.littleEndian)) {
      case BLOCK.SHB:
        return this.#startSection(block)
      case BLOCK.IDB:
        return this.#addInterface(block)
      case BLOCK.EPB:
        return this.#readPacket(block, BLOCK.EPB)
      case BLOCK.PB:
        return this.#readPacket(block, BLOCK.PB)
      case BLOCK.SPB:
        return this.#readSimplePacket(block)
      default:
        return undefined
    }
  }

  #startSection({ view, littleEndian, offset }: Block): undefined {
    const major = view.getUint16(12, littleEndian)
    if (major !== 1) {
      const version = `${major}.${view.getUint16(14, littleEndian)}`
      throw new CaptureFileError(offset + 12, `version ${version} of pcapng; expected 1.0`)
    }
    this.#interfaces = []
    return undefined
  }

  #addInterface(block: Block): undefined {
    if (this.#interfaces.length === INTERFACES_MAX) {
      throw new CaptureFileError(block.offset, `more than ${INTERFACES_MAX} interfaces`)
    }
    this.#interfaces.push(readInterface(block, this.#interfaces.length))
    return undefined
  }

  #readPacket(block: Block, type: keyof typeof packetBlocks): CapturedPacket {
    const { view, littleEndian, offset } = block
    const { fixed, numberSize } = packetBlocks[type]
    const number =
      numberSize === 2 ? view.getUint16(8, littleEndian) : view.getUint32(8, littleEndian)
    const from = this.#interface(number, offset + 8)
    const captured = view.getUint32(20, littleEndian)
    const original = view.getUint32(24, littleEndian)
    const room = view.byteLength - fixed - 4
    if (captured > room || captured > original) {
      const problem = `${captured} octets captured of a packet of ${original}, in a block that has room for ${room}`
      throw new CaptureFileError(offset + 20, problem)
    }
    const options = readOptions(block, fixed + padded(captured))
    const high = view.getUint32(12, littleEndian)
    const low = view.getUint32(16, littleEndian)
    const time = timeOf(from, high, low)
    const frame = { start: fixed, captured, original }
    return packetOf(block, from, frame, { time, ...fromOptions(options, littleEndian) })
  }

  /** It has no length of what was captured, no time and no options (section 4.4). */
  #readSimplePacket(block: Block): CapturedPacket {
    const { view, littleEndian, offset } = block
    const from = this.#interface(0, offset)
    const original = view.getUint32(8, littleEndian)
    const captured = Math.min(original, from.shown.snapLength || original)
    const room = view.byteLength - 16
    if (captured > room) {
      const problem = `a packet of ${captured} octets in a block that has room for ${room}`
      throw new CaptureFileError(offset + 8, problem)
    }
    const frame = { start: 12, captured, original }
    return packetOf(block, from, frame, { time: undefined, comments: [] })
  }

  #interface(number: number, offset: number): DescribedInterface {
    const found = this.#interfaces[number]
    if (!found) {
      const known = this.#interfaces.length
      const problem = `a packet of interface ${number}; the section has described ${known} before it`
      throw new CaptureFileError(offset, problem)
    }
    const { linkType, name } = found.shown
    if (linkType !== LINKTYPE_ETHERNET) {
      const which = name === undefined ? `interface ${number}` : `interface ${JSON.stringify(name)}`
      const problem = `a packet of ${which}, link type ${linkTypeText(linkType)}; only Ethernet frames (1) can be read`
      throw new CaptureFileError(offset, problem)
    }
    return found
  }
}

function isLittleEndian(head: DataView, offset: number): boolean {
  if (head.getUint32(8, true) === BYTE_ORDER_MAGIC) return true
  if (head.getUint32(8, false) === BYTE_ORDER_MAGIC) return false
  const found = `0x${head.getUint32(8).toString(16).padStart(8, '0')}`
  throw new CaptureFileError(
    offset + 8,
    `byte-order magic ${found} of a section; expected 0x1a2b3c4d`,
  )
}

function checkLength(type: number, length: number, offset: number): void {
  const least = SHORTEST[type] ?? 12
  const wrong =
    length > BLOCK_MAX
      ? `at most ${BLOCK_MAX} can be read`
      : length < least
        ? `it has at least ${least}`
        : length % 4 !== 0
          ? 'expected a multiple of 4'
          : undefined
  if (wrong === undefined) return
  throw new CaptureFileError(offset + 4, `a block of type ${type} with ${length} octets; ${wrong}`)
}

/** Comments, and the direction if the flags say one. */
function fromOptions(
  options: readonly Option[],
  littleEndian: boolean,
): Pick<CapturedPacket, 'comments' | 'direction'> {
  const comments = options
    .filter(({ code }) => code === OPTION.comment)
    .map(({ value }) => optionText(value))
  const flags = findOption(options, OPTION.epb_flags, 4)?.getUint32(0, littleEndian) ?? 0
  if ((flags & 3) === INBOUND) return { comments, direction: 'receive' }
  if ((flags & 3) === OUTBOUND) return { comments, direction: 'transmit' }
  return { comments }
}

function packetOf(
  { view }: Block,
  from: DescribedInterface,
  { start, captured, original }: { start: number; captured: number; original: number },
  rest: Pick<CapturedPacket, 'time' | 'comments' | 'direction'>,
): CapturedPacket {
  const originalLength = Math.max(0, original - from.fcs)
  const length = Math.min(captured, originalLength)
  const frame = new Uint8Array(view.buffer, view.byteOffset + start, length).slice()
  return { frame, originalLength, interface: from.shown, ...rest }
}
