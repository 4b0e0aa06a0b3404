import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frameOf } from '../../src/packet/virtio.js'
import { type PacketOptions, packet, superFrame } from '../support/frames.js'
import { checksumIsRight } from '../support/parse.js'
import { encode, NEEDS_CSUM, NOTHING } from '../support/virtio.js'

const kinds: PacketOptions[] = [
  { version: 4, protocol: 'tcp' },
  { version: 4, protocol: 'udp', payload: 33, padding: 7 },
  { version: 6, protocol: 'tcp', tags: [{ vid: 3 }, { vid: 4 }], padding: 1 },
  { version: 6, protocol: 'udp', extensions: [[0, 16]] },
]

describe.each(kinds)('%j', (options) => {
  test('a partial checksum is completed, and nothing else is changed', () => {
    const partial = packet({ ...options, checksum: 'partial' })
    const whole = packet(options)
    expect(frameOf(encode(partial.header, partial.frame))).toEqual(whole.frame)
  })

  test('a frame that asks for nothing stays as it is', () => {
    const { frame } = packet({ ...options, checksum: 'partial' })
    expect(frameOf(encode(NOTHING, frame))).toEqual(frame)
  })

  test('a super-frame stays one frame, with the checksum of the whole', () => {
    const made = superFrame(1000, { ...options, payload: 20_000 })
    const frame = frameOf(encode(made.header, made.frame))
    expect(frame.length).toBe(made.frame.length)
    expect(checksumIsRight(frame)).toBe(true)
  })
})

test('a UDP checksum of 0 is written as 0xffff', () => {
  for (let value = 0; value < 0x10000; value++) {
    const payload = Uint8Array.of(value >>> 8, value)
    const { frame, header, layout } = packet({ protocol: 'udp', payload, checksum: 'partial' })
    const sum = frameOf(encode(header, frame)).slice(layout.l4 + 6, layout.l4 + 8)
    if (sum[0] === 0xff && sum[1] === 0xff) return
    expect(sum).not.toEqual(Uint8Array.of(0, 0))
  }
  throw new Error('no payload of two octets has that checksum')
})

test('a header that lies is not followed out of the frame', () => {
  const { frame } = packet()
  fc.assert(
    fc.property(fc.nat(0xffff), fc.nat(0xffff), fc.nat(frame.length), (start, offset, cut) => {
      const header = { ...NOTHING, flags: NEEDS_CSUM, checksumStart: start, checksumOffset: offset }
      const result = frameOf(encode(header, frame.subarray(0, cut)))
      expect(result.length).toBe(cut)
    }),
  )
  expect(frameOf(new Uint8Array(3))).toHaveLength(0)
})
