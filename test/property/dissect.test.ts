/** Whatever a frame is, it is taken apart to its last octet, and nothing is thrown. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dissect } from '../../src/packet/dissect/dissect.js'
import { FrameLines, frameLine } from '../../src/packet/line/line.js'
import { locate } from '../../src/packet/locate.js'
import { arp, ethernet, join, packet, station, superFrame, word } from '../support/frames.js'
import { complete } from '../support/upper.js'

const vxlan = () => {
  const inner = packet({ version: 6 }).frame
  const made = packet({ protocol: 'udp', payload: join([8, 0, 0, 0, 0, 0, 42, 0], inner) })
  made.frame.set(word(4789), made.layout.l4 + 2)
  return made.frame
}

const tunnelled = (): Uint8Array<ArrayBuffer> => {
  const frame = Uint8Array.from(vxlan())
  frame[17] = 91
  frame[64] = 0
  return frame
}

const reserved = (type: number, data: readonly number[]) =>
  ethernet(Uint8Array.of(1, 0x80, 0xc2, 0, 0, 2), station(1), type, Uint8Array.from(data))

const quoted = packet().frame.subarray(14, 60)
const zeros = (length: number) => new Array<number>(length).fill(0)

const seeds: readonly Uint8Array[] = [
  arp(1),
  packet({ options: 12, tcpOptions: 20 }).frame,
  packet({ tags: [{ vid: 1 }, { vid: 2 }], protocol: 'udp' }).frame,
  packet({
    version: 6,
    extensions: [
      [0, 8],
      [43, 24],
      [44, 8],
      [60, 8],
    ],
  }).frame,
  superFrame(500, { payload: 2000 }).frame,
  vxlan(),
  complete(4, 1, join([3, 4, 0, 0, 0, 0, 5, 0], quoted)),
  complete(6, 58, [135, ...zeros(23), 1, 1, 2, 0, 0, 0, 0, 1]),
  complete(6, 58, [134, ...zeros(15), 3, 4, 64, ...zeros(29)]),
  reserved(0x88cc, [2, 7, 4, 2, 0, 0, 0, 0, 1, 4, 2, 5, 0x61, 6, 2, 0, 120, 0, 0]),
  reserved(0x8809, [1, 1, 1, 20, ...zeros(106)]),
  reserved(38, [0x42, 0x42, 3, ...zeros(35)]),
  reserved(20, [0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...quoted.subarray(0, 12)]),
  reserved(0x888e, [2, 0, 0, 5]),
]

const mutated = fc
  .record({
    seed: fc.constantFrom(...seeds),
    changes: fc.array(fc.tuple(fc.nat(120), fc.integer({ min: 0, max: 255 })), { maxLength: 5 }),
    length: fc.nat(300),
    cut: fc.boolean(),
  })
  .map(({ seed, changes, length, cut }) => {
    const frame = cut ? seed.slice(0, length) : seed.slice()
    for (const [at, value] of changes) if (at < frame.length) frame[at] = value
    return frame
  })

const anything = fc.oneof(mutated, mutated, fc.uint8Array({ maxLength: 200 }))

test('the layers lie behind each other and leave no octet out', () => {
  fc.assert(
    fc.property(anything, fc.option(fc.nat(3000), { nil: undefined }), (frame, originalLength) => {
      const layers = dissect(frame, originalLength === undefined ? {} : { originalLength })
      expect(layers.length).toBeGreaterThan(0)
      let at = 0
      for (const { offset, length, text, fields } of layers) {
        expect(offset).toBe(at)
        at += length
        expect(text).not.toMatch(/undefined|NaN|\[object/)
        expect(JSON.parse(JSON.stringify(fields))).toEqual(fields)
      }
      expect(at).toBe(frame.length)
    }),
    {
      numRuns: 5000,
      // An IPv6 header of another version, in a tunnel's packet that is padded.
      examples: [[tunnelled(), undefined]],
    },
  )
})

test('where the network header is, is within the frame or said to be behind it', () => {
  fc.assert(
    fc.property(anything, (frame) => {
      const { offset, etherTypes, etherType } = locate(frame)
      expect(offset).toBeLessThanOrEqual(Math.max(frame.length, 14))
      if (etherType !== 0) expect(etherTypes.at(-1)).toBe(etherType)
    }),
  )
})

test('any frame is a line of text', () => {
  const lines = new FrameLines({ ethernet: true })
  fc.assert(
    fc.property(anything, (frame) => {
      for (const line of [frameLine(frame), lines.line(frame)]) {
        expect(line).not.toMatch(/undefined|NaN|\[object|\n|^$/)
      }
    }),
    { numRuns: 5000 },
  )
})
