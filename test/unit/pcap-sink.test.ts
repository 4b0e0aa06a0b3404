import { describe, expect, test } from 'vitest'
import { PcapSink, type PcapSinkOptions } from '../../src/device/pcap/sink.js'
import { readCapture } from '../../src/packet/capture/reader.js'
import { concat } from '../support/capture.js'
import { arp, frame, station } from '../support/frames.js'

/** A file whose disk takes octets when it is told to. */
class Disk {
  readonly pieces: Uint8Array[] = []
  #waiting: { octets: Uint8Array; resolve: () => void; reject: (error: Error) => void }[] = []

  write = (octets: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => this.#waiting.push({ octets, resolve, reject }))

  get writing(): number {
    return this.#waiting.length
  }

  /** Takes what is being written. */
  async take(): Promise<void> {
    for (const { octets, resolve } of this.#waiting.splice(0)) {
      this.pieces.push(octets)
      resolve()
    }
    await turn()
  }

  async fail(message: string): Promise<void> {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(message))
    await turn()
  }

  read = () => readCapture(concat(...this.pieces))
}

const turn = () => new Promise((resolve) => setTimeout(resolve))

function sinkOn(disk: Disk, options: Partial<PcapSinkOptions> = {}): PcapSink {
  let time = 0n
  return new PcapSink({ write: disk.write, now: () => ++time, ...options })
}

const one = arp(1)

/** Types of the blocks of a pcapng file in our own byte order. */
function blockTypes(octets: Uint8Array): number[] {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.length)
  const types: number[] = []
  for (let at = 0; at < octets.length; at += view.getUint32(at + 4, true)) {
    types.push(view.getUint32(at, true))
  }
  return types
}

describe('a sink', () => {
  test('writes at once, all of a turn together, and one piece at a time', async () => {
    const disk = new Disk()
    const sink = sinkOn(disk)
    for (let count = 0; count < 3; count++) sink.record(one, { interface: 'a' })
    await turn()
    expect(disk.writing).toBe(1)
    for (let count = 0; count < 4; count++) sink.record(one, { interface: 'a' })
    await turn()
    expect(disk.writing).toBe(1)
    await disk.take()
    expect(disk.read().packets).toHaveLength(3)
    await disk.take()
    expect(disk.read().packets).toHaveLength(7)
    expect(disk.writing).toBe(0)
  })

  test('of nothing leaves a file that is whole', async () => {
    const disk = new Disk()
    const closed = sinkOn(disk).close()
    await turn()
    await disk.take()
    await closed
    expect(disk.read()).toEqual({ packets: [], truncated: undefined })
    expect(disk.pieces[0]?.subarray(0, 4)).toEqual(Uint8Array.of(10, 13, 13, 10))
  })

  test('describes an interface before there is a frame of it, and once', async () => {
    const disk = new Disk()
    const sink = sinkOn(disk)
    sink.describe('web')
    sink.describe('web')
    await turn()
    await disk.take()
    // Section header, interface description: what tcpdump needs to take it for a capture.
    expect(blockTypes(concat(...disk.pieces))).toEqual([0x0a0d0d0a, 1])
    sink.record(one, { interface: 'web' })
    await turn()
    await disk.take()
    expect(blockTypes(concat(...disk.pieces))).toEqual([0x0a0d0d0a, 1, 6])
  })

  test('describes an interface when it comes up, and keeps what is said of a frame', async () => {
    const disk = new Disk()
    const sink = sinkOn(disk)
    sink.record(one, { interface: 'web', direction: 'receive', comments: ['dropped: locked'] })
    sink.record(one.subarray(0, 14), {
      interface: 'db',
      description: 'bridge blue',
      direction: 'transmit',
      originalLength: one.length,
    })
    sink.record(one, { interface: 'web', time: 99n })
    await turn()
    await disk.take()
    expect(disk.read().packets).toMatchObject([
      { interface: { name: 'web' }, time: 1n, direction: 'receive', comments: ['dropped: locked'] },
      {
        interface: { name: 'db', description: 'bridge blue' },
        frame: one.slice(0, 14),
        originalLength: one.length,
        direction: 'transmit',
      },
      { interface: { name: 'web', index: 0 }, time: 99n, comments: [] },
    ])
  })

  test('copies frames: what happens to them later is not in the file', async () => {
    const disk = new Disk()
    const reused = one.slice()
    sinkOn(disk).record(reused, { interface: 'a' })
    reused.fill(0)
    await turn()
    await disk.take()
    expect(disk.read().packets[0]?.frame).toEqual(one)
  })

  test('holds no more than its limit, counts what it drops and says so once', async () => {
    const disk = new Disk()
    let told = 0
    const sink = sinkOn(disk, { limit: 10_000, onDrop: () => told++ })
    await turn()
    const long = frame(station(1), station(2), 0, 1000)
    const taken = Array.from({ length: 20 }, () => sink.record(long, { interface: 'a' }))
    expect(taken.filter(Boolean)).toHaveLength(9)
    expect(taken.slice(0, 9)).not.toContain(false)
    expect([sink.recorded, sink.dropped, told]).toEqual([9, 11, 1])
    await disk.take()
    await disk.take()
    expect(sink.record(long, { interface: 'a' })).toBe(true)
    const closed = sink.close()
    await turn()
    await disk.take()
    await disk.take()
    await closed
    const file = Buffer.from(concat(...disk.pieces)).toString('hex')
    expect(disk.read().packets).toHaveLength(10)
    // epb_dropcount of the packet after the gap; isb_ifrecv and isb_ifdrop of the whole.
    expect(file).toContain('040008000b00000000000000')
    expect(file).toContain('04000800150000000000000005000800' + '0b00000000000000')
    expect(told).toBe(1)
  })

  test('that cannot write says it once and drops from then on', async () => {
    const disk = new Disk()
    const errors: unknown[] = []
    const sink = sinkOn(disk, { onError: (error) => errors.push(error) })
    sink.record(one, { interface: 'a' })
    await turn()
    sink.record(one, { interface: 'a' })
    await disk.fail('the disk is full')
    expect(errors).toMatchObject([{ message: 'the disk is full' }])
    expect(sink.record(one, { interface: 'a' })).toBe(false)
    expect(sink.dropped).toBe(1)
    await sink.close()
    expect(disk.writing).toBe(0)
    expect(errors).toHaveLength(1)
  })

  test('finished without waiting hands over what was not written yet', async () => {
    const disk = new Disk()
    const sink = sinkOn(disk)
    sink.record(one, { interface: 'a' })
    await turn()
    sink.record(one, { interface: 'a' })
    const rest = sink.finish()
    expect(sink.record(one, { interface: 'a' })).toBe(false)
    await disk.take()
    await turn()
    expect(disk.writing).toBe(0)
    expect(readCapture(concat(...disk.pieces, rest)).packets).toHaveLength(2)
    expect(sink.finish()).toHaveLength(0)
  })
})
