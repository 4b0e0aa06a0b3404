/** Sockets that frames go through: what the addon does with them, without a device around them. */
import { rmSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadNative } from '../../src/device/native.js'
import { QueueKind } from '../../src/device/queue.js'
import { SocketType } from '../../src/device/socket-path.js'
import { defer } from '../support/cleanup.js'
import { directory } from '../support/linkspan.js'
import { RawQueue } from '../support/raw-queue.js'

const native = loadNative()
const { EAGAIN, ECONNREFUSED, ENOENT, ENOTCONN, EPIPE } = constants.errno
const buffer = new Uint8Array(70_000)

describe('pairCreate', () => {
  function pair() {
    const ends = native.pairCreate()
    defer(() => native.close(ends.switch))
    defer(() => native.close(ends.program))
    return ends
  }

  test('joins two ends that keep the borders of messages, of any length, both ways', () => {
    const { switch: one, program: other } = pair()
    const both = [
      [one, other],
      [other, one],
    ] as const
    for (const [from, to] of both) {
      for (const length of [1, 72, 65_664]) {
        expect(native.writeFrame(from, new Uint8Array(length).fill(length))).toBe(length)
      }
      for (const length of [1, 72, 65_664]) {
        expect(native.readFrame(to, buffer)).toBe(length)
        expect(buffer[length - 1]).toBe(length & 255)
      }
      expect(native.readFrame(to, buffer)).toBe(-EAGAIN)
    }
  })

  test('has room for some bursts, and says when it has no more', () => {
    const { program } = pair()
    let count = 0
    while (native.writeFrame(program, buffer.subarray(0, 1526)) > 0) count++
    expect(native.writeFrame(program, buffer.subarray(0, 1526))).toBe(-EAGAIN)
    expect(count).toBeGreaterThan(1000)
  })
})

const octets = (length: number, fill: number) => new Uint8Array(length).fill(fill)

function opened(fd: number): number {
  defer(() => native.close(fd))
  return fd
}

describe('a seqpacket connection', () => {
  function connection() {
    const path = join(directory(), 'socket')
    const listening = opened(native.unixListen(path, SocketType.SEQPACKET))
    const client = native.unixConnect(path, SocketType.SEQPACKET)
    const fd = opened(native.unixAccept(listening, SocketType.SEQPACKET))
    return { client, queue: new RawQueue({ fd, kind: QueueKind.MESSAGE }) }
  }

  test('reads what was sent before the client hung up, unread answers or not', () => {
    const { client, queue } = connection()
    for (const length of [60, 14, 70]) native.writeFrame(client, octets(length, 1))
    expect(queue.send(octets(60, 2))).toBe(0)
    native.close(client)
    expect(queue.take().map(({ frame }) => frame.length)).toEqual([60, 14, 70])
    expect(queue.burst()).toBe(-EPIPE)
    expect(native.hasFailed(queue.queue.fd, QueueKind.MESSAGE)).toBe(1)
    expect(queue.send(octets(60, 2))).toBe(EPIPE)
  })

  test('takes an empty message for a frame, not for the end', () => {
    const { client, queue } = connection()
    for (const length of [60, 0, 70]) native.writeFrame(client, octets(length, 1))
    expect(queue.take().map(({ frame }) => frame.length)).toEqual([60, 0, 70])
    expect(native.hasFailed(queue.queue.fd, QueueKind.MESSAGE)).toBe(0)
    native.close(client)
  })

  test('cuts a message that no frame can be to what no frame can be', () => {
    const { client, queue } = connection()
    native.writeFrame(client, octets(100_000, 1))
    native.writeFrame(client, octets(60, 1))
    expect(queue.take().map(({ frame }) => frame.length)).toEqual([65_652, 60])
    native.close(client)
  })
})

describe('a datagram socket that listens', () => {
  function server() {
    const path = join(directory(), 'server')
    const fd = opened(native.unixListen(path, SocketType.DGRAM))
    const client = (name: string) => {
      const local = join(directory(), name)
      const socket = native.unixCorrespond(local, path)
      return { local, fd: opened(socket), mark: name.charCodeAt(0) }
    }
    return { path, queue: new RawQueue({ fd, kind: QueueKind.MESSAGE }), client }
  }
  const read = (fd: number) => {
    const length = native.readFrame(fd, buffer)
    return length < 0 ? length : buffer[0]
  }

  test('answers whoever sent last', () => {
    const { queue, client } = server()
    const [a, b] = [client('a'), client('b')]
    expect(queue.send(octets(60, 9))).toBe(ENOTCONN)
    for (const [from, to, other] of [
      [a, a, b],
      [b, b, a],
      [a, a, b],
    ] as const) {
      native.writeFrame(from.fd, octets(60, from.mark))
      expect(queue.take().map(({ frame }) => frame[0])).toEqual([from.mark])
      expect(queue.send(octets(60, 7))).toBe(0)
      expect(read(to.fd)).toBe(7)
      expect(read(other.fd)).toBe(-EAGAIN)
    }
  })

  test('cannot answer one without a path, and does not answer another instead', () => {
    const { path, queue, client } = server()
    const a = client('a')
    native.writeFrame(a.fd, octets(60, 1))
    const nameless = opened(native.unixConnect(path, SocketType.DGRAM))
    native.writeFrame(nameless, octets(60, 2))
    expect(queue.take()).toHaveLength(2)
    expect(queue.send(octets(60, 7))).toBe(ENOTCONN)
    expect(read(a.fd)).toBe(-EAGAIN)
  })

  test('goes on when the one it answers has gone', () => {
    const { path, queue } = server()
    const local = join(directory(), 'gone')
    const gone = native.unixCorrespond(local, path)
    native.writeFrame(gone, octets(60, 1))
    expect(queue.take()).toHaveLength(1)
    native.close(gone)
    expect(queue.send(octets(60, 7))).toBe(ECONNREFUSED)
    rmSync(local)
    expect(queue.send(octets(60, 7))).toBe(ENOENT)
    expect(queue.burst()).toEqual([])
  })
})
