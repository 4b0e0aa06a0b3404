// A ring of bursts that the module and its C twin are both given. bench/reference/pipeline/stream.h
// draws the file that it makes.
import { writeFileSync } from 'node:fs'

const HEAD = 32
const VIRTIO_HEADER = 12

/**
 * @typedef {object} Stream
 * @property {Buffer} bytes all of it, as the twin reads it
 * @property {number} recordSize octets a frame: its length (u32), then its first octets
 * @property {number} stride octets from frame to frame in the arena; 0 where each follows the one before as
 *   closely as a device's reads put them, which its length says
 * @property {number} burstCount
 * @property {number} burstFrames
 * @property {number} start milliseconds on the clock of `now`
 * @property {number} step milliseconds from burst to burst
 */

/** Octets from the beginning of a frame to that of the next, as reads put them (src/device/io.ts). */
export const packed = (length) => (length + 128 + VIRTIO_HEADER + 2 + 63) & -64

/**
 * @param {Omit<Stream, 'bytes'>} shape `recordSize` even, `stride` a multiple of 64
 * @param {(burst: number) => number} portOf the port a burst comes from
 * @param {(record: Buffer, burst: number, frame: number) => number} fill writes a frame from its
 *   virtio-net header on and returns its length without that
 * @returns {Stream}
 */
export function makeStream(shape, portOf, fill) {
  const { recordSize, stride, burstCount, burstFrames, start, step } = shape
  const records = HEAD + burstCount * 4
  const bytes = Buffer.alloc(records + burstCount * burstFrames * recordSize)
  for (const [index, word] of [recordSize, stride, burstCount, burstFrames].entries()) {
    bytes.writeUInt32LE(word, index * 4)
  }
  bytes.writeDoubleLE(start, 16)
  bytes.writeDoubleLE(step, 24)
  let at = records
  for (let burst = 0; burst < burstCount; burst++) {
    bytes.writeUInt32LE(portOf(burst), HEAD + burst * 4)
    for (let frame = 0; frame < burstFrames; frame++, at += recordSize) {
      const length = fill(bytes.subarray(at + 4, at + recordSize), burst, frame)
      bytes.writeUInt32LE(length, at)
    }
  }
  return { bytes, ...shape }
}

export const writeStream = (stream, path) => writeFileSync(path, stream.bytes)

/** The port of a burst. */
export const portOfBurst = ({ bytes }, burst) => bytes.readUInt32LE(HEAD + burst * 4)

/** The records as u16s, which is how finely a frame in the arena is aligned. */
export function recordWords({ bytes, burstCount }) {
  const offset = HEAD + burstCount * 4
  return new Uint16Array(bytes.buffer, bytes.byteOffset + offset, (bytes.length - offset) / 2)
}
