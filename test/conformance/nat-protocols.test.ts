/** Protocols without ports that translation knows: their addresses are translated, and nothing else. */
import { describe, expect, test } from 'vitest'
import type { NatRules } from '../../src/dataplane/nat-rules.js'
import { onEveryBuild } from '../support/builds.js'
import { join, station, word } from '../support/frames.js'
import { EXTERNAL, GATEWAY, NatLab } from '../support/nat-lab.js'
import { ipFrame, readIp } from '../support/nat-packets.js'

const [HOST, OTHER] = ['10.0.0.2', '10.0.0.4']
const SERVER = '198.51.100.7'
const IN = { from: 2, to: 1 } as const
const RULES: Partial<NatRules> = { masquerade: [{ fromDomain: 1, outDomain: 2, to: [EXTERNAL] }] }
const [GRE, DCCP, ICMPV6, SCTP, UDP_LITE] = [47, 33, 58, 132, 136]

const octets = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 37 + 11) & 0xff)

onEveryBuild('NAT of other protocols', (build) => {
  const bench = () => new NatLab(build).rules(RULES)
  const sctp = (from: number, to: number) => join(word(from), word(to), octets(28))
  const pass = (b: NatLab, frame: Uint8Array, passage = {}) => {
    const outcome = b.pass(frame, passage)
    if ('drop' in outcome) throw new Error(`dropped: ${outcome.drop}`)
    const read = readIp(outcome.frame)
    expect(read.faults).toEqual([])
    return read
  }

  test.each([
    ['GRE', GRE, octets(24), octets(24)],
    ['SCTP, whose ports and tags stay', SCTP, sctp(5000, 6000), sctp(6000, 5000)],
  ])('%s goes out and comes back as it is', (_, protocol, said, answered) => {
    const b = bench()
    const sent = pass(b, ipFrame({ source: HOST, destination: SERVER, protocol, payload: said }))
    expect([sent.source, sent.payload]).toEqual([EXTERNAL, said])
    const answer = ipFrame({ source: SERVER, destination: EXTERNAL, protocol, payload: answered })
    const came = pass(b, answer, IN)
    expect([came.destination, came.payload]).toEqual([HOST, answered])
  })

  test('A19: a second host that says the same to the same is told that there is no room', () => {
    const b = bench()
    const from = (source: string) =>
      ipFrame({ source, destination: SERVER, protocol: SCTP, payload: sctp(5000, 6000) })
    expect(pass(b, from(HOST)).source).toBe(EXTERNAL)
    expect(b.passAll(from(OTHER)).map((frame) => readIp(frame))).toMatchObject([
      { destination: OTHER, protocol: 1 },
    ])
    expect(b.rig.drops()).toEqual({ 'a nat-exhausted': 1 })
  })

  describe.each([
    ['DCCP', DCCP, 6],
    ['UDP-Lite', UDP_LITE, 6],
    ['ICMPv6 over IPv4', ICMPV6, 2],
  ])('T10, T12: %s that ends before its checksum', (_, protocol, field) => {
    test.each([0, 1, field, field + 1])('after %i octets: nothing of it is changed', (length) => {
      const b = bench()
      const payload = octets(length)
      const short = {
        source: HOST,
        destination: SERVER,
        protocol,
        payload,
        checksum: 'none',
      } as const
      const neighbor = { source: OTHER, destination: SERVER, protocol: GRE, payload: octets(64) }
      const frames = [short, neighbor].map((given) => {
        const frame = ipFrame(given)
        frame.set([...GATEWAY, ...station(2)])
        return frame
      })
      pass(b, ipFrame({ ...neighbor, source: HOST, destination: '198.51.100.8' }))
      b.rig.inject('a', ...frames).run()
      const left = b.drain().map((frame) => readIp(frame))
      expect(left.map((read) => [read.source, read.payload])).toEqual([
        [EXTERNAL, payload],
        [EXTERNAL, octets(64)],
      ])
    })
  })
})
