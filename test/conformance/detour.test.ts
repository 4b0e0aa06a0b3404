/** What impairments do to frames of every kind of device, both ways: settings, memory, the end of it. */
import { describe, expect, test } from 'vitest'
import { Faults } from '../../src/impair/faults.js'
import { DetourBench } from '../support/detour-bench.js'
import { kinds, MTU } from '../support/device-bench.js'
import { frame, markOf, packet, station, superFrame } from '../support/frames.js'
import { Random } from '../support/random.js'
import { DATA_VALID, NEEDS_CSUM, NOTHING } from '../support/virtio.js'

/** Those that have descriptors. */
const ofTheKernel = kinds.filter(({ name }) => !name.startsWith('memory'))
const [pair] = kinds.filter(({ name }) => name === 'pair') as [(typeof kinds)[number]]

const upTo = (end: number) => Array.from({ length: end }, (_, index) => index)
const numbered = (mark: number, length = 60) => frame(station(1), station(2), mark, length)
const bare = (bytes: Uint8Array) => ({ header: NOTHING, frame: bytes })
const marks = (carried: readonly { frame: Uint8Array }[]) =>
  carried.map(({ frame: bytes }) => markOf(bytes))

describe.each(ofTheKernel)('past the detour, a $name device', (kind) => {
  test('carries frames of every length, unchanged, both ways', () => {
    const bench = new DetourBench(kind)
    for (const length of [14, 60, 61, 256, 1514, 9014, MTU + 14]) {
      const sent = new Random(length).bytes(length)
      sent.set(numbered(1).subarray(0, 14))
      bench.inject(sent)
      const [came, ...more] = bench.take()
      expect(more).toEqual([])
      expect(Buffer.compare(came?.frame ?? new Uint8Array(), sent), `${length} in`).toBe(0)
      bench.send(bare(sent))
      const [went, ...others] = bench.collect()
      expect(others).toEqual([])
      expect(Buffer.compare(went?.frame ?? new Uint8Array(), sent), `${length} out`).toBe(0)
    }
    expect(bench.lost()).toEqual({})
  })

  test('keeps the order, and each frame until its time', () => {
    const bench = new DetourBench(kind, { receive: { delay: 20 }, transmit: { delay: 5 } })
    bench.inject(...upTo(100).map((mark) => numbered(mark)))
    bench.time += 3
    bench.send(...upTo(50).map((mark) => bare(numbered(mark))))
    expect([bench.take(), bench.collect(), bench.held]).toEqual([[], [], 150])
    bench.time += 5
    bench.turn()
    expect(marks(bench.collect())).toEqual(upTo(50))
    bench.time += 11.9
    bench.turn()
    expect(bench.take()).toEqual([])
    bench.time += 0.1
    bench.turn()
    expect(marks(bench.take())).toEqual(upTo(100))
    expect(bench.held).toBe(0)
  })

  test('loses, doubles and changes those frames that the seed says', () => {
    const settings = { loss: '30%', duplicate: '20%', corrupt: '10%' }
    const bench = new DetourBench(kind, { receive: settings, transmit: settings, seed: 11 })
    const frames = upTo(60).map((mark) => numbered(mark))
    bench.inject(...frames)
    bench.send(...frames.map(bare))
    for (const [direction, came] of [
      ['receive', bench.take()],
      ['transmit', bench.collect()],
    ] as const) {
      const faults = new Faults({ seed: 11, link: 'web', direction }, settings)
      const expected = frames.flatMap((bytes) => {
        const { delivered, deliveries } = faults.pass(0, bytes.length)
        return deliveries.slice(0, delivered).map(({ bit }) => flipped(bytes, bit))
      })
      expect(came.length, direction).toBe(expected.length)
      for (const [index, bytes] of expected.entries()) {
        expect(Buffer.compare(came[index]?.frame ?? new Uint8Array(), bytes)).toBe(0)
      }
    }
    const lost = bench.lost()
    expect(lost['impair-loss-receive']).toBeGreaterThan(5)
    expect(lost['impair-loss-transmit']).toBeGreaterThan(5)
    expect(lost.copied).toBe(bench.state('transmit').duplicated)
    expect(bench.state('receive').corrupted).toBeGreaterThan(0)
  })

  test('that goes away under it leaves the other way alone', () => {
    const bench = new DetourBench(kind, { receive: { delay: 10 }, transmit: { delay: 10 } })
    bench.inject(numbered(1))
    bench.device.ends.destroy(0)
    bench.send(bare(numbered(2)))
    bench.time += 10
    bench.turn()
    expect(marks(bench.take())).toEqual([1])
    bench.detach()
    bench.turn()
    expect(bench.held).toBe(0)
  })
})

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice()
  if (bit >= 0) copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7))
  return copy
}

