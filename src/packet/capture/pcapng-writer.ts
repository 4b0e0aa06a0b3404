/**
 * Writes pcapng (draft-ietf-opsawg-pcapng): one section, little-endian, nanoseconds, a block a call.
 * Blocks are returned as octets: where they go is the caller's.
 */
import { LINKTYPE_ETHERNET } from './link-type.js'
import { BLOCK, BYTE_ORDER_MAGIC, INBOUND, OPTION, OUTBOUND, padded } from './pcapng.js'
import type { Direction } from './types.js'

export interface SectionOptions {
  /** Text of the section's options; left out: not written. */
  hardware?: string
  os?: string
  application?: string
  comment?: string
}

export interface InterfaceOptions {
  name: string
  description?: string
  /** Octets of a frame that are kept; 0, the default: all. */
  snapLength?: number
}

export interface PacketOptions {
  /** Of the interface, counted from 0 in the order of their blocks. */
  interface: number
  /** Nanoseconds since 1970-01-01 UTC; 0 to 2^64 - 1. */
  time: bigint
  /** Octets on the wire, if not all of them are written. */
  originalLength?: number
  direction?: Direction
  comments?: readonly string[]
  /** Packets of this interface that were lost between the last one and this one. */
  dropped?: number
}

export interface Statistics {
  interface: number
  time: bigint
  received: bigint
  dropped: bigint
}

/** An option's length is 16 bits (section 3.5); as much of a text as fits is written. */
const OPTION_MAX = 0xffff

const utf8 = new TextEncoder()

/** Section Header Block (section 4.1); its length is left open, -1, so that it can be streamed. */
export function sectionHeader(given: SectionOptions = {}): Uint8Array {
  const fixed = new Uint8Array(16)
  const view = new DataView(fixed.buffer)
  view.setUint32(0, BYTE_ORDER_MAGIC, true)
  view.setUint16(4, 1, true)
  view.setBigInt64(8, -1n, true)
  const options = [
    ...textOption(OPTION.comment, given.comment),
    ...textOption(OPTION.shb_hardware, given.hardware),
    ...textOption(OPTION.shb_os, given.os),
    ...textOption(OPTION.shb_userappl, given.application),
  ]
  return block(BLOCK.SHB, [fixed], options)
}

/** Interface Description Block (section 4.2): Ethernet, time stamps in nanoseconds. */
export function interfaceDescription(given: InterfaceOptions): Uint8Array {
  const fixed = new Uint8Array(8)
  const view = new DataView(fixed.buffer)
  view.setUint16(0, LINKTYPE_ETHERNET, true)
  view.setUint32(4, given.snapLength ?? 0, true)
  return block(
    BLOCK.IDB,
    [fixed],
    [
      ...textOption(OPTION.if_name, given.name),
      ...textOption(OPTION.if_description, given.description),
      option(OPTION.if_tsresol, Uint8Array.of(9)),
    ],
  )
}

/** Enhanced Packet Block (section 4.3). The frame may come in pieces, head and body. */
export function enhancedPacket(
  frame: Uint8Array | readonly Uint8Array[],
  given: PacketOptions,
): Uint8Array {
  const pieces = frame instanceof Uint8Array ? [frame] : frame
  const captured = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const fixed = new Uint8Array(20)
  const view = new DataView(fixed.buffer)
  view.setUint32(0, given.interface, true)
  setTime(view, 4, given.time)
  view.setUint32(12, captured, true)
  view.setUint32(16, given.originalLength ?? captured, true)
  const padding = new Uint8Array(padded(captured) - captured)
  return block(BLOCK.EPB, [fixed, ...pieces, padding], packetOptions(given))
}

function packetOptions({ comments = [], direction, dropped }: PacketOptions): Uint8Array[] {
  const options = comments.flatMap((comment) => textOption(OPTION.comment, comment))
  if (direction !== undefined) {
    const flags = direction === 'receive' ? INBOUND : OUTBOUND
    options.push(option(OPTION.epb_flags, Uint8Array.of(flags, 0, 0, 0)))
  }
  if (dropped !== undefined) options.push(option(OPTION.epb_dropcount, u64(BigInt(dropped))))
  return options
}

/** Interface Statistics Block (section 4.6). */
export function interfaceStatistics(given: Statistics): Uint8Array {
  const fixed = new Uint8Array(12)
  const view = new DataView(fixed.buffer)
  view.setUint32(0, given.interface, true)
  setTime(view, 4, given.time)
  return block(
    BLOCK.ISB,
    [fixed],
    [option(OPTION.isb_ifrecv, u64(given.received)), option(OPTION.isb_ifdrop, u64(given.dropped))],
  )
}

/** High and low half, each in the section's byte order. */
function setTime(view: DataView, at: number, time: bigint): void {
  view.setUint32(at, Number(BigInt.asUintN(64, time) >> 32n), true)
  view.setUint32(at + 4, Number(time & 0xffff_ffffn), true)
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value, true)
  return bytes
}

function textOption(code: number, text: string | undefined): Uint8Array[] {
  return text === undefined ? [] : [option(code, shortened(utf8.encode(text)))]
}

/** At most what an option can hold, without a character that is cut. */
function shortened(text: Uint8Array): Uint8Array {
  if (text.length <= OPTION_MAX) return text
  let end = OPTION_MAX
  while (((text[end] as number) & 0xc0) === 0x80) end--
  return text.subarray(0, end)
}

function option(code: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + padded(value.length))
  const view = new DataView(bytes.buffer)
  view.setUint16(0, code, true)
  view.setUint16(2, value.length, true)
  bytes.set(value, 4)
  return bytes
}

/** A block of pieces that are padded already; options end with an opt_endofopt if there are any. */
function block(
  type: number,
  body: readonly Uint8Array[],
  options: readonly Uint8Array[],
): Uint8Array {
  const end = options.length === 0 ? [] : [new Uint8Array(4)]
  const pieces = [...body, ...options, ...end]
  const length = pieces.reduce((sum, piece) => sum + piece.length, 12)
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, type, true)
  view.setUint32(4, length, true)
  let at = 8
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  view.setUint32(at, length, true)
  return bytes
}
