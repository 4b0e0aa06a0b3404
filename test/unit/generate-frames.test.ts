/** Frames of `linkspan generate`: what they look like, octet by octet, and that their checksums are right. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMac } from '../../src/config/address.js'
import { BATCH_MAX, Filler, LIST, VIRTIO_HEADER } from '../../src/generate/filler.js'
import { checkOf, HEADER, HEADER_SIZE } from '../../src/generate/header.js'
import { countOf, type Part, type Stream, sentOf } from '../../src/generate/stream.js'
import {
  leastSize,
  makeTemplate,
  plainTemplate,
  type TrafficFlow,
} from '../../src/generate/template.js'
import { dissect } from '../../src/packet/dissect/dissect.js'
import { parseFlow } from '../../src/packet/flow.js'

const FLOWS = [
  'udp 10.55.0.2:40000 10.55.0.3:5000',
  'tcp 10.55.0.2:40000 10.55.0.3:5000',
  'icmp 10.55.0.2 10.55.0.3',
  'udp [fd55::2]:40000 [fd55::3]:5000',
  'tcp [fd55::2]:40000 [fd55::3]:5000',
  'icmp fd55::2 fd55::3',
]
const flowOf = (words: string): TrafficFlow =>
  words === 'ethernet' ? { protocol: 'ethernet', type: 0x88b5 } : parseFlow(words.split(' '))

const macs = {
  sourceMac: parseMac('02:55:00:00:00:02'),
  destinationMac: parseMac('02:55:00:00:00:03'),
}

interface Making extends Partial<Stream> {
  words: string
  sizes: readonly number[]
  tags?: number
}

function streamOf({ words, sizes, tags = 0, ...rest }: Making): Stream {
  const { stamp = true } = rest
  const options = { ...macs, tags: Array.from({ length: tags }, () => ({ vid: 10 })), stamp }
  const templates = sizes.map((size) => makeTemplate(flowOf(words), size, options))
  const [{ portBase = 0 } = {}] = templates
  return { id: 7, templates, flows: 1, ports: 65_536 - portBase, macs: 1, stamp, ...rest }
}

/** Frames k to k + count, as they would leave. */
function frames(stream: Stream, k: number, count: number, time = 0, part?: Part): Uint8Array[] {
  const filler = new Filler(stream, 0, part)
  filler.fill(k, count, time)
  return Array.from({ length: count }, (_, slot) => filler.copy(slot, new Uint8Array(70_000)))
}

const fieldsOf = (frame: Uint8Array, name: string) =>
  dissect(frame).find(({ layer }) => layer === name)?.fields

