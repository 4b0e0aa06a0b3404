/** Frames as lines, compared word for word with what tcpdump prints of the same octets. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join as path } from 'node:path'
import { expect, test } from 'vitest'
import { pcapHeader, pcapRecord } from '../../src/packet/capture/pcap-writer.js'
import { readCapture } from '../../src/packet/capture/reader.js'
import { FrameLines, frameLine, type LineOptions } from '../../src/packet/line/line.js'
import { concat } from '../support/capture.js'
import { arp, ethernet, join, packet, station, word } from '../support/frames.js'
import { arpFrame, framed, ip, ipPacket, sealed, TCP, UDP } from '../support/ip.js'
import { seenLab } from '../support/lab-seen.js'
import { directory } from '../support/linkspan.js'
import { complete } from '../support/upper.js'
import { datagram } from '../support/vxlan.js'

const V4 = { source: '10.55.0.1', destination: '10.55.0.2' }
const V6 = { source: 'fd55::1', destination: 'fd55::2' }
const from = (given: Parameters<typeof ipPacket>[0]) =>
  framed(station(2), station(1), ipPacket(given))

/** What an ICMP error is about: a UDP datagram, a TCP segment, or of a protocol without ports. */
function quoted(ends: typeof V4, protocol: number): Uint8Array {
  const payload = Uint8Array.from([
    ...word(4000),
    ...word(54),
    ...word(16),
    0,
    0,
    ...[1, 2, 3, 4, 5, 6, 7, 8],
  ])
  return ipPacket({ ...ends, protocol, payload })
}

const error = (type: number, code: number, rest: readonly number[], protocol = UDP) =>
  complete(4, 1, join([type, code, 0, 0], rest, quoted(V4, protocol)))
const error6 = (type: number, code: number, rest: readonly number[], protocol = UDP) =>
  complete(6, 58, join([type, code, 0, 0], rest, quoted(V6, protocol)))
const NOTHING = [0, 0, 0, 0]
const echo6 = [128, 0, 0, 0, 0, 9, 0, 1, 1, 2, 3]

/** A segment with all that a header may have. */
function segment(flags: number, options: readonly number[], payload = 0): Uint8Array {
  const numbers = [0xff, 0xff, 0xff, 0xf0, 0, 0, 0, 9]
  const word12 = ((20 + options.length) / 4) << 12
  const head = [...word(4000), ...word(9), ...numbers, ...word(word12 | flags), 9, 9, 0, 0, 0, 7]
  const bytes = join(head, options, new Uint8Array(payload))
  return from({ ...V4, protocol: TCP, payload: sealed({ ...V4, protocol: TCP }, bytes, 16) })
}

const sack = [1, 1, 5, 18, ...[0, 0, 0, 20, 0, 0, 0, 30], ...[0, 0, 0, 40, 0, 0, 0, 50]]
const addresses = { sender: '10.55.0.1', target: '10.55.0.2', senderMac: station(1) }

