/**
 * Guests with tunnels of their own: the kernel leaves the inner checksum to the device. Linux:
 * Documentation/networking/checksum-offloads, "LCO: Local Checksum Offload".
 */
import { expect, it } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { ethernet, join, type PacketOptions, packet, station, word } from '../support/frames.js'
import { Rig } from '../support/rig.js'
import { Gso, NEEDS_CSUM, NOTHING } from '../support/virtio.js'

const VXLAN = [8, 0, 0, 0, 0, 0, 42, 0]

/** A VXLAN packet, complete, and the same as a guest's kernel hands it over. */
function tunnelled(inner: PacketOptions, outer: PacketOptions = {}) {
  const within = packet({ ...inner, to: station(12), from: station(11) })
  const asked = packet({ ...inner, to: station(12), from: station(11), checksum: 'partial' })
  const made = packet({ ...outer, protocol: 'udp', payload: join(VXLAN, within.frame) })
  const start = made.layout.payload + VXLAN.length
  const { checksumStart, checksumOffset } = asked.header
  const frame = made.frame.slice()
  frame.set(asked.frame, start)
  const header = { ...NOTHING, flags: NEEDS_CSUM, checksumOffset }
  header.checksumStart = start + checksumStart
  return { complete: made.frame, frame, header, udp: made.layout.l4 }
}

onEveryBuild('tunnels of guests', (build) => {
  const rig = () => new Rig(build).ports('ab', { offloads: true }).port('c')

  for (const version of [4, 6] as const) {
    for (const protocol of ['tcp', 'udp'] as const) {
      it(`T11: completes ${protocol} over IPv${version} in VXLAN, and the outer checksum holds`, () => {
        for (const payload of [0, 1, 2, 63, 64, 65, 1000, 1301]) {
          const bench = rig()
          const { frame, header, complete } = tunnelled({ version, protocol, payload })
          bench.inject('a', { frame, header }).run()
          const [sent] = bench.sent('b')
          expect(sent?.header).toEqual(NOTHING)
          expect(sent?.frame).toEqual(complete)
          expect(bench.sent('c')[0]?.frame).toEqual(complete)
        }
      })
    }
  }

  it('T11: an outer checksum of zero is none (RFC 7348 5)', () => {
    const { frame, header, complete, udp } = tunnelled({})
    for (const bytes of [frame, complete]) bytes.fill(0, udp + 6, udp + 8)
    const bench = rig()
    bench.inject('a', { frame, header }).run()
    expect(bench.sent('b')[0]?.frame).toEqual(complete)
  })

  it('T11: IPv6 outside', () => {
    const { frame, header, complete } = tunnelled({}, { version: 6 })
    const bench = rig()
    bench.inject('a', { frame, header }).run()
    expect(bench.sent('b')[0]?.frame).toEqual(complete)
  })

  it('T11: a request that leaves the outer checksum wrong is a lie', () => {
    const { frame, header } = tunnelled({})
    for (const shift of [-2, 2, 4, 40]) {
      const bench = rig()
      const lie = { ...header, checksumStart: header.checksumStart + shift }
      bench.inject('a', { frame, header: lie }).run()
      expect(bench.sent('b')).toEqual([])
      expect(bench.drops()).toEqual({ 'a checksum-request': 1 })
    }
  })

  it('T11: fields before the payload, behind the end, or of no protocol are lies', () => {
    const { frame, header, udp } = tunnelled({})
    const lies = [
      { ...header, checksumStart: udp + 2 },
      { ...header, checksumStart: 14 },
      { ...header, checksumStart: frame.length - 17, checksumOffset: 16 },
      { ...header, checksumStart: 0xffff },
      { ...header, checksumOffset: 0xffff },
      { ...header, checksumOffset: 4 },
    ]
    for (const lie of lies) {
      const bench = rig()
      bench.inject('a', { frame, header: lie }).run()
      expect(bench.sent('b')).toEqual([])
      expect(bench.drops()).toEqual({ 'a checksum-request': 1 })
    }
  })

  it('T11: a super-frame in a tunnel is more than was offered to the kernel', () => {
    const { frame, header } = tunnelled({})
    const bench = rig()
    bench.inject('a', { frame, header: { ...header, gsoType: Gso.UDP_L4, gsoSize: 100 } }).run()
    expect(bench.sent('b')).toEqual([])
    expect(bench.drops()).toEqual({ 'a checksum-request': 1 })
  })

  it('T11: IP in IP (protocol 4) is completed; a protocol without a tunnel is not', () => {
    const inner = packet({})
    const asked = packet({ checksum: 'partial' })
    const datagram = inner.frame.subarray(14)
    const outer = Uint8Array.from([
      ...[0x45, 0, ...word(20 + datagram.length), 0, 0, 0x40, 0],
      ...[64, 4, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
    ])
    const complete = ethernet(station(2), station(1), 0x0800, join(outer, datagram))
    const frame = ethernet(station(2), station(1), 0x0800, join(outer, asked.frame.subarray(14)))
    const header = { ...asked.header, checksumStart: asked.header.checksumStart + 20 }
    const bench = rig()
    bench.inject('a', { frame, header }).run()
    expect(bench.sent('b')[0]?.frame).toEqual(complete)
    frame[14 + 9] = 1
    bench.inject('a', { frame, header }).run()
    expect(bench.sent('b')).toEqual([])
    expect(bench.drops()).toEqual({ 'a checksum-request': 1 })
  })
})
