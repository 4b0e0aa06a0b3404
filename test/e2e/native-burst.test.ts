import { constants } from 'node:os'
import { beforeEach, describe, expect, test } from 'vitest'
import { BARE, QUEUE_SIZE } from '../../src/dataplane/abi.js'
import { loadNative, type MemoryHandle } from '../../src/device/native.js'
import { QueueKind } from '../../src/device/queue.js'
import {
  ip,
  packetSocket,
  quietNamespace,
  rawTap,
  received,
  type TestTap,
  testFrame,
} from './native-support.js'

const native = loadNative()
const { TAP } = QueueKind
const { EBADF, EFAULT } = constants.errno
const EBADFD = 77
const ENODEV = 19

/** Where the tables of these tests lie. */
const QUEUES = 0x100
const PORTS = 0x1000
const DESCRIPTORS = 0x3000
const ENTRIES = 0x8000
const FAILURES = 0x9000
const FRAMES = 0xa000
const ARENA = 0x20000
const SIZE = 0x400000
const FRAME_ROOM = 65_664

let bytes: Uint8Array
let words: DataView
let memory: MemoryHandle

beforeEach(() => {
  const { buffer } = new WebAssembly.Memory({ initial: SIZE / 65_536 })
  bytes = new Uint8Array(buffer)
  words = new DataView(buffer)
  memory = native.attach(bytes)
})

const u32s = (at: number, count: number) =>
  Array.from({ length: count }, (_, i) => words.getUint32(at + 4 * i, true))

function put(at: number, values: readonly number[]): void {
  for (const [i, value] of values.entries()) words.setUint32(at + 4 * i, value, true)
}

describe('readBurst', () => {
  let tap: TestTap
  let inside: number
  beforeEach(() => {
    tap = rawTap(quietNamespace(), 'eth0', 65_521)
    inside = packetSocket(tap)
  })

  const read = (size: number, frames: number) =>
    native.readBurst(memory, tap.fd, TAP, DESCRIPTORS, ARENA, size, frames)

  test('packs frames one behind the other, on cache lines, each with its headroom', () => {
    for (const [i, length] of [60, 1514, 61].entries()) {
      native.writeFrame(inside, testFrame(length, i + 1))
    }
    expect(read(SIZE - ARENA, 256)).toBe(3)
    const first = ARENA + 128 + 14
    const second = Math.ceil((first + 60 + 128) / 64) * 64 + 14
    const third = Math.ceil((second + 1514 + 128) / 64) * 64 + 14
    expect(u32s(DESCRIPTORS, 6)).toEqual([first, 60, second, 1514, third, 61])
    expect(bytes.slice(second, second + 1514)).toEqual(testFrame(1514, 2).slice(12))
    expect(bytes.slice(third, third + 61)).toEqual(testFrame(61, 3).slice(12))
  })

  test('brings the virtio header just before the frame', () => {
    // TUN_F_CSUM: without it the kernel completes the checksum before we see the frame.
    native.tapSetOffload(tap.fd, 1)
    const frame = testFrame(60, 9)
    // NEEDS_CSUM of 26 bytes on, at 4 from there (struct virtio_net_hdr).
    frame.set([1, 0, 0, 0, 0, 0, 26, 0, 4, 0, 0, 0])
    native.writeFrame(inside, frame)
    read(SIZE - ARENA, 1)
    const [address = 0] = u32s(DESCRIPTORS, 1)
    const [flags, type] = bytes.subarray(address - 12)
    expect([flags, type]).toEqual([1, 0])
    expect(words.getUint16(address - 6, true)).toBe(26)
    expect(words.getUint16(address - 4, true)).toBe(4)
  })

  test('stops at the number of frames asked for; the rest stays', () => {
    for (const fill of [1, 2, 3]) native.writeFrame(inside, testFrame(60, fill))
    expect(read(SIZE - ARENA, 2)).toBe(2)
    expect(read(SIZE - ARENA, 2)).toBe(1)
    const [address = 0] = u32s(DESCRIPTORS, 1)
    expect(bytes[address + 20]).toBe(3)
  })

  test('is 0 when nothing waits', () => {
    expect(read(SIZE - ARENA, 256)).toBe(0)
  })

  test('stops where a largest frame might not fit', () => {
    for (const fill of [1, 2]) native.writeFrame(inside, testFrame(60, fill))
    // The first virtio header is 130 bytes into the arena.
    expect(read(130 + FRAME_ROOM - 1, 256)).toBe(0)
    expect(read(130 + FRAME_ROOM, 256)).toBe(1)
    expect(read(130 + FRAME_ROOM, 256)).toBe(1)
  })

  test('takes a largest frame whole', () => {
    const frame = testFrame(65_535, 7)
    expect(native.writeFrame(inside, frame)).toBe(frame.length)
    expect(read(130 + FRAME_ROOM, 256)).toBe(1)
    const [address = 0, length = 0] = u32s(DESCRIPTORS, 2)
    expect(length).toBe(65_535)
    expect(bytes.slice(address, address + length)).toEqual(frame.slice(12))
  })

  test('is -errno when the first read fails', () => {
    expect(native.readBurst(memory, -1, TAP, DESCRIPTORS, ARENA, SIZE - ARENA, 1)).toBe(-EBADF)
    ip('-n', tap.netns, 'link', 'del', 'eth0')
    expect(read(SIZE - ARENA, 1)).toBe(-EBADFD)
  })

  test('reads the same into shared memory', () => {
    const shared = new WebAssembly.Memory({ initial: 64, maximum: 64, shared: true })
    const view = new Uint8Array(shared.buffer)
    native.writeFrame(inside, testFrame(60, 5))
    const handle = native.attach(view)
    expect(native.readBurst(handle, tap.fd, TAP, DESCRIPTORS, ARENA, SIZE - ARENA, 9)).toBe(1)
    expect(view[ARENA + 142 + 20]).toBe(5)
  })

  test.each([
    ['descriptors', SIZE - 8, ARENA, SIZE - ARENA, 2],
    ['descriptors', DESCRIPTORS + 1, ARENA, SIZE - ARENA, 2],
    ['descriptors', DESCRIPTORS, ARENA, SIZE - ARENA, 0xffffffff],
    ['arena', DESCRIPTORS, ARENA, SIZE - ARENA + 1, 2],
    ['arena', DESCRIPTORS, 0xffffffff, 0xffffffff, 2],
  ])('refuses %s outside: %i %i %i %i', (_, descriptors, arena, size, frames) => {
    const call = () => native.readBurst(memory, tap.fd, TAP, descriptors, arena, size, frames)
    expect(call).toThrow(RangeError)
  })
})

