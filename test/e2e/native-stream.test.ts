/** Streams in QEMU's framing, as the addon reads and writes them, with the worst of clients. */
import { constants } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { loadNative } from '../../src/device/native.js'
import { QueueKind } from '../../src/device/queue.js'
import { SocketType } from '../../src/device/socket-path.js'
import { defer } from '../support/cleanup.js'
import { directory } from '../support/linkspan.js'
import { framed, StreamClient } from '../support/qemu-stream.js'
import { Random } from '../support/random.js'
import { RawQueue } from '../support/raw-queue.js'
import { writers } from '../support/stream-writers.js'

const native = loadNative()
const { EAGAIN, EPIPE, EPROTO } = constants.errno
const LONGEST = 65_607

let queue: RawQueue
let client: StreamClient
let hangUp: () => void

beforeEach(() => {
  const path = join(directory(), 'socket')
  const listening = native.unixListen(path, SocketType.STREAM)
  const fd = native.unixConnect(path, SocketType.STREAM)
  const accepted = native.unixAccept(listening, SocketType.STREAM)
  queue = new RawQueue({ fd: accepted, kind: QueueKind.STREAM })
  client = new StreamClient(fd)
  let open = true
  hangUp = () => {
    if (open) native.close(fd)
    open = false
  }
  defer(hangUp)
  for (const each of [accepted, listening]) defer(() => native.close(each))
})

const octets = (length: number) => new Random(length + 1).bytes(length)
const lengths = () => queue.take().map(({ frame }) => frame.length)

describe('reading', () => {
  test.each([0, 1, 13, 14, 60, 1514, 65_537, LONGEST])('a frame of %i octets', (length) => {
    const sent = octets(length)
    client.send(framed(sent))
    client.send(framed(octets(60)))
    const [first, second] = queue.take()
    expect(Buffer.compare(first?.frame ?? new Uint8Array(), sent)).toBe(0)
    expect(second?.frame).toEqual(octets(60))
    expect(queue.burst()).toEqual([])
  })

  test('an octet at a time: each frame when it is whole, and nothing before', () => {
    const sent = [octets(3), octets(0), octets(20)]
    const stream = Buffer.concat(sent.map((frame) => framed(frame)))
    const seen = [...stream].map((octet) => {
      client.send(Uint8Array.of(octet))
      return queue.take().map(({ frame }) => frame)
    })
    expect(seen.flat()).toEqual(sent)
    const whole = seen.flatMap((frames, index) => (frames.length > 0 ? [index] : []))
    expect(whole).toEqual([6, 10, 34])
  })

  test('any frames, cut anywhere, in bursts of any size', () => {
    const random = new Random(7)
    const sent = Array.from({ length: 400 }, () => {
      const long = random.below(20) === 0
      return octets(random.below(long ? LONGEST + 1 : 200))
    })
    let stream: Uint8Array = Buffer.concat(sent.map((frame) => framed(frame)))
    const seen: Uint8Array[] = []
    while (stream.length > 0 || seen.length < sent.length) {
      const written = client.write(stream.subarray(0, 1 + random.below(30_000)))
      stream = stream.subarray(written)
      const burst = queue.burst(1 + random.below(4))
      if (typeof burst === 'number') throw new Error(`errno ${-burst}`)
      seen.push(...burst.map(({ frame }) => frame))
    }
    expect(seen.length).toBe(sent.length)
    const different = sent.findIndex((frame, index) => {
      return Buffer.compare(frame, seen[index] ?? new Uint8Array(1)) !== 0
    })
    expect(different).toBe(-1)
  })

  test('a burst that is full leaves nothing behind that nobody is told of', () => {
    client.send(Buffer.concat([framed(octets(60)), framed(octets(0))]))
    const burst = queue.burst(1)
    expect(burst).toHaveLength(1)
    expect(native.unixUnread(queue.queue.fd)).toBe(4)
    expect(lengths()).toEqual([0])
  })

  test.each([LONGEST + 1, 70_000, 0x7fffffff, 0x80000000, 0xffffffff])(
    'the length %i ends it, is told, and what came before counts',
    (length) => {
      client.send(framed(octets(60)))
      client.send(framed(octets(100), length))
      expect(lengths()).toEqual([60])
      expect(queue.burst()).toBe(-EPROTO)
      expect(queue.burst()).toBe(-EPROTO)
      expect(native.streamFault(queue.queue.fd)).toBe(length)
      expect(native.hasFailed(queue.queue.fd, QueueKind.STREAM)).toBe(1)
      expect(queue.send(octets(60))).toBe(EPIPE)
      expect(client.ended).toBe(true)
    },
  )

  test.each([
    ['in a length', Uint8Array.of(0, 0)],
    ['in a frame', framed(octets(10), 100)],
    ['between frames', new Uint8Array(0)],
  ])('a client that hangs up %s: what was whole counts, then it is over', (_, rest) => {
    client.send(framed(octets(60)))
    if (rest.length > 0) client.send(rest)
    hangUp()
    expect(lengths()).toEqual([60])
    expect(queue.burst()).toBe(-EPIPE)
    expect(native.hasFailed(queue.queue.fd, QueueKind.STREAM)).toBe(1)
    expect(queue.send(octets(60))).toBe(EPIPE)
  })

  test('a client that stalls in mid-frame is no news and no end', () => {
    client.send(framed(octets(10), 100))
    expect(queue.burst()).toEqual([])
    expect(queue.burst()).toEqual([])
    expect(native.unixUnread(queue.queue.fd)).toBe(0)
    expect(native.hasFailed(queue.queue.fd, QueueKind.STREAM)).toBe(0)
    client.send(octets(90))
    expect(lengths()).toEqual([100])
  })
})

