/** ARP and ND suppression (CONFORMANCE P3), and entries that control programs from a directory. */
import { describe, expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { internetSum, pseudoHeaderSum } from '../support/checksum.js'
import {
  arp,
  BROADCAST,
  EtherType,
  ethernet,
  frame,
  join,
  station,
  word,
} from '../support/frames.js'
import { type Rig, rig } from '../support/rig.js'
import { datagram, readDatagram } from '../support/vxlan.js'

const [A, B] = [station(1), station(2)]
const REMOTE = '192.0.2.2'

/** The address that `arp(number - 1)` asks for: 10.55.0.NUMBER. */
const address = (number: number) => `10.55.0.${number}`
const six = (number: number) => `fd55::${number.toString(16)}`
const octets6 = (number: number) => [0xfd, 0x55, ...new Array<number>(12).fill(0), ...word(number)]

/** Who has fd55::TARGET? From fd55::FROM, or from nobody (duplicate address detection). */
function solicit(from: number, target: number, nameless = false): Uint8Array {
  const source = nameless ? new Array<number>(16).fill(0) : octets6(from)
  const group = [0xff, 2, ...new Array<number>(9).fill(0), 1, 0xff, 0, ...word(target)]
  const option = nameless ? [] : [1, 1, ...station(from)]
  const message = join([135, 0, 0, 0, 0, 0, 0, 0], octets6(target), option)
  const seed = pseudoHeaderSum(Uint8Array.from([...source, ...group]), 58, message.length)
  message.set(word(~((seed + internetSum(message)) % 0xffff) & 0xffff), 2)
  const head = [0x60, 0, 0, 0, ...word(message.length), 58, 255, ...source, ...group]
  const to = Uint8Array.of(0x33, 0x33, 0xff, 0, target >>> 8, target)
  return ethernet(to, station(from), EtherType.IPV6, join(head, message))
}

onEveryBuild('suppression', (build) => {
  /** Station 2 is behind a tunnel, known with its addresses; stations 1 and 9 are here. */
  function bench(given: { suppresses?: boolean; known?: boolean } = {}): Rig {
    const { suppresses = true, known = true } = given
    const on = rig(build).bridge('lan', { suppresses }).underlay().ports('ab')
    on.tunnel('t', { remote: REMOTE })
    const fid = on.topology.domains.fidOf('lan', 0) as number
    const port = on.indexOf('t')
    if (known) {
      const entry = { fid, port, macHigh: 0x0200, macLow: 2, static: false, external: true }
      on.manager.fdb.set(entry, on.now)
      on.topology.overlay.setNeighbors([
        { bridge: 'lan', address: address(2), mac: '02:00:00:00:00:02' },
        { bridge: 'lan', address: six(2), mac: '02:00:00:00:00:02' },
      ])
      on.topology.overlay.committed()
    }
    return on
  }
  const outside = (on: Rig) => on.frames('underlay').map(readDatagram)

  test('an ARP request for a station behind a tunnel is answered in its name', () => {
    const on = bench().inject('a', arp(1)).run()
    const [answer, ...more] = on.frames('a') as [Uint8Array]
    expect(more).toEqual([])
    const reply = [...word(1), ...word(0x0800), 6, 4, ...word(2)]
    const named = [...B, 10, 55, 0, 2, ...A, 10, 55, 0, 1]
    expect(answer).toEqual(ethernet(A, B, EtherType.ARP, join(reply, named)))
    expect(on.deliveries()).toEqual({})
    expect(on.topology.overlay.suppressed('lan')).toBe(1)
    expect(on.drops()).toEqual({})
  })

  test('a neighbour solicitation is answered in its name', () => {
    const on = bench().inject('a', solicit(1, 2)).run()
    const [answer, ...more] = on.frames('a') as [Uint8Array]
    expect(more).toEqual([])
    expect([...answer.slice(0, 14)]).toEqual([...A, ...B, 0x86, 0xdd])
    expect(answer[21]).toBe(255)
    expect([...answer.slice(22, 54)]).toEqual([...octets6(2), ...octets6(1)])
    expect([...answer.slice(54, 56)]).toEqual([136, 0])
    expect(answer[58]).toBe(0x60)
    expect([...answer.slice(62)]).toEqual([...octets6(2), 2, 1, ...B])
    const seed = pseudoHeaderSum(answer.slice(22, 54), 58, answer.length - 54)
    expect((seed + internetSum(answer, 54)) % 0xffff).toBe(0)
    expect(on.deliveries()).toEqual({})
  })

  test.each<[string, (on: Rig) => unknown, Parameters<typeof bench>[0]?]>([
    ['an ARP request for who is not known', (on) => on.inject('a', arp(4))],
    ['a solicitation for who is not known', (on) => on.inject('a', solicit(1, 4))],
    ['an ARP probe', (on) => on.inject('a', probe(2))],
    ['an ARP announcement', (on) => on.inject('a', announcement(2))],
    ['duplicate address detection', (on) => on.inject('a', solicit(1, 2, true))],
    ['any other broadcast', (on) => on.inject('a', frame(BROADCAST, A))],
    ['anything, where the bridge says so', (on) => on.inject('a', arp(1)), { suppresses: false }],
    ['anything, while nothing is known', (on) => on.inject('a', arp(1)), { known: false }],
  ])('%s is flooded', (_, inject, given) => {
    const on = bench(given)
    inject(on)
    on.run()
    expect(on.deliveries()).toEqual({ b: 1, underlay: 1 })
    expect(on.topology.overlay.suppressed('lan')).toBe(0)
  })

  test('who asks from a tunnel is not answered from here', () => {
    const on = bench()
      .inject('underlay', datagram(arp(1)))
      .run()
    expect(on.deliveries()).toEqual({ a: 1, b: 1 })
  })

  test('a station that was heard on this side answers for itself', () => {
    const on = bench().inject('b', frame(BROADCAST, B)).run()
    on.deliveries()
    on.inject('a', arp(1)).run()
    expect(on.deliveries()).toEqual({ b: 1, underlay: 1 })
  })

  describe('an entry from a directory', () => {
    test('does not age, and frames to it are not flooded', () => {
      const on = bench()
      for (let minute = 0; minute < 60; minute++) on.advance(60_000)
      on.inject('a', frame(B, A)).run()
      expect(outside(on)).toHaveLength(1)
      expect(on.deliveries()).toEqual({})
    })

    test('stays one when its station is heard where it is', () => {
      const on = bench()
        .inject('underlay', datagram(frame(A, B)))
        .run()
      for (let minute = 0; minute < 60; minute++) on.advance(60_000)
      expect(on.whereIs(B)).toBe('t')
    })

    test('moves to where its station is heard', () => {
      const on = bench().tunnel('u', { remote: '192.0.2.3' })
      on.inject('underlay', datagram(frame(A, B), { from: '192.0.2.3' })).run()
      expect(on.whereIs(B)).toBe('u')
      on.inject('b', frame(A, B)).run()
      expect(on.whereIs(B)).toBe('b')
      on.advance(400_000)
      expect(on.whereIs(B)).toBeUndefined()
    })

    test('goes with its tunnel', () => {
      const on = bench()
      on.topology.removePort('t')
      expect(on.apply().fdb()).toEqual({})
    })
  })
})

function probe(target: number): Uint8Array {
  const bytes = arp(target - 1)
  bytes.fill(0, 28, 32)
  return bytes
}

function announcement(of: number): Uint8Array {
  const bytes = arp(of - 1)
  bytes.set(bytes.slice(28, 32), 38)
  return bytes
}
