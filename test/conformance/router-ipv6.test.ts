import { describe, expect, it } from 'vitest'
import { formatHex } from '../../src/packet/hex.js'
import { onEveryBuild } from '../support/builds.js'
import { join, station, word } from '../support/frames.js'
import {
  echo,
  framed,
  ICMPV6,
  ip,
  ipPacket,
  macText,
  type ReadIp,
  sealed,
  udp,
} from '../support/ip.js'
import {
  advertisement,
  hex,
  readNd,
  routerSolicitation,
  solicitation,
  solicitedNode,
} from '../support/nd.js'
import { type Rig, rig } from '../support/rig.js'
import {
  A6,
  B6,
  fromA,
  GATEWAY_A,
  GATEWAY_B,
  HOST_A,
  HOST_B,
  lab,
  packets,
} from '../support/router-lab.js'

const ALL_NODES_MAC = '33:33:00:00:00:01'
const LINK_LOCAL_A = 'fe80::ff:ff:fe00:a'
const LINK_LOCAL_HOST = 'fe80::ff:fe00:a1'

function nds(lan: Rig, port: string) {
  return lan.frames(port).flatMap((frame) => readNd(frame) ?? [])
}

/** Host A asks for an address of the gateway, as hosts do. */
function ask(target: string, source: string = A6.host) {
  const { group, groupMac } = solicitedNode(target)
  const names = { to: groupMac, from: HOST_A, source, destination: group, target }
  return solicitation(source === '::' ? names : { ...names, option: [1, HOST_A] })
}

/** Lets the router know both hosts. */
function acquaint(lan: Rig): Rig {
  lan.inject('a', ask(A6.gateway)).run()
  const { group, groupMac } = solicitedNode(B6.gateway)
  const names = { to: groupMac, from: HOST_B, source: B6.host, destination: group }
  lan.inject('b', solicitation({ ...names, target: B6.gateway, option: [1, HOST_B] })).run()
  lan.deliveries()
  return lan
}