describe('a frame', () => {
  test('of UDP, octet by octet', () => {
    const stream = streamOf({ words: 'udp 10.55.0.2:40000 10.55.0.3:5000', sizes: [76] })
    const time = 2 ** 33 + 5
    const [frame = new Uint8Array()] = frames(stream, 0, 1, time)
    const check = checkOf(7, 0, 0, 0, 2, 5).toString(16).padStart(8, '0')
    const text = Buffer.from(frame).toString('hex')
    expect(text.slice(0, 80)).toBe(
      '025500000003' +
        '025500000002' +
        '0800' +
        '4500003e000140004011263c0a3700020a370003'.replace('263c', text.slice(48, 52)) +
        '9c401388002a',
    )
    expect(text.slice(84)).toBe(
      `4c53474e0000000700000000${check}00000000000000000000000200000005` + '2829',
    )
    expect(fieldsOf(frame, 'ipv4')).toMatchObject({ checksumState: 'right' })
    expect(fieldsOf(frame, 'udp')).toMatchObject({ checksumState: 'right' })
  })

  test.each(FLOWS)('%s: every checksum is right, whatever differs', (words) => {
    const property = fc.property(
      fc.record({
        k: fc.integer({ min: 0, max: 2 ** 50 }),
        time: fc.integer({ min: 0, max: 2 ** 52 }),
        flows: fc.integer({ min: 1, max: 200_000 }),
        id: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        more: fc.integer({ min: 0, max: 1400 }),
        tags: fc.integer({ min: 0, max: 2 }),
        stamp: fc.boolean(),
      }),
      ({ k, time, flows, id, more, tags, stamp }) => {
        const size = leastSize(flowOf(words), tags, stamp) + more
        const stream = streamOf({ words, sizes: [size], tags, flows, id, stamp })
        const [frame = new Uint8Array()] = frames(stream, k, 1, time)
        expect(frame.length).toBe(size)
        for (const { layer, fields } of dissect(frame)) {
          expect(fields, layer).not.toHaveProperty('problem')
          if ('checksumState' in fields) expect(fields.checksumState, layer).toBe('right')
        }
      },
    )
    fc.assert(property, { numRuns: 200 })
  })

  test('of UDP whose checksum comes to 0 has 0xffff in its place (RFC 768)', () => {
    const filler = new Filler(streamOf({ words: FLOWS[0] as string, sizes: [74] }), 0)
    const place = new Uint8Array(74)
    const found = new Set<number>()
    for (let k = 0; k < 400_000; k += BATCH_MAX) {
      filler.fill(k, BATCH_MAX, k)
      for (let slot = 0; slot < BATCH_MAX; slot++) {
        const frame = filler.copy(slot, place)
        const checksum = ((frame[40] as number) << 8) | (frame[41] as number)
        if (checksum === 0 || checksum === 0xffff) found.add(checksum)
      }
    }
    expect([...found]).toEqual([0xffff])
  })

  test('of the least size holds its stamp; one octet less is an error that says what would do', () => {
    const least: [string, number, number][] = [
      ['udp 10.55.0.2:1 10.55.0.3:2', 0, 74],
      ['udp 10.55.0.2:1 10.55.0.3:2', 1, 78],
      ['tcp 10.55.0.2:1 10.55.0.3:2', 0, 86],
      ['icmp 10.55.0.2 10.55.0.3', 0, 74],
      ['udp [fd55::2]:1 [fd55::3]:2', 0, 94],
      ['tcp [fd55::2]:1 [fd55::3]:2', 0, 106],
      ['ethernet', 0, 60],
    ]
    for (const [words, tags, size] of least) {
      expect(leastSize(flowOf(words), tags, true), words).toBe(size)
      const [frame = new Uint8Array()] = frames(streamOf({ words, sizes: [size], tags }), 0, 1)
      expect(frame.length).toBe(size)
      expect(() => streamOf({ words, sizes: [size - 1], tags })).toThrow(`takes ${size} to 65557`)
    }
    const small = () => streamOf({ words: FLOWS[0] as string, sizes: [60] })
    expect(small).toThrow(
      'udp over IPv4 with a stamp takes 74 to 65557, FCS not counted; --no-stamp',
    )
  })

  test('of two tags has both before its type', () => {
    const [frame = new Uint8Array()] = frames(
      streamOf({ words: FLOWS[0] as string, sizes: [100], tags: 2 }),
      0,
      1,
    )
    expect(dissect(frame).map(({ layer }) => layer)).toEqual(
      expect.arrayContaining(['ethernet', 'vlan', 'ipv4', 'udp']),
    )
    expect(fieldsOf(frame, 'vlan')).toMatchObject({ vid: 10 })
  })
})

