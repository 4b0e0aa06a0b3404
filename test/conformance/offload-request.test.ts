/**
 * T11: every field of the virtio-net header lying, alone and in pairs, over frames of every kind.
 * Whatever leaves has a header that is true of the frame and that Linux accepts; everything else is
 * a counted drop with its reason.
 */

import { describe, expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { arp, BROADCAST, packet, station, superFrame } from '../support/frames.js'
import { judge } from '../support/judge.js'
import { dishonesty, kernelRefusal } from '../support/kernel.js'
import { isSame } from '../support/octets.js'
import { type Offloaded, rig } from '../support/rig.js'
import { DATA_VALID, Gso, NEEDS_CSUM, NOTHING, type VirtioHeader } from '../support/virtio.js'

/** What a liar may write into each field. */
const lies: { [field in keyof VirtioHeader]: readonly number[] } = {
  flags: [0, NEEDS_CSUM, DATA_VALID, NEEDS_CSUM | DATA_VALID, 4, 8, 0xff],
  gsoType: [0, 1, 2, 3, 4, 5, 6, 0x20, 0x40, 0x80, 0x81, 0x84, 0x85, 0xff],
  headerLength: [0, 1, 13, 14, 54, 1000, 0xffff],
  gsoSize: [0, 1, 2, 8, 536, 1448, 0xfffe, 0xffff],
  checksumStart: [0, 1, 13, 14, 20, 33, 34, 38, 54, 74, 1000, 0xfffe, 0xffff],
  checksumOffset: [0, 1, 5, 6, 7, 15, 16, 17, 50, 1000, 0xfffe, 0xffff],
  buffers: [0, 1, 0xffff],
}
const fields = Object.keys(lies) as (keyof VirtioHeader)[]

const to = BROADCAST
const tags = [{ vid: 10 }, { vid: 20, type: 0x88a8 }]

/** A chain of `count` IPv6 destination options of 8 octets, or one of `octets`. */
const chain = (count: number, octets = 8) =>
  Array.from({ length: count }, () => [60, octets] as const)

const cut = (made: Offloaded, length: number): Offloaded => ({
  ...made,
  frame: made.frame.slice(0, length),
})

/** The frame with some octets changed. */
const patched = (made: Offloaded, ...changes: [at: number, value: number][]): Offloaded => {
  const frame = made.frame.slice()
  for (const [at, value] of changes) frame[at] = value
  return { ...made, frame }
}

const tcp4 = packet({ to, checksum: 'partial' })
const udp4 = packet({ to, protocol: 'udp', checksum: 'partial' })
const tcp6 = packet({ to, version: 6, checksum: 'partial' })
const udp6 = packet({ to, version: 6, protocol: 'udp', checksum: 'partial' })

/** Honest frames, each of which the lies are told about. */
const honest: Record<string, Offloaded> = {
  'TCP over IPv4': tcp4,
  'UDP over IPv4': udp4,
  'TCP over IPv6': tcp6,
  'UDP over IPv6': udp6,
  'TCP over IPv4 with options of both': packet({
    to,
    options: 40,
    tcpOptions: 40,
    checksum: 'partial',
  }),
  'UDP over IPv4 with options': packet({ to, protocol: 'udp', options: 4, checksum: 'partial' }),
  'TCP over IPv6 with extensions': packet({
    to,
    version: 6,
    extensions: [
      [0, 8],
      [43, 24],
      [60, 16],
    ],
    checksum: 'partial',
  }),
  'TCP over IPv4, tagged': packet({ to, tags: tags.slice(0, 1), checksum: 'partial' }),
  'UDP over IPv6, tagged twice': packet({
    to,
    tags,
    version: 6,
    protocol: 'udp',
    checksum: 'partial',
  }),
  'UDP over IPv4, empty': packet({ to, protocol: 'udp', payload: 0, checksum: 'partial' }),
  'TCP over IPv4, padded': packet({ to, payload: 0, padding: 6, checksum: 'partial' }),
  'TCP super-frame over IPv4': superFrame(1448, { to, payload: 30_000 }),
  'TCP super-frame over IPv6': superFrame(1428, { to, version: 6, payload: 30_000 }),
  'UDP super-frame over IPv4': superFrame(1400, { to, protocol: 'udp', payload: 30_000 }),
  'UDP super-frame over IPv6, tagged': superFrame(1400, {
    to,
    tags: tags.slice(0, 1),
    version: 6,
    protocol: 'udp',
    payload: 30_000,
  }),
}

/** Frames about which every request is a lie. */
const unfit: Record<string, Offloaded> = {
  'an ARP request': { ...tcp4, frame: arp(1) },
  'an EtherType nobody knows': patched(tcp4, [12, 0x88], [13, 0xb5]),
  'ICMP over IPv4': patched(tcp4, [23, 1]),
  'SCTP over IPv6': patched(tcp6, [20, 132]),
  'a first fragment': packet({ to, fragment: 0x2000, checksum: 'partial' }),
  'a later fragment': packet({ to, fragment: 100, checksum: 'partial' }),
  'an IPv6 fragment': packet({ to, version: 6, extensions: [[44, 8]], checksum: 'partial' }),
  'IPv4 that says it is IPv6': patched(tcp4, [14, 0x65]),
  'IPv6 that says it is IPv4': patched(tcp6, [14, 0x40]),
  'an IHL of 4': patched(tcp4, [14, 0x44]),
  'an IHL past the total length': patched(tcp4, [14, 0x4f], [16, 0], [17, 40]),
  'a total length below the header': patched(tcp4, [16, 0], [17, 19]),
  'a total length past the frame': patched(tcp4, [16, 1], [17, 0]),
  'an IPv6 payload length past the frame': patched(tcp6, [18, 1], [19, 0]),
  'an IPv6 payload length of 0': patched(tcp6, [18, 0], [19, 0]),
  'a TCP data offset of 4': patched(tcp4, [46, 0x40]),
  'a TCP data offset past the packet': patched(
    packet({ to, payload: 10, checksum: 'partial' }),
    [46, 0xf0],
  ),
  'a UDP length past the packet': patched(udp4, [38, 4]),
  'a UDP length short of the packet': patched(udp4, [39, 50]),
  'a UDP length of 0': patched(udp6, [58, 0], [59, 0]),
  'TCP cut in the Ethernet header': cut(tcp4, 14),
  'TCP cut in the IPv4 header': cut(tcp4, 33),
  'TCP cut behind the IPv4 header': cut(tcp4, 34),
  'UDP cut in the IPv6 header': cut(udp6, 53),
  'a tag cut off': cut(packet({ to, tags, checksum: 'partial' }), 16),
  'three tags': packet({ to, tags: [...tags, { vid: 30 }], checksum: 'partial' }),
  'nine extension headers': packet({ to, version: 6, extensions: chain(9), checksum: 'partial' }),
  'extension headers of 264 octets': packet({
    to,
    version: 6,
    extensions: [[60, 264]],
    checksum: 'partial',
  }),
  'extension headers past the packet': patched(
    packet({ to, version: 6, extensions: chain(1), payload: 0, checksum: 'partial' }),
    [55, 20],
  ),
}

/** How often each outcome came: the tests below make sure that every one did. */
type Outcomes = Map<string, number>

/** Sends all frames through one switch, and holds what comes out against `judge` and the kernel. */
function check(build: Parameters<typeof rig>[0], cases: readonly Offloaded[]): Outcomes {
  const bench = rig(build).ports('ab', { offloads: true, mtu: 65_535 })
  const outcomes: Outcomes = new Map()
  const verdicts = cases.map(judge)
  for (const verdict of verdicts) {
    const outcome = verdict.drop ?? 'sent'
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  bench.inject('a', ...cases).run()
  const expected = verdicts.flatMap(({ out }) => (out ? [out] : []))
  const sent = bench.sent('b')
  sent.forEach(({ header, frame }, index) => {
    expect(kernelRefusal(header!, frame)).toBeUndefined()
    expect(dishonesty(header!, frame)).toBeUndefined()
    expect(header).toEqual(expected[index]?.header)
    if (!isSame(frame, expected[index]?.frame ?? new Uint8Array())) {
      expect(frame).toEqual(expected[index]?.frame)
    }
  })
  expect(sent).toHaveLength(expected.length)
  const dropped = [...outcomes].filter(([outcome]) => outcome !== 'sent')
  expect(bench.drops()).toEqual(
    Object.fromEntries(dropped.map(([reason, frames]) => [`a ${reason}`, frames])),
  )
  return outcomes
}

function alone(made: Offloaded): Offloaded[] {
  return fields.flatMap((field) =>
    lies[field].map((value) => ({ ...made, header: { ...made.header, [field]: value } })),
  )
}

function inPairs(made: Offloaded): Offloaded[] {
  return alone(made).flatMap((once) => alone(once))
}

onEveryBuild('virtio-net requests', (build) => {
  test.each(Object.entries(honest))('T11: an honest request is carried: %s', (_, made) => {
    expect([...check(build, [made]).keys()]).toEqual(['sent'])
  })

  test.each(Object.entries(unfit))(
    'T11: a request for a frame that it does not fit is a drop: %s',
    (_, made) => {
      const outcomes = check(build, [made])
      expect(outcomes.has('sent')).toBe(false)
    },
  )

  test.each(Object.entries(unfit))(
    'T11: the same frame that asks for nothing is carried: %s',
    (_, made) => {
      const header = { ...NOTHING }
      expect([...check(build, [{ ...made, header }]).keys()]).toEqual(['sent'])
    },
  )

  test('T10 (RFC 8200 4.1): 8 extension headers and 256 octets of them are followed, no more', () => {
    const made = (extensions: readonly (readonly [number, number])[]) =>
      packet({ to, version: 6, extensions, checksum: 'partial' })
    expect(check(build, [made(chain(8)), made([[60, 256]])]).get('sent')).toBe(2)
    expect(check(build, [made(chain(9)), made([[60, 264]])]).get('header-chain')).toBe(2)
    expect(check(build, [made(chain(8, 32)), made(chain(8, 40))])).toEqual(
      new Map([
        ['sent', 1],
        ['header-chain', 1],
      ]),
    )
  })

  test('T11: each field lying alone, over frames that could have been honest', () => {
    const outcomes = check(build, Object.values(honest).flatMap(alone))
    expect(outcomes.get('sent')).toBeGreaterThan(300)
    expect(outcomes.get('checksum-request')).toBeGreaterThan(300)
    expect(outcomes.get('segmentation-request')).toBeGreaterThan(100)
  })

  test('T11: each field lying alone, over frames that no request fits', () => {
    const outcomes = check(build, Object.values(unfit).flatMap(alone))
    for (const reason of ['sent', 'checksum-request', 'truncated-header', 'header-chain']) {
      expect(outcomes.get(reason)).toBeGreaterThan(50)
    }
  })

  // Whole super-frames in pairs would be gigabytes: those of 3,000 octets lie as well.
  const small: Record<string, Offloaded> = {
    ...Object.fromEntries(Object.entries(honest).filter(([name]) => !name.includes('super'))),
    'TCP super-frame over IPv4': superFrame(1448, { to, payload: 3000 }),
    'UDP super-frame over IPv6': superFrame(1400, {
      to,
      version: 6,
      protocol: 'udp',
      payload: 3000,
    }),
  }
  test.each(Object.entries(small))('T11: every pair of fields lying: %s', (_, made) => {
    const outcomes = check(build, inPairs(made))
    expect(outcomes.get('sent')).toBeGreaterThan(100)
    expect(outcomes.get('checksum-request')).toBeGreaterThan(100)
    expect(outcomes.get('segmentation-request')).toBeGreaterThan(100)
  })

  test('T11: a truncation at every octet of a frame that asks for an offload', () => {
    const made = [tcp4, udp4, tcp6, udp6, superFrame(100, { to, payload: 300 })]
    const cuts = made.flatMap((whole) =>
      Array.from({ length: whole.frame.length - 13 }, (_, index) => cut(whole, 14 + index)),
    )
    const outcomes = check(build, cuts)
    expect(outcomes.get('sent')).toBe(made.length)
    expect(outcomes.get('truncated-header')).toBeGreaterThan(500)
  })

  test('T11: a frame whose payload fits one segment leaves as no super-frame', () => {
    const bench = rig(build).ports('ab', { offloads: true })
    bench.inject('a', superFrame(100, { to, payload: 100 }), superFrame(100, { to, payload: 101 }))
    bench.run()
    const [one, two] = bench.sent('b')
    expect(one?.header).toMatchObject({
      flags: NEEDS_CSUM,
      gsoType: 0,
      gsoSize: 0,
      headerLength: 0,
    })
    expect(two?.header).toMatchObject({ flags: NEEDS_CSUM, gsoType: Gso.TCPV4, gsoSize: 100 })
  })

  test('T11: a UDP super-frame stands for 128 datagrams at most', () => {
    const made = (payload: number) => superFrame(10, { to, protocol: 'udp', payload })
    expect(check(build, [made(1280), made(1281)])).toEqual(
      new Map([
        ['sent', 1],
        ['segmentation-request', 1],
      ]),
    )
  })

  test('T11: what one frame asked for never shows in the header of the next', () => {
    // Descriptors and arena are used again for every burst.
    const bench = rig(build).ports('ab', { offloads: true })
    const ecn = superFrame(1448, { to, payload: 3000 })
    ecn.header.gsoType |= Gso.ECN
    for (const next of [tcp4, udp6, { header: { ...NOTHING }, frame: tcp4.frame }]) {
      bench.inject('a', ecn).run()
      bench.inject('a', next).run()
      const [first, second] = bench.sent('b')
      expect(first?.header?.gsoType).toBe(Gso.TCPV4 | Gso.ECN)
      expect(second).toEqual({ header: next.header, frame: next.frame })
    }
  })

  test('T11: a header cut short is a short frame, whatever lay in the arena before', () => {
    const bench = rig(build).ports('ab', { offloads: true })
    bench.inject('a', superFrame(1448, { to, payload: 3000 })).run()
    for (let length = 0; length < 12 + 14; length++)
      bench.device('a').send(new Uint8Array(length).fill(0xff))
    bench.run()
    expect(bench.deliveries()).toEqual({ b: 1 })
    expect(bench.drops()).toEqual({ 'a short-frame': 26 })
  })
})

describe('the judges themselves', () => {
  test('find every honest frame honest, and the kernel agrees', () => {
    for (const { header, frame } of Object.values(honest)) {
      const { out } = judge({ header, frame })
      expect(out && kernelRefusal(out.header, out.frame)).toBeUndefined()
      expect(out && dishonesty(out.header, out.frame)).toBeUndefined()
    }
  })

  test('find fault with headers that are known to be bad', () => {
    const gso = { ...superFrame(1448, { to, payload: 3000 }).header }
    const { frame } = superFrame(1448, { to, payload: 3000 })
    expect(kernelRefusal({ ...gso, gsoSize: 0 }, frame)).toBeDefined()
    expect(kernelRefusal({ ...gso, gsoType: Gso.ECN }, frame)).toBeDefined()
    expect(kernelRefusal({ ...gso, gsoSize: 0xffff }, frame)).toBeDefined()
    expect(kernelRefusal({ ...gso, checksumStart: 0xfff0 }, frame)).toBeDefined()
    expect(kernelRefusal({ ...gso, checksumOffset: 6 }, frame)).toBeDefined()
    expect(kernelRefusal({ ...gso, headerLength: 0xffff }, frame)).toBeDefined()
    expect(
      kernelRefusal({ ...gso, gsoType: Gso.UDP_L4, checksumOffset: 6, gsoSize: 1 }, frame),
    ).toBeDefined()
    expect(kernelRefusal(gso, station(1))).toBeDefined()
    expect(dishonesty({ ...gso, gsoType: Gso.TCPV6 }, frame)).toBe('gso_type of another protocol')
    expect(dishonesty({ ...gso, headerLength: 34 }, frame)).toBe('hdr_len')
    expect(dishonesty({ ...gso, checksumStart: 38 }, frame)).toBe('csum_start')
    expect(dishonesty({ ...NOTHING, gsoSize: 1 }, frame)).toBe('fields that belong to no request')
  })
})
