/** What `linkspan generate` is told, and what it says: words, questions for a MAC, files, the report. */
import { describe, expect, test } from 'vitest'
import { parseAddress, parseMac } from '../../src/config/address.js'
import { parsePlace } from '../../src/device/traffic/place.js'
import { readFrames } from '../../src/generate/file.js'
import { Histogram } from '../../src/generate/histogram.js'
import { answerIn, questionFor } from '../../src/generate/neighbor.js'
import { faultsOf, type Outcome, percentilesOf, reportOf } from '../../src/generate/report.js'
import { textOf } from '../../src/generate/text.js'
import { parseRate, parseSizes, parseTime } from '../../src/generate/words.js'
import { pcapHeader, pcapRecord } from '../../src/packet/capture/pcap-writer.js'
import { dissect } from '../../src/packet/dissect/dissect.js'
import { concat } from '../support/capture.js'

describe('words', () => {
  test.each([
    ['100k', { frames: 100_000 }],
    ['1.5M', { frames: 1_500_000 }],
    ['7', { frames: 7 }],
    ['1Gbit', { bits: 1e9 }],
    ['64kbit', { bits: 64_000 }],
    ['0.5', { frames: 0.5 }],
    ['max', 'max'],
  ])('rate %s', (text, rate) => expect(parseRate(text)).toEqual(rate))

  test.each(['0', '0k', '-1', '', 'k', '1T', '1 M', '1e6', 'fast', '0bit'])(
    'no rate: "%s"',
    (text) => expect(() => parseRate(text)).toThrow('expected more than 0 frames a second such as'),
  )

  test('sizes', () => {
    expect(parseSizes('60,1514', 60)).toEqual([60, 1514])
    const imix = parseSizes('imix', 74)
    expect([60, 74, 590, 1514].map((size) => imix.filter((each) => each === size).length)).toEqual([
      0, 7, 4, 1,
    ])
    for (const text of ['59', '', '60,', 'a', '65558', Array(257).fill('60').join()]) {
      expect(() => parseSizes(text, 60), text).toThrow(
        'expected octets of a frame without FCS, 60 to',
      )
    }
  })

  test('times', () => {
    const times = ['10ms', '250us', '250µs', '1.5s', '3ns', '2m', '1h'].map(parseTime)
    expect(times).toEqual([10e6, 250e3, 250e3, 1.5e9, 3, 120e9, 3600e9])
    for (const text of ['10', '0s', 's', '-1s', '0.1ns', '1d']) {
      expect(() => parseTime(text), text).toThrow('expected more than 0 of a time with its unit')
    }
  })

  test.each([
    ['eth0', { tap: false, netns: undefined, ifname: 'eth0' }],
    ['web/eth0', { tap: false, netns: 'web', ifname: 'eth0' }],
    ['pid:42/eth0', { tap: false, netns: 'pid:42', ifname: 'eth0' }],
    ['/run/netns/web/eth0', { tap: false, netns: '/run/netns/web', ifname: 'eth0' }],
    ['tap:web/t0', { tap: true, netns: 'web', ifname: 't0' }],
  ])('interface %s', (text, place) => expect(parsePlace(text)).toEqual({ text, ...place }))

  test.each(['', 'tap:', 'web/', '/eth0'])('no interface: "%s"', (text) => {
    expect(() => parsePlace(text)).toThrow('expected an interface')
  })
})

describe('who has an address', () => {
  const mac = parseMac('02:55:00:00:00:02')
  const other = [2, 0x55, 0, 0, 0, 3]
  const tags = [{ vid: 10, priority: 3 }]

  test('is asked by ARP', () => {
    const address = parseAddress('10.55.0.2')
    const frame = questionFor(parseAddress('10.55.0.3'), { mac, address, tags })
    const layers = dissect(frame)
    expect(layers.map(({ layer }) => layer).slice(0, 3)).toEqual(['ethernet', 'vlan', 'arp'])
    expect(layers[2]?.text).toContain('10.55.0.3')
    expect(answerIn(frame, parseAddress('10.55.0.3'))).toBeUndefined()
  })

  test('is asked by neighbour discovery, with a right checksum, of the solicited nodes', () => {
    const address = parseAddress('fd55::2')
    const frame = questionFor(parseAddress('fd55::12:3456'), { mac, address, tags })
    expect([...frame.subarray(0, 6)]).toEqual([0x33, 0x33, 0xff, 0x12, 0x34, 0x56])
    const [, , ip, icmp] = dissect(frame)
    expect(ip?.fields).toMatchObject({ destination: 'ff02::1:ff12:3456', hopLimit: 255 })
    expect(icmp?.fields).toMatchObject({ checksumState: 'right' })
    expect(icmp?.text).toContain('fd55::12:3456')
  })

  test('is answered by ARP, for that address only', () => {
    const fixed = [0, 1, 8, 0, 6, 4, 0, 2]
    const reply = [...fixed, ...other, 10, 55, 0, 3, ...mac, 10, 55, 0, 2]
    const frame = Uint8Array.of(...mac, ...other, 8, 6, ...reply)
    expect([...(answerIn(frame, parseAddress('10.55.0.3')) ?? [])]).toEqual(other)
    expect(answerIn(frame, parseAddress('10.55.0.4'))).toBeUndefined()
    const tagged = Uint8Array.of(...mac, ...other, 0x81, 0, 0, 10, 8, 6, ...reply)
    expect([...(answerIn(tagged, parseAddress('10.55.0.3')) ?? [])]).toEqual(other)
    for (let length = 0; length < frame.length; length++) {
      expect(answerIn(frame.subarray(0, length), parseAddress('10.55.0.3'))).toBeUndefined()
    }
  })

  test('is answered by an advertisement, for that address only; what is cut is none', () => {
    const target = parseAddress('fd55::3')
    const message = [136, 0, 0, 0, 0x60, 0, 0, 0, ...target.bytes, 2, 1, ...other]
    const ip = [0x60, 0, 0, 0, 0, 32, 58, 255, ...target.bytes, ...parseAddress('fd55::2').bytes]
    const frame = Uint8Array.of(...mac, ...other, 0x86, 0xdd, ...ip, ...message)
    expect([...(answerIn(frame, target) ?? [])]).toEqual(other)
    expect(answerIn(frame, parseAddress('fd55::4'))).toBeUndefined()
    for (let length = 0; length < frame.length; length++) {
      expect(answerIn(frame.subarray(0, length), target)).toBeUndefined()
    }
    const endless = frame.slice()
    endless.set([1, 0], frame.length - 8)
    expect(answerIn(endless, target)).toBeUndefined()
  })
})

