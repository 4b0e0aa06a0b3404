/**
 * Writes pcapng (draft-ietf-opsawg-pcapng): one section, little-endian, nanoseconds, a block a call,
 * into memory that is used again. Where the octets go is the caller's.
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
  originalLength?: number | undefined
  direction?: Direction | undefined
  comments?: readonly string[] | undefined
  /** Packets of this interface that were lost between the last one and this one. */
  dropped?: number | undefined
}

export interface Statistics {
  interface: number
  time: bigint
  received: bigint
  dropped: bigint
}

/** An option's length is 16 bits (section 3.5); as much of a text as fits is written. */
const OPTION_MAX = 0xffff

/** Room for the head of a block, a few short options and its end. */
const SMALL = 64

const utf8 = new TextEncoder()

/** The blocks of a file, one behind the other, until they are taken. */
export class PcapngWriter {
  #bytes = new Uint8Array(4096)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  /** Octets that were not taken yet. */
  get length(): number {
    return this.#length
  }

  /** A copy of what was written since the last call. */
  take(): Uint8Array {
    const octets = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return octets
  }

  /** Section Header Block (section 4.1); its length is left open, -1, so that it can be streamed. */
  section({ comment, hardware, os, application }: SectionOptions = {}): void {
    const start = this.#begin(BLOCK.SHB, 16)
    this.#u32(BYTE_ORDER_MAGIC)
    this.#u32(1) // version 1.0
    this.#u32(0xffff_ffff)
    this.#u32(0xffff_ffff)
    this.#text(OPTION.comment, comment)
    this.#text(OPTION.shb_hardware, hardware)
    this.#text(OPTION.shb_os, os)
    this.#text(OPTION.shb_userappl, application)
    this.#end(start, 16)
  }

  /** Interface Description Block (section 4.2): Ethernet, time stamps in nanoseconds. */
  interface({ name, description, snapLength = 0 }: InterfaceOptions): void {
    const start = this.#begin(BLOCK.IDB, 8)
    this.#u32(LINKTYPE_ETHERNET)
    this.#u32(snapLength)
    this.#text(OPTION.if_name, name)
    this.#text(OPTION.if_description, description)
    this.#option(OPTION.if_tsresol, 1)
    this.#u32(9)
    this.#end(start, 8)
  }

  /** Enhanced Packet Block (section 4.3). */
  packet(frame: Uint8Array, given: PacketOptions): void {
    const { originalLength = frame.length, comments, direction, dropped } = given
    const fixed = 20 + padded(frame.length)
    const start = this.#begin(BLOCK.EPB, fixed)
    this.#u32(given.interface)
    this.#time(given.time)
    this.#u32(frame.length)
    this.#u32(originalLength)
    this.#octets(frame)
    if (comments) for (const comment of comments) this.#text(OPTION.comment, comment)
    if (direction !== undefined) {
      this.#option(OPTION.epb_flags, 4)
      this.#u32(direction === 'receive' ? INBOUND : OUTBOUND)
    }
    if (dropped !== undefined) this.#count(OPTION.epb_dropcount, BigInt(dropped))
    this.#end(start, fixed)
  }

  /** Interface Statistics Block (section 4.6). */
  statistics(given: Statistics): void {
    const start = this.#begin(BLOCK.ISB, 12)
    this.#u32(given.interface)
    this.#time(given.time)
    this.#count(OPTION.isb_ifrecv, given.received)
    this.#count(OPTION.isb_ifdrop, given.dropped)
    this.#end(start, 12)
  }

  /** @returns where the block begins */
  #begin(type: number, fixed: number): number {
    const start = this.#length
    this.#makeRoom(fixed + SMALL)
    this.#u32(type)
    this.#u32(0)
    return start
  }

  /** Ends the options, if there are any, and puts the length at both ends. */
  #end(start: number, fixed: number): void {
    this.#makeRoom(SMALL)
    if (this.#length > start + 8 + fixed) this.#option(OPTION.endofopt, 0)
    const length = this.#length + 4 - start
    this.#view.setUint32(start + 4, length, true)
    this.#u32(length)
  }

  /** Room for `octets` more: whoever writes more than a few asks. */
  #makeRoom(octets: number): void {
    const needed = this.#length + octets
    if (needed <= this.#bytes.length) return
    const bytes = new Uint8Array(needed * 2)
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }

  #u32(value: number): void {
    this.#view.setUint32(this.#length, value, true)
    this.#length += 4
  }

  /** Padded by zeros: the memory has been used before. */
  #octets(octets: Uint8Array): void {
    const end = this.#length + padded(octets.length)
    this.#bytes.set(octets, this.#length)
    for (let at = this.#length + octets.length; at < end; at++) this.#bytes[at] = 0
    this.#length = end
  }

  /** High and low half, each in the section's byte order. */
  #time(time: bigint): void {
    this.#u32(Number(BigInt.asUintN(32, time >> 32n)))
    this.#u32(Number(BigInt.asUintN(32, time)))
  }

  #option(code: number, length: number): void {
    this.#u32(code | (length << 16))
  }

  #count(code: number, value: bigint): void {
    this.#makeRoom(SMALL)
    this.#option(code, 8)
    this.#view.setBigUint64(this.#length, value, true)
    this.#length += 8
  }

  #text(code: number, text: string | undefined): void {
    if (text === undefined) return
    const octets = shortened(utf8.encode(text))
    this.#makeRoom(octets.length + SMALL)
    this.#option(code, octets.length)
    this.#octets(octets)
  }
}

/** At most what an option can hold, without a character that is cut. */
function shortened(text: Uint8Array): Uint8Array {
  if (text.length <= OPTION_MAX) return text
  let end = OPTION_MAX
  while (((text[end] as number) & 0xc0) === 0x80) end--
  return text.subarray(0, end)
}
