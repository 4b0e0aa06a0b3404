/** Capture files octet by octet, in both byte orders: the tests' own, to judge the reader by. */
import {
  type InterfaceOptions,
  type PacketOptions,
  PcapngWriter,
  type SectionOptions,
  type Statistics,
} from '../../src/packet/capture/pcapng-writer.js'

export function concat(...parts: (Uint8Array | readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

/** Writes numbers in one byte order. */
export class Octets {
  constructor(readonly littleEndian: boolean) {}

  #number(octets: number, value: bigint): Uint8Array {
    const bytes = Uint8Array.from({ length: octets }, (_, at) =>
      Number((BigInt.asUintN(octets * 8, value) >> BigInt(8 * at)) & 0xffn),
    )
    return this.littleEndian ? bytes : bytes.reverse()
  }

  u16 = (value: number) => this.#number(2, BigInt(value))
  u32 = (value: number) => this.#number(4, BigInt(value))
  u64 = (value: bigint) => this.#number(8, value)

  pad(bytes: Uint8Array): Uint8Array {
    return concat(bytes, new Uint8Array(-bytes.length & 3))
  }

  option(code: number, value: Uint8Array | string): Uint8Array {
    const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
    return concat(this.u16(code), this.u16(bytes.length), this.pad(bytes))
  }

  block(type: number, ...body: Uint8Array[]): Uint8Array {
    const inside = concat(...body)
    const length = this.u32(inside.length + 12)
    return concat(this.u32(type), length, inside, length)
  }

  section(...options: Uint8Array[]): Uint8Array {
    const version = concat(this.u16(1), this.u16(0))
    return this.block(0x0a0d0d0a, this.u32(0x1a2b3c4d), version, this.u64(-1n), ...options)
  }

  interface(linkType: number, snapLength: number, ...options: Uint8Array[]): Uint8Array {
    const fixed = concat(this.u16(linkType), this.u16(0), this.u32(snapLength))
    return this.block(1, fixed, ...options)
  }

  packet(from: number, time: bigint, frame: Uint8Array, ...options: Uint8Array[]): Uint8Array {
    const stamp = concat(this.u32(Number(time >> 32n)), this.u32(Number(time & 0xffff_ffffn)))
    const lengths = concat(this.u32(frame.length), this.u32(frame.length))
    return this.block(6, this.u32(from), stamp, lengths, this.pad(frame), ...options)
  }

  simple(original: number, frame: Uint8Array): Uint8Array {
    return this.block(3, this.u32(original), this.pad(frame))
  }

  /** The obsolete Packet Block. */
  old(from: number, time: bigint, frame: Uint8Array, ...options: Uint8Array[]): Uint8Array {
    const stamp = concat(this.u32(Number(time >> 32n)), this.u32(Number(time & 0xffff_ffffn)))
    const lengths = concat(this.u32(frame.length), this.u32(frame.length))
    const number = concat(this.u16(from), this.u16(0))
    return this.block(2, number, stamp, lengths, this.pad(frame), ...options)
  }

  pcap(magic: number, linkType: number, ...records: Uint8Array[]): Uint8Array {
    const version = concat(this.u16(2), this.u16(4))
    const rest = concat(this.u32(0), this.u32(0), this.u32(262_144), this.u32(linkType))
    return concat(this.u32(magic), version, rest, ...records)
  }

  record(
    seconds: number,
    fraction: number,
    frame: Uint8Array,
    original = frame.length,
  ): Uint8Array {
    const times = concat(this.u32(seconds), this.u32(fraction))
    return concat(times, this.u32(frame.length), this.u32(original), frame)
  }
}

export const orders: readonly [string, Octets][] = [
  ['little-endian', new Octets(true)],
  ['big-endian', new Octets(false)],
]

/** One block of our own writer. */
function written(write: (writer: PcapngWriter) => void): Uint8Array {
  const writer = new PcapngWriter()
  write(writer)
  return writer.take()
}

export const sectionHeader = (options?: SectionOptions) =>
  written((writer) => writer.section(options))
export const interfaceDescription = (options: InterfaceOptions) =>
  written((writer) => writer.interface(options))
export const enhancedPacket = (frame: Uint8Array, options: PacketOptions) =>
  written((writer) => writer.packet(frame, options))
export const interfaceStatistics = (options: Statistics) =>
  written((writer) => writer.statistics(options))
