import { describe, expect, test, vi } from 'vitest'
import { MemoryDevice } from '../../src/device/memory.js'
import { recordFrom, sendTo } from '../../src/device/pcap/memory.js'
import { Replay } from '../../src/device/pcap/replay.js'
import { PcapSink } from '../../src/device/pcap/sink.js'
import { type Pace, PcapSource } from '../../src/device/pcap/source.js'
import { createSwitch } from '../../src/index.js'
import { pcapHeader, pcapRecord } from '../../src/packet/capture/pcap-writer.js'
import { readCapture } from '../../src/packet/capture/reader.js'
import { concat, Octets } from '../support/capture.js'
import { defer } from '../support/cleanup.js'
import { BROADCAST, frame, markOf, packet, station } from '../support/frames.js'
import { checksumIsPartial, checksumIsRight } from '../support/parse.js'
import { encode } from '../support/virtio.js'

const numbered = (mark: number, length = 60) => frame(BROADCAST, station(1), mark, length)
const SECOND = 1_000_000_000n

/** A file of frames 0, 1, … with these time stamps, seconds. */
const fileOf = (...seconds: number[]) =>
  concat(
    pcapHeader(),
    ...seconds.map((second, mark) =>
      pcapRecord(numbered(mark), 1000n * SECOND + BigInt(Math.round(second * 1e9))),
    ),
  )

function sourceOf(file: Uint8Array, pace: Pace = 'fast', now = () => 0): PcapSource {
  const source = new PcapSource({ pace, now, file: 'in.pcap' })
  source.push(file)
  source.end()
  return source
}

function takeAll(source: PcapSource): number[] {
  const marks: number[] = []
  for (let one = source.peek(); one; one = source.peek()) {
    marks.push(markOf(one))
    source.shift()
  }
  return marks
}

describe('a source', () => {
  test('is hungry until it has a whole frame, and at the end it is not', () => {
    const file = fileOf(0, 1)
    const source = new PcapSource({ pace: 'fast', now: () => 0 })
    expect(source.hungry).toBe(true)
    source.push(file.subarray(0, 80))
    expect(source.hungry).toBe(true)
    expect(source.wait).toBeUndefined()
    source.push(file.subarray(80, 110))
    expect(source.hungry).toBe(false)
    expect(source.wait).toBe(0)
    source.shift()
    expect(source.hungry).toBe(true)
    source.end()
    expect(source.hungry).toBe(false)
    expect(source.peek()).toBeUndefined()
    expect(source.truncated).toEqual({ offset: 100, octets: 10 })
    expect(source.frames).toBe(1)
  })

  test('at the pace of the file says when each frame is due', () => {
    let clock = 5000
    const source = sourceOf(fileOf(0, 0.25, 0.25, 0.1, 2), 'file', () => clock)
    const due = () => [source.wait, source.peek() && markOf(source.peek() as Uint8Array)]
    expect(due()).toEqual([0, 0])
    source.shift()
    expect(due()).toEqual([250, 1])
    clock += 100
    expect(due()).toEqual([150, 1])
    clock += 200
    expect(due()).toEqual([0, 1])
    source.shift()
    expect(due()).toEqual([0, 2])
    source.shift()
    // Its time stamp is before that of the frame before it.
    expect(due()).toEqual([0, 3])
    source.shift()
    expect(due()).toEqual([1700, 4])
  })

  test('fast gives them all', () => {
    expect(takeAll(sourceOf(fileOf(0, 60, 3600)))).toEqual([0, 1, 2])
  })

  test('leaves out frames that were cut short or are too long, and counts them', () => {
    const file = concat(
      pcapHeader(),
      pcapRecord(numbered(0), 0n),
      pcapRecord(numbered(1), 0n, 1500),
      pcapRecord(numbered(2, 65_557), 0n),
      pcapRecord(numbered(3, 65_558), 0n),
      pcapRecord(numbered(4), 0n),
    )
    const source = sourceOf(file)
    expect(takeAll(source)).toEqual([0, 2, 4])
    expect([source.frames, source.cut, source.tooLong]).toEqual([3, 1, 1])
  })

  test('a packet without time is due at once', () => {
    const octets = new Octets(true)
    const file = concat(
      octets.section(),
      octets.interface(1, 0),
      octets.simple(60, numbered(0)),
      octets.simple(60, numbered(1)),
    )
    const source = sourceOf(file, 'file')
    expect(source.wait).toBe(0)
    expect(takeAll(source)).toEqual([0, 1])
  })

  test('damage is told by the name of the file, after all that is before it', () => {
    const file = concat(fileOf(0), new Uint8Array(16).fill(255))
    const source = sourceOf(file)
    expect(source.peek()).toEqual(numbered(0))
    source.shift()
    expect(() => source.peek()).toThrow(/^in\.pcap: octet 108: a packet of 4294967295/)
  })
})

