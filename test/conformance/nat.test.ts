/** Connection tracking and NAT through the whole switch (RFC 4787, 5382, 5508, 6864, 7857). */
import { describe, expect, test } from 'vitest'
import type { NatRules } from '../../src/dataplane/nat-rules.js'
import { onEveryBuild } from '../support/builds.js'
import { station } from '../support/frames.js'
import {
  complainAboutCalls,
  ends,
  HOST,
  IN,
  MASQUERADE,
  out,
  passed,
  published,
  ROUTER,
  SERVER,
  through,
} from '../support/nat-calls.js'
import { EXTERNAL, GATEWAY, type LabOptions, NatLab } from '../support/nat-lab.js'
import {
  echo,
  Flag,
  icmpError,
  ipFrame,
  readIp,
  readQuoted,
  tcp,
  udp,
} from '../support/nat-packets.js'

const OTHER = '10.0.0.3'
const OPEN: Partial<NatRules> = {
  masquerade: [{ fromDomain: 1, outDomain: 2, to: [EXTERNAL], filtering: 'open' }],
}

/** A frame of HOST, addressed to the router as one that NatLab passes. */
function addressed(frame: Uint8Array): Uint8Array {
  const bytes = frame.slice()
  bytes.set([...GATEWAY, ...station(2)])
  return bytes
}

const back = (port: number, from = 53, server = SERVER, external = EXTERNAL) =>
  udp({ from: [server, from], to: [external, port] })

