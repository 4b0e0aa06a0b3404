/** Capture files and dissection, compared with what tcpdump and scapy make of the same octets. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pcapHeader, pcapRecord } from '../../src/packet/capture/pcap-writer.js'
import { readCapture } from '../../src/packet/capture/reader.js'
import { dissect, type Layer } from '../../src/packet/dissect/dissect.js'
import {
  concat,
  enhancedPacket,
  interfaceDescription,
  interfaceStatistics,
  sectionHeader,
} from '../support/capture.js'
import { arp, type PacketOptions, packet, superFrame } from '../support/frames.js'
import { directory } from '../support/linkspan.js'
import { Random } from '../support/random.js'
import { complete } from '../support/upper.js'

/** Where Debian's packages of Python are: another Python that comes first in the path has none. */
const PYTHON = '/usr/bin/python3'

function tcpdump(...words: string[]): string[] {
  const out = execFileSync('tcpdump', ['-nn', ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 1 << 28,
  })
  // A line that is not indented begins a packet.
  return out.split(/\n(?=\S)/).filter(Boolean)
}

function python(script: string, ...words: string[]): unknown {
  const options = { encoding: 'utf8', input: script, maxBuffer: 1 << 28 } as const
  return JSON.parse(execFileSync(PYTHON, ['-', ...words], options))
}

function fileOf(name: string, octets: Uint8Array): string {
  const path = join(directory(), name)
  writeFileSync(path, octets)
  return path
}

const START = 1_700_000_000_123_456_789n
const SECOND = 1_000_000_000n
const sent = [arp(1), packet().frame, packet({ version: 6, protocol: 'udp', payload: 3 }).frame]
const timeOf = (index: number) => START + BigInt(index) * SECOND

const ours = () =>
  concat(
    sectionHeader({ hardware: 'x86_64', os: 'Linux', application: 'Linkspan' }),
    interfaceDescription({ name: 'web', description: 'of bridge blue' }),
    interfaceDescription({ name: 'db' }),
    ...sent.map((frame, index) =>
      enhancedPacket(frame, {
        interface: index % 2,
        time: timeOf(index),
        direction: index % 2 === 0 ? 'receive' : 'transmit',
        comments: index === 1 ? ['dropped: port-isolated\n', 'ü'] : [],
      }),
    ),
    interfaceStatistics({ interface: 0, time: START, received: 2n, dropped: 0n }),
  )

describe('what we write', () => {
  test('tcpdump reads, to the nanosecond', () => {
    const lines = tcpdump('-e', '-tt', '--nano', '-r', fileOf('ours.pcapng', ours()))
    expect(lines.map((line) => line.split(' ')[0])).toEqual(
      sent.map((_, index) => `${1_700_000_000 + index}.123456789`),
    )
    expect(lines[0]).toContain('Request who-has 10.55.0.2 tell 10.55.0.1')
    expect(lines[1]).toContain('10.55.0.1.40000 > 10.55.0.2.5432')
    expect(lines[2]).toContain('fd55::1.40000 > fd55::2.5432')
  })

  test('scapy reads, comments too', () => {
    const script = `
import json, sys
from scapy.utils import rdpcap
print(json.dumps([[bytes(p).hex(), str(p.time), (p.comment or b'').decode()] for p in rdpcap(sys.argv[1])]))
`
    expect(python(script, fileOf('ours.pcapng', ours()))).toEqual(
      sent.map((frame, index) => [
        Buffer.from(frame).toString('hex'),
        `${1_700_000_000 + index}.123456789`,
        index === 1 ? 'dropped: port-isolated' : '',
      ]),
    )
  })

  test('as pcap tcpdump reads too', () => {
    const records = sent.map((frame, index) => pcapRecord(frame, timeOf(index), frame.length + 7))
    const path = fileOf('ours.pcap', concat(pcapHeader(), ...records))
    const lines = tcpdump('-e', '-tt', '--nano', '-r', path)
    expect(lines.map((line) => line.split(' ')[0])).toEqual(
      sent.map((_, index) => `${1_700_000_000 + index}.123456789`),
    )
    expect(lines[0]).toContain(`length ${(sent[0]?.length ?? 0) + 7}`)
  })
})

