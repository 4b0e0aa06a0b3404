import { describe, expect, it } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { BROADCAST, station } from '../support/frames.js'
import { arpFrame, echo, macText } from '../support/ip.js'
import { rig } from '../support/rig.js'
import {
  A,
  acquaint,
  arps,
  ask,
  B,
  fromA,
  GATEWAY_A,
  GATEWAY_B,
  HOST_A,
  HOST_B,
  lab,
  packets,
  quiet,
  reply,
} from '../support/router-lab.js'

onEveryBuild('ARP of a gateway', (build) => {
  describe('answers (RFC 826)', () => {
    it('tells its MAC to whoever asks for its address, and to nobody else', () => {
      const lan = lab(build)
        .inject('a', ask(A.host, A.gateway, HOST_A))
        .run()
      expect(arps(lan, 'a')).toEqual([
        {
          operation: 'reply',
          sender: A.gateway,
          target: A.host,
          senderMac: macText(GATEWAY_A),
          targetMac: macText(HOST_A),
          to: macText(HOST_A),
          from: macText(GATEWAY_A),
        },
      ])
      expect(arps(lan, 'c')).toMatchObject([{ operation: 'request', sender: A.host }])
      expect(lan.deliveries()).toEqual({})
    })

    it('is silent about addresses that are not its own, or are those of another bridge', () => {
      const lan = lab(build)
      lan.inject('a', ask(A.host, A.other, HOST_A), ask(A.host, B.gateway, HOST_A)).run()
      expect(arps(lan, 'a')).toEqual([])
    })

    it('P2 (RFC 5227 2.1): answers a probe, and does not remember who asked', () => {
      const lan = lab(build)
        .inject('a', ask('0.0.0.0', A.gateway, HOST_A))
        .run()
      expect(arps(lan, 'a')).toMatchObject([{ operation: 'reply', sender: A.gateway }])
      fromA(lan, echo({ source: A.host, destination: '10.1.0.9' }))
      expect(arps(lan, 'c')).toMatchObject([{ operation: 'request' }, { target: '10.1.0.9' }])
      expect(arps(lan, 'a')).toMatchObject([{ target: '10.1.0.9' }])
    })

    it('answers nothing that is malformed, and counts what was sent to it', () => {
      const lan = lab(build)
      const whole = arpFrame({
        operation: 'request',
        sender: A.host,
        target: A.gateway,
        senderMac: HOST_A,
        to: GATEWAY_A,
      })
      const otherKind = whole.with(14 + 1, 6)
      lan.inject('a', whole.slice(0, 40), otherKind).run()
      expect(lan.frames('a')).toEqual([])
      expect(lan.drops()).toEqual({ 'a neighbor-invalid': 2 })
    })
  })

  describe('announcements (RFC 5227 2.3)', () => {
    it('announces each address twice when the gateway comes up, and again when it changes', () => {
      const lan = rig(build)
        .port('a')
        .gateway('lan', { addresses: ['10.1.0.1/24', '10.9.0.1/24'] })
      const announced = () => arps(lan, 'a').map(({ sender, target, to }) => [sender, target, to])
      const both = ['10.1.0.1', '10.9.0.1'].map((own) => [own, own, macText(BROADCAST)])
      expect(announced()).toEqual(both)
      lan.advance(1999)
      expect(announced()).toEqual([])
      lan.advance(1)
      expect(announced()).toEqual(both)
      lan.advance(60_000)
      expect(announced()).toEqual([])
      lan.gateway('lan', { addresses: ['10.3.0.1/24'] })
      expect(announced()).toEqual([['10.3.0.1', '10.3.0.1', macText(BROADCAST)]])
    })

    it('is not announced anew by another change', () => {
      const lan = rig(build)
        .port('a')
        .gateway('lan', { addresses: ['10.1.0.1/24'] })
      quiet(lan).port('b').run().advance(10_000)
      expect(arps(lan, 'a')).toEqual([])
    })
  })

  describe('P1 (RFC 826): what is remembered', () => {
    it('adds a host that asks for the gateway', () => {
      const lan = acquaint(lab(build))
      fromA(lan, echo({ source: A.host, destination: B.host }))
      expect(packets(lan, 'b')).toMatchObject([{ source: A.host, to: macText(HOST_B) }])
      expect(lan.drops()).toEqual({})
    })

    it('adds nobody by an answer it did not ask for, nor by what a host says to others', () => {
      const lan = acquaint(lab(build))
      lan.inject('b', reply(B.other, B.gateway, station(0xb3), GATEWAY_B)).run()
      lan.inject('b', ask(B.other, B.host, station(0xb3))).run()
      fromA(lan, echo({ source: A.host, destination: B.other }))
      expect(arps(lan, 'b')).toMatchObject([{ operation: 'request', target: B.other }])
    })

    it('adds no address from outside its network', () => {
      const lan = acquaint(lab(build)).routes({ to: '192.0.2.0/24', interface: { bridge: 'left' } })
      lan.inject('b', ask('192.0.2.7', B.gateway, station(0xb7))).run()
      lan.deliveries()
      fromA(lan, echo({ source: A.host, destination: '10.2.0.7' }))
      expect(arps(lan, 'b')).toMatchObject([{ operation: 'request', target: '10.2.0.7' }])
    })

    it('takes a new MAC from a host that it knows', () => {
      const lan = acquaint(lab(build))
      lan.inject('b', ask(B.host, B.host, station(0xbb))).run()
      fromA(lan, echo({ source: A.host, destination: B.host }))
      expect(packets(lan, 'b')).toMatchObject([{ to: macText(station(0xbb)) }])
    })
  })

  describe('T3: nobody else is the gateway', () => {
    it('takes no frame with its MAC as the source, and learns nothing from it', () => {
      const lan = acquaint(lab(build))
      const spoofed = ask(A.host, A.other, GATEWAY_A)
      lan.inject('c', spoofed).run()
      expect(lan.deliveries()).toEqual({})
      expect(lan.drops()).toEqual({ 'c gateway-spoofed': 1 })
      expect(lan.whereIs(GATEWAY_A, 'left')).toBeUndefined()
    })

    it('takes no ARP that speaks for its address or its MAC, to all or to one', () => {
      const lan = acquaint(lab(build))
      const evil = station(0xee)
      const claim = ask(A.gateway, A.host, evil)
      const poison = reply(A.gateway, A.host, evil, HOST_A)
      const borrowed = { ...{ senderMac: GATEWAY_A, sender: A.other, target: A.host }, from: evil }
      lan.inject('c', claim, poison, arpFrame({ operation: 'request', ...borrowed })).run()
      expect(lan.frames('a').map((frame) => macText(frame.slice(6, 12)))).toEqual([
        macText(GATEWAY_A), // P2: it defends itself
      ])
      expect(lan.drops()).toEqual({ 'c gateway-spoofed': 3 })
    })

    it('lets the addresses of other bridges pass: they are nobody here', () => {
      const lan = acquaint(lab(build))
        .inject('c', ask(B.gateway, A.host, station(0xee)))
        .run()
      expect(lan.frames('a')).toHaveLength(1)
      expect(lan.drops()).toEqual({})
    })

    it('P2 (RFC 5227 2.4): defends its address, once in ten seconds', () => {
      const lan = acquaint(lab(build))
      const claims = [1, 2, 3].map((number) => ask(A.gateway, A.gateway, station(number)))
      lan.inject('c', ...claims).run()
      expect(arps(lan, 'a')).toMatchObject([
        { sender: A.gateway, target: A.gateway, senderMac: macText(GATEWAY_A) },
      ])
      lan
        .advance(10_000)
        .inject('c', ...claims.slice(1))
        .run()
      expect(arps(lan, 'a')).toHaveLength(1)
    })
  })
})