describe('the detour', () => {
  test('counts what a rate, an MTU and a link that is down keep, with the VLAN tag besides', () => {
    const bench = new DetourBench(pair, { receive: { rate: 8000, queue: '1 frame' } })
    bench.inject(...upTo(3).map((mark) => numbered(mark, 100)))
    expect(bench.lost()).toEqual({ 'impair-queue-receive': 1 })
    bench.time += 100
    bench.turn()
    expect(marks(bench.take())).toEqual([0])
    bench.set({ transmit: { mtu: 86 } })
    const tagged = numbered(1, 104)
    tagged.set([0x81, 0, 0, 1], 12)
    bench.send(bare(numbered(1, 100)), bare(numbered(1, 101)), bare(tagged))
    expect(bench.lost()).toEqual({ 'impair-mtu-transmit': 1 })
    bench.set({ receive: { up: false } })
    bench.inject(numbered(5))
    expect(bench.lost()).toEqual({ 'impair-down-receive': 1 })
  })

  test('takes a super-frame for as many frames as it stands for', () => {
    const { header, frame: bytes } = superFrame(1000, { payload: 3500 })
    const bench = new DetourBench(pair, { receive: { rate: 8000 } })
    bench.inject({ header, frame: bytes })
    const octets = bytes.length + 3 * header.headerLength
    bench.time += octets - 1
    bench.turn()
    expect(bench.take()).toEqual([])
    bench.time += 1
    bench.turn()
    expect(bench.take()).toHaveLength(1)
    bench.set({ receive: { mtu: header.headerLength + 1000 - 14 } })
    bench.inject({ header, frame: bytes })
    expect(bench.take()).toHaveLength(1)
    bench.set({ receive: { mtu: header.headerLength + 1000 - 15 } })
    bench.inject({ header, frame: bytes })
    expect(bench.lost()).toEqual({ 'impair-mtu-receive': 1 })
  })

  test('loses a super-frame instead of changing it: its checksums would be made afterwards', () => {
    const bench = new DetourBench(pair, { receive: { corrupt: 1 } })
    bench.inject(superFrame(1000, { payload: 3500 }))
    expect(bench.take()).toEqual([])
    expect(bench.lost()).toEqual({ 'impair-loss-receive': 1 })
  })

  test('completes a checksum before it changes a bit, and promises nothing of it', () => {
    const bench = new DetourBench(pair, { receive: { corrupt: 1 } })
    const { header, frame: bytes } = packet({ payload: 100, checksum: 'partial' })
    expect(header.flags & NEEDS_CSUM).toBe(NEEDS_CSUM)
    bench.inject({ header, frame: bytes })
    bench.inject({ header: { ...NOTHING, flags: DATA_VALID }, frame: bytes })
    const [first, second] = bench.take()
    expect([first?.header.flags, second?.header.flags]).toEqual([0, 0])
    // Sum and bit differ, nothing else.
    const differing = upTo(bytes.length).filter((at) => first?.frame[at] !== bytes[at])
    expect(differing.length).toBeGreaterThan(1)
    expect(differing.length).toBeLessThanOrEqual(3)
  })

  test('holds no more than there is memory for, and leaves some to others', () => {
    const slabs = 4
    const bench = new DetourBench(
      pair,
      { receive: { delay: 10 }, transmit: { delay: 10 } },
      slabs << 17,
    )
    const blocks = (slabs << 17) / 2048
    bench.inject(...upTo(blocks).map((mark) => numbered(mark, 1500)))
    expect(bench.state('receive').held).toBe(blocks / 2)
    expect(bench.lost()).toEqual({ 'impair-room-receive': blocks / 2 })
    bench.send(...upTo(blocks).map((mark) => bare(numbered(mark, 1500))))
    expect(bench.state('transmit').held).toBe(blocks / 4)
    bench.time += 10
    bench.turn()
    expect(bench.take()).toHaveLength(blocks / 2)
    expect(bench.held).toBe(0)
  })

  test('has out at once, in their order, what it held when it ends', () => {
    const jitter = { delay: 50, jitter: { time: 40, reorder: true } }
    const bench = new DetourBench(pair, { receive: jitter, transmit: jitter })
    bench.inject(...upTo(20).map((mark) => numbered(mark)))
    bench.send(...upTo(20).map((mark) => bare(numbered(mark))))
    bench.drain()
    const [came, went] = [marks(bench.take()), marks(bench.collect())]
    expect([...came].sort((a, b) => a - b)).toEqual(upTo(20))
    expect([...went].sort((a, b) => a - b)).toEqual(upTo(20))
    expect(came).not.toEqual(upTo(20))
    // The device is not read any more, what workers send passes.
    bench.inject(numbered(30))
    bench.send(bare(numbered(31)))
    expect([bench.take(), marks(bench.collect())]).toEqual([[], [31]])
  })

  test('hands over what pairs still have, and loses what it holds, when it lets go', () => {
    const bench = new DetourBench(pair, { receive: { delay: 50 } })
    bench.inject(numbered(1))
    bench.detach()
    expect(bench.lost()).toEqual({ 'port-down': 1 })
    bench.send(bare(numbered(2)))
    expect(bench.collect()).toEqual([])
    bench.attach()
    bench.turn()
    expect(marks(bench.collect())).toEqual([2])
    // What was lost need not be waited for.
    bench.set({ receive: { delay: 1 } })
    bench.inject(numbered(3))
    bench.time += 1
    bench.turn()
    expect(marks(bench.take())).toEqual([3])
  })

  test('what is due while a burst is read goes before it', () => {
    const bench = new DetourBench(pair, { receive: { delay: 5 } })
    bench.inject(numbered(1))
    bench.set({ receive: {} })
    // Not due when the turn begins, and when it would wait.
    bench.times.push(1004.8, 1004.9, 1005.1)
    bench.time = 1006
    bench.inject(numbered(2))
    expect(marks(bench.take())).toEqual([1, 2])
  })

  test('settings that change hold for what comes next; another seed is another luck', () => {
    const bench = new DetourBench(pair, { receive: { delay: 50 } })
    bench.inject(numbered(1))
    bench.set({ receive: {} })
    bench.inject(numbered(2))
    expect(bench.take()).toEqual([])
    bench.time += 50
    bench.turn()
    // None overtakes.
    expect(marks(bench.take())).toEqual([1, 2])
    const luck = (seed: number) => {
      bench.set({ receive: { loss: 0.5 }, seed })
      bench.inject(...upTo(40).map((mark) => numbered(mark)))
      return marks(bench.take())
    }
    const [first, other, again] = [luck(1), luck(2), luck(1)]
    expect(other).not.toEqual(first)
    expect(again).toEqual(first)
  })
})
