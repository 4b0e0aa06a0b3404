import { describe, expect, test } from 'vitest'
import { pcapHeader, pcapRecord } from '../../src/packet/capture/pcap-writer.js'
import { CaptureReader, readCapture } from '../../src/packet/capture/reader.js'
import { CaptureFileError } from '../../src/packet/capture/types.js'
import {
  concat,
  enhancedPacket,
  interfaceDescription,
  interfaceStatistics,
  Octets,
  orders,
  sectionHeader,
} from '../support/capture.js'
import { arp, packet } from '../support/frames.js'

const first = arp(1)
const second = packet({ payload: 33 }).frame
const frames = (octets: Uint8Array) => readCapture(octets).packets.map(({ frame }) => frame)

/** What reading it fails with. */
function failure(octets: Uint8Array): CaptureFileError {
  try {
    readCapture(octets)
  } catch (error) {
    if (error instanceof CaptureFileError) return error
    throw error
  }
  throw new Error('it was read')
}

describe.each(orders)('%s', (_, octets) => {
  const records = [octets.record(7, 123_456, first), octets.record(8, 5, second, 2000)]

  test.each([
    ['micro', 0xa1b2c3d4, 1000n],
    ['nano', 0xa1b23c4d, 1n],
  ])('pcap with %sseconds', (_unit, magic, unit) => {
    const { packets, truncated } = readCapture(octets.pcap(magic, 1, ...records))
    expect(truncated).toBeUndefined()
    const from = { index: 0, linkType: 1, snapLength: 262_144 }
    expect(packets).toEqual([
      {
        frame: first,
        originalLength: first.length,
        time: 7_000_000_000n + 123_456n * unit,
        interface: from,
        comments: [],
      },
      {
        frame: second,
        originalLength: 2000,
        time: 8_000_000_000n + 5n * unit,
        interface: from,
        comments: [],
      },
    ])
  })

  test('pcap whose frames end with an FCS: it is taken off', () => {
    const withFcs = concat(first, [1, 2, 3, 4])
    const file = octets.pcap(0xa1b2c3d4, 0x2400_0001, octets.record(1, 2, withFcs))
    expect(readCapture(file).packets).toMatchObject([
      { frame: first, originalLength: first.length },
    ])
  })

  test('pcap of another link type is refused by its name', () => {
    const { message, offset } = failure(octets.pcap(0xa1b2c3d4, 113))
    expect(offset).toBe(20)
    expect(message).toContain('link type 113 (LINUX_SLL')
  })

  test.each([
    ['more octets than a packet has', octets.record(1, 2, first, 20), 32],
    [
      'a length of 4 GiB',
      concat(octets.u32(1), octets.u32(2), octets.u32(0xffff_ffff), octets.u32(0xffff_ffff)),
      32,
    ],
  ])('pcap with %s is refused at its offset', (_what, record, offset) => {
    expect(failure(octets.pcap(0xa1b2c3d4, 1, record)).offset).toBe(offset)
  })

  test('pcapng with interfaces, options, directions and every block with a packet', () => {
    const file = concat(
      octets.section(octets.option(4, 'a test')),
      octets.interface(1, 0, octets.option(2, 'web'), octets.option(9, Uint8Array.of(9))),
      octets.interface(
        1,
        100,
        octets.option(2, 'db\0'),
        octets.option(3, 'the other'),
        octets.option(9, Uint8Array.of(0x8a)),
        octets.option(14, octets.u64(-5n)),
        octets.option(0, ''),
      ),
      octets.block(4, octets.u32(0)),
      octets.block(0x80000bad, octets.u32(7)),
      octets.packet(0, 1_700_000_000_123_456_789n, first, octets.option(2, octets.u32(1))),
      octets.packet(
        1,
        10n * 1024n + 512n,
        second,
        octets.option(1, 'one'),
        octets.option(1, 'zwei ü'),
      ),
      octets.old(1, 1024n, second, octets.option(2, octets.u32(2))),
      octets.simple(first.length, first),
    )
    const { packets, truncated } = readCapture(file)
    expect(truncated).toBeUndefined()
    const web = { index: 0, linkType: 1, snapLength: 0, name: 'web' }
    const db = { index: 1, linkType: 1, snapLength: 100, name: 'db', description: 'the other' }
    const whole = { originalLength: second.length, comments: [] }
    expect(packets).toEqual([
      {
        frame: first,
        originalLength: first.length,
        interface: web,
        time: 1_700_000_000_123_456_789n,
        comments: [],
        direction: 'receive',
      },
      { ...whole, frame: second, interface: db, time: 5_500_000_000n, comments: ['one', 'zwei ü'] },
      { ...whole, frame: second, interface: db, time: -4_000_000_000n, direction: 'transmit' },
      { frame: first, originalLength: first.length, interface: web, time: undefined, comments: [] },
    ])
  })

  test('microseconds where the interface says nothing', () => {
    const file = concat(octets.section(), octets.interface(1, 0), octets.packet(0, 3n, first))
    expect(readCapture(file).packets[0]?.time).toBe(3000n)
  })

  test('a simple packet is cut at the snap length', () => {
    const file = concat(
      octets.section(),
      octets.interface(1, 20),
      octets.simple(900, first.slice(0, 20)),
    )
    expect(readCapture(file).packets).toMatchObject([
      { frame: first.slice(0, 20), originalLength: 900 },
    ])
  })

  test('every section has its own interfaces and byte order', () => {
    const other = new Octets(!octets.littleEndian)
    const file = concat(
      octets.section(),
      octets.interface(1, 0, octets.option(2, 'a')),
      octets.packet(0, 1n, first),
      other.section(),
      other.interface(1, 0, other.option(2, 'b')),
      other.packet(0, 1n, second),
    )
    const { packets } = readCapture(file)
    expect(packets.map((one) => [one.interface.name, one.frame])).toEqual([
      ['a', first],
      ['b', second],
    ])
    const stale = concat(file, octets.section(), octets.packet(0, 1n, first))
    expect(failure(stale).message).toContain('a packet of interface 0')
  })

  test('an interface of another link type is refused by name when it has a packet', () => {
    const file = concat(
      octets.section(),
      octets.interface(276, 0, octets.option(2, 'any')),
      octets.interface(1, 0),
      octets.packet(1, 1n, first),
    )
    expect(frames(file)).toEqual([first])
    const { message } = failure(concat(file, octets.packet(0, 1n, first)))
    expect(message).toContain('interface "any", link type 276 (LINUX_SLL2')
  })

  const section = octets.section()
  const described = concat(section, octets.interface(1, 0))
  const epb = (captured: number, original: number) =>
    octets.block(
      6,
      ...[0, 0, 0, captured, original].map((value) => octets.u32(value)),
      new Uint8Array(8),
    )
  test.each<[string, Uint8Array, number, string]>([
    ['length 0', concat(section, octets.u32(7), octets.u32(0)), 32, 'at least 12'],
    ['length 13', concat(section, octets.u32(7), octets.u32(13)), 32, 'multiple of 4'],
    ['length 2^32-1', concat(section, octets.u32(7), octets.u32(0xffff_ffff)), 32, 'at most'],
    ['an IDB of 12', concat(section, octets.block(1)), 32, 'at least 20'],
    ['an EPB of 16', concat(section, octets.block(6, octets.u32(0))), 32, 'at least 32'],
    [
      'lengths that differ',
      concat(section, octets.u32(7), octets.u32(12), octets.u32(16)),
      36,
      'ends with a length of 16',
    ],
    ['a packet over its block', concat(described, epb(9, 9)), 68, 'room for 8'],
    ['more captured than there was', concat(described, epb(8, 7)), 68, 'of a packet of 7'],
    [
      'a simple packet over its block',
      concat(described, octets.simple(9, new Uint8Array(8))),
      56,
      'room for 8',
    ],
    [
      'an option over its block',
      concat(section, octets.interface(1, 0, octets.u16(2), octets.u16(8))),
      44,
      'option 2 of 8 octets; 0 are left',
    ],
    [
      'too many options',
      concat(section, octets.interface(1, 0, ...new Array(1025).fill(octets.option(1, '')))),
      28 + 16 + 4 * 1024,
      'more than 1024 options',
    ],
  ])('pcapng with %s is refused at its offset', (_what, file, offset, words) => {
    const error = failure(file)
    expect(error.message).toContain(words)
    expect(error.offset).toBe(offset)
    expect(error.message).toContain(`octet ${offset}: `)
  })

  test('pcapng with too many interfaces is refused', () => {
    const one = octets.interface(1, 0)
    const file = new Uint8Array(section.length + 65_537 * one.length)
    file.set(section)
    for (let at = section.length; at < file.length; at += one.length) file.set(one, at)
    expect(failure(file).offset).toBe(section.length + 65_536 * one.length)
  })

  test('a name is kept as far as anybody reads it', () => {
    const long = octets.option(2, 'x'.repeat(60_000))
    const file = concat(section, octets.interface(1, 0, long), octets.packet(0, 1n, first))
    expect(readCapture(file).packets[0]?.interface.name).toBe('x'.repeat(256))
  })

  test('pcapng of version 2 is refused', () => {
    const version = concat(octets.u16(2), octets.u16(0))
    const file = octets.block(0x0a0d0d0a, octets.u32(0x1a2b3c4d), version, octets.u64(-1n))
    expect(failure(file).message).toContain('version 2.0')
  })
})

