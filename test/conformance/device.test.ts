/** What holds for every kind of device: one suite, which all of them pass. */

import { describe, expect, test } from 'vitest'
import { BURST_MAX, HEADROOM, VIRTIO_HEADER } from '../../src/dataplane/abi.js'
import { drops } from '../../src/dataplane/generated/drops.js'
import { failureReason } from '../../src/worker/failure.js'
import { ARENA, Bench, type Carried, kinds, MTU } from '../support/device-bench.js'
import { frame, markOf, packet, station, superFrame } from '../support/frames.js'
import { isSame } from '../support/octets.js'
import { Random } from '../support/random.js'
import { NOTHING } from '../support/virtio.js'

/** A frame of that length whose octets are all its own. */
function noise(length: number): Uint8Array {
  const octets = new Random(length).bytes(length)
  octets.set(frame(station(1), station(2)).subarray(0, 14))
  return octets
}

const numbered = (mark: number, length = 60) => frame(station(1), station(2), mark, length)
const marks = (carried: readonly Carried[]) => carried.map(({ frame: bytes }) => markOf(bytes))
const upTo = (end: number) => Array.from({ length: end }, (_, index) => index)

/** All lengths where frames are short, then some up to the longest. */
const lengths = [...upTo(130).slice(14), 255, 256, 257, 1513, 1514, 1515, 9014, 65_534, MTU + 14]

describe.each(kinds)('a $name device', (kind) => {
  test('has nothing to say until it is given something', () => {
    const bench = new Bench(kind)
    expect(bench.ready()).toEqual([])
    bench.inject(1, numbered(7))
    expect(bench.ready()).toEqual([1])
    expect(bench.receive(0)).toEqual([])
    expect(marks(bench.receive(1))).toEqual([7])
    expect(bench.ready()).toEqual([])
  })

  test('carries frames of every length, unchanged, both ways', () => {
    const bench = new Bench(kind)
    for (const length of lengths) {
      const sent = noise(length)
      bench.inject(0, sent)
      const received = bench.receive(0)
      expect(received.map(({ frame: bytes }) => bytes.length)).toEqual([length])
      expect(received[0]?.header, `${length}`).toEqual(NOTHING)
      expect(isSame(received[0]?.frame ?? sent, sent), `${length}`).toBe(true)
      expect(bench.forward(received, [1])).toEqual([])
      const [arrived, ...more] = bench.collect(1)
      expect(more).toEqual([])
      expect(isSame(arrived?.frame ?? new Uint8Array(), sent), `${length}`).toBe(true)
    }
  })

  test('keeps the order of a burst', () => {
    const bench = new Bench(kind)
    const all = upTo(200)
    bench.inject(0, ...all.map((mark) => numbered(mark, 60 + ((mark * 37) % 500))))
    const received = bench.receive(0)
    expect(marks(received)).toEqual(all)
    expect(bench.forward(received, [1])).toEqual([])
    expect(marks(bench.collect(1))).toEqual(all)
  })

  test('ends a burst at its largest number of frames, and tells of the rest', () => {
    const bench = new Bench(kind)
    bench.inject(0, ...upTo(BURST_MAX + 10).map((mark) => numbered(mark)))
    expect(marks(bench.receive(0))).toEqual(upTo(BURST_MAX))
    expect(bench.ready()).toEqual([0])
    expect(marks(bench.receive(0))).toEqual(upTo(BURST_MAX + 10).slice(BURST_MAX))
    expect(bench.ready()).toEqual([])
  })

  test('ends a burst where the arena might not hold one more', () => {
    const bench = new Bench(kind)
    const all = upTo(120)
    bench.inject(0, ...all.map((mark) => numbered(mark, 20_000)))
    const seen: number[] = []
    const bursts: number[] = []
    while (bench.ready().length > 0) {
      const received = bench.receive(0)
      for (const { address, frame: bytes } of received) {
        expect(address + bytes.length).toBeLessThanOrEqual(bench.forwarder.arena + ARENA)
      }
      seen.push(...marks(received))
      bursts.push(received.length)
    }
    expect(seen).toEqual(all)
    expect(Math.max(...bursts)).toBeLessThan(ARENA / 20_000)
    expect(bursts[0]).toBeGreaterThan(1)
  })

  test('keeps room before every frame, and aligns what follows Ethernet', () => {
    const bench = new Bench(kind)
    bench.inject(0, ...upTo(100).map((mark) => numbered(mark, 14 + 4 + mark)))
    const received = bench.receive(0)
    expect(received).toHaveLength(100)
    let end = bench.forwarder.arena
    for (const { address, frame: bytes } of received) {
      expect(address - VIRTIO_HEADER - HEADROOM).toBeGreaterThanOrEqual(end)
      expect((address + 14) % 4).toBe(0)
      expect(Math.floor((address - VIRTIO_HEADER) / 64)).toBe(Math.floor((address + 14) / 64))
      end = address + bytes.length
    }
  })

  test('sends to every port of a list but the excepted', () => {
    const bench = new Bench(kind)
    const carried = { header: NOTHING, frame: numbered(1) }
    const failures = bench.transmit(
      { ...carried, to: [0, 1, 2], except: 1 },
      { ...carried, frame: numbered(2), to: [2] },
      { ...carried, frame: numbered(3), to: [0, 1, 2] },
      { ...carried, frame: numbered(4), to: [0], except: 0 },
      { ...carried, frame: numbered(5), to: [] },
    )
    expect(failures).toEqual([])
    expect([0, 1, 2].map((port) => marks(bench.collect(port)))).toEqual([[1, 3], [3], [1, 2, 3]])
  })

  test.each([
    ['in one piece', { headLength: 1000 }],
    ['in two', { headLength: 38 }],
    ['in two that lie behind each other', { headLength: 38, contiguous: true }],
    ['with nothing but the virtio-net header in the head', { headLength: 0 }],
  ])('gathers a frame: %s', (_, pieces) => {
    const bench = new Bench(kind)
    const sent = noise(1000)
    expect(bench.transmit({ header: NOTHING, frame: sent, to: [0, 2], ...pieces })).toEqual([])
    for (const port of [0, 2]) {
      const arrived = bench.collect(port)
      expect(arrived).toHaveLength(1)
      expect(isSame(arrived[0]?.frame ?? new Uint8Array(), sent)).toBe(true)
    }
  })

  test('that is down is a failure of its own, which keeps nobody else from being served', () => {
    const bench = new Bench(kind)
    bench.ends.down(1)
    const sendings = [1, 2, 3].map((mark) => {
      return { header: NOTHING, frame: numbered(mark, 100), to: [0, 1, 2] }
    })
    const failures = bench.transmit(...sendings)
    expect(failures).toEqual([
      { port: 1, errno: expect.any(Number), frames: 3, octets: 3 * (100 + VIRTIO_HEADER) },
    ])
    const reason = drops.find(({ code }) => code === failureReason(failures[0]?.errno ?? 0))
    expect(reason?.name).toMatch(/^device-(full|down)$/)
    expect([0, 2].map((port) => marks(bench.collect(port)))).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ])
  })

  test('takes what is shorter than an Ethernet header, or says that it does not', () => {
    const bench = new Bench(kind)
    for (const length of upTo(14)) {
      const short = noise(14).subarray(0, length)
      const failures = bench.transmit({ header: NOTHING, frame: short, to: [0] })
      const arrived = bench.collect(0)
      const failed = failures.reduce((sum, { frames }) => sum + frames, 0)
      expect(failed + arrived.length, `${length}`).toBe(1)
    }
    expect(bench.transmit({ header: NOTHING, frame: numbered(1), to: [0] })).toEqual([])
    expect(marks(bench.collect(0))).toEqual([1])
  })

  test('that is taken away is told of, and not again once it is forgotten', () => {
    const bench = new Bench(kind)
    bench.ends.destroy(1)
    for (const [index, port] of bench.ready().entries()) {
      expect(port).toBe(1)
      expect(bench.io.readyFailed(index)).toBe(true)
      expect(bench.io.receive(port, 0)).toBeLessThanOrEqual(0)
      bench.io.forget(port, 0)
    }
    expect(bench.ready()).toEqual([])
    const [failure] = bench.transmit({ header: NOTHING, frame: numbered(1), to: [1, 2] })
    expect(failure).toMatchObject({ port: 1, frames: 1 })
    expect(marks(bench.collect(2))).toEqual([1])
    bench.inject(0, numbered(2))
    expect(bench.ready()).toEqual([0])
  })
})