onEveryBuild('NAT', (build) => {
  const bench = (rules: Partial<NatRules> = MASQUERADE, options: LabOptions = {}) =>
    new NatLab(build, options).rules(rules)

  describe('masquerade', () => {
    test('a datagram leaves with the external address, and its answer comes back', () => {
      const b = bench()
      const sent = through(b.pass(out()))
      expect(ends(sent)).toBe(`${EXTERNAL} ${sent.sourcePort} > ${SERVER} 53`)
      const came = through(b.pass(back(sent.sourcePort), IN))
      expect(ends(came)).toBe(`${SERVER} 53 > ${HOST} 4000`)
      expect([...b.flows.list()]).toMatchObject([
        { protocol: 'udp', state: 'replied', frames: 2, nat: ['source'] },
      ])
    })

    test('without a rule nothing is changed, and the flow is tracked', () => {
      const b = bench({})
      expect(ends(through(b.pass(out())))).toBe(`${HOST} 4000 > ${SERVER} 53`)
      expect(b.count()).toBe(1)
    })

    test('NAT A1 (RFC 4787 REQ-1): one external port for all an endpoint talks to; another has another', () => {
      const b = bench()
      const first = through(b.pass(out(4000, 53)))
      expect(through(b.pass(out(4000, 54))).sourcePort).toBe(first.sourcePort)
      expect(through(b.pass(out(4000, 53, HOST, '198.51.100.8'))).sourcePort).toBe(first.sourcePort)
      expect(through(b.pass(out(4001, 53))).sourcePort).not.toBe(first.sourcePort)
      expect(through(b.pass(out(4000, 53, OTHER))).sourcePort).not.toBe(first.sourcePort)
    })

    test('NAT A2 (RFC 4787 REQ-2): a host has one address of a pool', () => {
      const to = ['203.0.113.10', '203.0.113.11', '203.0.113.12']
      const b = bench({ masquerade: [{ fromDomain: 1, outDomain: 2, to }] }, { flows: 4 << 17 })
      const seen = new Set<string>()
      for (let host = 2; host < 40; host++) {
        const own = [4000, 4001, 4002].map(
          (port) => through(b.pass(out(port, 53, `10.0.0.${host}`))).source,
        )
        expect(new Set(own).size).toBe(1)
        seen.add(own[0] as string)
      }
      expect([...seen].sort()).toEqual(to)
    })

    test('NAT A3 (RFC 4787 REQ-3): no external port twice, and well-known ones stay well-known', () => {
      const b = bench(MASQUERADE, { flows: 4096 })
      const ports = new Set<number>()
      for (let n = 0; n < 500; n++) {
        const port = through(b.pass(out(2000 + n, 53, `10.0.${n & 3}.2`))).sourcePort
        expect(port).toBeGreaterThan(1023)
        expect(ports.has(port)).toBe(false)
        ports.add(port)
      }
      expect(through(b.pass(out(500))).sourcePort).toBeLessThan(1024)
    })

    test('NAT A4 (RFC 6056): ports are random by the seed; parity and the port itself where asked', () => {
      const portsOf = (rules: Partial<NatRules>, seed: readonly [number, number]) => {
        const b = bench(rules, { seed })
        return [5000, 5001, 5002, 5003].map((port) => through(b.pass(out(port))).sourcePort)
      }
      expect(portsOf(MASQUERADE, [1, 2])).toEqual(portsOf(MASQUERADE, [1, 2]))
      expect(portsOf(MASQUERADE, [1, 2])).not.toEqual(portsOf(MASQUERADE, [3, 2]))
      const rule = { fromDomain: 1, outDomain: 2, to: [EXTERNAL] }
      const parity = portsOf({ masquerade: [{ ...rule, ports: 'parity' }] }, [1, 2])
      expect(parity.map((port) => port % 2)).toEqual([0, 1, 0, 1])
      expect(portsOf({ masquerade: [{ ...rule, ports: 'preserve' }] }, [1, 2])).toEqual([
        5000, 5001, 5002, 5003,
      ])
    })

    test('NAT A5, A6 (RFC 4787 REQ-5, REQ-6): 300 s, refreshed from inside only', () => {
      const b = bench()
      const { sourcePort } = through(b.pass(out()))
      b.advance(299_000)
      expect(through(b.pass(back(sourcePort), IN)).destinationPort).toBe(4000)
      b.advance(2000)
      expect(b.pass(back(sourcePort), IN)).toEqual({ drop: 'nat-unsolicited' })
      const again = through(b.pass(out()))
      for (let n = 0; n < 5; n++) {
        b.advance(200_000)
        expect(through(b.pass(out())).sourcePort).toBe(again.sourcePort)
      }
      b.advance(299_000)
      through(b.pass(back(again.sourcePort), IN))
    })

    test('NAT A7 (RFC 4787 REQ-8): address-dependent filtering, or endpoint-independent', () => {
      const b = bench()
      const { sourcePort } = through(b.pass(out()))
      through(b.pass(back(sourcePort, 99), IN)) // another port of the same address
      expect(b.pass(back(sourcePort, 53, '198.51.100.8'), IN)).toEqual({ drop: 'nat-unsolicited' })
      const o = bench(OPEN)
      const open = through(o.pass(out())).sourcePort
      expect(ends(through(o.pass(back(open, 9, '198.51.100.8'), IN)))).toBe(
        `198.51.100.8 9 > ${HOST} 4000`,
      )
      expect(o.pass(back(open ^ 1, 9), IN)).toEqual({ drop: 'nat-unsolicited' })
    })

    test('A6: who calls from outside keeps no mapping alive', () => {
      const b = bench(OPEN)
      const { sourcePort } = through(b.pass(out()))
      for (let n = 0; n < 4; n++) {
        b.advance(100_000)
        b.pass(back(sourcePort, 100 + n, '198.51.100.8'), IN)
      }
      expect(b.pass(back(sourcePort, 1, '198.51.100.9'), IN)).toEqual({ drop: 'nat-unsolicited' })
    })

    test('NAT A8 (RFC 4787 REQ-9): a hairpin has the external source', () => {
      const b = bench()
      const a = through(b.pass(out(4000)))
      const c = through(b.pass(out(5000, 53, OTHER)))
      const call = udp({ from: [HOST, 4000], to: [EXTERNAL, c.sourcePort] })
      expect(ends(through(b.pass(call, { from: 1, to: 1 })))).toBe(
        `${EXTERNAL} ${a.sourcePort} > ${OTHER} 5000`,
      )
      const answer = udp({ from: [OTHER, 5000], to: [EXTERNAL, a.sourcePort] })
      expect(ends(through(b.pass(answer, { from: 1, to: 1 })))).toBe(
        `${EXTERNAL} ${c.sourcePort} > ${HOST} 4000`,
      )
    })

    test('NAT A8: who has an external address of its own calls a neighbour with it', () => {
      const own = '203.0.113.20'
      const publish = published(OTHER)
      const b = bench({
        ...MASQUERADE,
        publish,
        static: [{ address: own, domain: 2, inside: HOST }],
      })
      const call = udp({ from: [HOST, 4000], to: [EXTERNAL, 53] })
      expect(ends(through(b.pass(call, { from: 1, to: 1 })))).toBe(`${own} 4000 > ${OTHER} 53`)
      const answer = udp({ from: [OTHER, 53], to: [own, 4000] })
      expect(ends(through(b.pass(answer, { from: 1, to: 1 })))).toBe(
        `${EXTERNAL} 53 > ${HOST} 4000`,
      )
    })

    test('NAT A14 (RFC 5382 REQ-4): an unsolicited SYN is dropped in silence', () => {
      const b = bench()
      const syn = tcp({ from: [SERVER, 1], to: [EXTERNAL, 80] }, { flags: Flag.SYN })
      expect(b.pass(syn, IN)).toEqual({ drop: 'nat-unsolicited' })
      expect(b.count()).toBe(0)
    })

    test('NAT A17 (RFC 5508 REQ-1, REQ-2): echo identifiers are translated, and live 60 s', () => {
      const b = bench()
      const sent = through(b.pass(echo(HOST, SERVER, 77)))
      expect(sent.source).toBe(EXTERNAL)
      expect(ends(through(b.pass(echo(SERVER, EXTERNAL, sent.sourcePort, true), IN)))).toBe(
        `${SERVER} 77 > ${HOST} 77`,
      )
      b.advance(59_000)
      through(b.pass(echo(SERVER, EXTERNAL, sent.sourcePort, true), IN))
      b.advance(1_125)
      expect(b.pass(echo(SERVER, EXTERNAL, sent.sourcePort, true), IN)).toEqual({
        drop: 'not-for-router',
      })
    })

    test('NAT A19: an exhausted range drops what is new, and nothing else', () => {
      const masquerade = [
        { fromDomain: 1, outDomain: 2, to: [EXTERNAL], portRange: [5000, 5003] as const },
      ]
      const b = bench({ masquerade })
      for (let n = 0; n < 4; n++) through(b.pass(out(4000 + n)))
      expect(b.pass(out(4004))).toEqual({ drop: 'nat-exhausted' })
      expect(b.count()).toBe(4)
      through(b.pass(out(4003)))
      b.advance(316_000)
      expect(b.count()).toBe(0)
      through(b.pass(out(4004)))
    })

    test.each(['tcp', 'udp'] as const)(
      'K1: a partial checksum of %s, and a super-frame, keep theirs',
      (kind) => {
        const b = bench(MASQUERADE, { offloads: true })
        const both = { from: [HOST, 4000], to: [SERVER, 80] } as const
        const partial = { checksum: 'partial' } as const
        const made = (data: number) =>
          kind === 'udp'
            ? udp(both, partial, data)
            : tcp(
                both,
                { flags: data === 0 ? Flag.SYN : Flag.ACK, data, acknowledgement: 1 },
                partial,
              )
        const first = passed(b.pass(made(0), { partial: true }))
        expect(readIp(first, true)).toMatchObject({ source: EXTERNAL, faults: [] })
        const large = passed(b.pass(made(6000), { gso: [1, 1000] }))
        expect(readIp(large, true)).toMatchObject({ source: EXTERNAL, faults: [] })
        expect(large.length).toBeGreaterThan(6000)
      },
    )

    test('after all timers nothing is left', () => {
      const b = bench()
      for (let n = 0; n < 200; n++) through(b.pass(out(4000 + n, 53, `10.0.${n}.2`)))
      expect(b.nat.portsInUse(EXTERNAL)).toEqual({ tcp: 0, udp: 200 })
      b.advance(320_000)
      expect(b.count()).toBe(0)
      expect(b.nat.portsInUse(EXTERNAL)).toEqual({ tcp: 0, udp: 0 })
    })
  })

  describe('publish', () => {
    const publish: NatRules['publish'] = [
      {
        name: 'web',
        address: EXTERNAL,
        domain: 2,
        protocol: 'tcp',
        ports: [8080, 8089],
        to: HOST,
        toPort: 80,
      },
      { name: 'ping', address: EXTERNAL, domain: 2, protocol: 'icmp', to: OTHER },
    ]
    const web = (port = 8081) =>
      tcp({ from: [SERVER, 5000], to: [EXTERNAL, port] }, { flags: Flag.SYN })

    test('a call to a range reaches the inside port at the same place, and its answer the caller', () => {
      const b = bench({ ...MASQUERADE, publish })
      expect(ends(through(b.pass(web(8083), IN)))).toBe(`${SERVER} 5000 > ${HOST} 83`)
      const answer = { flags: Flag.SYN | Flag.ACK, acknowledgement: 1 }
      const reply = tcp({ from: [HOST, 83], to: [SERVER, 5000] }, answer)
      expect(ends(through(b.pass(reply)))).toBe(`${EXTERNAL} 8083 > ${SERVER} 5000`)
      expect(b.pass(web(8090), IN)).toEqual({ drop: 'nat-unsolicited' })
      expect(b.pass(web(8079), IN)).toEqual({ drop: 'nat-unsolicited' })
    })

    test('echo by address', () => {
      const b = bench({ ...MASQUERADE, publish })
      expect(ends(through(b.pass(echo(SERVER, EXTERNAL, 9), IN)))).toBe(`${SERVER} 9 > ${OTHER} 9`)
      expect(through(b.pass(echo(OTHER, SERVER, 9, true))).source).toBe(EXTERNAL)
    })

    test('a neighbour that calls by the external address is answered through the router', () => {
      const b = bench({ ...MASQUERADE, publish })
      const call = tcp({ from: [OTHER, 7000], to: [EXTERNAL, 8080] }, { flags: Flag.SYN })
      const came = through(b.pass(call, { from: 1, to: 1 }))
      expect(ends(came)).toBe(`${EXTERNAL} ${came.sourcePort} > ${HOST} 80`)
    })

    test('a range that is taken away ends its flows; a range that overlaps is refused with its owner', () => {
      const b = bench({ ...MASQUERADE, publish })
      through(b.pass(web(), IN))
      through(b.pass(out()))
      b.rules({ ...MASQUERADE, publish: publish.slice(1) })
      expect([...b.flows.list()].map(({ protocol }) => protocol)).toEqual(['udp'])
      const clash = [...publish, { ...publish[0]!, name: 'too', ports: [8089, 8090] as const }]
      expect(() => b.rules({ publish: clash })).toThrow(/"too" is published by "web" already/)
    })

    test("a published port is nobody's external port", () => {
      const range = [5000, 5001] as const
      const masquerade = [{ fromDomain: 1, outDomain: 2, to: [EXTERNAL], portRange: range }]
      const taken = { ...publish[0]!, ports: [5000, 5000] as const, protocol: 'udp' as const }
      const b = bench({ masquerade, publish: [taken] })
      expect(through(b.pass(out())).sourcePort).toBe(5001)
      expect(b.pass(out(4001))).toEqual({ drop: 'nat-exhausted' })
    })
  })

  describe('static addresses and prefixes', () => {
    test('one address for another, all ports, both ways', () => {
      const b = bench({ static: [{ address: EXTERNAL, domain: 2, inside: HOST }] })
      expect(ends(through(b.pass(out())))).toBe(`${EXTERNAL} 4000 > ${SERVER} 53`)
      expect(ends(through(b.pass(back(1234, 9), IN)))).toBe(`${SERVER} 9 > ${HOST} 1234`)
      expect(through(b.pass(out(4000, 53, OTHER))).source).toBe(OTHER)
    })
  })

  describe('TCP', () => {
    const CLIENT = { from: [HOST, 4000], to: [SERVER, 80] } as const
    /** A connection that is established, and what each side has sent. */
    function connected(b: NatLab) {
      const syn = tcp(CLIENT, { flags: Flag.SYN, sequence: 1000 })
      const port = through(b.pass(syn)).sourcePort
      const reverse = { from: [SERVER, 80], to: [EXTERNAL, port] } as const
      const c = (segment: Parameters<typeof tcp>[1]) => b.pass(tcp(CLIENT, segment))
      const s = (segment: Parameters<typeof tcp>[1]) => b.pass(tcp(reverse, segment), IN)
      through(s({ flags: Flag.SYN | Flag.ACK, sequence: 9000, acknowledgement: 1001 }))
      through(c({ flags: Flag.ACK, sequence: 1001, acknowledgement: 9001 }))
      return { c, s, state: () => [...b.flows.list()][0]?.state }
    }

    test('NAT A15 (RFC 5382 REQ-5): established 2 h 4 min, transitory 4 min', () => {
      const b = bench()
      const { state, s } = connected(b)
      expect(state()).toBe('established')
      b.advance(7_439_000)
      through(s({ flags: Flag.ACK, sequence: 9001, acknowledgement: 1001, data: 10 }))
      b.advance(2_000)
      expect(state()).toBeUndefined()
      through(b.pass(tcp({ ...CLIENT, from: [HOST, 4009] }, { flags: Flag.SYN, sequence: 1 })))
      b.advance(239_000)
      expect(state()).toBe('syn-sent')
      b.advance(2_000)
      expect(state()).toBeUndefined()
    })

    test('NAT A16: a RST in the window is translated and ends it in 4 min; one outside ends nothing', () => {
      const b = bench()
      const { state, s } = connected(b)
      through(s({ flags: Flag.RST, sequence: 5_000_000 }))
      expect(state()).toBe('established')
      through(s({ flags: Flag.RST, sequence: 9001 }))
      expect(state()).toBe('reset')
      b.advance(238_000)
      expect(state()).toBe('reset')
      b.advance(3_000)
      expect(state()).toBeUndefined()
    })

    test('a refusal ends the call; one with a wrong acknowledgement does not', () => {
      const b = bench()
      const port = through(b.pass(tcp(CLIENT, { flags: Flag.SYN, sequence: 1000 }))).sourcePort
      const reverse = { from: [SERVER, 80], to: [EXTERNAL, port] } as const
      const refuse = (acknowledgement: number) =>
        b.pass(tcp(reverse, { flags: Flag.RST | Flag.ACK, acknowledgement }), IN)
      refuse(1002)
      expect([...b.flows.list()][0]?.state).toBe('syn-sent')
      refuse(1001)
      expect([...b.flows.list()][0]?.state).toBe('reset')
    })

    test('NAT A13 (RFC 5382 REQ-2): both sides may open at once', () => {
      const b = bench()
      const port = through(b.pass(tcp(CLIENT, { flags: Flag.SYN, sequence: 1000 }))).sourcePort
      const reverse = { from: [SERVER, 80], to: [EXTERNAL, port] } as const
      through(b.pass(tcp(reverse, { flags: Flag.SYN, sequence: 9000 }), IN))
      through(
        b.pass(tcp(CLIENT, { flags: Flag.SYN | Flag.ACK, sequence: 1000, acknowledgement: 9001 })),
      )
      through(
        b.pass(
          tcp(reverse, { flags: Flag.SYN | Flag.ACK, sequence: 9000, acknowledgement: 1001 }),
          IN,
        ),
      )
      through(
        b.pass(
          tcp(reverse, { flags: Flag.ACK, sequence: 9001, acknowledgement: 1001, data: 5 }),
          IN,
        ),
      )
      expect([...b.flows.list()][0]?.state).toBe('established')
    })

    test('both FINs close it, and the same ports open it again', () => {
      const b = bench()
      const { c, s, state } = connected(b)
      through(c({ flags: Flag.FIN | Flag.ACK, sequence: 1001, acknowledgement: 9001 }))
      expect(state()).toBe('closing')
      through(c({ flags: Flag.FIN | Flag.ACK, sequence: 1001, acknowledgement: 9001 }))
      expect(state()).toBe('closing')
      through(s({ flags: Flag.FIN | Flag.ACK, sequence: 9001, acknowledgement: 1002 }))
      expect(state()).toBe('closed')
      through(c({ flags: Flag.SYN, sequence: 77_000 }))
      expect(state()).toBe('syn-sent')
    })

    test('windows are scaled where both sides say so', () => {
      const b = bench()
      const options = [1, 3, 3, 7] // NOP, window scale 7
      const port = through(
        b.pass(tcp(CLIENT, { flags: Flag.SYN, sequence: 0, options, window: 65_535 })),
      ).sourcePort
      const reverse = { from: [SERVER, 80], to: [EXTERNAL, port] } as const
      const synAck = { flags: Flag.SYN | Flag.ACK, acknowledgement: 1, options, window: 65_535 }
      through(b.pass(tcp(reverse, synAck), IN))
      through(
        b.pass(tcp(CLIENT, { flags: Flag.ACK, sequence: 1, acknowledgement: 1, window: 60_000 })),
      )
      // Far within 60,000 << 7, far beyond 60,000.
      through(b.pass(tcp(reverse, { flags: Flag.RST, sequence: 5_000_000 }), IN))
      expect([...b.flows.list()][0]?.state).toBe('reset')
    })

    test('what begins no connection: a RST, an answer, and behind a masquerade whatever is no SYN', () => {
      const b = bench()
      for (const flags of [Flag.RST, Flag.SYN | Flag.ACK, Flag.ACK]) {
        expect(b.pass(tcp(CLIENT, { flags }))).toEqual({ drop: 'flow-invalid' })
      }
      expect(b.count()).toBe(0)
      expect(b.nat.portsInUse(EXTERNAL).tcp).toBe(0)
      const plain = bench({})
      through(plain.pass(tcp(CLIENT, { flags: Flag.ACK, sequence: 5, acknowledgement: 7 })))
      expect([...plain.flows.list()][0]?.state).toBe('midstream')
      const reply = { flags: Flag.ACK, sequence: 7, acknowledgement: 5 }
      through(plain.pass(tcp({ from: [SERVER, 80], to: [HOST, 4000] }, reply), IN))
      expect([...plain.flows.list()][0]?.state).toBe('established')
    })
  })

  describe('ICMP errors', () => {
    test('NAT A18 (RFC 5508 REQ-4): from outside', () => {
      const b = bench()
      complainAboutCalls(b, [HOST, SERVER, EXTERNAL, ROUTER])
      expect(b.count()).toBe(3)
      b.advance(320_000)
      expect(b.count()).toBe(0)
    })

    test('from inside, about a published call: the host that sent it stays hidden', () => {
      const publish = published(HOST)
      const b = bench({ ...MASQUERADE, publish })
      const call = back(53, 5000)
      const frame = passed(b.pass(call, IN))
      const came = through(b.pass(icmpError(HOST, SERVER, [3, 3], frame)))
      expect([came.source, came.destination]).toEqual([EXTERNAL, SERVER])
      expect(ends(readQuoted(came))).toBe(ends(readIp(call)))
    })

    test('about nothing that was sent, or with a lie in it: dropped', () => {
      const b = bench()
      const frame = passed(b.pass(out()))
      const invalid = { drop: 'flow-invalid' }
      expect(b.pass(icmpError(ROUTER, EXTERNAL, [3, 1], back(9999)), IN)).toEqual(invalid)
      const lie = frame.slice()
      lie[14 + 8] = 1 // a TTL that the header checksum does not know
      expect(b.pass(icmpError(ROUTER, EXTERNAL, [3, 1], lie), IN)).toEqual(invalid)
      const wrong = icmpError(ROUTER, EXTERNAL, [3, 1], frame)
      wrong[wrong.length - 1] = (wrong[wrong.length - 1] as number) ^ 1
      expect(b.pass(wrong, IN)).toEqual(invalid)
      expect(b.pass(icmpError(ROUTER, EXTERNAL, [3, 1], frame, 19), IN)).toEqual(invalid)
    })

    test('what the router itself says of a translated packet quotes what was sent, to who sent it', () => {
      const b = bench()
      const expired = udp({ from: [HOST, 4000], to: [SERVER, 53] }, { ttl: 1 })
      const port = through(b.pass(out())).sourcePort
      const inside = b.passAll(expired).map((frame) => readIp(frame))
      expect(inside).toMatchObject([{ destination: HOST, protocol: 1, faults: [] }])
      expect(ends(readQuoted(inside[0]!))).toBe(ends(readIp(expired)))
      const answer = udp({ from: [SERVER, 53], to: [EXTERNAL, port] }, { ttl: 1 })
      const outside = b.passAll(answer, IN).map((frame) => readIp(frame))
      expect(outside).toMatchObject([{ source: EXTERNAL, destination: SERVER, faults: [] }])
      expect(ends(readQuoted(outside[0]!))).toBe(ends(readIp(answer)))
    })

    test('NAT A10: an error neither ends nor refreshes a mapping', () => {
      const b = bench()
      const frame = passed(b.pass(out()))
      for (let n = 0; n < 3; n++) {
        b.advance(99_000)
        through(b.pass(icmpError(ROUTER, EXTERNAL, [3, 3], frame), IN))
      }
      expect(b.count()).toBe(1)
      b.advance(20_000)
      expect(b.count()).toBe(0)
    })
  })

  describe('fragments', () => {
    const first = (id: number) =>
      udp({ from: [HOST, 4000], to: [SERVER, 53] }, { fragment: 0x2000, id }, 1472)
    /** The last part, or one in the middle. */
    const later = (id: number, offset = 185, more = false) =>
      ipFrame({
        source: HOST,
        destination: SERVER,
        protocol: 17,
        payload: new Uint8Array(more ? 1480 : 100).fill(9),
        fragment: offset | (more ? 0x2000 : 0),
        id,
      })

    test('NAT A12 (RFC 4787 REQ-14): the rest goes where the first went', () => {
      const b = bench()
      const sent = through(b.pass(first(8)))
      expect(through(b.pass(later(8)))).toMatchObject({ source: EXTERNAL, id: sent.id })
      expect(through(bench({}).pass(later(6))).source).toBe(HOST)
      expect(b.passAll(later(6))).toEqual([])
    })

    test('NAT A12: fragments that come before the first are translated when it comes, in time', () => {
      const b = bench()
      expect(b.passAll(later(5, 370))).toEqual([])
      expect(b.passAll(later(5, 185, true))).toEqual([])
      expect(b.passAll(later(6))).toEqual([])
      const all = b.passAll(first(5)).map((frame) => readIp(frame))
      expect(all.map(({ source }) => source)).toEqual([EXTERNAL, EXTERNAL, EXTERNAL])
      expect(new Set(all.map(({ id }) => id)).size).toBe(1)
      expect(all.map(({ payload }) => payload.length)).toEqual([1480, 100, 1480]) // as they came
      expect(all.flatMap(({ faults }) => faults)).toEqual([])
      expect(all[0]?.sourcePort).toBeGreaterThan(1023)
      b.advance(31_000)
      expect(b.passAll(first(6))).toHaveLength(1)
    })

    test('T6: a port has eight fragments waiting and no more, and keeps nobody else from it', () => {
      const b = bench()
      for (let id = 0; id < 8; id++) expect(b.passAll(later(id))).toEqual([])
      expect(b.pass(later(8))).toEqual({ drop: 'fragment-limit' })
      for (let id = 9; id < 10_008; id++) b.rig.inject('a', addressed(later(id)))
      b.rig.run()
      expect(b.rig.drops()).toEqual({ 'a fragment-limit': 10_000 })
      const others = { source: OTHER, destination: SERVER, protocol: 17, id: 9, fragment: 185 }
      expect(b.passAll(ipFrame({ ...others, payload: new Uint8Array(100) }))).toEqual([])
      const start = udp(
        { from: [OTHER, 4000], to: [SERVER, 53] },
        { fragment: 0x2000, id: 9 },
        1472,
      )
      expect(b.passAll(start)).toHaveLength(2)
      b.advance(31_000)
      expect(b.passAll(later(20_000))).toEqual([])
      expect(b.rig.drops()).toEqual({ 'a fragment-limit': 10_000 + 8 })
    })

    test('a worker whose clock is a moment behind knows what one before it has seen', () => {
      const b = bench()
      b.advance(1000)
      const sent = through(b.pass(first(8)))
      b.rig.now -= 200
      expect(through(b.pass(later(8)))).toMatchObject({ source: EXTERNAL, id: sent.id })
      b.rig.now += 200
      expect(b.passAll(later(9))).toEqual([])
      b.rig.now -= 200
      expect(b.passAll(first(9))).toHaveLength(2)
    })

    test('what a worker has woken that then died makes room in time', () => {
      const b = bench()
      for (let id = 0; id < 8; id++) expect(b.passAll(later(id))).toEqual([])
      // Directory.PARTS of assembly/memory.ts; state of a slot as assembly/flow/hold.ts has it.
      const view = new DataView(b.rig.attachment.memory.buffer)
      const slots = view.getUint32(0x10000 + 2700, true) + 64
      for (let slot = 0; slot < 8; slot++) view.setUint32(slots + slot * 2048, 2 + 7, true)
      expect(b.pass(later(8))).toEqual({ drop: 'fragment-limit' })
      b.advance(31_000)
      expect(b.passAll(later(9))).toEqual([])
      expect(b.rig.drops()).toEqual({ 'a fragment-limit': 1 + 8 })
    })

    test('T6, D4: of those that waited, none overlaps another either', () => {
      const b = bench()
      for (const fragment of [later(5, 185, true), later(5, 186, true), later(5, 370)]) {
        expect(b.passAll(fragment)).toEqual([])
      }
      const all = b.passAll(first(5)).map((frame) => readIp(frame))
      expect(all.map(({ payload }) => payload.length)).toEqual([1480, 1480])
      expect(b.rig.drops()).toEqual({ 'a fragment-invalid': 2 })
      expect(b.pass(later(5, 555))).toEqual({ drop: 'fragment-invalid' })
    })
  })

  describe('identifications', () => {
    const numbered = (host: string, fragment: number) =>
      udp({ from: [host, 4000], to: [SERVER, 53] }, { fragment, id: 7 })

    test('NAT A20 (RFC 6864 5.3.1): hosts that number alike are told apart; what is atomic stays as it is', () => {
      const b = bench()
      const ids = [HOST, OTHER, HOST, OTHER].map((host) => through(b.pass(numbered(host, 0))).id)
      expect(new Set(ids).size).toBe(4)
      expect(through(b.pass(numbered(HOST, 0x4000))).id).toBe(7)
      const plain = bench({})
      expect(through(plain.pass(numbered(HOST, 0))).id).toBe(7)
    })

    test('a packet that is answered from a published port keeps its number', () => {
      const publish = published(HOST)
      const b = bench({ publish })
      through(b.pass(back(53, 5000), IN))
      const answer = udp({ from: [HOST, 53], to: [SERVER, 5000] }, { fragment: 0, id: 7 })
      expect(through(b.pass(answer)).id).toBe(7)
    })
  })

  describe('limits', () => {
    const syn = (host: string, port: number) =>
      tcp({ from: [host, port], to: [SERVER, 80] }, { flags: Flag.SYN, sequence: 1 })

    test('T4: a host has a quarter of the table and no more', () => {
      const b = bench(MASQUERADE, { flows: 64 })
      for (let n = 0; n < 16; n++) through(b.pass(out(4000 + n)))
      expect(b.pass(out(5000))).toEqual({ drop: 'flow-limit' })
      through(b.pass(out(5000, 53, OTHER)))
      b.advance(320_000)
      through(b.pass(out(5000)))
    })

    test('T4, T5: a flood of SYNs displaces its own; established and answered flows lose nothing', () => {
      const b = bench(MASQUERADE, { flows: 256 })
      const ports: number[] = []
      for (let n = 0; n < 60; n++) {
        const { sourcePort } = through(b.pass(out(4000 + n, 53, `10.1.0.${n}`)))
        through(b.pass(back(sourcePort), IN))
        ports.push(sourcePort)
      }
      for (let n = 0; n < 3000; n++) b.pass(syn(`10.2.${n >> 8}.${n & 255}`, 1024 + n))
      expect(b.count()).toBe(256)
      for (const [n, port] of ports.entries()) {
        expect(through(b.pass(back(port), IN)).destination).toBe(`10.1.0.${n}`)
      }
      b.advance(320_000)
      expect(b.count()).toBe(0)
    })

    test('a table of answered flows is full, and says so', () => {
      const b = bench({}, { flows: 16 })
      for (let n = 0; n < 16; n++) {
        through(b.pass(out(4000, 53, `10.1.0.${n}`)))
        through(b.pass(udp({ from: [SERVER, 53], to: [`10.1.0.${n}`, 4000] }), IN))
      }
      expect(b.pass(out())).toEqual({ drop: 'flow-table-full' })
    })

    test('what is removed takes its flows along: a port, a domain, an address', () => {
      const b = bench(MASQUERADE)
      through(b.pass(out(4000)))
      through(b.pass(out(4000, 53, OTHER)))
      expect(b.flows.purgePort(b.rig.indexOf('a'))).toBe(1)
      expect([...b.flows.list()].map(({ original }) => original.source)).toEqual([OTHER])
      through(b.pass(out(4000)))
      expect(b.flows.purgeAddress({ family: 4, bytes: Uint8Array.of(10, 0, 0, 2) })).toBe(1)
      expect(b.flows.purgeDomain(3)).toBe(0)
      expect(b.flows.purgeDomain(2)).toBe(1)
      expect(b.nat.portsInUse(EXTERNAL)).toEqual({ tcp: 0, udp: 0 })
    })
  })
})
