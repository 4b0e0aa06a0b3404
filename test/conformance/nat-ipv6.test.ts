/** Translation of IPv6 through the whole switch: ports, addresses and prefixes (RFC 6296). */
import { describe, expect, test } from 'vitest'
import type { NatRule, Publish } from '../../src/config/types.js'
import { type BuildName, onEveryBuild } from '../support/builds.js'
import { EtherType, ethernet, join, station, word } from '../support/frames.js'
import { mac, macText, readIp as readFrame } from '../support/ip.js'
import {
  echo,
  Flag,
  icmpError,
  ipFrame,
  type Read,
  readIp,
  readQuoted,
  tcp,
  udp,
} from '../support/nat-packets.js'
import { type Rig, rig } from '../support/rig.js'

const GATEWAY = mac('02:ff:00:00:00:01')
const UPLINK = mac('02:ff:00:00:00:02')
const [HOST, OTHER] = ['fd55::2', 'fd55::3']
const EXTERNAL = '2001:db8::10'
const SERVER = '2001:db8:ffff::1'
const ROUTER = '2001:db8:9::1'

const masquerade: NatRule = {
  type: 'masquerade',
  from: { bridge: 'lan' },
  uplink: 'wan',
  ports: 'random',
  filtering: 'address-dependent',
}
const prefix: NatRule = {
  type: 'nptv6',
  inside: 'fd55::/48',
  outside: '2001:db8:1::/48',
  uplink: 'wan',
}
const fixed: NatRule = { type: 'static', inside: HOST, outside: '2001:db8::20', uplink: 'wan' }

function lab(build: BuildName, rules: readonly NatRule[], published: readonly Publish[] = []): Rig {
  const made = rig(build, { capacity: { flows6: 256 } }).port('a', { bridge: 'lan' })
  made.uplink('wan', { addresses: [`${EXTERNAL}/64`], mac: macText(UPLINK), mtu: 1400 })
  made.gateway('lan', { addresses: ['fd55::1/64'], mac: macText(GATEWAY) })
  made.routes({ to: '::/0', via: '2001:db8::1' })
  made.neighbors(
    { bridge: 'wan', address: '2001:db8::1', mac: macText(station(0xb1)) },
    { bridge: 'lan', address: HOST, mac: macText(station(0xa1)) },
    { bridge: 'lan', address: OTHER, mac: macText(station(0xa2)) },
  )
  made.nat(rules, published).advance(3000)
  made.deliveries()
  return made
}

/** Sends a packet to the router, and returns what left by either port. */
function passAll(made: Rig, frame: Uint8Array, port: 'a' | 'wan' = 'a'): Uint8Array[] {
  const bytes = frame.slice()
  bytes.set(port === 'a' ? GATEWAY : UPLINK)
  bytes.set(port === 'a' ? station(0xa1) : station(0xb1), 6)
  made.inject(port, bytes).run()
  return [...made.frames('a'), ...made.frames('wan')]
}
function pass(made: Rig, frame: Uint8Array, port: 'a' | 'wan' = 'a'): Read {
  const out = passAll(made, frame, port)
  if (out.length !== 1)
    throw new Error(`${out.length} packets left: ${JSON.stringify(made.drops())}`)
  const read = readIp(out[0] as Uint8Array)
  expect(read.faults).toEqual([])
  return read
}
const ends = ({ source, sourcePort, destination, destinationPort }: Read) =>
  `${source} ${sourcePort} > ${destination} ${destinationPort}`

const out = (port = 4000, host = HOST) => udp({ from: [host, port], to: [SERVER, 53] })
const back = (port: number, to = EXTERNAL, from = SERVER) =>
  udp({ from: [from, 53], to: [to, port] })

/** Extension headers in the way: destination options, and hop-by-hop before them. */
const EXTENSIONS = [
  [0, Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0)],
  [60, Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0)],
] as const

