/** A packet that is too large for a tunnel (CONFORMANCE X6, X8): its sender is told. */
import { describe, expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { internetSum } from '../support/checksum.js'
import { BROADCAST, frame, group, packet, station, superFrame } from '../support/frames.js'
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

  describe('a flood', () => {
    const NOBODY = station(9)
    /** Type, code and MTU of the one error that left by port a, and the last octet of who says so. */
    function told(on: Rig) {
      const [answer, ...more] = on.frames('a') as [Uint8Array]
      expect(more).toEqual([])
      const view = new DataView(answer.buffer, answer.byteOffset)
      const four = view.getUint16(12) === 0x0800
      const at = four ? 34 : 54
      const mtu = four ? view.getUint16(at + 6) : view.getUint32(at + 4)
      expect([...answer.slice(0, 6)]).toEqual([...A])
      return [view.getUint8(at), view.getUint8(at + 1), mtu, answer[four ? 29 : 37]]
    }
    /** Tunnels of 1400 and 1300 octets and one that takes all, and a port. */
    const many = () =>
      bench()
        .tunnel('u', { remote: '192.0.2.3', mtu: 1300 })
        .tunnel('v', { remote: '192.0.2.4', mtu: 9000 })
        .port('b')

    test.each([4, 6] as const)(
      'of an IPv%i packet goes where it fits, and its sender is told the least MTU of the rest',
      (version) => {
        const on = many()
        const given = { version, to: NOBODY, from: A } as const
        on.inject('a', packet({ ...given, payload: 1400 })).run()
        expect(told(on)).toEqual([...(version === 4 ? [3, 4] : [2, 0]), 1300, 2])
        expect(on.frames('underlay').map((one) => readDatagram(one).to.slice(-1))).toEqual(['4'])
        expect(on.deliveries()).toEqual({ b: 1 })
        expect(on.drops()).toEqual({ 't over-mtu': 1, 'u over-mtu': 1 })
        on.inject('a', superFrame(1300, { ...given, payload: 4000 })).run()
        expect(told(on)[2]).toBe(1300)
      },
    )

    test('that fits all, or may be cut, is not answered', () => {
      const on = many()
      on.inject('a', packet({ to: NOBODY, from: A, payload: 1200 })).run()
      on.inject('a', packet({ to: NOBODY, from: A, payload: 1400, fragment: 0 })).run()
      expect(on.deliveries()).toEqual({ b: 2, underlay: 4 })
      expect(on.drops()).toEqual({ 't over-mtu': 1, 'u over-mtu': 1 })
    })

    test('to a group or to all is not answered over IPv4 (RFC 1122 3.2.2)', () => {
      const on = many().gateway('lan', { addresses: ['10.55.0.9/16', 'fd55::9/64'] })
      on.deliveries()
      for (const to of [BROADCAST, group(1)]) {
        on.inject('a', packet({ to, from: A, payload: 1400 })).run()
      }
      expect(on.deliveries()).toEqual({ b: 2, underlay: 2 })
    })

    test('to a group is answered over IPv6 by the gateway only (RFC 4443 2.4(e.3))', () => {
      const on = many()
      const { frame: made } = packet({ version: 6, to: group(1), from: A, payload: 1400 })
      made.set([0xff, 0x0e, ...new Array<number>(13).fill(0), 1], 38)
      on.inject('a', made).run()
      expect(on.deliveries()).toEqual({ b: 1, underlay: 1 })
      on.gateway('lan', { addresses: ['fd55::9/64'] }).deliveries()
      on.inject('a', made).run()
      expect(told(on)).toEqual([2, 0, 1300, 9])
    })

    test('from where the tunnels are not reached is not answered', () => {
      const on = bench().port('b')
      on.tunnel('w', { remote: '192.0.2.5', mtu: 1300, policy: { isolated: true } })
      on.setPort('a', { policy: { isolated: true } })
      on.inject('a', packet({ to: NOBODY, from: A, payload: 1340 })).run()
      expect(on.deliveries()).toEqual({ b: 1, underlay: 1 })
      on.inject('underlay', datagram(packet({ to: NOBODY, from: C, payload: 1400 }).frame)).run()
      expect(on.deliveries()).toEqual({ a: 1, b: 1 })
    })

    test('that is one too many is not answered', () => {
      const on = many()
      on.setPort('a', { policy: { limits: { unknownUnicast: 1 } } })
      const { frame: made } = packet({ to: NOBODY, from: A, payload: 1400 })
      on.inject('a', ...new Array<Uint8Array>(100).fill(made)).run()
      const { 'a storm-unknown-unicast': stormy = 0, 't over-mtu': flooded = 0 } = on.drops()
      expect(stormy).toBeGreaterThan(0)
      expect(stormy + flooded).toBe(100)
      expect(on.frames('a')).toHaveLength(flooded)
    })
  })
})