describe('writing', () => {
  test('a frame goes behind its length', () => {
    expect(queue.send(octets(258))).toBe(0)
    const bytes = new Uint8Array(1000)
    expect(native.readFrame(client.fd, bytes)).toBe(262)
    expect([...bytes.subarray(0, 4)]).toEqual([0, 0, 1, 2])
    expect(bytes.subarray(4, 262)).toEqual(octets(258))
  })

  test.each([60, 1514, 9000, LONGEST])(
    'a client that does not read: frames of %i octets are refused, none is cut',
    (length) => {
      let sent = 0
      while (queue.send(octets(length)) === 0) sent++
      expect(queue.send(octets(length))).toBe(EAGAIN)
      expect(queue.send(octets(14))).toBe(EAGAIN)
      const seen = client.frames()
      // What is left of the last one goes without another frame behind it.
      native.streamFlush(queue.queue.fd)
      seen.push(...client.frames())
      expect(seen.length).toBe(sent)
      expect(client.rest).toBe(0)
      expect(seen.every((frame) => Buffer.compare(frame, octets(length)) === 0)).toBe(true)
      expect(queue.send(octets(70))).toBe(0)
      expect(client.frames().map((frame) => frame.length)).toEqual([70])
    },
  )

  test('a client that reads now and then gets whole frames, in order', () => {
    const random = new Random(11)
    const sent: number[] = []
    const seen: number[] = []
    for (let index = 0; index < 3000; index++) {
      const frame = octets(4000 + random.below(30_000))
      new DataView(frame.buffer).setUint32(0, index)
      if (queue.send(frame) === 0) sent.push(index)
      if (index % 900 === 899) seen.push(...client.frames().map(number))
    }
    native.streamFlush(queue.queue.fd)
    seen.push(...client.frames().map(number))
    expect(sent.length).toBeLessThan(3000)
    expect(seen).toEqual(sent)
    expect(client.rest).toBe(0)
  })
})

test('many threads may write at once: frames are whole, whoever wrote them', async () => {
  const marks = [1, 2]
  let done = false
  const writing = writers(queue.queue.fd, marks, 20_000).finally(() => {
    done = true
  })
  const seen = new Map(marks.map((mark) => [mark, 0]))
  // Some of the time the socket is full, and frames are written in part.
  while (!done) {
    await new Promise((resolve) => setImmediate(resolve))
    native.streamFlush(queue.queue.fd)
    count(client.frames(), seen)
  }
  const sent = await writing
  native.streamFlush(queue.queue.fd)
  count(client.frames(), seen)
  expect([...seen.values()]).toEqual(sent)
  expect(client.rest).toBe(0)
})

/** Every octet of a frame is the mark of its thread. */
function count(frames: readonly Uint8Array[], seen: Map<number, number>): void {
  for (const frame of frames) {
    const mark = frame[0] ?? -1
    if (!frame.every((octet) => octet === mark)) throw new Error('two frames in one')
    seen.set(mark, (seen.get(mark) ?? 0) + 1)
  }
}

function number(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(0)
}

test('a stream ends with its descriptor: the number, given again, is clean', () => {
  client.send(framed(octets(10), 100))
  expect(queue.burst()).toEqual([])
  const path = join(directory(), 'socket')
  const listening = native.unixListen(path, SocketType.STREAM)
  defer(() => native.close(listening))
  const next = native.unixConnect(path, SocketType.STREAM)
  defer(() => native.close(next))
  const one = native.unixAccept(listening, SocketType.STREAM)
  new StreamClient(next).send(framed(octets(5), 50))
  expect(new RawQueue({ fd: one, kind: QueueKind.STREAM }).burst()).toEqual([])
  native.close(one)
  const again = native.unixConnect(path, SocketType.STREAM)
  expect(again).toBe(one)
  defer(() => native.close(again))
  const peer = native.unixAccept(listening, SocketType.STREAM)
  defer(() => native.close(peer))
  new StreamClient(peer).send(framed(octets(60)))
  expect(new RawQueue({ fd: again, kind: QueueKind.STREAM }).take()).toHaveLength(1)
})

test('a descriptor that is no stream of frames is EBADF', () => {
  const { switch: end, program } = native.pairCreate()
  for (const each of [end, program]) defer(() => native.close(each))
  const wrong = new RawQueue({ fd: end, kind: QueueKind.STREAM })
  expect(wrong.burst()).toBe(-constants.errno.EBADF)
  expect(wrong.send(octets(60))).toBe(constants.errno.EBADF)
  expect(() => native.streamFault(end)).toThrow('EBADF')
})