onEveryBuild('NAT A21 (IPv6)', (build) => {
  describe('masquerade', () => {
    test('UDP, TCP and echo leave under the address of the uplink, and their answers come back', () => {
      const b = lab(build, [masquerade])
      const sent = pass(b, out())
      expect(ends(sent)).toBe(`${EXTERNAL} ${sent.sourcePort} > ${SERVER} 53`)
      expect(ends(pass(b, back(sent.sourcePort), 'wan'))).toBe(`${SERVER} 53 > ${HOST} 4000`)
      const syn = pass(b, tcp({ from: [HOST, 4000], to: [SERVER, 80] }, { flags: Flag.SYN }))
      const answer = { flags: Flag.SYN | Flag.ACK, acknowledgement: 1 }
      const reverse = { from: [SERVER, 80], to: [EXTERNAL, syn.sourcePort] } as const
      expect(ends(pass(b, tcp(reverse, answer), 'wan'))).toBe(`${SERVER} 80 > ${HOST} 4000`)
      const ping = pass(b, echo(HOST, SERVER, 77))
      expect(ends(pass(b, echo(SERVER, EXTERNAL, ping.sourcePort, true), 'wan'))).toBe(
        `${SERVER} 77 > ${HOST} 77`,
      )
      expect(b.flows()).toHaveLength(3)
      expect(b.drops()).toEqual({})
    })

    test('A1, A7: one port for all destinations; strangers are not let in', () => {
      const b = lab(build, [masquerade])
      const { sourcePort } = pass(b, out())
      const more = udp({ from: [HOST, 4000], to: ['2001:db8:ffff::2', 53] })
      expect(pass(b, more).sourcePort).toBe(sourcePort)
      expect(pass(b, out(4000, OTHER)).sourcePort).not.toBe(sourcePort)
      expect(passAll(b, back(sourcePort, EXTERNAL, '2001:db8:ffff::3'), 'wan')).toEqual([])
      expect(b.drops()).toEqual({ 'wan nat-unsolicited': 1 })
    })

    test('through extension headers, and never without a checksum (K3)', () => {
      const b = lab(build, [masquerade])
      const both = { extensions: EXTENSIONS }
      const sent = pass(b, udp({ from: [HOST, 4000], to: [SERVER, 53] }, both))
      expect(sent.source).toBe(EXTERNAL)
      const answer = udp({ from: [SERVER, 53], to: [EXTERNAL, sent.sourcePort] }, both)
      expect(ends(pass(b, answer, 'wan'))).toBe(`${SERVER} 53 > ${HOST} 4000`)
      const bare = { from: [SERVER, 53], to: [EXTERNAL, sent.sourcePort] } as const
      expect(passAll(b, udp(bare, { checksum: 'none' }), 'wan')).toEqual([])
      expect(b.drops()).toEqual({ 'wan checksum-zero': 1 })
    })

    test('A8: a hairpin has the external source; a published port answers inside too', () => {
      const published: Publish = {
        name: 'dns',
        listen: 'wan:53',
        to: [`[${OTHER}]:5353`],
        protocol: ['udp'],
      }
      const b = lab(build, [masquerade], [published])
      const call = pass(b, udp({ from: [HOST, 4000], to: [EXTERNAL, 53] }))
      expect(ends(call)).toBe(`${EXTERNAL} ${call.sourcePort} > ${OTHER} 5353`)
      const answer = udp({ from: [OTHER, 5353], to: [EXTERNAL, call.sourcePort] })
      expect(ends(pass(b, answer))).toBe(`${EXTERNAL} 53 > ${HOST} 4000`)
      expect(ends(pass(b, udp({ from: [SERVER, 9], to: [EXTERNAL, 53] }), 'wan'))).toBe(
        `${SERVER} 9 > ${OTHER} 5353`,
      )
    })

    test('A18: ICMPv6 errors come back with the headers that they are about', () => {
      const b = lab(build, [masquerade])
      const frames = [
        out(),
        tcp({ from: [HOST, 4000], to: [SERVER, 80] }, { flags: Flag.SYN }),
        echo(HOST, SERVER, 99),
        udp({ from: [HOST, 4001], to: [SERVER, 53] }, { extensions: EXTENSIONS }),
      ]
      for (const frame of frames) {
        const [sent] = passAll(b, frame) as [Uint8Array]
        const came = pass(b, icmpError(ROUTER, EXTERNAL, [1, 3], sent, 1000), 'wan')
        expect([came.source, came.destination]).toEqual([ROUTER, HOST])
        const inner = readQuoted(came)
        expect(inner.faults).toEqual([])
        expect(ends(inner)).toBe(ends(readIp(frame)))
      }
      const lie = icmpError(ROUTER, EXTERNAL, [1, 3], back(1))
      expect(passAll(b, lie, 'wan')).toEqual([])
      expect(b.drops()).toEqual({ 'wan flow-invalid': 1 })
    })

    test('K4: what is too big for the uplink is told to who sent it, as it was sent', () => {
      const b = lab(build, [masquerade])
      const big = udp({ from: [HOST, 4000], to: [SERVER, 53] }, {}, 1400)
      const [told] = passAll(b, big) as [Uint8Array]
      const read = readIp(told)
      expect(read).toMatchObject({ destination: HOST, protocol: 58, faults: [] })
      expect([...read.payload.subarray(0, 8)].slice(0, 2)).toEqual([2, 0])
      expect([...read.payload.subarray(4, 8)]).toEqual([0, 0, ...word(1400)])
      expect(ends(readQuoted(read))).toBe(ends(readIp(big)))
    })
  })

  describe('fragments', () => {
    const data = Uint8Array.from({ length: 2000 }, (_, at) => (at * 13) & 0xff)
    /** The parts of a datagram, behind the destination options that they are the parts of. */
    function parts(from: string, to: string, id: number, options: boolean): Uint8Array[] {
      const whole = readFrame(udp({ from: [from, 4000], to: [to, 53] }, {}, data))
      const payload = whole?.payload as Uint8Array
      const octets = options ? join([17, 0, 1, 4, 0, 0, 0, 0], payload) : payload
      return [0, 800, 1600].map((at) => {
        const end = Math.min(at + 800, octets.length)
        const more = end < octets.length ? 1 : 0
        const head = [options ? 60 : 17, 0, ...word(at | more), 0, 0, ...word(id)]
        const part = join(head, octets.subarray(at, end))
        return ipFrame({ source: from, destination: to, protocol: 44, payload: part })
      })
    }
    /** Puts parts together and judges the checksum of what comes of it. */
    function whole(frames: readonly Uint8Array[]): Read {
      const packets = frames.map((frame) => frame.subarray(14))
      const sorted = packets.sort((a, b) => offset(a) - offset(b))
      const payload = join(...sorted.map((packet) => packet.subarray(48)))
      const [first] = sorted as [Uint8Array]
      const head = join([0x60, 0, 0, 0], word(payload.length), [first[40] as number, 64])
      const packet = join(head, first.subarray(8, 40), payload)
      return readIp(ethernet(station(1), station(2), EtherType.IPV6, packet))
    }
    const offset = (packet: Uint8Array) =>
      (((packet[42] as number) << 8) | (packet[43] as number)) & 0xfff8

    test.each([
      ['in order', false, [0, 1, 2]],
      ['the first in the end', false, [2, 1, 0]],
      ['behind destination options', true, [0, 1, 2]],
      ['behind destination options, the first in the end', true, [1, 2, 0]],
    ])('A12: %s', (_, options, order) => {
      for (const rule of [masquerade, fixed, prefix]) {
        const b = lab(build, [rule])
        const sent = parts(HOST, SERVER, 7, options)
        const frames = order.flatMap((at) => passAll(b, sent[at] as Uint8Array))
        expect(frames).toHaveLength(3)
        const got = whole(frames)
        expect(got).toMatchObject({ destination: SERVER, destinationPort: 53, faults: [] })
        expect(got.source).toMatch(/^2001:db8:/)
        expect(got.payload.subarray(8)).toEqual(data)
        expect(b.drops()).toEqual({})
      }
    })

    test.each([false, true])(
      'A18, A21: an error about the first comes back to who sent it (extension headers: %s)',
      (options) => {
        for (const rule of [masquerade, fixed, prefix]) {
          const b = lab(build, [rule])
          const [first, second] = parts(HOST, SERVER, 7, options) as [Uint8Array, Uint8Array]
          const [sent] = passAll(b, first) as [Uint8Array]
          const [later] = passAll(b, second) as [Uint8Array]
          const { source } = readIp(sent)
          const tooBig = [2, 0] as const
          const came = pass(b, icmpError(ROUTER, source, tooBig, sent, 200), 'wan')
          expect([came.source, came.destination]).toEqual([ROUTER, HOST])
          const quoted = first.slice(14, 214)
          quoted[7] = 63 // the hop limit is the only thing that it has lost for good
          expect(came.payload.subarray(8)).toEqual(quoted)
          // Of a later one nobody can tell whose it is.
          expect(passAll(b, icmpError(ROUTER, source, tooBig, later, 200), 'wan')).toEqual([])
          expect(b.drops()).toEqual({ 'wan flow-invalid': 1 })
        }
      },
    )

    test('D4: those that overlap go nowhere, translated or not', () => {
      const b = lab(build, [masquerade])
      const [first, second, third] = parts(HOST, SERVER, 7, false) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ]
      expect(passAll(b, first)).toHaveLength(1)
      const over = second.slice()
      over.set(word(792 | 1), 14 + 42)
      for (const part of [over, second, third]) expect(passAll(b, part)).toEqual([])
      expect(b.drops()).toEqual({ 'a fragment-invalid': 3 })
    })
  })

  describe('one prefix for another (RFC 6296)', () => {
    const outer = (host = HOST) => {
      const read = pass(lab(build, [prefix]), out(4000, host))
      return read.source
    }

    test('both ways, at the same address, with ports and checksums as they are', () => {
      const b = lab(build, [prefix])
      const frame = out()
      const sent = pass(b, frame)
      expect(sent.source).toMatch(/^2001:db8:1:[0-9a-f]+::2$/)
      expect(sent.sourcePort).toBe(4000)
      expect(sent.payload).toEqual(readIp(frame).payload) // the checksum among them
      expect(ends(pass(b, back(4000, sent.source), 'wan'))).toBe(`${SERVER} 53 > ${HOST} 4000`)
      // Who is called first is called at the same address.
      const other = outer(OTHER)
      const call = tcp({ from: [SERVER, 9], to: [other, 22] }, { flags: Flag.SYN })
      expect(ends(pass(b, call, 'wan'))).toBe(`${SERVER} 9 > ${OTHER} 22`)
      const answer = { flags: Flag.SYN | Flag.ACK, acknowledgement: 1 }
      expect(pass(b, tcp({ from: [OTHER, 22], to: [SERVER, 9] }, answer)).source).toBe(other)
    })

    test('3.5: the subnet FFFF has no outer address', () => {
      const b = lab(build, [{ ...prefix, inside: 'fd55::/48' }])
      const beyond = '2001:db8:1:ffff::2'
      expect(passAll(b, back(4000, beyond), 'wan')).toEqual([])
      expect(b.drops()).toEqual({ 'wan no-route': 1 })
    })

    test('A21: errors about what was sent come back to who sent it, and leave as the outer host', () => {
      const b = lab(build, [prefix])
      const frame = out()
      const [sent] = passAll(b, frame) as [Uint8Array]
      const { source } = readIp(sent)
      const came = pass(b, icmpError(ROUTER, source, [1, 4], sent, 1000), 'wan')
      expect([came.source, came.destination]).toEqual([ROUTER, HOST])
      expect(readQuoted(came).faults).toEqual([])
      expect(ends(readQuoted(came))).toBe(ends(readIp(frame)))
      const call = udp({ from: [SERVER, 9], to: [source, 99] })
      const [heard] = passAll(b, call, 'wan') as [Uint8Array]
      const refused = pass(b, icmpError(HOST, SERVER, [1, 4], heard, 1000))
      expect([refused.source, refused.destination]).toEqual([source, SERVER])
      expect(ends(readQuoted(refused))).toBe(ends(readIp(call)))
    })
  })

  test('one address for another, all ports, both ways', () => {
    const b = lab(build, [fixed, masquerade])
    expect(ends(pass(b, out()))).toBe(`2001:db8::20 4000 > ${SERVER} 53`)
    expect(ends(pass(b, back(22, '2001:db8::20'), 'wan'))).toBe(`${SERVER} 53 > ${HOST} 22`)
    expect(pass(b, out(4000, OTHER)).source).toBe(EXTERNAL)
    expect(ends(pass(b, echo(SERVER, '2001:db8::20', 5), 'wan'))).toBe(`${SERVER} 5 > ${HOST} 5`)
  })
})