describe('a stream', () => {
  /** Flow and sequence number of the payload's header. */
  const numbersOf = (stream: Stream, frame: Uint8Array) => {
    const [{ payload = 0 } = {}] = stream.templates
    const view = new DataView(frame.buffer, frame.byteOffset)
    return [view.getUint32(payload + HEADER.flow), view.getUint32(payload + HEADER.sequence + 4)]
  }

  test('has its flows in turn, ports counted up first, addresses when they end', () => {
    const words = 'udp 10.55.0.2:65534 10.55.0.3:5000'
    const stream = streamOf({ words, sizes: [74], flows: 5 })
    const sent = frames(stream, 0, 7).map((frame) => [
      fieldsOf(frame, 'ipv4')?.source,
      fieldsOf(frame, 'udp')?.sourcePort,
      ...numbersOf(stream, frame),
    ])
    expect(sent).toEqual([
      ['10.55.0.2', 65534, 0, 0],
      ['10.55.0.2', 65535, 1, 0],
      ['10.55.0.3', 65534, 2, 0],
      ['10.55.0.3', 65535, 3, 0],
      ['10.55.0.4', 65534, 4, 0],
      ['10.55.0.2', 65534, 0, 1],
      ['10.55.0.2', 65535, 1, 1],
    ])
  })

  test('has source MACs counted up, and sizes so that every flow has all', () => {
    const stream = streamOf({ words: 'ethernet', sizes: [60, 300, 1514], flows: 3, macs: 2 })
    const sent = frames(stream, 0, 9)
    expect(sent.slice(0, 3).map((frame) => frame[11])).toEqual([2, 3, 2])
    for (const flow of [0, 1, 2]) {
      const sizes = [0, 3, 6].map((first) => sent[first + flow]?.length)
      expect([...sizes].sort(), `flow ${flow}`).toEqual([1514, 300, 60])
    }
  })

  test('of a file has its frames as they are, whatever their length', () => {
    const file = [20, 60, 1514, 300].map((length) => new Uint8Array(length).fill(length))
    const templates = file.map(plainTemplate)
    const stream = { id: 1, templates, flows: 1, ports: 1, macs: 1, stamp: false }
    expect(frames(stream, 2, 5)).toEqual([file[2], file[3], file[0], file[1], file[2]])
  })

  test('is filled anew: no frame keeps what was in its place before', () => {
    const stream = streamOf({ words: FLOWS[1] as string, sizes: [86, 1000, 200], flows: 4 })
    const filler = new Filler(stream, 0)
    const take = (k: number, count: number) => {
      filler.fill(k, count, 9)
      return Array.from({ length: count }, (_, slot) =>
        filler.copy(slot, new Uint8Array(2000)).slice(),
      )
    }
    for (const k of [0, 5, 11, 64]) expect(take(k, 20)).toEqual(frames(stream, k, 20, 9))
  })

  test('for a TAP has an empty virtio header before each frame', () => {
    const stream = streamOf({ words: FLOWS[0] as string, sizes: [74, 600] })
    const filler = new Filler(stream, VIRTIO_HEADER)
    filler.fill(0, 2, 1)
    const list = new Uint32Array(filler.memory, LIST, 8)
    for (const [at, head] of [list[0], list[4]].entries()) {
      expect([...new Uint8Array(filler.memory, head, 12)], `frame ${at}`).toEqual(Array(12).fill(0))
    }
    expect(list[1]).toBe(74 + 12)
    expect((list[5] ?? 0) + (list[7] ?? 0)).toBe(600 + 12)
    expect(filler.copy(1, new Uint8Array(700))).toEqual(frames(stream, 1, 1, 1)[0])
  })

  test('is sent in parts that are the whole, each flow by one of them', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 0, max: 200 }),
      (flows, threads, count) => {
        const of = Math.min(threads, flows)
        const stream = streamOf({ words: 'ethernet', sizes: [60], flows })
        const sent = Array.from({ length: of }, (_, index) => countOf(flows, { index, of }, count))
        const parts = sent.map((frames_, index) => all(stream, frames_, { index, of }))
        const text = (numbers: readonly (readonly (number | undefined)[])[]) =>
          numbers.map(String).sort()
        expect(text(parts.flat())).toEqual(text(all(stream, count)))
        for (let flow = 0; flow < flows; flow++) {
          const its = parts.flat().filter(([number]) => number === flow)
          expect(sentOf(flows, flow, sent)).toBe(its.length)
        }
      },
    )
    fc.assert(property, { numRuns: 100 })

    function all(stream: Stream, count: number, part?: Part) {
      const batches: (readonly (number | undefined)[])[] = []
      for (let k = 0; k < count; k += BATCH_MAX) {
        const some = frames(stream, k, Math.min(BATCH_MAX, count - k), 0, part)
        batches.push(...some.map((frame) => numbersOf(stream, frame)))
      }
      return batches
    }
  })

  test('whose header is damaged in any bit has another check', () => {
    const bits = Array.from({ length: (HEADER_SIZE - 4) * 8 }, (_, bit) => bit)
    const words = [7, 3, 0, 12, 1, 99_999]
    const right = checkOf(...(words as [number, number, number, number, number, number]))
    for (const bit of bits.filter((each) => each < words.length * 32)) {
      const damaged = [...words]
      damaged[bit >> 5] = ((damaged[bit >> 5] as number) ^ (1 << (bit & 31))) >>> 0
      expect(
        checkOf(...(damaged as typeof words as [number, number, number, number, number, number])),
      ).not.toBe(right)
    }
  })
})