test.each<[string, number[], string]>([
  ['text', [...Buffer.from('hello')], 'expected a pcap or pcapng file'],
  ['gzip', [0x1f, 0x8b, 8, 0], 'gzip: unpack it'],
  ['pcapng without its magic', [10, 13, 13, 10, 28, 0, 0, 0, 1, 2, 3, 4], '0x01020304'],
])('%s is refused', (_what, octets, words) => {
  expect(failure(Uint8Array.from(octets)).message).toContain(words)
})

test('a file of nothing is cut at 0', () => {
  expect(readCapture(new Uint8Array())).toEqual({
    packets: [],
    truncated: { offset: 0, octets: 0 },
  })
})

test('what failed once fails again, and after it nothing is read', () => {
  const reader = new CaptureReader()
  reader.push(concat(pcapHeader(), pcapRecord(first, 1n), new Uint8Array(16).fill(255)))
  expect(reader.next()?.frame).toEqual(first)
  expect(() => reader.next()).toThrow(CaptureFileError)
  reader.push(pcapRecord(first, 1n))
  expect(() => reader.next()).toThrow(CaptureFileError)
})

test('octets one by one give the same packets, each as soon as it is whole', () => {
  const file = concat(pcapHeader(), pcapRecord(first, 1n), pcapRecord(second, 2n))
  const reader = new CaptureReader()
  const whole: [number, Uint8Array][] = []
  file.forEach((octet, at) => {
    reader.push(Uint8Array.of(octet))
    for (let one = reader.next(); one; one = reader.next()) whole.push([at + 1, one.frame])
  })
  expect(whole).toEqual([
    [24 + 16 + first.length, first],
    [file.length, second],
  ])
  expect(reader.waiting).toBe(0)
})

