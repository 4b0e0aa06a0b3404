/** Fragments of both families through the router (RFC 791, 1858, 3128, 5722, 6946, 7112, 8200). */
import { describe, expect, it } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import {
  cut,
  datagram,
  endsOf,
  type Family,
  families,
  fates,
  part,
  segment,
  tracked,
} from '../support/fragments.js'
import { join } from '../support/frames.js'
import { echo, pattern, TCP, UDP } from '../support/ip.js'
import { fromA, lab, packets } from '../support/router-lab.js'

const SCTP = 132
const DESTINATION = 60
const INVALID = 'fragment-invalid'
const NO_FLOWS = { flows: 0, flows6: 0 }

onEveryBuild('fragments', (build) => {
  describe.each(families)('of IPv%i, tiny (T6)', (family) => {
    const later = (offset: number, protocol = TCP) =>
      part({ family, protocol, offset, octets: pattern(40), more: false })

    it.each(['tracked', 'untracked'])(
      'none begins within a TCP header (RFC 1858, RFC 3128): %s',
      (how) => {
        const lan = how === 'tracked' ? tracked(build) : tracked(build, { capacity: NO_FLOWS })
        expect(
          fates(
            lan,
            [8, 16, 24].map((offset) => later(offset)),
          ),
        ).toEqual([INVALID, INVALID, 'passed'])
      },
    )

    it('the first has the whole transport header', () => {
      const firsts = [8, 16].map((octets) => segment(family, 0).subarray(0, octets))
      const made = firsts.map((octets) => part({ family, protocol: TCP, octets }))
      const options = segment(family, 12) // a header of 20 octets that says 32
      options[12] = 8 << 4
      made.push(part({ family, protocol: TCP, octets: options.subarray(0, 24) }))
      made.push(part({ family, protocol: SCTP, octets: pattern(8) }))
      expect(fates(tracked(build), made)).toEqual(made.map(() => INVALID))
      const whole = part({ family, protocol: TCP, octets: segment(family, 4) })
      expect(fates(tracked(build), [whole])).toEqual(['passed'])
    })

    it('none is of nothing, ends in an odd place, or lies beyond the largest packet', () => {
      const bad = [
        { offset: 64, octets: new Uint8Array() },
        { offset: 64, octets: pattern(12) },
        { offset: 65_528, octets: pattern(8) },
      ].map((given) => part({ family, ...given }))
      expect(fates(tracked(build), bad)).toEqual([INVALID, INVALID, INVALID])
      expect(
        fates(tracked(build), [part({ family, protocol: 99, octets: new Uint8Array() })]),
      ).toEqual([INVALID])
    })
  })

  it('T6: of UDP over IPv4 a part may be as small as it likes, of IPv6 none begins within 20 octets', () => {
    const tiny = (family: Family) => part({ family, protocol: UDP, offset: 8, octets: pattern(8) })
    expect(fates(tracked(build), [tiny(4), tiny(6)])).toEqual(['passed', INVALID])
  })

  it('D4 (RFC 8200 4.5): what a later part says of the next header is not believed', () => {
    const octets = join([TCP, 0, 1, 4, 0, 0, 0, 0], segment(6, 200))
    const given = { family: 6, protocol: DESTINATION } as const
    const lan = tracked(build)
    // The first one's protocol is found behind the header; the rest belongs to it all the same.
    expect(fates(lan, cut(octets, given, 40, 80))).toEqual(['passed', 'passed', 'passed'])
    expect(lan.flows()).toMatchObject([{ protocol: 'tcp', frames: 3 }])
    const lie = [8, 16].map((offset) => part({ ...given, offset, octets: pattern(8) }))
    expect(fates(lan, lie)).toEqual([INVALID, INVALID])
  })

  describe('D4 (RFC 7112): the header chain stands whole in the first fragment', () => {
    const options = (next: number, octets = 16) => [
      next,
      octets / 8 - 1,
      1,
      octets - 4,
      ...new Uint8Array(octets - 4),
    ]
    const first = (protocol: number, octets: Uint8Array) => part({ family: 6, protocol, octets })
    const fate = (packet: Uint8Array) => fates(tracked(build), [packet])[0]

    it('with the transport header', () => {
      const chain = join(options(DESTINATION), options(UDP), datagram(6, 40))
      expect(fate(first(DESTINATION, chain))).toBe('passed')
    })

    it('not cut within an extension header, before it, or within the transport header', () => {
      const chain = join(options(DESTINATION), options(TCP), segment(6, 40))
      expect(fate(first(DESTINATION, chain.subarray(0, 8)))).toBe('ip-header')
      expect(fate(first(DESTINATION, chain.subarray(0, 16)))).toBe('ip-header')
      expect(fate(first(DESTINATION, chain.subarray(0, 24)))).toBe('ip-header')
      expect(fate(first(DESTINATION, chain.subarray(0, 32)))).toBe(INVALID)
      expect(fate(first(DESTINATION, chain.subarray(0, 48)))).toBe(INVALID)
      expect(fate(first(DESTINATION, chain.subarray(0, 56)))).toBe('passed')
    })

    it('with one fragment header, and no more headers than are looked at', () => {
      const again = join([UDP, 0, 0, 1, 0, 0, 0, 9], datagram(6, 40))
      expect(fate(first(44, again))).toBe('ip-header')
      expect(fate(part({ family: 6, protocol: 44, octets: again, more: false }))).toBe('ip-header')
      const long = join(
        ...Array.from({ length: 9 }, () => options(DESTINATION, 8)),
        datagram(6, 40),
      )
      expect(fate(first(DESTINATION, long))).toBe('ip-header')
    })
  })

  describe.each(families)('of IPv%i that overlap (T6, D4, RFC 5722)', (family) => {
    const whole = datagram(family, 4000)
    const parts = (id = 7, ...at: number[]) => cut(whole, { family, id }, ...at)
    const piece = (offset: number, end: number, id = 7) =>
      part({ family, id, offset, octets: whole.subarray(offset, end), more: end < whole.length })

    it('pass in whatever order, the first before all others', () => {
      const lan = tracked(build)
      const [first, ...rest] = parts(1, 1000, 2000, 3000) as [Uint8Array, ...Uint8Array[]]
      const all = ['passed', 'passed', 'passed', 'passed']
      expect(fates(lan, [first, ...rest])).toEqual(all)
      const orders = [
        [2, 1, 0],
        [1, 0, 2],
        [0, 2, 1],
        [2, 0, 1],
        [1, 2, 0],
      ]
      for (const [index, order] of orders.entries()) {
        const [one, ...others] = parts(2 + index, 1000, 2000, 3000)
        const sent = [one, ...order.map((at) => others[at])] as Uint8Array[]
        expect(fates(lan, sent)).toEqual(all)
      }
      expect(lan.flows()).toMatchObject([{ frames: 4 * 6 }])
    })

    it.each([
      ['by eight octets', 992, 2000],
      ['in the place of all that went before', 8 * 3, 2000],
      ['over a gap', 1992, 3008],
    ])('%s: that part and the rest of the packet go nowhere', (_, offset, end) => {
      const lan = tracked(build)
      expect(fates(lan, [piece(0, 1000), piece(2000, 3000)])).toEqual(['passed', 'passed'])
      expect(fates(lan, [piece(offset, end)])).toEqual([INVALID])
      const rest = [piece(1000, 2000), piece(3000, whole.length), piece(0, 1000)]
      expect(fates(lan, rest)).toEqual([INVALID, INVALID, INVALID])
      expect(fates(lan, parts(8, 1000, 3000))).toEqual(['passed', 'passed', 'passed'])
    })

    it('a teardrop', () => {
      const lan = tracked(build)
      expect(fates(lan, [piece(0, 1000), piece(24, 32)])).toEqual(['passed', INVALID])
      const end = part({ family, offset: 500 * 8, octets: whole.subarray(4000), more: false })
      const beyond = part({ family, offset: 501 * 8, octets: pattern(8) })
      expect(fates(lan, [end, beyond])).toEqual(['passed', INVALID])
    })

    it('two ends of one packet', () => {
      const lan = tracked(build)
      const end = (offset: number) => part({ family, offset, octets: pattern(8), more: false })
      expect(fates(lan, [piece(0, 1000), end(3000), end(2000)])).toEqual([
        'passed',
        'passed',
        INVALID,
      ])
      expect(fates(lan, [piece(1000, 2000)])).toEqual([INVALID])
      const before = [piece(0, 1000, 8), piece(2000, 3000, 8)]
      const early = part({ family, id: 8, offset: 1504, octets: pattern(8), more: false })
      expect(fates(lan, [...before, early])).toEqual(['passed', 'passed', INVALID])
      expect(fates(lan, [piece(1000, 1504, 8)])).toEqual([INVALID])
    })

    it('not at all, but are the same ones again: the second goes nowhere, the rest passes', () => {
      const lan = tracked(build)
      const [one, two, three] = parts(7, 1000, 2000) as [Uint8Array, Uint8Array, Uint8Array]
      expect(fates(lan, [one, one, two, two, three, three])).toEqual([
        'passed',
        INVALID,
        'passed',
        INVALID,
        'passed',
        INVALID,
      ])
    })

    it('a second first one, of other ports: the packet stays what it was', () => {
      const lan = tracked(build)
      const other = part({ family, octets: datagram(family, 992, 22) })
      expect(fates(lan, [piece(0, 1000), other, piece(1000, whole.length)])).toEqual([
        'passed',
        INVALID,
        'passed',
      ])
      expect(lan.flows()).toMatchObject([{ original: { destinationPort: 53 }, frames: 2 }])
      const longer = part({ family, id: 8, octets: datagram(family, 1992, 22) })
      expect(fates(lan, [piece(0, 1000, 8), longer, piece(1000, 2000, 8)])).toEqual([
        'passed',
        INVALID,
        INVALID,
      ])
    })

    it('are not parts of one packet after it was whole, or after its time', () => {
      const lan = tracked(build)
      const passed = ['passed', 'passed', 'passed']
      for (let n = 0; n < 3; n++) expect(fates(lan, parts(7, 1000, 2000))).toEqual(passed)
      fates(lan, [piece(0, 1000, 9)])
      lan.advance(3000)
      const [first, second, third] = parts(7, 1000, 2000) as [Uint8Array, Uint8Array, Uint8Array]
      const late = family === 4 ? 'passed' : INVALID
      expect(fates(lan, [third, first, second])).toEqual([late, 'passed', 'passed'])
      // An identification of IPv4 comes again soon, of IPv6 not while anybody waits for the rest.
      expect(fates(lan, [piece(0, 1000, 9)])).toEqual([late])
      lan.advance(31_000)
      expect(fates(lan, parts(9, 1000, 2000))).toEqual(passed)
    })

    it('are not parts of one packet if they came by two ports: it may pass a switch twice', () => {
      const lan = tracked(build)
      const sent = parts(7, 1000, 2000)
      expect(fates(lan, sent, 'a')).toEqual(['passed', 'passed', 'passed'])
      expect(fates(lan, sent, 'c')).toEqual(['passed', 'passed', 'passed'])
      fates(lan, [piece(0, 1000, 9)], 'a')
      expect(fates(lan, [piece(0, 1000, 9), piece(1000, 2000, 9)], 'c')).toEqual([
        'passed',
        'passed',
      ])
    })
  })

  it('D4 (RFC 6946): an atomic fragment is no part of anything', () => {
    const lan = tracked(build)
    const whole = datagram(6, 200)
    const atomic = part({ family: 6, octets: whole, more: false })
    const [first, rest] = cut(whole, { family: 6 }, 104) as [Uint8Array, Uint8Array]
    expect(fates(lan, [atomic, first, atomic, rest, atomic])).toEqual(Array(5).fill('passed'))
  })

  it('without connection tracking go their way as they come', () => {
    const lan = tracked(build, { capacity: NO_FLOWS })
    const whole = datagram(4, 2000)
    const sent = cut(whole, { family: 4 }, 1000)
    expect(fates(lan, [...sent, ...sent])).toEqual(Array(4).fill('passed'))
  })

  it.each(families)('T6: of IPv%i, first ones by the 10,000 that nothing follows', (family) => {
    const lan = tracked(build)
    const { byteLength } = lan.attachment.memory.buffer
    const quiet = (id: number) => cut(datagram(family, 2000, 99), { family, id }, 1000)
    expect(fates(lan, quiet(60_000))).toEqual(['passed', 'passed'])
    const octets = datagram(family, 56)
    for (let id = 0; id < 10_000; id += 250) {
      fromA(lan, ...Array.from({ length: 250 }, (_, n) => part({ family, id: id + n, octets })))
      expect(lan.frames('b')).toHaveLength(250)
    }
    expect(lan.attachment.memory.buffer.byteLength).toBe(byteLength)
    // Whoever sends whole packets beside it loses none, nor do those whose parts have come.
    expect(fates(lan, quiet(60_001))).toEqual(['passed', 'passed'])
    expect(lan.flows()).toHaveLength(2)
    expect(lan.drops()).toEqual({})
    lan.advance(400_000)
    expect(lan.flows()).toEqual([])
  })

  it('T10: fragments for the router itself are not put together', () => {
    const lan = lab(build)
    const request = echo({ ...endsOf(4), destination: '10.1.0.1', data: 2000, fragment: 0x2000 })
    fromA(lan, request)
    expect(packets(lan, 'a')).toEqual([])
    expect(lan.drops()).toEqual({ 'a not-for-router': 1 })
  })
})