onEveryBuild('neighbour discovery of a gateway', (build) => {
  it('answers for its addresses, the link-local one too (RFC 4861 7.2.4)', () => {
    const lan = lab(build)
    for (const target of [A6.gateway, LINK_LOCAL_A]) {
      lan.inject('a', ask(target)).run()
      expect(nds(lan, 'a')).toMatchObject([
        {
          type: 136,
          flags: 0xe0,
          target,
          source: target,
          destination: A6.host,
          to: macText(HOST_A),
          from: macText(GATEWAY_A),
          hops: 255,
          options: { 2: hex(GATEWAY_A) },
        },
      ])
    }
    expect(lan.deliveries()).toEqual({ c: 2 })
    lan.inject('a', ask('fd01::77')).run()
    expect(nds(lan, 'a')).toEqual([])
  })

  it('D2 (RFC 4861 7.2.4): answers duplicate address detection to all nodes, with S=0', () => {
    const lan = lab(build).inject('a', ask(A6.gateway, '::')).run()
    expect(nds(lan, 'a')).toMatchObject([
      { type: 136, flags: 0xa0, destination: 'ff02::1', to: ALL_NODES_MAC, target: A6.gateway },
    ])
  })

  describe('D1 (RFC 4861 7.1): hears nothing that', () => {
    const good = { to: GATEWAY_A, from: HOST_A, source: A6.host, destination: A6.gateway }
    const target = A6.gateway
    const wrong: [string, Uint8Array][] = [
      ['crossed a router', solicitation({ ...good, target, hops: 254 })],
      ['has a code', solicitation({ ...good, target, code: 1 })],
      ['has an empty option', solicitation({ ...good, target, tail: new Array(8).fill(0) })],
      ['has half an option', solicitation({ ...good, target, tail: [1, 1, 0, 0] })],
      ['asks for a group', solicitation({ ...good, target: 'ff02::1' })],
      ['is too short', solicitation({ ...good, target }).slice(0, 14 + 40 + 24)],
      ['detects duplicates at one', solicitation({ ...good, source: '::', target })],
    ]
    const short = wrong[5] as [string, Uint8Array]
    short[1] = (() => {
      const message = sealed(
        { ...good, source: A6.host, destination: A6.gateway, protocol: ICMPV6 },
        Uint8Array.of(135, 0, 0, 0, 0, 0, 0, 0, ...ip(target).slice(0, 12)),
        2,
      )
      return framed(
        GATEWAY_A,
        HOST_A,
        ipPacket({ ...good, protocol: ICMPV6, payload: message, hops: 255 }),
      )
    })()
    it.each(wrong)('%s', (_, frame) => {
      const lan = lab(build).inject('a', frame).run()
      expect(lan.frames('a')).toEqual([])
      expect(lan.drops()).toEqual({ 'a neighbor-invalid': 1 })
    })

    it('has a wrong checksum', () => {
      const frame = solicitation({ ...good, target })
      const lan = lab(build).inject('a', frame.with(56, 9)).run()
      expect(lan.frames('a')).toEqual([])
      expect(lan.drops()).toEqual({ 'a neighbor-invalid': 1 })
    })

    it('comes in a fragment (D3, RFC 6980)', () => {
      const whole = solicitation({ ...good, target }).slice(54)
      const payload = join([ICMPV6, 0, 0, 0, 0, 0, 0, 1], whole)
      const packet = ipPacket({ ...good, protocol: 44, payload, hops: 255 })
      const lan = lab(build)
        .inject('a', framed(GATEWAY_A, HOST_A, packet))
        .run()
      expect(lan.frames('a')).toEqual([])
    })
  })

  it('T3: takes no advertisement for its address from a port, and defends it', () => {
    const lan = lab(build)
    const evil = station(0xee)
    const names = { from: evil, source: 'fd01::ee', target: A6.gateway, option: [2, evil] as const }
    lan.inject('c', advertisement({ ...names, to: HOST_A, destination: A6.host, flags: 0x60 }))
    const claim = { ...names, target: LINK_LOCAL_A, source: LINK_LOCAL_A, flags: 0x20 }
    lan.inject('c', advertisement({ ...claim, to: station(1), destination: A6.host })).run()
    expect(nds(lan, 'a')).toMatchObject([
      { from: macText(GATEWAY_A), target: A6.gateway, flags: 0xa0 },
    ])
    expect(lan.drops()).toEqual({ 'c gateway-spoofed': 2 })
  })

  it('asks for a neighbour, and sends what waited (RFC 4861 7.2.2)', () => {
    const lan = acquaint(lab(build))
    const other = 'fd02::12:3456'
    fromA(lan, udp({ source: A6.host, destination: other, hops: 9 }))
    const { group, groupMac } = solicitedNode(other)
    expect(nds(lan, 'b')).toMatchObject([
      {
        type: 135,
        target: other,
        source: B6.gateway,
        destination: group,
        to: macText(groupMac),
        hops: 255,
        options: { 1: hex(GATEWAY_B) },
      },
    ])
    const answer = { to: GATEWAY_B, from: HOST_B, source: other, destination: B6.gateway }
    lan
      .inject('b', advertisement({ ...answer, target: other, flags: 0x60, option: [2, HOST_B] }))
      .run()
    expect(packets(lan, 'b')).toMatchObject([{ destination: other, hops: 8, to: macText(HOST_B) }])
    expect(lan.drops()).toEqual({})
  })

  it('P1: knows nobody by an advertisement alone, and no other MAC without override', () => {
    const lan = acquaint(lab(build))
    const say = (target: string, mac: Uint8Array, flags: number) =>
      advertisement({
        ...{ to: Uint8Array.of(0x33, 0x33, 0, 0, 0, 1), from: mac, source: target, target, flags },
        ...{ destination: 'ff02::1', option: [2, mac] },
      })
    lan.inject('b', say('fd02::9', station(9), 0x20), say(B6.host, station(9), 0)).run()
    fromA(lan, ...['fd02::9', B6.host].map((to) => udp({ source: A6.host, destination: to })))
    const left = lan.frames('b')
    expect(left.flatMap((frame) => readNd(frame)?.target ?? [])).toEqual(['fd02::9'])
    expect(macText((left[1] as Uint8Array).slice(0, 6))).toBe(macText(HOST_B))
    lan.inject('b', say(B6.host, station(9), 0x20)).run()
    fromA(lan, udp({ source: A6.host, destination: B6.host }))
    expect(packets(lan, 'b')).toMatchObject([{ to: macText(station(9)) }])
  })

  describe('router advertisements (RFC 4861 6.2)', () => {
    const soon = (made: Rig) => nds(made, 'a').filter(({ type }) => type === 134)

    it('come at once, three times in quick succession, then every five to ten minutes', () => {
      const lan = rig(build).port('a')
      lan.gateway('lan', {
        addresses: ['fd01::1/64', 'fd02::1/48', '10.1.0.1/24'],
        advertise: true,
        mtu: 1450,
      })
      const times: number[] = []
      const step = 500
      let [first] = soon(lan)
      for (let now = 0; now < 1_500_000; now += step) {
        lan.advance(step)
        for (const one of soon(lan)) {
          times.push(now + step)
          first ??= one
        }
      }
      expect(times.slice(0, 3)).toEqual([16_000, 32_000, 48_000])
      for (let index = 3; index < times.length; index++) {
        const gap = (times[index] as number) - (times[index - 1] as number)
        expect(gap).toBeGreaterThanOrEqual(300_000)
        expect(gap).toBeLessThanOrEqual(600_500)
      }
      expect(times.length).toBeGreaterThan(4)
      expect(first).toMatchObject({
        source: 'fe80::ff:ff:fe00:0',
        destination: 'ff02::1',
        to: ALL_NODES_MAC,
        hops: 255,
        options: { 1: '02ff00000000', 5: '0000000005aa' },
      })
      const lifetimes = '00278d0000093a8000000000'
      const prefixes = formatHex((first?.payload ?? new Uint8Array()).slice(32))
      expect(prefixes).toBe(
        `030440c0${lifetimes}fd010000000000000000000000000000` +
          `03043080${lifetimes}fd020000000000000000000000000000`,
      )
    })

    it('answer a solicitation, and only where they are wanted', () => {
      const lan = lab(build, { advertise: true })
      const names = {
        to: Uint8Array.of(0x33, 0x33, 0, 0, 0, 2),
        from: HOST_A,
        destination: 'ff02::2',
      }
      lan
        .inject('a', routerSolicitation({ ...names, source: LINK_LOCAL_HOST, option: [1, HOST_A] }))
        .run()
      expect(soon(lan)).toMatchObject([{ destination: LINK_LOCAL_HOST, to: macText(HOST_A) }])
      lan.inject('a', routerSolicitation({ ...names, source: '::' })).run()
      expect(soon(lan)).toMatchObject([{ destination: 'ff02::1' }])
      lan.inject('a', routerSolicitation({ ...names, source: '::', option: [1, HOST_A] })).run()
      expect(soon(lan)).toEqual([])
      const silent = lab(build)
      silent.inject('a', routerSolicitation({ ...names, source: '::' })).run()
      expect(soon(silent)).toEqual([])
    })
  })
})

