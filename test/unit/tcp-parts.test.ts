/** The parts that know nothing of connections. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseHex } from '../../src/packet/hex.js'
import { SegmentBuffers } from '../../src/testing/tcp/buffers.js'
import { isChecksumRight } from '../../src/testing/tcp/checksum.js'
import { ephemeralPort } from '../../src/testing/tcp/ports.js'
import { Ranges } from '../../src/testing/tcp/ranges.js'
import { Ring } from '../../src/testing/tcp/ring.js'
import { RetransmissionTimeout } from '../../src/testing/tcp/rto.js'
import { Timer } from '../../src/testing/tcp/timer.js'
import { address } from '../support/tcp-link.js'
import { VirtualClock } from '../support/virtual-clock.js'

test('ranges are a set of positions', () => {
  const step = fc.record({
    start: fc.nat(60),
    length: fc.integer({ min: 1, max: 12 }),
    drop: fc.nat(9),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const ranges = new Ranges()
      const model = new Set<number>()
      for (const { start, length, drop } of steps) {
        const before = model.size
        for (let at = start; at < start + length; at++) model.add(at)
        expect(ranges.add(start, start + length)).toBe(model.size - before)
        if (drop === 0) {
          ranges.dropBefore(start)
          for (const at of model) if (at < start) model.delete(at)
        }
        expect(ranges.total).toBe(model.size)
        for (let at = 0; at < 75; at++) {
          expect(ranges.holding(at) >= 0).toBe(model.has(at))
          let gap = at
          while (model.has(gap)) gap++
          expect(ranges.gapFrom(at)).toBe(gap)
          const next = [...model].filter((each) => each >= at).sort((a, b) => a - b)[0]
          expect(ranges.nextStart(at, 99)).toBe(next ?? 99)
        }
        const inside = [...model].filter((each) => each >= 10 && each < 40).length
        expect(ranges.within(10, 40)).toBe(inside)
      }
    }),
  )
})

test('a ring holds what was written, beyond 2^32 too', () => {
  const step = fc.record({ write: fc.integer({ min: 1, max: 9000 }), read: fc.nat(9000) })
  const start = fc.constantFrom(0, 1, 2 ** 31 - 5000, 2 ** 32 - 5000, 2 ** 40)
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 20 }), (from, steps) => {
      const ring = new Ring()
      let [base, end] = [from, from]
      const octet = (position: number) => (position * 7 + Math.floor(position / 251)) % 256
      for (const { write, read } of steps) {
        const bytes = new Uint8Array(write + 2).map((_, at) => octet(end + at - 1))
        ring.reserve(base, end + write)
        ring.write(end, bytes, 1, 1 + write)
        end += write
        const length = Math.min(read, end - base)
        const target = new Uint8Array(length + 1)
        ring.read(base, target, 1, length)
        expect(target.every((each, at) => at === 0 || each === octet(base + at - 1))).toBe(true)
        base += length
      }
    }),
  )
})

test('segments have memory of their own, all 0, with room before it', () => {
  const buffers = new SegmentBuffers(54)
  const taken = Array.from({ length: 200 }, (_, index) =>
    buffers.take(index === 99 ? 100_000 : 1000 + index),
  )
  for (const [index, bytes] of taken.entries()) {
    expect(bytes.byteOffset).toBeGreaterThanOrEqual(54)
    expect(bytes.every((octet) => octet === 0)).toBe(true)
    new Uint8Array(bytes.buffer, bytes.byteOffset - 54, 54 + bytes.length).fill(index + 1)
  }
  expect(taken.every((bytes, index) => bytes.every((octet) => octet === index + 1))).toBe(true)
})

test('segments that are copied share their memory; a header is all 0', () => {
  const buffers = new SegmentBuffers(0, true)
  const first = buffers.take(1480).fill(255)
  const [header, payload] = [buffers.take(1480).subarray(0, 60), buffers.take(1480).subarray(60)]
  expect(header.every((octet) => octet === 0)).toBe(true)
  expect(payload.every((octet) => octet === 255)).toBe(true)
  for (const length of [20, 32, 65_515]) {
    const other = new SegmentBuffers(0, true).take(length)
    expect([other.length, other.buffer]).toEqual([length, first.buffer])
  }
})

test('the timeout after RFC 6298', () => {
  const rto = new RetransmissionTimeout(200, 60_000)
  expect(rto.timeout).toBe(1000)
  rto.measured(500)
  expect(rto.timeout).toBe(1500)
  rto.measured(100)
  expect(rto.timeout).toBe(450 + 4 * 287.5)
  for (let count = 0; count < 10; count++) rto.backOff()
  expect(rto.timeout).toBe(60_000)
  for (let count = 0; count < 50; count++) rto.measured(1)
  expect(rto.timeout).toBe(200)
})

describe('a timer', () => {
  test('rings at the last time it was set for, once', async () => {
    const clock = new VirtualClock()
    const rang: number[] = []
    const timer = new Timer(clock, () => rang.push(clock.now))
    timer.set(100)
    await clock.advance(50)
    timer.set(100)
    timer.set(200)
    timer.set(70)
    await clock.drain()
    expect(rang).toEqual([120])
    timer.set(10)
    timer.stop()
    expect(clock.pending).toBe(0)
    timer.set(10)
    timer.rest()
    await clock.drain()
    expect(rang.length).toBe(1)
  })
})

test('the checksum of a segment and its pseudo-header', () => {
  const hex = '9c400050000000010000000050020200'
  const head = parseHex(`${hex}00000000`)
  const [from, to] = [address('10.0.0.1'), address('10.0.0.2')]
  const sum =
    0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 6 + 20 + 0x9c40 + 0x0050 + 0x0001 + 0x5002 + 0x0200
  const folded = (sum & 0xffff) + (sum >>> 16)
  head[16] = (~folded >>> 8) & 0xff
  head[17] = ~folded & 0xff
  expect(isChecksumRight(head, from, to)).toBe(true)
  head[5]! ^= 1
  expect(isChecksumRight(head, from, to)).toBe(false)
})

test('dynamic ports are found wherever the search begins, while there are any', () => {
  expect(ephemeralPort(0, () => true)).toBe(49_152)
  expect(ephemeralPort(2 ** 32 - 1, (port) => port === 49_152)).toBe(49_152)
  expect(ephemeralPort(5, () => false)).toBeUndefined()
})