describe('what others write', () => {
  test.each([
    ['micro', 1000n],
    ['nano', 1n],
  ])('tcpdump, %sseconds', (precision, unit) => {
    const path = join(directory(), 'theirs.pcap')
    tcpdump(`--time-stamp-precision=${precision}`, '-r', fileOf('ours.pcapng', ours()), '-w', path)
    const { packets, truncated } = readCapture(readFileSync(path))
    expect(truncated).toBeUndefined()
    expect(packets.map(({ frame }) => frame)).toEqual(sent)
    expect(packets.map(({ time }) => time)).toEqual(
      sent.map((_, index) => (timeOf(index) / unit) * unit),
    )
  })

  test.each(['<', '>'])('scapy, pcap of byte order %s', (order) => {
    const script = `
import json, sys
from scapy.utils import PcapWriter
from scapy.layers.l2 import Ether
frames = [bytes.fromhex(one) for one in sys.argv[3:]]
writer = PcapWriter(sys.argv[1], endianness=sys.argv[2], linktype=1, nano=True)
for index, one in enumerate(frames):
    p = Ether(one)
    p.time = 1700000000 + index
    writer.write(p)
writer.close()
print('null')
`
    const path = join(directory(), 'theirs.pcap')
    python(script, path, order, ...sent.map((frame) => Buffer.from(frame).toString('hex')))
    const { packets } = readCapture(readFileSync(path))
    expect(packets.map(({ frame }) => frame)).toEqual(sent)
    expect(packets.map(({ time }) => time)).toEqual(
      sent.map((_, index) => 1_700_000_000n * SECOND + BigInt(index) * SECOND),
    )
  })
})

/** Packets of all kinds; in some an octet behind the IP header is changed. */
function randomFrames(count: number): Uint8Array[] {
  const random = new Random(3)
  return Array.from({ length: count }, () => {
    const frame = randomFrame(random)
    if (random.chance(0.3)) {
      const at = frame.length - 1 - random.below(4)
      frame[at] = (frame[at] as number) ^ (1 << random.below(8))
    }
    return frame
  })
}

function randomFrame(random: Random): Uint8Array {
  if (random.chance(0.15)) return complete(4, 1, [8, 0, 0, 0, 0, 1, 0, 2, ...random.bytes(20)])
  if (random.chance(0.15)) return complete(6, 58, [128, 0, 0, 0, 0, 1, 0, 2, ...random.bytes(20)])
  const options: PacketOptions = {
    version: random.pick([4, 6] as const),
    protocol: random.pick(['tcp', 'udp'] as const),
    payload: random.bytes(4 + random.below(200)),
    tags: random.pick([[], [{ vid: 7 }], [{ vid: 7, type: 0x88a8 }, { vid: 0x6009 }]]),
    options: random.pick([0, 0, 8]),
    tcpOptions: random.pick([0, 0, 12]),
    extensions: random.pick([[], [], [[0, 8]], [[60, 16]]]),
    checksum: random.chance(0.2) ? 'partial' : 'complete',
  }
  return random.chance(0.05)
    ? superFrame(1000, { ...options, payload: 3000 }).frame
    : packet(options).frame
}

const upperOf = (layers: readonly Layer[]) =>
  layers.find(({ layer }) => ['tcp', 'udp', 'icmp', 'icmpv6'].includes(layer))