/** Type, code, the word behind, and what is quoted. */
function errorOf({ payload }: ReadIp) {
  const view = new DataView(payload.buffer, payload.byteOffset)
  return { type: payload[0], code: payload[1], detail: view.getUint32(4), quoted: payload.slice(8) }
}

onEveryBuild('the router and IPv6', (build) => {
  it('answers an echo request to its addresses, the link-local one too', () => {
    const lan = acquaint(lab(build))
    fromA(lan, echo({ source: A6.host, destination: A6.gateway, hops: 1 }))
    fromA(lan, echo({ source: A6.host, destination: B6.gateway }))
    fromA(lan, echo({ source: LINK_LOCAL_HOST, destination: LINK_LOCAL_A }))
    expect(packets(lan, 'a')).toMatchObject([
      { source: A6.gateway, destination: A6.host, hops: 64 },
      { source: B6.gateway },
      { source: LINK_LOCAL_A, destination: LINK_LOCAL_HOST },
    ])
  })

  it('forwards between bridges, one hop less', () => {
    const lan = acquaint(lab(build))
    const sent = udp({ source: A6.host, destination: B6.host, hops: 2 })
    fromA(lan, sent)
    expect(packets(lan, 'b')).toMatchObject([
      { hops: 1, to: macText(HOST_B), from: macText(GATEWAY_B), payload: sent.slice(40) },
    ])
    expect(lan.drops()).toEqual({})
  })

  it('never forwards what means something on one link only', () => {
    const lan = acquaint(lab(build))
    fromA(lan, udp({ source: LINK_LOCAL_HOST, destination: B6.host }))
    fromA(lan, udp({ source: A6.host, destination: 'fe80::1234' }))
    expect(lan.deliveries()).toEqual({})
    expect(lan.drops()).toEqual({ 'a no-route': 2 })
  })

  it('R2, R5, K5 (RFC 4443): tells what is wrong, in up to 1280 octets', () => {
    const lan = acquaint(lab(build))
    const told = (packet: Uint8Array) => {
      fromA(lan, packet)
      return packets(lan, 'a').map((one) => ({ ...errorOf(one), source: one.source }))
    }
    const late = udp({ source: A6.host, destination: B6.host, hops: 1, data: 1300 })
    expect(told(late)).toEqual([
      { type: 3, code: 0, detail: 0, quoted: late.slice(0, 1232), source: A6.gateway },
    ])
    const host = A6.host
    expect(told(udp({ source: host, destination: 'fd09::1' }))).toMatchObject([
      { type: 1, code: 0 },
    ])
    expect(told(udp({ source: host, destination: B6.gateway }))).toMatchObject([
      { type: 1, code: 4 },
    ])
    const odd = { source: host, destination: A6.gateway, protocol: 99, payload: new Uint8Array(9) }
    expect(told(ipPacket(odd))).toMatchObject([{ type: 4, code: 1, detail: 6 }])
    const error = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, ...late.slice(0, 48))
    const to = { source: host, destination: B6.host, protocol: ICMPV6, hops: 1 }
    expect(told(ipPacket({ ...to, payload: sealed(to, error, 2) }))).toEqual([])
  })

  it('K4: never cuts; tells the MTU, and never less than 1280', () => {
    const lan = acquaint(lab(build, { mtuB: 1400 }))
    const sent = (data: number) => {
      fromA(lan, echo({ source: A6.host, destination: B6.host, data }))
      return packets(lan, 'a').map(errorOf)
    }
    expect(sent(1400 - 48)).toEqual([])
    expect(packets(lan, 'b')).toHaveLength(1)
    expect(sent(1400 - 47)).toMatchObject([{ type: 2, code: 0, detail: 1400 }])
    const narrow = acquaint(lab(build, { mtuB: 1000 }))
    fromA(narrow, echo({ source: A6.host, destination: B6.host, data: 1200 }))
    expect(packets(narrow, 'a').map(errorOf)).toMatchObject([{ type: 2, detail: 1280 }])
  })

  it('K3 (RFC 8200 8.1): drops UDP without a checksum', () => {
    const lan = acquaint(lab(build))
    const bare = udp({ source: A6.host, destination: B6.host })
    bare.set(word(0), 46)
    fromA(lan, bare)
    expect(lan.deliveries()).toEqual({})
    expect(lan.drops()).toEqual({ 'a checksum-zero': 1 })
  })

  it('R3: drops sources that are nobody', () => {
    const lan = acquaint(lab(build))
    const sources = ['::', '::1', 'ff02::1', '::ffff:10.1.0.2', A6.gateway, B6.gateway]
    fromA(lan, ...sources.map((source) => udp({ source, destination: B6.host })))
    expect(lan.deliveries()).toEqual({})
    expect(lan.drops()).toEqual({ 'a martian': 6 })
  })
})