describe('a file', () => {
  const record = (time: bigint, length: number) => pcapRecord(new Uint8Array(length), time)

  test('has its frames and how far they are apart', () => {
    const start = 1_700_000_000_000_000_000n
    const times = [0n, 1000n, 500n, 9000n]
    const file = concat(pcapHeader(), ...times.map((time, at) => record(start + time, 60 + at)))
    const { frames, offsets, span, leftOut } = readFrames(file, 'x.pcap')
    expect(frames.map(({ length }) => length)).toEqual([60, 61, 62, 63])
    expect(offsets).toEqual([0, 1000, 1000, 9000])
    expect([span, leftOut]).toEqual([11_250, 0])
  })

  test('without a whole frame, and one that is none, is told by its name', () => {
    expect(() => readFrames(pcapHeader(), 'x.pcap')).toThrow('x.pcap has no whole frame')
    const garbage = new Uint8Array(100).fill(7)
    expect(() => readFrames(garbage, 'x.pcap')).toThrow('x.pcap: octet 0: begins with 0x07070707')
  })
})

describe('the report', () => {
  const histogram = new Histogram()
  for (let value = 1; value <= 100; value++) histogram.record(value)
  const outcome: Outcome = {
    stream: { id: 5, stamp: true },
    end: 'count',
    error: null,
    wanted: 1000,
    to: 'a/eth0',
    from: 'b/eth0',
    sent: { frames: 1000, octets: 60_000, refused: 2, elapsed: 1e9, late: 5e6 },
    received: {
      ...{ unique: 990, octets: 59_400, duplicates: 3, reordered: 4, tooLate: 0, corrupted: 1 },
      ...{ foreign: 7, lost: 10, flowsWithLoss: 2, window: 64, elapsed: 2e9, kernelDrops: 0 },
      latency: percentilesOf(histogram),
      extent: null,
    },
  }

  test('has rates, shares and percentiles', () => {
    const report = reportOf(outcome)
    expect(report.sender).toMatchObject({
      framesPerSecond: 1000,
      bitsPerSecond: 480_000,
      seconds: 1,
      behindSeconds: 0.005,
    })
    expect(report.receiver).toMatchObject({ framesPerSecond: 495, lossRatio: 0.01, lost: 10 })
    const latency = { min: 1, mean: 50.5, p50: 50, p90: 90, p99: 99, p999: 100, max: 100 }
    expect(report.receiver?.latency).toEqual(latency)
    expect(faultsOf(report)).toEqual(['loss', 'duplicates', 'reordering', 'corruption'])
  })

  test('without stamps has null for what nobody can know', () => {
    const { receiver, stream } = reportOf({ ...outcome, stream: { id: 5, stamp: false } })
    expect(stream).toBeNull()
    const { duplicates, reordered, tooLate, corrupted, foreign, flowsWithLoss, lost } =
      receiver ?? {}
    expect([duplicates, reordered, tooLate, corrupted, foreign, flowsWithLoss, lost]).toEqual([
      ...[null, null, null, null, null, null],
      10,
    ])
  })

  test('of nothing divides by nothing', () => {
    const sent = { frames: 0, octets: 0, refused: 0, elapsed: 0, late: 0 }
    const { sender, receiver } = reportOf({ ...outcome, sent, received: null })
    expect(sender).toMatchObject({ framesPerSecond: 0, bitsPerSecond: 0 })
    expect(receiver).toBeNull()
    expect(JSON.stringify(reportOf({ ...outcome, sent }))).not.toContain('NaN')
  })

  test('is a text that says all of it', () => {
    const text = textOf(reportOf(outcome))
    expect(text).toContain('sent       1,000 frames to a/eth0, 1.000 s: 1,000 frames/s, 0.5 Mbit/s')
    expect(text).toContain('lost       10 (1.00 %, of 2 flows)')
    expect(text).toContain('faults     3 duplicates, 4 reordered, 1 corrupted')
    expect(text).toContain('p99 99 ns')
    expect(text).toMatch(/ended {6}all frames sent$/)
  })
})