describe('a replay', () => {
  const chunks = (file: Uint8Array, size: number) => {
    let at = 0
    return async () => {
      if (at >= file.length) return undefined
      at += size
      return file.subarray(at - size, at)
    }
  }

  test('sends every frame, reading on as it goes', async () => {
    const source = new PcapSource({ pace: 'fast', now: () => 0 })
    const sent: number[] = []
    const send = (one: Uint8Array) => sent.push(markOf(one)) > 0
    const file = fileOf(...Array.from({ length: 3000 }, (_, at) => at))
    expect(await new Replay({ source, read: chunks(file, 1000), send }).run()).toBe(true)
    expect(sent).toEqual(Array.from({ length: 3000 }, (_, at) => at))
  })

  test('tries again where there is no room, and loses nothing', async () => {
    const sent: number[] = []
    let refusals = 3
    const send = (one: Uint8Array) => {
      if (refusals-- > 0) return false
      return sent.push(markOf(one)) > 0
    }
    const source = sourceOf(fileOf(0, 0, 0))
    await new Replay({ source, read: async () => undefined, send }).run()
    expect(sent).toEqual([0, 1, 2])
  })

  test('keeps the time between frames, and ends when it is stopped', async () => {
    vi.useFakeTimers()
    defer(() => vi.useRealTimers())
    const sent: [number, number][] = []
    const started = Date.now()
    const now = () => Date.now() - started
    const source = sourceOf(fileOf(0, 0.5, 120, 7200), 'file', now)
    const send = (one: Uint8Array) => sent.push([now(), markOf(one)]) > 0
    const replay = new Replay({ source, read: async () => undefined, send })
    const ended = replay.run()
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(sent).toEqual([
      [0, 0],
      [500, 1],
      [120_000, 2],
    ])
    replay.stop()
    expect(await ended).toBe(false)
    await vi.advanceTimersByTimeAsync(7_200_000)
    expect(sent).toHaveLength(3)
  })
})

describe('in process', () => {
  test('a file comes into a switch, and what leaves it is in another', async () => {
    const sw = await createSwitch({ bridges: { lan: {} } })
    defer(() => sw.close())
    const a = sw.addPort('a', { bridge: 'lan' })
    const b = sw.addPort('b', { bridge: 'lan' })
    const written: Uint8Array[] = []
    const sink = new PcapSink({
      write: async (octets) => void written.push(octets),
      now: () => 7n,
    })
    b.onFrame((bytes) => sink.record(bytes, { interface: 'b', direction: 'transmit' }))
    const source = sourceOf(fileOf(0, 1, 2))
    const send = (bytes: Uint8Array) => a.send(bytes)
    await new Replay({ source, read: async () => undefined, send }).run()
    sw.process()
    await sink.close()
    const { packets } = readCapture(concat(...written))
    expect(packets.map((one) => markOf(one.frame))).toEqual([0, 1, 2])
    expect(packets[0]).toMatchObject({ interface: { name: 'b' }, direction: 'transmit', time: 7n })
  })

  test.each([true, false])('a memory device, offloads %s', async (offloads) => {
    const device = new MemoryDevice({ offloads })
    expect(sendTo(device)(numbered(5))).toBe(true)
    const { inbox } = device
    const inbound = inbox.bytes.slice(inbox.startOf(0), inbox.endOf(0))
    expect(inbound).toEqual(offloads ? encode(packet().header, numbered(5)) : numbered(5))
    const written: Uint8Array[] = []
    const sink = new PcapSink({ write: async (octets) => void written.push(octets), now: () => 7n })
    recordFrom(device, sink, { interface: 'm' })
    const partial = packet({ checksum: 'partial', version: 6, protocol: 'udp', padding: 3 })
    const message = offloads ? encode(partial.header, partial.frame) : partial.frame
    const before = message.slice()
    device.deliver(message)
    expect(message).toEqual(before)
    await sink.close()
    const [found] = readCapture(concat(...written)).packets
    const { frame: bytes } = found as { frame: Uint8Array }
    expect(bytes.length).toBe(partial.frame.length)
    expect([checksumIsRight(bytes), checksumIsPartial(bytes)]).toEqual([offloads, !offloads])
  })
})
