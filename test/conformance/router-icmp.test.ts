import { describe, expect, it } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { BROADCAST, word } from '../support/frames.js'
import {
  echo,
  framed,
  ICMP,
  ipPacket,
  macText,
  type ReadIp,
  readIp,
  sealed,
  udp,
} from '../support/ip.js'
import type { Rig } from '../support/rig.js'
import {
  A,
  acquaint,
  arps,
  B,
  fromA,
  GATEWAY_A,
  GATEWAY_B,
  HOST_A,
  HOST_B,
  lab,
  packets,
} from '../support/router-lab.js'

/** Type, code, MTU and quoted packet of an ICMP error. */
function errorOf({ payload }: ReadIp) {
  const view = new DataView(payload.buffer, payload.byteOffset)
  return { type: payload[0], code: payload[1], mtu: view.getUint16(6), quoted: payload.slice(8) }
}

/** The one error that left by port a. */
function told(lan: Rig) {
  const all = packets(lan, 'a')
  expect(all).toHaveLength(1)
  return errorOf(all[0] as ReadIp)
}

onEveryBuild('ICMP errors of the router', (build) => {
  it('R2 (RFC 1812 5.3.1): time exceeded, from the address on the side of the sender', () => {
    const lan = acquaint(lab(build))
    const late = udp({ source: A.host, destination: B.host, hops: 1 })
    fromA(lan, late)
    const [error] = packets(lan, 'a')
    expect(error).toMatchObject({
      source: A.gateway,
      destination: A.host,
      to: macText(HOST_A),
      from: macText(GATEWAY_A),
      hops: 64,
    })
    expect(errorOf(error as ReadIp)).toEqual({ type: 11, code: 0, mtu: 0, quoted: late })
    expect(lan.drops()).toEqual({ 'a ttl-exceeded': 1 })
  })

  it('R2 (RFC 1812 4.3.2.5): an error has the type of service of its cause, and no ECN', () => {
    const lan = acquaint(lab(build))
    const base = { source: A.host, destination: B.host, hops: 1, protocol: ICMP }
    for (const [tos, answer] of [
      [0, 0xc0],
      [0x1b, 0xd8],
      [0xff, 0xdc],
    ] as const) {
      fromA(lan, echo({ ...base, tos }))
      const [error] = lan.frames('a')
      expect(error?.[15]).toBe(answer)
      expect(readIp(error as Uint8Array)).toMatchObject({ source: A.gateway, hops: 64 })
    }
  })

  it('tells what cannot be reached, and why', () => {
    const lan = acquaint(lab(build)).routes({ to: '198.51.100.0/24' })
    const nowhere = ['203.0.113.1', '198.51.100.1'].map((destination) => {
      fromA(lan, udp({ source: A.host, destination }))
      return told(lan)
    })
    expect(nowhere).toMatchObject([
      { type: 3, code: 0 },
      { type: 3, code: 0 },
    ])
    fromA(lan, udp({ source: A.host, destination: B.gateway }))
    expect(told(lan)).toMatchObject({ type: 3, code: 3 })
    const odd = { source: A.host, destination: A.gateway, protocol: 99, payload: Uint8Array.of(1) }
    fromA(lan, ipPacket(odd))
    expect(told(lan)).toMatchObject({ type: 3, code: 2 })
    expect(lan.drops()).toEqual({ 'a no-route': 2, 'a not-for-router': 2 })
  })

  it('quotes no more than 576 octets hold (RFC 1812 4.3.2.3)', () => {
    const lan = acquaint(lab(build))
    fromA(lan, udp({ source: A.host, destination: '203.0.113.1', data: 1400 }))
    expect(packets(lan, 'a')).toMatchObject([{ length: 576 }])
  })

  describe('K4, A11: a packet larger than the link it leaves by', () => {
    it('with DF: is not sent, and its sender is told the MTU', () => {
      const lan = acquaint(lab(build, { mtuB: 1400 }))
      fromA(lan, echo({ source: A.host, destination: B.host, data: 1400 - 28 }))
      expect(packets(lan, 'b')).toHaveLength(1)
      const big = echo({ source: A.host, destination: B.host, data: 1400 - 27 })
      fromA(lan, big)
      expect(packets(lan, 'b')).toEqual([])
      expect(told(lan)).toMatchObject({ type: 3, code: 4, mtu: 1400, quoted: big.slice(0, 548) })
      expect(lan.drops()).toEqual({ 'a needs-fragmentation': 1 })
    })

    it('without DF: is cut, in order, and whole again at its end', () => {
      const lan = acquaint(lab(build, { mtuB: 1400 }))
      const sent = udp({ source: A.host, destination: B.host, data: 4000, fragment: 0, id: 99 })
      fromA(lan, sent)
      const parts = packets(lan, 'b')
      expect(parts.map(({ fragment, id, length, hops }) => [fragment, id, length, hops])).toEqual([
        [0x2000, 99, 1396, 63],
        [0x2000 + 172, 99, 1396, 63],
        [344, 99, 20 + 4008 - 2752, 63],
      ])
      const whole = parts.flatMap(({ payload }) => [...payload])
      expect(Uint8Array.from(whole)).toEqual(sent.slice(20))
    })

    it('cuts a fragment again, and copies only the options that are to be copied', () => {
      const lan = acquaint(lab(build, { mtuB: 600 }))
      const options = [0x94, 4, 0, 0, 7, 4, 0, 0] // router alert is copied, record route is not
      const payload = new Uint8Array(1200).fill(5)
      const given = { source: A.host, destination: B.host, protocol: 99, payload, options }
      fromA(lan, ipPacket({ ...given, fragment: 0x2000 + 100 }))
      const parts = packets(lan, 'b')
      expect(parts.map(({ fragment }) => fragment)).toEqual([0x2064, 0x2064 + 71, 0x2064 + 142])
      expect(parts.map((part) => [...part.options])).toEqual([
        options,
        [0x94, 4, 0, 0, 1, 1, 1, 1],
        [0x94, 4, 0, 0, 1, 1, 1, 1],
      ])
    })
  })

  describe('R5 (RFC 1122 3.2.2): no error about', () => {
    const silent = (name: string, packet: Uint8Array, drops: Record<string, number>) => {
      it(name, () => {
        const lan = acquaint(lab(build))
        fromA(lan, packet)
        expect(packets(lan, 'a')).toEqual([])
        expect(lan.drops()).toEqual(drops)
      })
    }
    const to = { source: A.host, destination: B.host, hops: 1 }
    const unreachable = sealed(
      { ...to, protocol: ICMP },
      Uint8Array.of(3, 1, ...new Uint8Array(34)),
      2,
    )
    const error = ipPacket({ ...to, protocol: ICMP, payload: unreachable })
    silent('an ICMP error', error, { 'a ttl-exceeded': 1 })
    silent('a later fragment', udp({ ...to, fragment: 5 }), { 'a ttl-exceeded': 1 })
    silent('a source of nobody', udp({ ...to, source: '0.0.0.0' }), { 'a martian': 1 })
    silent('a group', udp({ ...to, destination: '224.0.0.5' }), { 'a martian': 1 })

    it('but about an echo request, which is none', () => {
      const lan = acquaint(lab(build))
      fromA(lan, echo(to))
      expect(told(lan)).toMatchObject({ type: 11 })
    })
  })

  it('R6: tells a port no more than a burst and a hundred a second', () => {
    const lan = acquaint(lab(build))
    const late = udp({ source: A.host, destination: B.host, hops: 1 })
    fromA(lan, ...new Array<Uint8Array>(100).fill(late))
    expect(packets(lan, 'a')).toHaveLength(64)
    lan.advance(100)
    fromA(lan, ...new Array<Uint8Array>(100).fill(late))
    expect(packets(lan, 'a')).toHaveLength(10)
    lan
      .inject('b', framed(GATEWAY_B, HOST_B, udp({ source: B.host, destination: A.host, hops: 1 })))
      .run()
    expect(packets(lan, 'b')).toHaveLength(1)
  })

  it('a host that does not answer ARP: is asked three times, then host unreachable', () => {
    const lan = lab(build)
    const first = udp({ source: A.host, destination: B.host })
    fromA(lan, first)
    expect(arps(lan, 'b')).toHaveLength(1)
    for (const _ of [1, 2]) expect(arps(lan.advance(1000), 'b')).toMatchObject([{ target: B.host }])
    expect(packets(lan, 'a')).toEqual([])
    lan.advance(1000)
    expect(arps(lan, 'b')).toEqual([])
    const { type, code, quoted } = told(lan)
    expect([type, code]).toEqual([3, 1])
    expect(quoted.slice(12)).toEqual(first.slice(12))
    expect(lan.drops()).toEqual({ 'a neighbor-unresolved': 1 })
    fromA(lan, first)
    expect(arps(lan, 'b')).toHaveLength(1)
  })
})