describe('written pcapng', () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

  test('a section header, octet by octet', () => {
    expect(hex(sectionHeader({ application: 'abcde' }))).toBe(
      '0a0d0d0a' + // type
        '2c000000' + // total length 44
        '4d3c2b1a' + // byte-order magic
        '01000000' + // version 1.0
        'ffffffffffffffff' + // section length not given
        '04000500' + // shb_userappl, 5 octets
        '6162636465000000' + // padded
        '00000000' + // opt_endofopt
        '2c000000',
    )
  })

  test('an interface, octet by octet', () => {
    expect(hex(interfaceDescription({ name: 'web' }))).toBe(
      '0100000028000000' + // type, total length 40
        '0100000000000000' + // Ethernet, reserved, no snap length
        '0200030077656200' + // if_name
        '0900010009000000' + // if_tsresol
        '0000000028000000',
    )
  })

  test('a packet, octet by octet', () => {
    const bytes = enhancedPacket(Uint8Array.of(1, 2, 3, 4, 5), {
      interface: 2,
      time: 0x0102030405060708n,
      originalLength: 9,
      direction: 'transmit',
      comments: ['x'],
    })
    expect(hex(bytes)).toBe(
      '060000003c000000' + // type, total length 60
        '020000000403020108070605' + // interface, time: high, low
        '0500000009000000' + // captured, original
        '0102030405000000' + // padded
        '0100010078000000' + // opt_comment
        '0200040002000000' + // epb_flags: outbound
        '000000003c000000',
    )
  })

  test('a comment that is too long ends before a character that would be cut', () => {
    const comment = `a${'ü'.repeat(40_000)}`
    const file = concat(
      sectionHeader(),
      interfaceDescription({ name: 'a' }),
      enhancedPacket(first, { interface: 0, time: 0n, comments: [comment] }),
    )
    const [text] = readCapture(file).packets[0]?.comments ?? []
    expect(text).toBe(comment.slice(0, 1 + 0xfffe / 2))
  })

  test('statistics are passed over by the reader', () => {
    const file = concat(
      sectionHeader(),
      interfaceDescription({ name: 'a' }),
      interfaceStatistics({ interface: 0, time: 1n, received: 5n, dropped: 2n }),
      enhancedPacket(first, { interface: 0, time: 7n }),
    )
    expect(readCapture(file).packets).toMatchObject([{ frame: first, time: 7n }])
  })
})
