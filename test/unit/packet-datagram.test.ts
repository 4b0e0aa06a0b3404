/** VXLAN datagrams that are read and made outside the dataplane, and super-frames. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  datagramsIn,
  hasReserved,
  makeDatagram,
  readDatagram,
  vniOf,
} from '../../src/packet/datagram.js'
import { dissect } from '../../src/packet/dissect/dissect.js'
import { messageOf } from '../../src/packet/super-frame.js'
import { arp, frame, packet, station, superFrame } from '../support/frames.js'
import { encode } from '../support/virtio.js'
import { datagram, type OuterOptions, readDatagram as oracle, run } from '../support/vxlan.js'

const [A, B] = [station(1), station(2)]
const ends4 = { source: '192.0.2.2', destination: '192.0.2.1' }
const ends6 = { source: '2001:db8::2', destination: '2001:db8::1' }
const ports = { sourcePort: 50_000, destinationPort: 4789 }
const outer: [OuterOptions, typeof ends4][] = [
  [{}, ends4],
  [{ from: ends6.source, to: ends6.destination }, ends6],
]

describe.each(outer)('a datagram %j', (given, ends) => {
  test('is made as a device of the underlay hands it over, and read', () => {
    const numbers = fc.record({
      vni: fc.integer({ min: 0, max: 0xffffff }),
      ttl: fc.integer({ min: 1, max: 255 }),
      tos: fc.integer({ min: 0, max: 255 }),
      sourcePort: fc.integer({ min: 0, max: 0xffff }),
      length: fc.integer({ min: 14, max: 200 }),
    })
    fc.assert(
      fc.property(numbers, ({ vni, ttl, tos, sourcePort, length }) => {
        const inner = frame(A, B, 7, Math.max(length, 18))
        const service = { ttl, dscp: tos >> 2, ecn: tos & 3 }
        const headers = { ...ends, ...ports, sourcePort, ...service }
        const made = makeDatagram(inner, { ...headers, vni })
        expect(made).toEqual(datagram(inner, { ...given, vni, ttl, tos, sourcePort }).frame)
        const { header, outer: before, ...read } = readDatagram(made) ?? {}
        expect(read).toEqual({ ...headers, checksum: 'absent', inner })
        expect([vniOf(header as Uint8Array), before]).toEqual([vni, made.length - inner.length])
      }),
    )
  })

  test('that is a run is taken apart', () => {
    for (const version of [4, 6] as const) {
      const inner = [500, 500, 500, 9].map((payload) => packet({ version, payload }).frame)
      const parts = datagramsIn(run(inner, given).frame)
      expect(parts).toEqual(inner.map((one) => datagram(one, given).frame))
      expect(parts.map((one) => oracle(one).inner)).toEqual(inner)
    }
  })

  test('that is none stays as it is', () => {
    const padded = packet({ payload: 3, padding: 17 }).frame
    for (const inner of [arp(1), frame(A, B), padded, packet({ payload: 900 }).frame]) {
      const { frame: one } = datagram(inner, given)
      expect(datagramsIn(one)).toEqual([one])
    }
    for (const other of [arp(1), new Uint8Array(3)]) expect(datagramsIn(other)).toEqual([other])
  })
})

test('what is no whole datagram is not read', () => {
  const { frame: whole } = datagram(frame(A, B))
  expect(readDatagram(whole)).toBeDefined()
  for (let length = 0; length < whole.length; length++) {
    expect(readDatagram(whole.subarray(0, length))).toBeUndefined()
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      readDatagram(octets)
      datagramsIn(octets)
    }),
  )
})

test('a VXLAN header says its VNI, and what in it is reserved', () => {
  const of = (...octets: number[]) => Uint8Array.from(octets)
  expect(vniOf(of(8, 0, 0, 0, 1, 2, 3, 0))).toBe(0x010203)
  expect(vniOf(of(0xff, 9, 9, 9, 255, 255, 255, 9))).toBe(0xffffff)
  expect(vniOf(of(0xf7, 0, 0, 0, 1, 2, 3, 0))).toBeUndefined()
  expect(vniOf(of(8, 0, 0, 0, 1, 2, 3))).toBeUndefined()
  expect(hasReserved(of(8, 0, 0, 0, 1, 2, 3, 0))).toBe(false)
  for (const at of [0, 1, 2, 3, 7]) {
    const header = of(8, 0, 0, 0, 0, 0, 0, 0)
    header[at] = (header[at] ?? 0) | 1
    expect(hasReserved(header)).toBe(true)
  }
})

test('dissecting knows VXLAN on another port, if it is told', () => {
  const { frame: made } = datagram(frame(A, B), { destinationPort: 8472 })
  const names = (vxlanPort?: number) => dissect(made, { vxlanPort }).map(({ layer }) => layer)
  expect(names()).not.toContain('vxlan')
  expect(names(8472)).toContain('vxlan')
})

describe('a super-frame', () => {
  test.each([
    ['tcp', 4],
    ['tcp', 6],
    ['udp', 4],
    ['udp', 6],
  ] as const)('of %s over IPv%i is as a TAP hands it over', (protocol, version) => {
    const given = { protocol, version, payload: 3000, tcpOptions: 12 }
    const complete = packet(given).frame
    const { header, frame: partial } = superFrame(1000, given)
    expect(messageOf(complete, 1000)).toEqual(encode(header, partial))
    expect(messageOf(complete, 3000)).toEqual(messageOf(complete))
  })

  test('of nothing else is none', () => {
    const { frame: part } = packet({ payload: 3000, fragment: 0x2000 })
    for (const one of [arp(1), part, frame(A, B, 0, 3000), new Uint8Array(5)]) {
      expect(messageOf(one, 100)).toEqual(messageOf(one))
    }
  })

  test('carries CWR', () => {
    const { frame: made } = packet({ payload: 3000 })
    made[47] = 0x90
    expect(messageOf(made, 1000)[1]).toBe(0x81)
  })
})
