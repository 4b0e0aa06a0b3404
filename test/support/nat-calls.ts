/** A host inside calls a server outside, on whatever bench of translation: what both of them see. */
import { expect } from 'vitest'
import type { NatRules, PublishRule } from '../../src/dataplane/nat-rules.js'
import type { Outcome, Passage } from './flow-bench.js'
import { EXTERNAL } from './nat-lab.js'
import { echo, Flag, icmpError, type Read, readIp, readQuoted, tcp, udp } from './nat-packets.js'

export const HOST = '10.0.0.2'
export const SERVER = '198.51.100.7'
/** On the way to the server. */
export const ROUTER = '192.0.2.1'
export const IN: Passage = { from: 2, to: 1 }

/** Everything from inside, to these addresses. */
export const masquerade = (...to: string[]): Partial<NatRules> => ({
  masquerade: [{ fromDomain: 1, outDomain: 2, to }],
})
export const MASQUERADE = masquerade(EXTERNAL)

/** A name server inside, called at the external address. */
export const published = (to: string): PublishRule[] => [
  { name: 'dns', address: EXTERNAL, domain: 2, protocol: 'udp', ports: [53, 53], to },
]

export const out = (port = 4000, to = 53, host = HOST, server = SERVER) =>
  udp({ from: [host, port], to: [server, to] })

/** The packet that came out. */
export function passed(outcome: Outcome): Uint8Array {
  if ('drop' in outcome) throw new Error(`dropped: ${outcome.drop}`)
  return outcome.frame
}

/** The same, read, and nothing wrong with it. */
export function through(outcome: Outcome): Read {
  const read = readIp(passed(outcome))
  expect(read.faults).toEqual([])
  return read
}

export const ends = ({ source, sourcePort, destination, destinationPort }: Read) =>
  `${source} ${sourcePort} > ${destination} ${destinationPort}`

/** Calls by UDP, TCP and echo; a router outside complains of each, and the host knows what it was of. */
export function complainAboutCalls(
  bench: { pass(frame: Uint8Array, passage?: Passage): Outcome },
  [host, server, external, router]: readonly [string, string, string, string],
): void {
  const wide = host.includes(':')
  const kind = wide ? ([1, 3] as const) : ([3, 1] as const)
  for (const frame of [
    udp({ from: [host, 4000], to: [server, 53] }),
    tcp({ from: [host, 4000], to: [server, 80] }, { flags: Flag.SYN }),
    echo(host, server, 99),
  ]) {
    const call = passed(bench.pass(frame))
    for (const octets of [500, (wide ? 40 : 20) + 8]) {
      const came = through(bench.pass(icmpError(router, external, kind, call, octets), IN))
      expect([came.source, came.destination]).toEqual([router, host])
      const inner = readQuoted(came)
      expect(inner.faults).toEqual([])
      expect(ends(inner)).toBe(ends(readIp(frame)))
      if (octets === 500) expect(inner.payload).toEqual(readIp(frame).payload)
    }
  }
}
