import { describe, expect, it } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { ethernet, station } from '../support/frames.js'
import { echo, framed, macText, readIp, udp } from '../support/ip.js'
import { rig } from '../support/rig.js'
import {
  A,
  acquaint,
  arps,
  B,
  fromA,
  fromB,
  GATEWAY_A,
  GATEWAY_B,
  HOST_A,
  HOST_B,
  lab,
  packets,
  reply,
} from '../support/router-lab.js'

onEveryBuild('the router', (build) => {
  it('answers an echo request to a gateway, of its own bridge or another', () => {
    const lan = lab(build)
    fromA(lan, ...[A.gateway, B.gateway].map((to) => echo({ source: A.host, destination: to })))
    expect(packets(lan, 'a')).toMatchObject([
      { source: A.gateway, destination: A.host, to: macText(HOST_A), from: macText(GATEWAY_A) },
      { source: B.gateway, destination: A.host, hops: 64 },
    ])
    expect(lan.drops()).toEqual({})
  })

  it('answers with the data it was sent, and not at all if the checksum is wrong', () => {
    const lan = lab(build)
    const request = echo({ source: A.host, destination: A.gateway, identifier: 5, sequence: 9 })
    fromA(lan, request)
    const [answer] = packets(lan, 'a')
    expect(answer?.payload.slice(4)).toEqual(request.slice(24))
    expect(answer?.payload[0]).toBe(0)
    fromA(lan, request.with(40, 0xff))
    expect(packets(lan, 'a')).toEqual([])
    expect(lan.drops()).toEqual({ 'a ip-header': 1 })
  })

  it('forwards between bridges: MACs are new, the TTL is one less, the rest is as it was', () => {
    const lan = acquaint(lab(build))
    const sent = udp({ source: A.host, destination: B.host, hops: 9, id: 1234 })
    fromA(lan, sent)
    const [frame] = lan.frames('b')
    const got = readIp(frame as Uint8Array)
    expect(got).toMatchObject({ hops: 8, from: macText(GATEWAY_B), to: macText(HOST_B), id: 1234 })
    expect(frame?.slice(34)).toEqual(sent.slice(20))
    expect(lan.deliveries()).toEqual({})
    expect(lan.drops()).toEqual({})
  })

  it('R2: never forwards a TTL of 1 or 0, and does not look at it for itself', () => {
    const lan = acquaint(lab(build))
    for (const hops of [0, 1]) fromA(lan, udp({ source: A.host, destination: B.host, hops }))
    expect(packets(lan, 'b')).toEqual([])
    expect(lan.drops()).toEqual({ 'a ttl-exceeded': 2 })
    lan.deliveries()
    fromA(lan, echo({ source: A.host, destination: A.gateway, hops: 1 }))
    expect(packets(lan, 'a')).toMatchObject([{ source: A.gateway }])
  })

  it('cuts the padding of a short frame off', () => {
    const lan = acquaint(lab(build))
    const short = framed(GATEWAY_A, HOST_A, udp({ source: A.host, destination: B.host, data: 2 }))
    const padded = new Uint8Array(60).fill(0xee)
    padded.set(short)
    lan.inject('a', padded).run()
    expect(lan.frames('b').map(({ length }) => length)).toEqual([short.length])
  })

  it('R1: drops what is no IPv4 packet, and what is of no protocol it knows', () => {
    const lan = acquaint(lab(build))
    const good = udp({ source: A.host, destination: B.host })
    const wrong = [good.with(0, 0x55), good.with(0, 0x44), good.with(3, 200), good.with(10, 1)]
    fromA(lan, ...wrong.map((packet) => packet))
    lan.inject('a', ethernet(GATEWAY_A, HOST_A, 0x88b5, good)).run()
    expect(lan.deliveries()).toEqual({})
    expect(lan.drops()).toEqual({ 'a ip-header': 4, 'a not-for-router': 1 })
  })

  describe('routes', () => {
    it('sends by the longest prefix, whatever the order', () => {
      const lan = acquaint(lab(build))
      lan.routes(
        { to: '192.0.2.128/25', via: B.host },
        { to: '0.0.0.0/0' },
        { to: '192.0.2.0/24', via: A.other },
        { to: '192.0.2.200/32' },
      )
      fromA(lan, udp({ source: A.host, destination: '192.0.2.129' }))
      expect(packets(lan, 'b')).toMatchObject([{ destination: '192.0.2.129', to: macText(HOST_B) }])
      fromB(lan, udp({ source: B.host, destination: '192.0.2.5' }))
      expect(arps(lan, 'a')).toMatchObject([{ target: A.other }])
      fromA(lan, udp({ source: A.host, destination: '192.0.2.200' }))
      fromA(lan, udp({ source: A.host, destination: '203.0.113.1' }))
      expect(lan.drops()).toEqual({ 'a no-route': 2 })
    })

    it('has none to where it has none, and none by an interface that went', () => {
      const lan = acquaint(lab(build))
      fromA(lan, udp({ source: A.host, destination: '203.0.113.1' }))
      expect(lan.drops()).toEqual({ 'a no-route': 1 })
      lan.removeGateway('right')
      fromA(lan, udp({ source: A.host, destination: B.host }))
      expect(lan.drops()).toEqual({ 'a no-route': 2 })
    })

    it('survives changes of ports', () => {
      const lan = acquaint(lab(build)).port('d', { bridge: 'left' })
      fromA(lan, udp({ source: A.host, destination: B.host }))
      expect(packets(lan, 'b')).toHaveLength(1)
    })
  })

  describe('a neighbour that is not known', () => {
    it('is asked for, and gets what waited, in order', () => {
      const lan = lab(build)
      for (const id of [1, 2]) fromA(lan, udp({ source: A.host, destination: B.host, id }))
      expect(arps(lan, 'b')).toMatchObject([
        { operation: 'request', sender: B.gateway, target: B.host, from: macText(GATEWAY_B) },
      ])
      lan.inject('b', reply(B.host, B.gateway, HOST_B, GATEWAY_B)).run()
      expect(packets(lan, 'b').map(({ id, hops }) => [id, hops])).toEqual([
        [1, 63],
        [2, 63],
      ])
      fromA(lan, udp({ source: A.host, destination: B.host, id: 3 }))
      expect(packets(lan, 'b')).toMatchObject([{ id: 3, to: macText(HOST_B) }])
      expect(lan.drops()).toEqual({})
    })

    it('has three frames wait, the latest of them', () => {
      const lan = lab(build)
      for (const id of [1, 2, 3, 4]) fromA(lan, udp({ source: A.host, destination: B.host, id }))
      lan.inject('b', reply(B.host, B.gateway, HOST_B, GATEWAY_B)).run()
      expect(packets(lan, 'b').map(({ id }) => id)).toEqual([2, 3, 4])
      expect(lan.drops()).toEqual({ 'a neighbor-queue': 1 })
    })

    it('keeps no port from waiting that another has filled its budget', () => {
      const lan = lab(build)
      for (let host = 2; host < 200; host++) {
        fromA(lan, udp({ source: A.host, destination: `10.2.0.${host}` }))
      }
      expect(lan.drops()).toEqual({ 'a neighbor-queue': 198 - 32 })
      lan.inject(
        'c',
        framed(GATEWAY_A, station(9), udp({ source: A.other, destination: '10.2.0.250' })),
      )
      lan.run().deliveries()
      lan.inject('b', reply('10.2.0.250', B.gateway, HOST_B, GATEWAY_B)).run()
      expect(packets(lan, 'b')).toMatchObject([{ source: A.other }])
    })
  })

  it('leaves what is not for it to the bridge', () => {
    const lan = acquaint(lab(build))
    const packet = framed(station(0xc1), HOST_A, udp({ source: A.host, destination: A.other }))
    lan.inject('a', packet).run()
    expect(lan.frames('c')).toEqual([packet])
  })

  it('keeps isolated ports apart on their bridge, and lets them reach others', () => {
    const lan = rig(build)
    lan.ports('ac', { bridge: 'left', policy: { isolated: true } }).port('b', { bridge: 'right' })
    lan.gateway('left', { addresses: ['10.1.0.1/24'], mac: macText(GATEWAY_A) })
    lan.gateway('right', { addresses: ['10.2.0.1/24'], mac: macText(GATEWAY_B) })
    acquaint(lan).inject(
      'c',
      framed(GATEWAY_A, station(3), echo({ source: A.other, destination: A.gateway })),
    )
    lan.run().deliveries()
    fromA(
      lan,
      udp({ source: A.host, destination: A.other }),
      udp({ source: A.host, destination: B.host }),
    )
    lan.inject('c', reply(A.other, A.gateway, station(3), GATEWAY_A)).run()
    expect(packets(lan, 'c')).toEqual([])
    expect(packets(lan, 'b')).toHaveLength(1)
  })
})
