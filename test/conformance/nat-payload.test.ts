/** Translation leaves alone what is behind the transport header (RFC 4787 REQ-10, RFC 5382 REQ-6). */
import { describe, expect, test } from 'vitest'
import type { NatRules } from '../../src/dataplane/nat-rules.js'
import { onEveryBuild } from '../support/builds.js'
import { word } from '../support/frames.js'
import { EXTERNAL, NatLab } from '../support/nat-lab.js'
import { type Ends, Flag, readIp, type Segment, tcp, udp } from '../support/nat-packets.js'

const HOST = '10.0.0.2'
const SERVER = '198.51.100.7'
const IN = { from: 2, to: 1 } as const
const RULES: Partial<NatRules> = { masquerade: [{ fromDomain: 1, outDomain: 2, to: [EXTERNAL] }] }

const text = (...lines: string[]) =>
  new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join(''))

/** What a protocol says of addresses, as text and as octets. */
const PORT = text('PORT 10,0,0,2,19,137')
const PASSIVE = text('227 Entering Passive Mode (203,0,113,10,19,137)', '229 (|||5001|)')
const SIP = text(
  'REGISTER sip:example.com SIP/2.0',
  'Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK77',
  'Contact: <sip:alice@10.0.0.2:5060>',
  '',
  'c=IN IP4 10.0.0.2',
  'm=audio 49170 RTP/AVP 0',
)
const BINARY = Uint8Array.of(
  10,
  0,
  0,
  2,
  ...word(5060),
  203,
  0,
  113,
  10,
  ...word(21),
  10,
  0,
  0,
  2,
  9,
)

onEveryBuild('NAT A9 (no ALG)', (build) => {
  function bench() {
    const b = new NatLab(build).rules(RULES)
    const pass = (frame: Uint8Array, passage = {}) => {
      const outcome = b.pass(frame, passage)
      if ('drop' in outcome) throw new Error(`dropped: ${outcome.drop}`)
      const read = readIp(outcome.frame)
      expect(read.faults).toEqual([])
      return read
    }
    return { b, pass }
  }

  describe('an FTP control connection', () => {
    function connected() {
      const { b, pass } = bench()
      const ends: Ends = { from: [HOST, 4000], to: [SERVER, 21] }
      const { sourcePort } = pass(tcp(ends, { flags: Flag.SYN, sequence: 99 }))
      const back: Ends = { from: [SERVER, 21], to: [EXTERNAL, sourcePort] }
      pass(tcp(back, { flags: Flag.SYN | Flag.ACK, sequence: 500, acknowledgement: 100 }), IN)
      const says = (segment: Partial<Segment>) =>
        pass(
          tcp(ends, {
            flags: Flag.ACK | Flag.PSH,
            sequence: 100,
            acknowledgement: 501,
            ...segment,
          }),
        )
      const hears = (segment: Partial<Segment>) =>
        pass(
          tcp(back, {
            flags: Flag.ACK | Flag.PSH,
            sequence: 501,
            acknowledgement: 100,
            ...segment,
          }),
          IN,
        )
      return { b, says, hears }
    }

    test.each([
      ['PORT', PORT],
      ['octets that are the address', BINARY],
    ])('carries %s outward as it is, of an even length and of an odd one', (_, data) => {
      const { says } = connected()
      for (const octets of [data, data.subarray(1)]) {
        const came = says({ data: octets })
        expect(came.source).toBe(EXTERNAL)
        expect(came.payload.subarray(20)).toEqual(octets)
      }
    })

    test('carries the answer to PASV inward as it is', () => {
      const { hears } = connected()
      const came = hears({ data: PASSIVE })
      expect(came.destination).toBe(HOST)
      expect(came.payload.subarray(20)).toEqual(PASSIVE)
    })

    test('opens nothing: who calls what was named there is not let in', () => {
      const { b, says } = connected()
      says({ data: PORT })
      const call = tcp({ from: [SERVER, 20], to: [EXTERNAL, 5001] }, { flags: Flag.SYN })
      expect(b.pass(call, IN)).toEqual({ drop: 'nat-unsolicited' })
      expect(b.count()).toBe(1)
    })
  })

  test.each([
    ['SIP', SIP],
    ['octets that are the address', BINARY],
  ])('%s over UDP goes both ways as it is', (_, data) => {
    const { b, pass } = bench()
    const sent = pass(udp({ from: [HOST, 5060], to: [SERVER, 5060] }, {}, data))
    expect(sent.source).toBe(EXTERNAL)
    expect(sent.payload.subarray(8)).toEqual(data)
    const answer = udp({ from: [SERVER, 5060], to: [EXTERNAL, sent.sourcePort] }, {}, data)
    const came = pass(answer, IN)
    expect(came.destination).toBe(HOST)
    expect(came.payload.subarray(8)).toEqual(data)
    const media = udp({ from: [SERVER, 9000], to: [EXTERNAL, 49_170] })
    expect(b.pass(media, IN)).toEqual({ drop: 'nat-unsolicited' })
    expect(b.count()).toBe(1)
  })
})
