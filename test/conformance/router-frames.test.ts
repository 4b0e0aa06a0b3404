import { describe, expect, it } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { captured, startCapture, Wants } from '../support/capturing.js'
import { station, word } from '../support/frames.js'
import { framed, ip, ipPacket, mac, macText, readIp, sealed, TCP, udp } from '../support/ip.js'
import { access, trunk } from '../support/policy.js'
import { rig } from '../support/rig.js'
import {
  A,
  A6,
  acquaint,
  ask,
  B,
  B6,
  fromA,
  GATEWAY_A,
  HOST_A,
  HOST_B,
  lab,
  quiet,
} from '../support/router-lab.js'
import { NEEDS_CSUM, NOTHING } from '../support/virtio.js'
import { push, tagsOf, tci } from '../support/vlan.js'

const TEN = mac('02:ff:00:00:00:10')
const TWENTY = mac('02:ff:00:00:00:20')

onEveryBuild('frames through the router', (build) => {
  describe('VLANs of one bridge, an interface each', () => {
    const bench = () => {
      const lan = rig(build).bridge('lan', { vlanAware: true })
      lan.port('a', { policy: { vlan: access(10) } }).port('b', { policy: { vlan: access(20) } })
      lan.port('t', { policy: { vlan: trunk([10, 20]) } })
      lan.gateway('lan', { vlan: 10, addresses: ['10.1.0.1/24'], mac: macText(TEN) })
      lan.gateway('lan', { vlan: 20, addresses: ['10.2.0.1/24'], mac: macText(TWENTY) })
      return quiet(lan)
    }

    it('routes between them, and puts the tag of the VLAN that it leaves in', () => {
      const lan = bench()
      lan.inject('b', ask(B.host, B.gateway, HOST_B)).run()
      lan.inject('t', push(ask(A.other, A.gateway, station(3)), 10)).run()
      lan.inject('t', push(ask(B.other, B.gateway, station(4)), 20)).run()
      const answers = lan.frames('t').slice(-1)
      expect(answers.map(tagsOf)).toEqual([['8100.0014']])
      lan.deliveries()
      const packet = udp({ source: A.host, destination: B.host })
      lan.inject('a', framed(TEN, HOST_A, packet)).run()
      const [plain] = lan.frames('b')
      expect(readIp(plain as Uint8Array)).toMatchObject({ hops: 63, from: macText(TWENTY) })
      const other = udp({ source: A.other, destination: B.other })
      lan.inject('t', push(framed(TEN, station(3), other), tci(10, 5))).run()
      const [tagged] = lan.frames('t')
      expect(tagsOf(tagged as Uint8Array)).toEqual(['8100.a014'])
      expect(readIp(tagged as Uint8Array, 18)).toMatchObject({ hops: 63, to: macText(station(4)) })
      expect(lan.drops()).toEqual({})
    })

    it('exists without a port that names it, and is gone with its interface', () => {
      const lan = rig(build).bridge('lan', { vlanAware: true })
      lan.port('t', { policy: { vlan: trunk('all') } })
      lan.gateway('lan', { vlan: 30, addresses: ['10.1.0.1/24'], mac: macText(TEN) })
      quiet(lan)
        .inject('t', push(ask(A.host, A.gateway, HOST_A), 30))
        .run()
      expect(lan.frames('t').map(tagsOf)).toEqual([['8100.001e']])
      lan.removeGateway('lan', 30)
      lan.inject('t', push(ask(A.host, A.gateway, HOST_A), 30)).run()
      expect(lan.frames('t')).toEqual([])
    })
  })

  it('shows captures and mirrors a frame as it came, and as it left', () => {
    const lan = acquaint(lab(build))
    startCapture(lan, 0, {
      wants: Wants.RECEIVED | Wants.TRANSMITTED | Wants.ETHER_TYPE,
      etherType: 0x800,
    })
    const sent = framed(GATEWAY_A, HOST_A, udp({ source: A.host, destination: B.host, hops: 9 }))
    lan.inject('a', sent).run()
    const [got] = lan.frames('b')
    expect(captured(lan).map(({ direction, bytes }) => [direction, bytes])).toEqual([
      ['in', sent],
      ['out', got],
    ])
    expect(readIp(got as Uint8Array)).toMatchObject({ hops: 8 })
    lan
      .port('m', { bridge: 'left' })
      .setPort('a', { policy: { mirror: { port: 'm', direction: 'receive' } } })
    lan.inject('a', sent).run()
    expect(lan.frames('m')).toEqual([sent])
    expect(lan.frames('b')).toEqual([got])
  })

  it('captures what the router says by itself', () => {
    const lan = lab(build)
    startCapture(lan, 0, { wants: Wants.TRANSMITTED | Wants.ETHER_TYPE, etherType: 0x806 })
    fromA(lan, udp({ source: A.host, destination: B.host }))
    lan.advance(1000)
    expect(captured(lan).map(({ port }) => port)).toEqual(['b', 'b'])
  })

  describe('TCP MSS (RFC 9293 3.7.1) where the MTU shrinks', () => {
    const options = (mss: number, odd: boolean) =>
      odd ? [1, 2, 4, ...word(mss), 1, 1, 0] : [2, 4, ...word(mss), 1, 1, 1, 0]
    const syn = (six: boolean, mss: number, flags = 2, odd = false) => {
      const [source, destination] = six ? [A6.host, B6.host] : [A.host, B.host]
      const head = [
        ...word(4000),
        ...word(80),
        0,
        0,
        0,
        1,
        0,
        0,
        0,
        0,
        7 << 4,
        flags,
        9,
        9,
        0,
        0,
        0,
        0,
      ]
      const segment = Uint8Array.from([...head, ...options(mss, odd)])
      const payload = sealed({ source, destination, protocol: TCP }, segment, 16)
      return ipPacket({ source, destination, protocol: TCP, payload })
    }
    const mssOf = (frame: Uint8Array | undefined, odd = false) => {
      const { payload } = readIp(frame as Uint8Array) as { payload: Uint8Array }
      const at = odd ? 23 : 22
      return ((payload[at] as number) << 8) | (payload[at + 1] as number)
    }
    const known = () =>
      lab(build, { mtuB: 1400, offloads: true }).neighbors(
        { bridge: 'right', address: B.host, mac: macText(HOST_B) },
        { bridge: 'right', address: B6.host, mac: macText(HOST_B) },
      )

    it('is lowered to what fits, of both families, wherever the option stands', () => {
      const lan = known()
      fromA(
        lan,
        syn(false, 1460),
        syn(true, 1440),
        syn(false, 1460, 0x12),
        syn(false, 9000, 2, true),
      )
      const got = lan.frames('b')
      expect(got.map((frame, index) => mssOf(frame, index === 3))).toEqual([1360, 1340, 1360, 1360])
    })

    it('is left alone where it fits already, and where there is no SYN', () => {
      const lan = known()
      fromA(lan, syn(false, 1360), syn(false, 536), syn(false, 1460, 0x10))
      expect(lan.frames('b').map((frame) => mssOf(frame))).toEqual([1360, 536, 1460])
    })

    it('is lowered under a partial checksum, which stays one', () => {
      const lan = known()
      const frame = framed(GATEWAY_A, HOST_A, syn(false, 1460))
      const pseudo = [...ip(A.host), ...ip(B.host), 0, TCP, 0, 28]
      let sum = 0
      for (let at = 0; at < 12; at += 2)
        sum += ((pseudo[at] as number) << 8) | (pseudo[at + 1] as number)
      frame.set(word((sum & 0xffff) + (sum >>> 16)), 50)
      const header = { ...NOTHING, flags: NEEDS_CSUM, checksumStart: 34, checksumOffset: 16 }
      lan.inject('a', { frame, header }).run()
      const [sent] = lan.sent('b')
      expect(sent?.header).toMatchObject({ flags: NEEDS_CSUM, checksumStart: 34 })
      expect(sent?.frame.slice(50, 52)).toEqual(frame.slice(50, 52))
      expect(sent?.frame.slice(56, 58)).toEqual(Uint8Array.from(word(1360)))
    })
  })
})
