/** Batches out, a ring in: the addon's calls for a load generator. */
import { constants } from 'node:os'
import { beforeEach, describe, expect, test } from 'vitest'
import { loadNative, type MemoryHandle } from '../../src/device/native.js'
import { QueueKind } from '../../src/device/queue.js'
import {
  defer,
  ip,
  ipJson,
  packetSocket,
  quietNamespace,
  rawTap,
  received,
} from './native-support.js'

const native = loadNative()
const { EFAULT, ENXIO, ENETDOWN } = constants.errno
const CLOCK = 0
const LIST = 0x100
const RECORDS = 0x4000
const FRAMES = 0x8000
const ARENA = 0x20000
const SIZE = 0x400000

let bytes: Uint8Array
let view: DataView
let memory: MemoryHandle

beforeEach(() => {
  const { buffer } = new WebAssembly.Memory({ initial: SIZE / 65_536 })
  bytes = new Uint8Array(buffer)
  view = new DataView(buffer)
  memory = native.attach(bytes)
})

/** Lists frames in pieces of these lengths; all octets of frame n are n + 1, but for its EtherType. */
function list(frames: readonly (readonly [number, number])[]): void {
  for (const [n, [head, body]] of frames.entries()) {
    const at = FRAMES + n * 0x1000
    bytes.fill(n + 1, at, at + head + body)
    bytes.set([0x88, 0xb5], at + 12)
    const entry = [at, head, at + head, body]
    for (const [word, value] of entry.entries())
      view.setUint32(LIST + n * 16 + word * 4, value, true)
  }
}

