/** Inner packets whose checksum or segmentation was left to an interface that was none (offload/leftover.ts). */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { frame, join, type PacketOptions, packet, station, word } from '../support/frames.js'
import { isSame } from '../support/octets.js'
import { checksumIsRight, isTransport, parse } from '../support/parse.js'
import { type Rig, rig } from '../support/rig.js'
import { segmentsOf } from '../support/segments.js'
import { Gso, NEEDS_CSUM } from '../support/virtio.js'
import { datagram, run } from '../support/vxlan.js'

const REMOTE = '192.0.2.2'
const [A, B] = [station(1), station(2)]
const KINDS = [
  ['tcp', 4],
  ['tcp', 6],
  ['udp', 4],
  ['udp', 6],
] as const
/** What the links of all paths of IPv6 take (RFC 8200 5), which segments are cut to. */
const SAFE = 1280

onEveryBuild('an inner packet', (build) => {
  /** Port `a` takes offloads, `b` takes none. */
  const bench = (mtu = 1450): Rig =>
    rig(build)
      .underlay()
      .port('a', { offloads: true, mtu: 1450 })
      .port('b', { mtu: 1450 })
      .tunnel('t', { remote: REMOTE, mtu })
  const partial = (options: PacketOptions) =>
    packet({ to: B, from: A, checksum: 'partial', ...options })

  test.each(KINDS)('%s over IPv%i: a partial checksum is completed', (protocol, version) => {
    for (const more of [
      { payload: 0 },
      { payload: 1 },
      { payload: 1333 },
      { payload: 64, padding: 9 },
      version === 4 ? { options: 8 } : { extensions: [[60, 16]] as const },
    ]) {
      const made = partial({ protocol, version, ...more })
      const on = bench().inject('underlay', datagram(made.frame)).run()
      const [plain] = on.frames('b')
      expect(checksumIsRight(plain as Uint8Array)).toBe(true)
      expect(plain).toEqual(
        packet({ to: B, from: A, protocol, version, ...more, padding: 0 }).frame,
      )
    }
  })

  test.each(KINDS)('%s over IPv%i: a device that can is asked to', (protocol, version) => {
    const made = partial({ protocol, version })
    const on = rig(build).underlay().port('a', { offloads: true }).tunnel('t', { remote: REMOTE })
    on.inject('a', frame(A, B)).run() // a flood would be for all ports, which differ
    on.inject('underlay', datagram(made.frame)).run()
    expect(on.sent('a')).toEqual([{ header: made.header, frame: made.frame }])
    expect(made.header.flags).toBe(NEEDS_CSUM)
  })

  test('all of a run of datagrams', () => {
    const frames = [700, 700, 30].map((payload) => partial({ payload }).frame)
    const on = bench().inject('underlay', run(frames)).run()
    expect(on.frames('b').map(checksumIsRight)).toEqual([true, true, true])
  })

  test('what has a checksum, right or wrong, stays as it is', () => {
    const options = fc.record({
      protocol: fc.constantFrom('tcp' as const, 'udp' as const),
      version: fc.constantFrom(4 as const, 6 as const),
      payload: fc.uint8Array({ minLength: 1, maxLength: 64 }),
      damage: fc.boolean(),
    })
    fc.assert(
      fc.property(options, ({ damage, ...given }) => {
        const made = packet({ to: B, from: A, ...given })
        const seed = partial(given).frame
        if (damage) made.frame.set([~(made.frame.at(-1) ?? 0)], made.frame.length - 1)
        const on = bench().inject('underlay', datagram(made.frame)).run()
        // One in 65,536 looks partial: right ones stay right.
        if (!isSame(seed, made.frame)) expect(on.frames('b')).toEqual([made.frame])
      }),
    )
  })

  test.each(KINDS)('%s over IPv%i: a right checksum that looks partial is the same', (...kind) => {
    const [protocol, version] = kind
    const looks = (octets: number[]) => {
      const given = { protocol, version, payload: Uint8Array.from(octets), to: B, from: A }
      const same = isSame(packet(given).frame, partial(given).frame)
      return same ? packet(given).frame : undefined
    }
    let found: Uint8Array | undefined
    for (let number = 0; number < 65_536 && !found; number++) found = looks(word(number))
    const on = bench()
      .inject('underlay', datagram(found as Uint8Array))
      .run()
    expect(on.frames('b')).toEqual([found])
  })

  test.each([4, 6] as const)('TCP over IPv%i larger than the tunnel takes is cut', (version) => {
    const made = partial({ version, payload: 40_001, tcpOptions: 12 })
    const on = bench().inject('underlay', datagram(made.frame)).run()
    const gsoSize = SAFE - (made.layout.payload - 14)
    const gsoType = version === 4 ? Gso.TCPV4 : Gso.TCPV6
    const header = { ...made.header, gsoType, gsoSize, headerLength: made.layout.payload }
    expect(on.sent('a')).toEqual([{ header, frame: made.frame }])
    const segments = on.frames('b')
    expect(segments).toEqual(segmentsOf({ header, frame: made.frame }))
    expect(join(...segments.map(payloadOf))).toEqual(payloadOf(made.frame))
  })

  test('CWR stands on the first segment alone (RFC 3168 6.1.2)', () => {
    const made = partial({ payload: 4000 })
    made.frame[made.layout.l4 + 13] = 0x98
    const on = bench().inject('underlay', datagram(made.frame)).run()
    expect(on.sent('a')[0]?.header?.gsoType).toBe(Gso.TCPV4 | Gso.ECN)
    expect(on.frames('b').map((one) => (one[made.layout.l4 + 13] ?? 0) & 0x80)).toEqual([
      0x80, 0, 0, 0,
    ])
  })

  test('what cannot be cut is too large', () => {
    const syn = partial({ payload: 4000 })
    syn.frame[syn.layout.l4 + 13] = 0x02
    const on = bench()
    for (const one of [
      syn,
      partial({ protocol: 'udp', payload: 4000 }),
      packet({ payload: 4000 }),
    ]) {
      on.inject('underlay', datagram(one.frame)).run()
    }
    expect(on.drops()).toEqual({ 'a over-mtu': 3, 'b over-mtu': 3 })
  })

  test('a tunnel that is too narrow for a header does no harm', () => {
    const on = bench(30)
      .inject('underlay', datagram(partial({ payload: 4000 }).frame))
      .run()
    expect(on.drops()).toEqual({ 'a over-mtu': 1, 'b over-mtu': 1 })
  })
})

function payloadOf(frame: Uint8Array): Uint8Array {
  const found = parse(frame)
  if (!isTransport(found)) throw new Error('no transport header')
  return frame.subarray(found.payload, found.end)
}