describe('writeEntries', () => {
  let taps: TestTap[]
  let sockets: number[]
  beforeEach(() => {
    const netns = quietNamespace()
    taps = ['p0', 'p1', 'p2'].map((name) => rawTap(netns, name))
    sockets = taps.map(packetSocket)
    put(
      QUEUES,
      taps.flatMap(({ fd }) => [fd, 0, fd, 0]),
    )
    put(PORTS, [0, 1, 2])
  })

  interface Entry {
    head?: number
    headLength?: number
    body?: number
    bodyLength?: number
    ports?: number
    portCount?: number
    except?: number
  }

  function write(entries: Entry[], failureCapacity = 8): number {
    for (const [i, entry] of entries.entries()) {
      const { head = FRAMES, headLength = 0, body = 0, bodyLength = 0 } = entry
      const { ports = PORTS, portCount = 3, except = 0xffffffff } = entry
      const fields = [head, headLength, body, bodyLength, ports, portCount, except, 0]
      put(ENTRIES + 32 * i, fields)
    }
    return native.writeEntries(memory, QUEUES, ENTRIES, entries.length, FAILURES, failureCapacity)
  }

  const failures = (count: number) =>
    Array.from({ length: count }, (_, i) => u32s(FAILURES + 16 * i, 4))

  function frameAt(at: number, length: number, fill: number): number {
    const frame = testFrame(length, fill)
    bytes.set(frame, at)
    return frame.length
  }

  test('floods all ports of the list but one', () => {
    const headLength = frameAt(FRAMES, 100, 1)
    expect(write([{ headLength, except: 1 }])).toBe(0)
    const frame = testFrame(100, 1).slice(12)
    expect(sockets.map(received)).toEqual([[frame], [], [frame]])
  })

  test('writes to one port, and several frames in order', () => {
    const headLength = frameAt(FRAMES, 60, 1)
    frameAt(FRAMES + 256, 60, 2)
    const one = { headLength, ports: PORTS + 8, portCount: 1 }
    expect(write([one, { ...one, head: FRAMES + 256 }])).toBe(0)
    const frames = [1, 2].map((fill) => testFrame(60, fill).slice(12))
    expect(sockets.map(received)).toEqual([[], [], frames])
  })

  test('gathers head and body where they lie apart, and not where they touch', () => {
    const length = frameAt(FRAMES, 300, 3)
    bytes.copyWithin(FRAMES + 0x4000, FRAMES + 26, FRAMES + length)
    const apart = { headLength: 26, body: FRAMES + 0x4000, bodyLength: length - 26 }
    const touching = { headLength: 26, body: FRAMES + 26, bodyLength: length - 26 }
    expect(write([{ ...apart, portCount: 1 }])).toBe(0)
    expect(write([{ ...touching, portCount: 1 }])).toBe(0)
    const frame = testFrame(300, 3).slice(12)
    expect(received(sockets[0] ?? -1)).toEqual([frame, frame])
  })

  test('makes the header of a bare frame over the end of the frame before, when that is written', () => {
    const length = frameAt(FRAMES, 60, 1)
    const close = FRAMES + length - 4
    // What is 12 octets before the second frame is the end of the first, and what came between them.
    bytes.set(testFrame(60, 2).slice(12), close + 12)
    const one = { ports: PORTS, portCount: 1 }
    const bare = { ...one, head: close, headLength: length, body: BARE }
    expect(write([{ ...one, headLength: length }, bare])).toBe(0)
    const frames = [1, 2].map((fill) => testFrame(60, fill).slice(12))
    expect(received(sockets[0] ?? -1)).toEqual(frames)
    expect([...bytes.subarray(close, close + 12)]).toEqual(Array(12).fill(0))
  })

  test('a port without a descriptor, or beyond the table, is a device that is not there', () => {
    put(QUEUES + QUEUE_SIZE, [-1])
    put(PORTS, [0, 1, 0x3fffffff])
    const headLength = frameAt(FRAMES, 60, 1)
    expect(write([{ headLength }])).toBe(2)
    expect(failures(2)).toEqual([
      [1, ENODEV, 1, 72],
      [0x3fffffff, ENODEV, 1, 72],
    ])
    expect(sockets.map((socket) => received(socket).length)).toEqual([1, 0, 0])
  })

  test('gathers failures alike into one record', () => {
    ip('-n', taps[1]?.netns ?? '', 'link', 'del', 'p1')
    const headLength = frameAt(FRAMES, 60, 1)
    const one = { headLength, ports: PORTS + 4, portCount: 1 }
    expect(write([one, one, one])).toBe(1)
    expect(failures(1)).toEqual([[1, EBADFD, 3, 3 * 72]])
    expect(write([{ headLength }])).toBe(1)
    expect(sockets.map((socket) => received(socket).length)).toEqual([1, 0, 1])
  })

  test('never charges one port with the failures of another', () => {
    put(
      QUEUES,
      [999_999, 999_998, 999_997].flatMap((fd) => [fd, 0, fd, 0]),
    )
    const headLength = frameAt(FRAMES, 60, 1)
    expect(write([{ headLength }, { headLength }], 2)).toBe(2)
    expect(failures(2)).toEqual([
      [0, EBADF, 2, 2 * 72],
      [1, EBADF, 2, 2 * 72],
    ])
    expect(write([{ headLength }], 0)).toBe(0)
  })

  test.each([
    ['head', { head: SIZE - 10, headLength: 72 }],
    ['head', { head: 0xffffffff, headLength: 0xffffffff }],
    ['body', { headLength: 26, body: SIZE - 1, bodyLength: 2 }],
  ])('a %s outside is EFAULT, and the next frame goes', (_, entry) => {
    const good = { headLength: frameAt(FRAMES, 60, 1), portCount: 1 }
    expect(write([{ ...entry, portCount: 1 }, good])).toBe(1)
    expect(u32s(FAILURES, 3)).toEqual([0, EFAULT, 1])
    expect(received(sockets[0] ?? -1)).toHaveLength(1)
  })

  test('a port list outside is EFAULT of no port', () => {
    const headLength = frameAt(FRAMES, 60, 1)
    expect(write([{ headLength, ports: SIZE - 4 }])).toBe(1)
    expect(failures(1)).toEqual([[0xffffffff, EFAULT, 1, 72]])
  })

  test.each([
    ['entries', SIZE - 31, 1, FAILURES, 1],
    ['entries', ENTRIES, 0xffffffff, FAILURES, 1],
    ['failures', ENTRIES, 1, SIZE - 15, 1],
    ['failures', ENTRIES, 1, FAILURES + 2, 1],
  ])('refuses %s outside', (_, entries, count, records, capacity) => {
    const call = () => native.writeEntries(memory, QUEUES, entries, count, records, capacity)
    expect(call).toThrow(RangeError)
  })
})
