/** Capture files: what was written is read, and no octets whatever make the reader fail wildly. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LinkspanError } from '../../src/error.js'
import { pcapHeader, pcapRecord } from '../../src/packet/capture/pcap-writer.js'
import { CaptureReader, readCapture } from '../../src/packet/capture/reader.js'
import type { CapturedPacket } from '../../src/packet/capture/types.js'
import {
  concat,
  enhancedPacket,
  interfaceDescription,
  type Octets,
  orders,
  sectionHeader,
} from '../support/capture.js'
import { arp, packet } from '../support/frames.js'

const written = fc.record({
  frame: fc.uint8Array({ maxLength: 200 }),
  more: fc.nat(9),
  time: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  which: fc.nat(2),
  direction: fc.constantFrom('receive', 'transmit', undefined),
  comments: fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 3 }),
})

const names = fc.array(fc.string({ maxLength: 20 }), { minLength: 3, maxLength: 3 })

/** A final zero is padding to readers. */
const asRead = (text: string) => (text.endsWith('\0') ? text.slice(0, -1) : text)

test('pcapng: what was written is read', () => {
  fc.assert(
    fc.property(names, fc.array(written), (called, packets) => {
      const file = concat(
        sectionHeader({ application: 'test', comment: 'x' }),
        ...called.map((name) => interfaceDescription({ name })),
        ...packets.map(({ frame, more, which, direction, ...rest }) =>
          enhancedPacket(frame, {
            ...rest,
            interface: which,
            originalLength: frame.length + more,
            ...(direction && { direction }),
          }),
        ),
      )
      const found = readCapture(file)
      expect(found.truncated).toBeUndefined()
      expect(found.packets).toEqual(
        packets.map(({ frame, more, which, time, direction, comments }) => ({
          frame,
          time,
          originalLength: frame.length + more,
          comments: comments.map(asRead),
          interface: {
            index: which,
            linkType: 1,
            snapLength: 0,
            name: asRead(called[which] ?? ''),
          },
          ...(direction && { direction }),
        })),
      )
    }),
  )
})

test('pcap: what was written is read', () => {
  const one = fc.record({
    frame: fc.uint8Array({ maxLength: 200 }),
    time: fc.bigInt({ min: 0n, max: 2n ** 32n * 1_000_000_000n - 1n }),
    more: fc.nat(9),
  })
  fc.assert(
    fc.property(fc.array(one), (packets) => {
      const records = packets.map(({ frame, time, more }) =>
        pcapRecord(frame, time, frame.length + more),
      )
      const found = readCapture(concat(pcapHeader(), ...records))
      expect(
        found.packets.map(({ frame, time, originalLength }) => ({ frame, time, originalLength })),
      ).toEqual(
        packets.map(({ frame, time, more }) => ({
          frame,
          time,
          originalLength: frame.length + more,
        })),
      )
    }),
  )
})

const first = arp(3)
const second = packet({ payload: 5 }).frame

/** Files, and where each of their packets ends. */
function samples(octets: Octets): [string, Uint8Array[]][] {
  const ng = [
    concat(
      octets.section(octets.option(4, 'a test'), octets.option(0, '')),
      octets.interface(1, 0, octets.option(2, 'web'), octets.option(9, Uint8Array.of(9))),
    ),
    octets.packet(0, 1n, first, octets.option(1, 'comment'), octets.option(0, '')),
    concat(octets.block(5, octets.u32(0)), octets.simple(second.length, second)),
    octets.old(0, 1n, second),
  ]
  const classic = [
    octets.pcap(0xa1b2c3d4, 1),
    octets.record(1, 2, first),
    octets.record(3, 4, second),
  ]
  return [
    ['pcapng', ng],
    ['pcap', classic],
  ]
}

const cases = orders.flatMap(([order, octets]) =>
  samples(octets).map(([format, parts]): [string, string, Uint8Array[]] => [order, format, parts]),
)

describe.each(cases)('%s %s', (_order, _format, parts) => {
  const file = concat(...parts)
  const all = readCapture(file).packets
  const ends = parts.map((_, index) => concat(...parts.slice(0, index + 1)).length).slice(1)

  test('cut at every octet it gives the packets before the cut, and says so', () => {
    expect(all).toHaveLength(ends.length)
    const wholes = new Set<number>()
    for (let cut = 0; cut <= file.length; cut++) {
      const { packets, truncated } = readCapture(file.subarray(0, cut))
      const before = ends.filter((end) => end <= cut).length
      expect(packets, `${cut}`).toEqual(all.slice(0, before))
      if (truncated) expect(truncated.offset + truncated.octets, `${cut}`).toBe(cut)
      else wholes.add(cut)
    }
    // A file that ends between two blocks is whole.
    for (const end of ends) expect(wholes).toContain(end)
    expect(wholes.size).toBeLessThanOrEqual(ends.length + 3)
  })

  test('in chunks of any size it gives the same packets', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), (sizes) => {
        const reader = new CaptureReader()
        const packets: CapturedPacket[] = []
        let at = 0
        for (let index = 0; at < file.length; index++) {
          const size = sizes[index % sizes.length] as number
          reader.push(file.subarray(at, at + size))
          at += size
          for (let one = reader.next(); one; one = reader.next()) packets.push(one)
        }
        reader.end()
        expect(packets).toEqual(all)
        expect(reader.truncated).toBeUndefined()
      }),
    )
  })

  test('with any octets changed, taken out and put in it is read or refused', () => {
    const change = fc.record({
      at: fc.nat(file.length - 1),
      octets: fc.uint8Array({ minLength: 1, maxLength: 8 }),
      kind: fc.constantFrom('set', 'insert', 'delete'),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = changes.reduce((bytes, { at, octets, kind }) => {
          const rest = kind === 'insert' ? at : at + octets.length
          const middle = kind === 'delete' ? [] : octets
          return concat(bytes.subarray(0, at), middle, bytes.subarray(rest))
        }, file)
        try {
          expect(readCapture(changed).packets.length).toBeLessThanOrEqual(changed.length / 12)
        } catch (error) {
          expect(error).toBeInstanceOf(LinkspanError)
          expect((error as Error).message).toMatch(/: octet \d+: /)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
