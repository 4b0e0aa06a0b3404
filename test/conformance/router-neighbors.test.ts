import { describe, expect, it } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { station } from '../support/frames.js'
import { macText, udp } from '../support/ip.js'
import type { Rig } from '../support/rig.js'
import {
  A,
  acquaint,
  arps,
  ask,
  B,
  fromA,
  GATEWAY_B,
  HOST_B,
  lab,
  packets,
  reply,
} from '../support/router-lab.js'

const TO_B = 'right 10.2.0.2'

/** Host B is known because it answered. */
function answered(lan: Rig): Rig {
  fromA(lan, udp({ source: A.host, destination: B.host }))
  lan.inject('b', reply(B.host, B.gateway, HOST_B, GATEWAY_B)).run()
  lan.deliveries()
  return lan
}

const send = (lan: Rig) => fromA(lan, udp({ source: A.host, destination: B.host }))

onEveryBuild('neighbours of the router (RFC 4861 7.3)', (build) => {
  it('are asked for, and reachable for thirty seconds when they answered', () => {
    const lan = lab(build)
    send(lan)
    expect(lan.neighborhood()).toEqual({ [TO_B]: 'incomplete' })
    lan.inject('b', reply(B.host, B.gateway, HOST_B, GATEWAY_B)).run()
    expect(lan.neighborhood()).toEqual({ [TO_B]: `reachable ${macText(HOST_B)}` })
    lan.advance(29_999)
    expect(lan.neighborhood()).toEqual({ [TO_B]: `reachable ${macText(HOST_B)}` })
    lan.advance(1)
    expect(lan.neighborhood()).toEqual({ [TO_B]: `stale ${macText(HOST_B)}` })
    lan.deliveries()
    expect(lan.advance(600_000).deliveries()).toEqual({})
  })

  it('are stale when only they spoke', () => {
    const lan = lab(build)
      .inject('b', ask(B.host, B.gateway, HOST_B))
      .run()
    expect(lan.neighborhood()).toEqual({ [TO_B]: `stale ${macText(HOST_B)}` })
  })

  it('stale and used: are asked after five seconds, alone, three times, and forgotten', () => {
    const lan = answered(lab(build)).advance(30_000)
    lan.deliveries()
    send(lan)
    expect(packets(lan, 'b')).toHaveLength(1)
    expect(lan.neighborhood()).toEqual({ [TO_B]: `delay ${macText(HOST_B)}` })
    expect(lan.advance(4999).deliveries()).toEqual({})
    for (const wait of [1, 1000, 1000]) {
      lan.advance(wait)
      expect(arps(lan, 'b')).toMatchObject([{ target: B.host, to: macText(HOST_B) }])
      expect(lan.neighborhood()).toEqual({ [TO_B]: `probe ${macText(HOST_B)}` })
      send(lan)
      expect(packets(lan, 'b')).toHaveLength(1)
    }
    lan.advance(1000)
    expect(lan.neighborhood()).toEqual({ [TO_B]: 'failed' })
    lan.deliveries()
    send(lan)
    expect(arps(lan, 'b')).toMatchObject([{ to: 'ff:ff:ff:ff:ff:ff' }])
  })

  it('that answer while they are probed are reachable again', () => {
    const lan = answered(lab(build)).advance(30_000)
    send(lan).advance(5000)
    lan.inject('b', reply(B.host, B.gateway, HOST_B, GATEWAY_B)).run()
    expect(lan.neighborhood()).toEqual({ [TO_B]: `reachable ${macText(HOST_B)}` })
    lan.deliveries()
    expect(lan.advance(29_000).deliveries()).toEqual({})
  })

  it('survive a change of config, but not the end of their port or interface', () => {
    const lan = answered(lab(build)).port('d', { bridge: 'right' })
    expect(Object.keys(lan.neighborhood())).toEqual([TO_B])
    lan.inject('d', ask('10.2.0.9', B.gateway, station(9))).run()
    lan.removePort('b')
    expect(Object.keys(lan.neighborhood())).toEqual(['right 10.2.0.9'])
    lan.removeGateway('right')
    expect(lan.neighborhood()).toEqual({})
  })

  it('that are asked for end with their interface, and what waited is dropped', () => {
    const lan = lab(build)
    send(lan).removeGateway('right')
    expect(lan.drops()).toEqual({ 'a neighbor-unresolved': 1 })
    expect(lan.advance(10_000).neighborhood()).toEqual({})
  })

  describe('by hand', () => {
    it('need not be asked for, and are neither learnt nor forgotten', () => {
      const lan = lab(build).neighbors({ bridge: 'right', address: B.host, mac: macText(HOST_B) })
      send(lan)
      expect(packets(lan, 'b')).toMatchObject([{ to: macText(HOST_B) }])
      lan
        .inject('b', ask(B.host, B.gateway, station(9)))
        .run()
        .advance(100_000)
      expect(lan.neighborhood()).toEqual({ [TO_B]: `permanent ${macText(HOST_B)}` })
      expect(lan.neighbors().neighborhood()).toEqual({})
    })

    it('are known by IPv6 too', () => {
      const lan = lab(build).neighbors({
        bridge: 'right',
        address: 'fd02::9',
        mac: macText(HOST_B),
      })
      fromA(lan, udp({ source: 'fd01::2', destination: 'fd02::9' }))
      expect(packets(lan, 'b')).toMatchObject([{ to: macText(HOST_B) }])
    })
  })

  it('full: one that is stale or failed makes way, none that is in use', () => {
    const lan = acquaint(lab(build, { capacity: { neighbors: 8 } }))
    for (let host = 10; host < 40; host++) {
      const from = station(host)
      lan.inject('b', ask(`10.2.0.${host}`, B.gateway, from)).run()
    }
    expect(Object.keys(lan.neighborhood())).toHaveLength(8)
    const full = lab(build, { capacity: { neighbors: 4 } })
    for (let host = 10; host < 20; host++) {
      fromA(full, udp({ source: A.host, destination: `10.2.0.${host}` }))
    }
    expect(Object.values(full.neighborhood())).toEqual(new Array(4).fill('incomplete'))
    expect(full.drops()).toEqual({ 'a neighbor-queue': 6 })
    full.advance(1000).advance(1000).advance(1000)
    fromA(full, udp({ source: A.host, destination: '10.2.0.99' }))
    expect(full.neighborhood()).toMatchObject({ 'right 10.2.0.99': 'incomplete' })
  })

  it('given up: the room and the budget of their frames come back', () => {
    const lan = lab(build)
    for (let round = 0; round < 20; round++) {
      for (let host = 10; host < 42; host++) {
        fromA(lan, udp({ source: A.host, destination: `10.2.0.${host}` }))
      }
      lan.advance(1000).advance(1000).advance(1000)
    }
    expect(lan.drops()).toEqual({ 'a neighbor-unresolved': 20 * 32 })
  })

  it('0 neighbours and routes: a switch without a router, which takes no interface', () => {
    const lan = () => lab(build, { capacity: { routes: 0, neighbors: 0 } })
    expect(lan).toThrow('capacity.routes')
  })
})
