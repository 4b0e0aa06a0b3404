/** DSCP and ECN into a tunnel and out of it (RFC 6040, RFC 2983). */
import { describe, expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { fold, internetSum } from '../support/checksum.js'
import { frame, packet, station } from '../support/frames.js'
import { rig } from '../support/rig.js'
import { datagram, readDatagram } from '../support/vxlan.js'

const [A, B, C] = [station(1), station(2), station(3)]
const [NOT_ECT, ECT1, ECT0, CE] = [0, 1, 2, 3]
const DSCP = 46

/** A packet with that type of service; its IPv4 header checksum is right. */
function marked(version: 4 | 6, tos: number, to = B, from = A): Uint8Array {
  const { frame: made } = packet({ version, to, from, protocol: 'udp', payload: 30 })
  const view = new DataView(made.buffer)
  if (version === 6) {
    view.setUint16(14, 0x6000 | (tos << 4))
    return made
  }
  view.setUint8(15, tos)
  view.setUint16(24, 0)
  view.setUint16(24, ~fold(internetSum(made, 14, 34)) & 0xffff)
  return made
}

onEveryBuild('the type of service', (build) => {
  test.each([
    [4, 4],
    [4, 6],
    [6, 4],
    [6, 6],
  ] as const)('of an IPv%i packet is carried out over IPv%i', (inner, outer) => {
    const ends = outer === 4 ? {} : { local: '2001:db8::1' }
    const remote = outer === 4 ? '192.0.2.2' : '2001:db8::2'
    for (const [dscp, expected] of [
      ['copy', DSCP << 2],
      [10, 10 << 2],
    ] as const) {
      const on = rig(build)
        .underlay()
        .port('a')
        .tunnel('t', { remote, dscp, ...ends })
      const frames = [NOT_ECT, ECT1, ECT0, CE].map((ecn) => marked(inner, (DSCP << 2) | ecn))
      on.inject('a', ...frames).run()
      const sent = on.frames('underlay').map(readDatagram)
      expect(sent.map(({ tos }) => tos)).toEqual([0, 1, 2, 3].map((ecn) => expected | ecn))
      expect(sent.map((one) => one.inner)).toEqual(frames)
    }
  })

  test('of what is no IP packet is none', () => {
    const on = rig(build).underlay().port('a').tunnel('t', { remote: '192.0.2.2' })
    on.inject('a', frame(B, A)).run()
    expect(readDatagram(on.frames('underlay')[0] as Uint8Array).tos).toBe(0)
  })

  describe.each([4, 6] as const)('coming out of a tunnel, an IPv%i packet', (version) => {
    // RFC 6040 figure 4: the codepoint with which it goes on, by inner and outer; undefined: dropped.
    test.each([
      [NOT_ECT, [NOT_ECT, NOT_ECT, NOT_ECT, undefined]],
      [ECT1, [ECT1, ECT1, ECT1, CE]],
      [ECT0, [ECT0, ECT1, ECT0, CE]],
      [CE, [CE, CE, CE, CE]],
    ] as const)('of codepoint %i', (inner, leaves) => {
      for (const [outer, ecn] of leaves.entries()) {
        const on = rig(build).underlay().port('a').tunnel('t', { remote: '192.0.2.2' })
        const given = marked(version, (DSCP << 2) | inner, A, C)
        on.inject('underlay', datagram(given, { tos: (9 << 2) | outer })).run()
        const expected = ecn === undefined ? [] : [marked(version, (DSCP << 2) | ecn, A, C)]
        expect(on.frames('a')).toEqual(expected)
        expect(on.drops()).toEqual(ecn === undefined ? { 't congestion-marked': 1 } : {})
      }
    })
  })

  test('a mark from outside changes nothing of what is no IP packet, or only begins like one', () => {
    const on = rig(build).underlay().port('a').tunnel('t', { remote: '192.0.2.2' })
    const short = marked(4, ECT0, A, C).slice(0, 30)
    on.inject('underlay', datagram(frame(A, C), { tos: CE }), datagram(short, { tos: CE })).run()
    expect(on.frames('a')).toEqual([frame(A, C), short])
  })
})