describe.each(kinds.filter(({ offloads }) => offloads))('a $name device with offloads', (kind) => {
  test.each([
    ['a partial TCP checksum', packet({ checksum: 'partial' })],
    ['a partial UDP checksum', packet({ protocol: 'udp', checksum: 'partial' })],
    ['a partial checksum over IPv6', packet({ version: 6, checksum: 'partial' })],
    ['a TCP super-frame', superFrame(1448, { payload: 60_000 })],
    ['a TCP super-frame over IPv6', superFrame(1428, { version: 6, payload: 60_000 })],
    ['a UDP super-frame', superFrame(1200, { protocol: 'udp', payload: 30_000 })],
  ])('carries %s whole, both ways', (_, { header, frame: sent }) => {
    const bench = new Bench(kind)
    bench.inject(0, { header, frame: sent })
    const received = bench.receive(0)
    expect(received).toHaveLength(1)
    expect(asks(received[0]?.header)).toEqual(asks(header))
    expect(isSame(received[0]?.frame ?? sent, sent)).toBe(true)
    expect(bench.forward(received, [1, 2])).toEqual([])
    for (const port of [1, 2]) {
      const arrived = bench.collect(port)
      expect(arrived).toHaveLength(1)
      expect(asks(arrived[0]?.header)).toEqual(asks(header))
      expect(isSame(arrived[0]?.frame ?? new Uint8Array(), sent)).toBe(true)
    }
  })
})

/** What a header asks for. Its hdr_len is a hint, which each kernel gives anew. */
function asks(header: Carried['header'] = NOTHING) {
  const { flags, gsoType, gsoSize, checksumStart, checksumOffset } = header
  return { flags, gsoType, gsoSize, checksumStart, checksumOffset }
}