/** A veth whose ends are in two namespaces: a sender at one, a ring at the other. */
function veth() {
  const [a, b] = [quietNamespace(), quietNamespace()]
  ip('-n', a, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v0', 'netns', b)
  for (const netns of [a, b]) ip('-n', netns, 'link', 'set', 'v0', 'up')
  const [sender, ring] = [a, b].map((netns, index) => {
    const { fd } = native.namespaceOpen(`/run/netns/${netns}`)
    const [link] = ipJson<{ ifindex: number }[]>(netns, 'link', 'show', 'v0')
    const interfaceIndex = link?.ifindex ?? 0
    try {
      return index === 0
        ? native.packetSender(fd, interfaceIndex, 1)
        : native.ringOpen(fd, interfaceIndex, 65_536, 4)
    } finally {
      native.close(fd)
    }
  }) as [number, ReturnType<typeof native.ringOpen>]
  defer(() => native.ringClose(ring))
  defer(() => native.close(sender))
  return { sender, ring, b }
}

type Ring = ReturnType<typeof native.ringOpen>
const read = (ring: Ring, capacity = 64, size = SIZE - ARENA, wait = 1000) =>
  native.ringRead(memory, ring, RECORDS, capacity, ARENA, size, wait)
const recordOf = (n: number) => ({
  address: view.getUint32(RECORDS + n * 16, true),
  length: view.getUint32(RECORDS + n * 16 + 4, true),
  time: view.getFloat64(RECORDS + n * 16 + 8, true),
})
const now = () => {
  const [seconds, rest] = process.hrtime()
  return seconds * 1e9 + rest
}

describe('a batch', () => {
  test('of a packet socket is sent in one call and comes in order, in a ring, with its time', () => {
    const { sender, ring } = veth()
    list([
      [60, 0],
      [20, 100],
      [14, 1486],
    ])
    const before = now()
    expect(native.sendFrames(memory, sender, QueueKind.PACKET, LIST, 3, CLOCK)).toBe(3)
    const sent = view.getFloat64(CLOCK, true)
    expect(sent).toBeGreaterThan(before)
    expect(read(ring)).toBe(3)
    for (const [n, length] of [60, 120, 1500].entries()) {
      const record = recordOf(n)
      expect(record.length).toBe(length)
      expect(record.address % 8).toBe(2)
      expect(bytes.slice(record.address, record.address + length)).toEqual(
        bytes.slice(FRAMES + n * 0x1000, FRAMES + n * 0x1000 + length),
      )
      // Clocks are compared, no time is measured: it came between the call and its reading.
      expect(record.time).toBeGreaterThan(before - 1e6)
      expect(record.time).toBeLessThan(now() + 1e6)
    }
    expect(read(ring, 64, SIZE - ARENA, 0)).toBe(0)
    expect(native.ringDrops(ring)).toBe(0)
  })

  test('of a TAP is written behind virtio headers', () => {
    const tap = rawTap(quietNamespace(), 'eth0')
    const inside = packetSocket(tap)
    list([
      [72, 0],
      [30, 100],
    ])
    for (const n of [0, 1]) bytes.fill(0, FRAMES + n * 0x1000, FRAMES + n * 0x1000 + 12)
    expect(native.sendFrames(memory, tap.fd, QueueKind.TAP, LIST, 2, CLOCK)).toBe(2)
    expect(received(inside).map(({ length }) => length)).toEqual([60, 118])
  })

  test('that lies outside is not sent', () => {
    const { sender } = veth()
    list([
      [60, 0],
      [60, 0],
    ])
    view.setUint32(LIST + 16, SIZE - 59, true)
    const send = (at: number, count: number, clock = CLOCK) =>
      native.sendFrames(memory, sender, QueueKind.PACKET, at, count, clock)
    expect(send(LIST, 2)).toBe(-EFAULT)
    expect(native.sendFrames(memory, sender, QueueKind.TAP, LIST + 16, 1, CLOCK)).toBe(-EFAULT)
    for (const call of [
      () => send(SIZE - 16, 2),
      () => send(LIST + 2, 1),
      () => send(LIST, 257),
      () => send(LIST, 1, SIZE - 4),
      () => send(LIST, 1, 4),
      () => native.awaitTime(memory, SIZE, 0),
    ]) {
      expect(call).toThrow(RangeError)
    }
  })
})

describe('a ring', () => {
  test('keeps what finds no room in the arena or on the list for the next call', () => {
    const { sender, ring } = veth()
    list(Array.from({ length: 5 }, () => [100, 0] as const))
    native.sendFrames(memory, sender, QueueKind.PACKET, LIST, 5, CLOCK)
    const seen: number[] = []
    for (let turn = 0; seen.length < 5 && turn < 20; turn++) {
      const count = turn % 2 === 0 ? read(ring, 1) : read(ring, 64, 220)
      for (let n = 0; n < count; n++) seen.push(bytes[recordOf(n).address] as number)
      expect(count).toBeLessThanOrEqual(2)
    }
    expect(seen).toEqual([1, 2, 3, 4, 5])
  })

  test('counts what it had no room for', () => {
    const { sender, ring } = veth()
    list([[1500, 0]])
    for (let n = 0; n < 400; n++)
      native.sendFrames(memory, sender, QueueKind.PACKET, LIST, 1, CLOCK)
    expect(native.ringDrops(ring)).toBeGreaterThan(100)
    expect(native.ringDrops(ring)).toBe(0)
  })

  test('says that its interface has gone', () => {
    const { sender, ring, b } = veth()
    ip('-n', b, 'link', 'del', 'v0')
    expect(read(ring)).toBe(-ENETDOWN)
    list([[60, 0]])
    expect(native.sendFrames(memory, sender, QueueKind.PACKET, LIST, 1, CLOCK)).toBe(-ENXIO)
  })

  test('that was closed is read no more; again is harmless', () => {
    const { ring } = veth()
    native.ringClose(ring)
    native.ringClose(ring)
    expect(read(ring)).toBe(-constants.errno.EBADF)
  })

  test('refuses tables that lie outside, sizes that are none, and what is no ring', () => {
    const { ring } = veth()
    const call = (records: number, arena: number, size: number) => () =>
      native.ringRead(memory, ring, records, 64, arena, size, 0)
    expect(call(SIZE - 8, ARENA, 100)).toThrow(RangeError)
    expect(call(RECORDS + 4, ARENA, 100)).toThrow(RangeError)
    expect(call(RECORDS, ARENA, SIZE)).toThrow(RangeError)
    const wrong = () => native.ringOpen(-1, 1, 1000, 4)
    expect(wrong).toThrow(
      expect.objectContaining({ code: 'EINVAL', syscall: 'setsockopt(PACKET_RX_RING)' }),
    )
    expect(() => native.ringDrops(memory as unknown as Ring)).toThrow(TypeError)
    expect(() => native.ringOpen(-1, 99_999, 65_536, 4)).toThrow(
      expect.objectContaining({ code: 'ENODEV' }),
    )
  })
})

test('a wait ends not before its time', () => {
  for (const ahead of [0, 50_000, 3e6]) {
    const until = now() + ahead
    native.awaitTime(memory, CLOCK, until)
    expect(view.getFloat64(CLOCK, true)).toBeGreaterThanOrEqual(until)
  }
})