onEveryBuild('what the router refuses', (build) => {
  it('R3 (RFC 1812 5.3.7): sources that are nobody there', () => {
    const lan = acquaint(lab(build))
    const sources = ['0.1.2.3', '127.0.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255']
    const own = [A.gateway, B.gateway, '10.1.0.255', '10.2.0.0']
    fromA(lan, ...[...sources, ...own].map((source) => udp({ source, destination: B.host })))
    expect(lan.deliveries()).toEqual({})
    expect(lan.drops()).toEqual({ 'a martian': 9 })
  })

  it('R4 (RFC 7126): source routes and options that do not add up, not those it does not know', () => {
    const lan = acquaint(lab(build))
    const to = { source: A.host, destination: B.host, hops: 9 }
    const wrong = [
      [131, 7, 4, 10, 9, 9, 9, 0],
      [1, 137, 3, 4],
      [7, 1, 0, 0],
      [7, 5, 0, 0],
      [1, 1, 1, 7],
    ]
    fromA(lan, ...wrong.map((options) => udp({ ...to, options })))
    expect(packets(lan, 'b')).toEqual([])
    expect(lan.drops()).toEqual({ 'a ip-options': 5 })
    const right = [
      [1, 1, 1, 0],
      [30, 4, 7, 7],
      [0, 131, 9, 9],
    ]
    fromA(lan, ...right.map((options) => udp({ ...to, options })))
    expect(packets(lan, 'b').map(({ options }) => [...options])).toEqual(right)
  })

  it('R7 (RFC 2644): directed broadcasts, to the first address of a network too', () => {
    const lan = acquaint(lab(build))
    fromA(
      lan,
      ...['10.2.0.255', '10.2.0.0', '10.1.0.255'].map((destination) =>
        udp({ source: A.host, destination }),
      ),
    )
    expect(lan.deliveries()).toEqual({})
    expect(lan.drops()).toEqual({ 'a directed-broadcast': 3 })
  })

  it('leaves broadcasts of IP to the bridge', () => {
    const lan = acquaint(lab(build))
    const all = framed(BROADCAST, HOST_A, udp({ source: A.host, destination: '255.255.255.255' }))
    lan.inject('a', all).run()
    expect(lan.frames('c')).toEqual([all])
    expect(lan.frames('a')).toEqual([])
  })

  it('T10: never answers or sends on what is malformed, whatever octet is wrong', () => {
    const lan = acquaint(lab(build))
    const good = framed(GATEWAY_A, HOST_A, echo({ source: A.host, destination: B.host, hops: 9 }))
    for (let length = 14; length < good.length; length++) lan.inject('a', good.slice(0, length))
    lan.run()
    expect(lan.deliveries()).toEqual({})
    for (let at = 14; at < 34; at++) lan.inject('a', good.with(at, (good[at] as number) ^ 0x55))
    lan.run()
    expect(lan.deliveries()).toEqual({})
    for (const claim of [0, 19, 20, 21, 1500, 0xffff]) {
      const lying = good.slice()
      lying.set(word(claim), 16)
      lan.inject('a', resum(lying))
    }
    lan.run()
    for (const frame of lan.frames('b')) readIp(frame)
    expect(lan.frames('a')).toEqual([])
  })
})

/** With a right IPv4 header checksum again. */
function resum(frame: Uint8Array): Uint8Array {
  const bytes = frame.slice()
  bytes.set([0, 0], 24)
  let sum = 0
  for (let at = 14; at < 34; at += 2)
    sum += ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  bytes.set(word(~sum & 0xffff), 24)
  return bytes
}
