/** Properties of translation, over random hosts, ports, payloads and rules. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FlowBench, type Outcome } from '../support/flow-bench.js'
import { echo, Flag, type Read, readIp, tcp, udp } from '../support/nat-packets.js'

const EXTERNALS = ['203.0.113.10', '203.0.113.11']
const EXTERNALS6 = ['2001:db8::10', '2001:db8::11']

const host = fc.integer({ min: 2, max: 40 })
const server = fc.integer({ min: 1, max: 5 })
const port = fc.integer({ min: 1, max: 65_535 })
const call = fc.record({
  host,
  server,
  wide: fc.boolean(),
  kind: fc.constantFrom('udp', 'tcp', 'echo'),
  sourcePort: fc.oneof(port, fc.integer({ min: 4000, max: 4010 })),
  destinationPort: fc.integer({ min: 50, max: 55 }),
  data: fc.integer({ min: 0, max: 60 }),
})
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never

const hostOf = ({ host, wide }: Call) => (wide ? `fd55::${host.toString(16)}` : `10.0.0.${host}`)
const serverOf = ({ server, wide }: Call) =>
  wide ? `2001:db8:ffff::${server}` : `198.51.100.${server}`

function frameOf(given: Call): Uint8Array {
  const { kind, sourcePort, destinationPort, data } = given
  const [from, to] = [hostOf(given), serverOf(given)]
  if (kind === 'echo') return echo(from, to, sourcePort)
  const ends = { from: [from, sourcePort], to: [to, destinationPort] } as const
  return kind === 'udp' ? udp(ends, {}, data) : tcp(ends, { flags: Flag.SYN, sequence: 9, data })
}

/** What the server answers to what reached it. */
function answerTo(given: Call, read: Read): Uint8Array {
  const { source, sourcePort, destination, destinationPort } = read
  if (given.kind === 'echo') return echo(destination, source, sourcePort, true)
  const ends = { from: [destination, destinationPort], to: [source, sourcePort] } as const
  if (given.kind === 'udp') return udp(ends, {}, given.data)
  const acknowledgement = 10 + given.data
  return tcp(ends, { flags: Flag.SYN | Flag.ACK, sequence: 5, acknowledgement })
}

const newBench = () => {
  const masquerade = [EXTERNALS, EXTERNALS6].map((to) => ({ fromDomain: 1, outDomain: 2, to }))
  return new FlowBench({ flows: 1024, flows6: 1024 }).rules({ masquerade })
}
const read = (outcome: Outcome): Read | undefined =>
  'drop' in outcome ? undefined : readIp(outcome.frame)
const tuple = ({ source, sourcePort, destination, destinationPort, protocol }: Read) =>
  [protocol, source, sourcePort, destination, destinationPort].join(' ')

describe('translation', () => {
  test('an answer comes back, a translation is stable, tuples are shared by nobody, checksums are right', () => {
    let exercised = 0
    fc.assert(
      fc.property(fc.array(call, { minLength: 12, maxLength: 60 }), (calls) => {
        const b = newBench()
        const external = new Map<string, string>()
        const endpoint = new Map<string, string>()
        for (const given of calls) {
          const frame = frameOf(given)
          const sent = read(b.pass(frame))
          if (!sent) continue
          exercised++
          expect(sent.faults).toEqual([])
          const inside = tuple(readIp(frame))
          const outside = tuple(sent)
          expect(external.get(outside) ?? inside).toBe(inside)
          external.set(outside, inside)
          const own = [given.kind, hostOf(given), given.sourcePort].join(' ')
          const mapped = [sent.source, sent.sourcePort].join(' ')
          expect(endpoint.get(own) ?? mapped).toBe(mapped)
          endpoint.set(own, mapped)
          expect([...EXTERNALS, ...EXTERNALS6]).toContain(sent.source)
          const came = read(b.pass(answerTo(given, sent), { from: 2, to: 1 }))
          expect(came).toMatchObject({
            faults: [],
            source: serverOf(given),
            destination: hostOf(given),
            destinationPort: given.sourcePort,
          })
        }
        b.advance(7_440_000 + 20_000)
        expect(b.count()).toBe(0)
        for (const address of [...EXTERNALS, ...EXTERNALS6]) {
          expect(b.nat.portsInUse(address)).toEqual({ tcp: 0, udp: 0 })
        }
      }),
      { numRuns: 60 },
    )
    expect(exercised).toBeGreaterThan(500)
  })

  test('K1, K2: every 16-bit change of a datagram keeps its checksum right; zero stays zero, none becomes it', () => {
    const b = new FlowBench({ flows: 1024 }).rules({
      static: [{ address: EXTERNALS[0]!, domain: 2, inside: '10.0.0.2' }],
    })
    const [from, to] = [
      ['10.0.0.2', 1],
      ['198.51.100.1', 53],
    ] as const
    let ones = 0
    // The payload's last word runs through all values, and with it the checksum.
    for (let value = 0; value < 0x10000; value++) {
      const bytes = udp({ from, to }, { checksum: 'none' }, 4)
      bytes[44] = value >> 8
      bytes[45] = value & 0xff
      const whole = udp({ from, to }, {}, 4)
      const before = (whole[40]! << 8) | whole[41]!
      const delta = ((value >> 8) << 8) | (value & 0xff)
      const original = (whole[44]! << 8) | whole[45]!
      // RFC 1624 equation 3, the other way round: what the sender computes.
      let check = (~before & 0xffff) + (~original & 0xffff) + delta
      check = (check & 0xffff) + (check >> 16)
      check = ~((check & 0xffff) + (check >> 16)) & 0xffff
      if (check === 0) check = 0xffff
      bytes[40] = check >> 8
      bytes[41] = check & 0xff
      const outcome = b.pass(bytes)
      if ('drop' in outcome) throw new Error(outcome.drop)
      const { faults, payload } = readIp(outcome.frame)
      const sent = (payload[6]! << 8) | payload[7]!
      if (faults.length > 0 || sent === 0) throw new Error(`${value}: ${faults} ${sent}`)
      if (sent === 0xffff) ones++
    }
    expect(ones).toBeGreaterThan(0)
    const none = b.pass(udp({ from, to }, { checksum: 'none' }))
    if ('drop' in none) throw new Error(none.drop)
    expect(readIp(none.frame).payload.subarray(6, 8)).toEqual(Uint8Array.of(0, 0))
  })
})
