import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BuildName, builds } from '../support/builds.js'
import { packet, station, superFrame } from '../support/frames.js'
import { mac, macText, readIp } from '../support/ip.js'
import { type Offloaded, type Rig, rig, type Sent } from '../support/rig.js'
import { segmentsOf } from '../support/segments.js'
import { NEEDS_CSUM } from '../support/virtio.js'

const GATEWAY = mac('02:ff:00:00:00:0a')
const HOST = station(0xb1)

/** The hosts of `packet` on two bridges: 10.55.0.1 and fd55::1 on the left, those ending in 2 right. */
function bench(build: BuildName, mtu: number, offloads: boolean): Rig {
  const made = rig(build)
  made.port('a', { bridge: 'left', offloads: true, mtu: 65_535 })
  made.port('b', { bridge: 'right', offloads, mtu })
  made.gateway('left', {
    addresses: ['10.1.0.1/24', 'fd01::1/64'],
    mac: macText(GATEWAY),
    mtu: 65_535,
  })
  made.gateway('right', { addresses: ['10.2.0.1/24', 'fd02::1/64'], mtu })
  const near = { bridge: 'right' }
  made.routes({ to: '10.55.0.2/32', interface: near }, { to: 'fd55::2/128', interface: near })
  const at = { ...near, mac: macText(HOST) }
  made.neighbors({ ...at, address: '10.55.0.2' }, { ...at, address: 'fd55::2' })
  made.advance(2000).run().deliveries()
  return made
}

/** What a frame is on a wire: whole frames with complete checksums. */
function wire({ header, frame }: Offloaded): Uint8Array[] {
  if (header.gsoType !== 0) return segmentsOf({ header, frame })
  if ((header.flags & NEEDS_CSUM) === 0) return [frame]
  const payload = frame.length - header.checksumStart - (header.checksumOffset === 6 ? 8 : 20)
  const one = { ...header, gsoType: 1, gsoSize: Math.max(1, payload) }
  return payload === 0 ? [complete(frame, header)] : segmentsOf({ header: one, frame })
}

function complete(frame: Uint8Array, header: Offloaded['header']): Uint8Array {
  const bytes = frame.slice()
  let sum = 0
  for (let at = header.checksumStart; at < bytes.length; at++) {
    sum += (bytes[at] as number) << ((at - header.checksumStart) % 2 === 0 ? 8 : 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  const at = header.checksumStart + header.checksumOffset
  const value = ~sum & 0xffff
  bytes.set([value >> 8, value & 0xff], at)
  return bytes
}

/** The transport's octets of each packet that arrived, fragments put together again. */
function arrived(sent: readonly Sent[], mtu: number): Uint8Array[] {
  const whole: number[][] = []
  let open: number[] | undefined
  for (const { header, frame } of sent) {
    const frames = header ? wire({ header, frame }) : [frame]
    for (const one of frames) {
      const read = readIp(one)
      if (!read) throw new Error('no packet')
      expect(read.length).toBeLessThanOrEqual(mtu)
      expect([read.hops, read.to]).toEqual([63, macText(HOST)])
      if ((read.fragment & 0x1fff) === 0) {
        open = []
        whole.push(open)
      }
      expect((read.fragment & 0x1fff) * 8).toBe(open?.length)
      open?.push(...read.payload)
    }
  }
  return whole.map((octets) => Uint8Array.from(octets))
}

const traffic = fc.record({
  version: fc.constantFrom(4 as const, 6 as const),
  protocol: fc.constantFrom('tcp' as const, 'udp' as const),
  checksum: fc.constantFrom('complete' as const, 'partial' as const, 'super' as const),
  payload: fc.integer({ min: 0, max: 5000 }),
  gso: fc.integer({ min: 100, max: 1460 }),
  options: fc.constantFrom(0, 4, 12),
  fragment: fc.constantFrom(0, 0x4000),
})

describe.each(builds)('every packet that the router sends [%s]', (build) => {
  it('has right lengths and checksums, and is what was sent, whatever the state it came in', () => {
    const seen = { whole: 0, cut: 0, told: 0 }
    const run = fc.property(
      fc.array(traffic, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(600, 1280, 1500),
      fc.boolean(),
      (frames, mtu, offloads) => {
        const lan = bench(build, mtu, offloads)
        for (const given of frames) {
          const { checksum, gso, ...rest } = given
          const made =
            checksum === 'super'
              ? superFrame(gso, { ...rest, to: GATEWAY })
              : packet({ ...rest, checksum, to: GATEWAY })
          const sends = wire({ ...made, header: settled(made, gso, checksum === 'super') })
          lan.inject('a', made).run()
          const got = arrived(lan.sent('b'), mtu)
          const told = lan.frames('a').flatMap((frame) => readIp(frame) ?? [])
          const fits = sends.every((frame) => frame.length - 14 <= mtu)
          const cuts = given.version === 4 && given.fragment === 0
          if (!fits && !cuts) {
            seen.told += told.length
            expect([got, told.length]).toEqual([[], 1])
            continue
          }
          if (fits) seen.whole++
          else seen.cut++
          expect(told).toEqual([])
          const header = given.version === 4 ? 34 + given.options : 54
          expect(got).toEqual(sends.map((frame) => frame.slice(header)))
        }
      },
    )
    fc.assert(run, { numRuns: 40, seed: 7 })
    expect(Math.min(seen.whole, seen.cut, seen.told)).toBeGreaterThan(5)
  })
})

/** A super-frame of one segment is none. */
function settled(made: Offloaded, gso: number, isSuper: boolean): Offloaded['header'] {
  const { header, frame } = made
  const payload = frame.length - header.headerLength
  return isSuper && payload <= gso ? { ...header, gsoType: 0, gsoSize: 0 } : header
}
