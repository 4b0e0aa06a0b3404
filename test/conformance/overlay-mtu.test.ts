/** A packet that is too large for a tunnel (CONFORMANCE X6, X8): its sender is told. */
import { describe, expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { internetSum } from '../support/checksum.js'
import { frame, packet, station, superFrame } from '../support/frames.js'
import { type Rig, rig } from '../support/rig.js'
import { datagram, readDatagram } from '../support/vxlan.js'

const [A, C] = [station(1), station(3)]
const REMOTE = '192.0.2.2'

onEveryBuild('a tunnel of an MTU of 1400', (build) => {
  /** C is known behind the tunnel. */
  function bench(): Rig {
    const on = rig(build).underlay().port('a', { offloads: true })
    on.tunnel('t', { remote: REMOTE, mtu: 1400 })
    on.inject('underlay', datagram(frame(A, C))).run()
    on.deliveries()
    return on
  }

  describe.each([4, 6] as const)('an IPv%i packet', (version) => {
    const header = version === 4 ? 20 : 40
    const sized = (octets: number, more = {}) =>
      packet({ version, protocol: 'udp', to: C, from: A, payload: octets - header - 8, ...more })

    test('of 1400 octets goes through', () => {
      const on = bench()
      const { frame: made } = sized(1400)
      on.inject('a', made).run()
      expect(on.frames('underlay').map((one) => readDatagram(one).inner)).toEqual([made])
    })

    test('of 1401 octets is answered, in the name of whom it was for', () => {
      const on = bench()
      const { frame: made } = sized(1401)
      on.inject('a', made).run()
      expect(on.frames('underlay')).toEqual([])
      expect(on.drops()).toEqual({ 'a needs-fragmentation': 1 })
      const [answer, ...more] = on.frames('a') as [Uint8Array]
      expect(more).toEqual([])
      const view = new DataView(answer.buffer, answer.byteOffset)
      expect([...answer.slice(0, 12)]).toEqual([...A, ...C])
      if (version === 4) {
        expect([...answer.slice(26, 30)]).toEqual([...made.slice(30, 34)])
        expect([...answer.slice(30, 34)]).toEqual([...made.slice(26, 30)])
        expect([view.getUint8(34), view.getUint8(35), view.getUint16(40)]).toEqual([3, 4, 1400])
        expect(internetSum(answer, 34)).toBe(0xffff)
        expect([...answer.slice(42, 42 + 28)]).toEqual([...made.slice(14, 14 + 28)])
      } else {
        expect([...answer.slice(22, 38)]).toEqual([...made.slice(38, 54)])
        expect([view.getUint8(54), view.getUint8(55), view.getUint32(58)]).toEqual([2, 0, 1400])
        expect([...answer.slice(62, 62 + 48)]).toEqual([...made.slice(14, 14 + 48)])
      }
    })

    test('a super-frame of segments that are too large is answered too', () => {
      const on = bench()
      const made = superFrame(1460, { version, to: C, from: A, payload: 4000 })
      on.inject('a', made).run()
      expect(on.frames('underlay')).toEqual([])
      expect(on.drops()).toEqual({ 'a needs-fragmentation': 1 })
      expect(on.frames('a')).toHaveLength(1)
    })
  })

  test('a packet that may be cut, or is none, is dropped without a word', () => {
    const on = bench()
    const large = packet({ protocol: 'udp', to: C, from: A, payload: 1400, fragment: 0 }).frame
    on.inject('a', large, frame(C, A, 0, 1415)).run()
    expect(on.drops()).toEqual({ 't over-mtu': 2 })
    expect(on.deliveries()).toEqual({})
  })

  test('the gateway of the bridge tells it where there is one', () => {
    const on = bench().gateway('lan', { addresses: ['10.55.0.9/16'] })
    on.deliveries()
    const { frame: made } = packet({ protocol: 'udp', to: C, from: A, payload: 1400 })
    on.inject('a', made).run()
    const [answer] = on.frames('a') as [Uint8Array]
    expect([...answer.slice(26, 30)]).toEqual([10, 55, 0, 9])
  })

  test('a flood that is too large is dropped at the tunnel only', () => {
    const on = bench().port('b')
    on.inject('a', packet({ to: station(9), from: A, payload: 1400 })).run()
    expect(on.drops()).toEqual({ 't over-mtu': 1 })
    expect(on.deliveries()).toEqual({ b: 1 })
  })
})