describe('what we make of frames', () => {
  const frames = randomFrames(600)
  const dissected = frames.map((frame) => dissect(frame))
  const path = () =>
    fileOf('random.pcap', concat(pcapHeader(), ...frames.map((frame) => pcapRecord(frame, START))))

  test('is what tcpdump makes of them: tags, addresses, ports, checksums', () => {
    const lines = tcpdump('-e', '-vv', '-r', path())
    expect(lines).toHaveLength(frames.length)
    const states = new Set<unknown>()
    for (const [index, layers] of dissected.entries()) {
      const line = lines[index] as string
      const { checksum, checksumState, checksumExpected, sourcePort } =
        upperOf(layers)?.fields ?? {}
      states.add(checksumState)
      for (const { fields } of layers.filter(({ layer }) => layer === 'vlan')) {
        expect(line).toContain(`vlan ${fields.vid}, p ${fields.priority}`)
      }
      const network = layers.find(({ layer }) => layer.startsWith('ipv'))?.fields
      const { source, destination } = network ?? {}
      // Behind extension headers it prints the ports apart.
      const ends = [`${source}.${sourcePort} > ${destination}.`, `${source} > ${destination}: `]
      expect(
        ends.some((words) => line.includes(words)),
        line,
      ).toBe(true)
      if (sourcePort !== undefined) expect(line).toMatch(/40000 > (\S+\.)?5432/)
      const bad = /incorrect -> |bad udp cksum|wrong icmp cksum|bad icmp6 cksum/.test(line)
      const says = `${line}\n${layers.map(({ text }) => text).join('\n')}`
      // Of a right one it says so, or nothing.
      expect(bad, says).toBe(checksumState !== 'right')
      if (checksumExpected === undefined) continue
      const should = Number(checksumExpected).toString(16)
      expect(line, says).toMatch(new RegExp(`0x0*${should}\\b|->0*${should}\\b`))
      expect(line, says).toContain(String(checksum).replace(/^0x0*/, ''))
    }
    expect(states).toEqual(new Set(['right', 'wrong', 'partial']))
  })

  test('is what scapy makes of them: lengths, flags, options, and the checksum it computes', () => {
    const script = `
import json, sys
from scapy.all import rdpcap, IP, IPv6, TCP, UDP, Dot1Q, Dot1AD, ICMP, Ether
def checksum(p, kind):
    q = Ether(bytes(p))
    del q[kind].chksum
    return Ether(bytes(q))[kind].chksum
out = []
for p in rdpcap(sys.argv[1]):
    one = {}
    if IP in p:
        one.update(version=4, total=p[IP].len, ttl=p[IP].ttl, source=p[IP].src, header=p[IP].ihl * 4)
        one['sum'] = [p[IP].chksum, checksum(p, IP)]
    else:
        one.update(version=6, total=p[IPv6].plen, ttl=p[IPv6].hlim, source=p[IPv6].src, header=40)
    for kind in (TCP, UDP):
        if kind in p:
            one.update(upper=kind.__name__.lower(), ports=[p[kind].sport, p[kind].dport])
            one['upperSum'] = [p[kind].chksum, checksum(p, kind)]
    if TCP in p:
        one.update(seq=p[TCP].seq, ack=p[TCP].ack, window=p[TCP].window, offset=p[TCP].dataofs * 4, flags=str(p[TCP].flags))
    out.append(one)
print(json.dumps(out))
`
    interface Theirs {
      version: number
      total: number
      ttl: number
      source: string
      header: number
      sum?: [number, number]
      upper?: 'tcp' | 'udp'
      ports?: [number, number]
      upperSum?: [number, number]
      seq?: number
      ack?: number
      window?: number
      offset?: number
      flags?: string
    }
    const theirs = python(script, path()) as Theirs[]
    const seen = { tcp: 0, udp: 0 }
    for (const [index, layers] of dissected.entries()) {
      const their = theirs[index] as Theirs
      const network = layers.find(({ layer }) => layer === `ipv${their.version}`)
      expect(network?.length).toBe(their.header)
      expect(network?.fields).toMatchObject(
        their.version === 4
          ? {
              totalLength: their.total,
              ttl: their.ttl,
              source: their.source,
              checksumState: 'right',
            }
          : { payloadLength: their.total, hopLimit: their.ttl, source: their.source },
      )
      if (their.sum) expect(their.sum[0]).toBe(their.sum[1])
      if (!their.upper) continue
      seen[their.upper]++
      const fields = layers.find(({ layer }) => layer === their.upper)?.fields
      expect([fields?.sourcePort, fields?.destinationPort]).toEqual(their.ports)
      const [found, right] = their.upperSum as [number, number]
      expect(fields?.checksumState === 'right').toBe(found === right)
      if (fields?.checksumExpected) expect(Number(fields.checksumExpected)).toBe(right)
      if (their.upper === 'udp') continue
      expect(fields).toMatchObject({
        sequence: their.seq,
        acknowledgement: their.ack,
        window: their.window,
        headerLength: their.offset,
      })
      const letters = ((fields?.flags ?? []) as string[]).map((flag) => flag[0]).join('')
      expect(letters).toBe(their.flags)
    }
    expect(Math.min(seen.tcp, seen.udp)).toBeGreaterThan(50)
  })
})