const frames: Uint8Array[] = [
  arp(1),
  arpFrame({ operation: 'request', ...addresses, targetMac: station(2) }),
  arpFrame({ operation: 'reply', ...addresses, targetMac: station(2) }),
  ...[0, 8].map((type) => complete(4, 1, [type, 0, 0, 0, 0, 1, 0, 2, 3, 4])),
  ...Array.from({ length: 16 }, (_, code) => error(3, code, NOTHING)),
  error(3, 3, NOTHING, TCP),
  error(3, 4, [0, 0, 5, 120]),
  ...[0, 1, 2, 3].map((code) => error(5, code, [10, 55, 0, 9])),
  ...[0, 1].map((code) => error(11, code, NOTHING)),
  ...[0, 1].map((code) => error(12, code, [9, 0, 0, 0])),
  error(4, 0, NOTHING),
  complete(6, 58, echo6),
  ...[0, 1, 2, 3, 4].map((code) => error6(1, code, NOTHING)),
  error6(1, 4, NOTHING, TCP),
  error6(2, 0, [0, 0, 5, 0]),
  ...[0, 1].map((code) => error6(3, code, NOTHING)),
  ...[0, 1, 2].map((code) => error6(4, code, [0, 0, 0, 40])),
  complete(6, 58, [133, 0, 0, 0, ...NOTHING, 1, 1, ...station(1)]),
  complete(6, 58, [134, 0, 0, 0, 64, 0, 7, 8, ...NOTHING, ...NOTHING]),
  complete(6, 58, [135, 0, 0, 0, ...NOTHING, ...ip('fd55::2'), 1, 1, ...station(1)]),
  complete(6, 58, [136, 0, 0, 0, 0xe0, 0, 0, 0, ...ip('fd55::1'), 2, 1, ...station(1)]),
  // TCP: every flag by itself and all, every option that is usual, data, numbers that wrap.
  ...Array.from({ length: 8 }, (_, bit) => segment(1 << bit, [])),
  segment(0, []),
  segment(0xff, []),
  segment(2, [2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7]),
  segment(0x18, [1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8], 100),
  segment(0x10, sack),
  segment(0x12, []),
  segment(0x10, sack),
  packet({ version: 6, payload: 12 }).frame,
  packet({ version: 6, protocol: 'udp', payload: 12 }).frame,
  packet({ protocol: 'udp', payload: 0, padding: 18 }).frame,
  packet({ protocol: 'udp', payload: 5, options: 8 }).frame,
  packet({ version: 6, protocol: 'udp', payload: 5, extensions: [[0, 8]] }).frame,
  packet({ version: 6, payload: 5, extensions: [[60, 16]] }).frame,
  // Fragments, and what is cut.
  from({
    ...V4,
    protocol: UDP,
    fragment: 0x2000,
    payload: packet({ protocol: 'udp', payload: 400 }).frame.subarray(34, 114),
  }),
  from({ ...V4, protocol: UDP, fragment: 0x2001, payload: new Uint8Array(80) }),
  from({ ...V4, protocol: TCP, fragment: 0x0002, payload: new Uint8Array(80) }),
  from({
    ...V6,
    protocol: 44,
    payload: join([58, 0, ...word(1), 0, 0, 0, 7], echo6, new Uint8Array(5)),
  }),
  from({ ...V6, protocol: 44, payload: join([58, 0, ...word(16), 0, 0, 0, 7], new Uint8Array(5)) }),
  from({ ...V4, protocol: 253, payload: new Uint8Array(9) }),
  from({ ...V6, protocol: 59, payload: new Uint8Array(0) }),
  from({
    ...V4,
    protocol: 4,
    payload: quoted({ source: '192.0.2.1', destination: '192.0.2.2' }, UDP),
  }),
  // Tags and tunnels.
  ...[[{ vid: 10 }], [{ vid: 0x700a }], [{ vid: 7, type: 0x88a8 }, { vid: 0x6009 }]].map(
    (tags) => packet({ protocol: 'udp', tags }).frame,
  ),
  ethernet(station(2), station(1), 0x0806, arp(1).subarray(14), [{ vid: 12 }]),
  datagram(packet({ protocol: 'udp' }).frame).frame,
  datagram(arp(1), { vni: 0xfffffe }).frame,
  datagram(packet({ tags: [{ vid: 9 }] }).frame).frame,
]

function tcpdump(file: string, ...flags: string[]): string[] {
  const out = execFileSync('tcpdump', ['-t', ...flags, '-r', file], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 28,
  })
  // What is in a tunnel has a line of its own there, which no port comes before.
  return out
    .replace(/(VXLAN, flags \[.\] \(0x..\), vni \d+)\n/g, '$1: ')
    .split(/\n(?=\S)/)
    .map((line) => line.trimEnd().replaceAll('  ', ' '))
}

/** Without -e tcpdump has no tags. */
const untagged = (line: string) => line.replace(/\bvlan \d+, p \d, (DEI, )?/g, '')

const lines = (options: LineOptions) => () => {
  const all = new FrameLines(options)
  return (frame: Uint8Array) => {
    const line = all.line(frame)
    return options.ethernet ? line : untagged(line)
  }
}

const kinds = [
  { flags: ['-n'], ours: lines({}) },
  { flags: ['-ne'], ours: lines({ ethernet: true }) },
  { flags: ['-nS'], ours: () => (frame: Uint8Array) => untagged(frameLine(frame)) },
]

test.each(kinds)('packets of all kinds, tcpdump $flags', ({ flags, ours }) => {
  const file = path(directory(), 'all.pcap')
  writeFileSync(file, concat(pcapHeader(), ...frames.map((frame) => pcapRecord(frame, 0n))))
  const line = ours()
  expect(frames.map(line)).toEqual(tcpdump(file, ...flags))
})

test.each(kinds)('what passes in a lab, tcpdump $flags', async ({ flags, ours }) => {
  const octets = await seenLab()
  const file = path(directory(), 'lab.pcapng')
  writeFileSync(file, octets)
  const line = ours()
  const { packets } = readCapture(octets)
  expect(packets.length).toBeGreaterThan(300)
  expect(packets.map(({ frame }) => line(frame))).toEqual(tcpdump(file, ...flags))
})
