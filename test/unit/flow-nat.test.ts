/** Connection tracking and translation without the router: the harness of test/support/flow-bench.ts. */
import { describe, expect, test } from 'vitest'
import type { NatRules } from '../../src/dataplane/nat-rules.js'
import { FlowBench, type Options } from '../support/flow-bench.js'
import {
  complainAboutCalls,
  ends,
  HOST,
  IN,
  MASQUERADE,
  masquerade,
  out,
  ROUTER,
  SERVER,
  through,
} from '../support/nat-calls.js'
import { EXTERNAL } from '../support/nat-lab.js'
import { readIp, udp } from '../support/nat-packets.js'

const bench = (rules: Partial<NatRules> = MASQUERADE, options: Options = {}) =>
  new FlowBench(options).rules(rules)

describe('without the router', () => {
  test('restore gives a packet back what it came with', () => {
    const b = bench()
    const frame = out()
    through(b.pass(frame))
    expect(b.undo(frame.length)).toEqual(frame)
  })
  test('NAT A21 (RFC 6296): a prefix for another leaves the checksum as it is', () => {
    const prefixes = [{ inside: 'fd01:203:405::/48', outside: '2001:db8:1::/48', domain: 2 }]
    const b = bench({ prefixes })
    const frame = udp({ from: ['fd01:203:405:1::1234', 4000], to: ['2001:db8:ffff::1', 53] })
    const sent = through(b.pass(frame))
    // The example of RFC 6296 section 3.4... the subnet becomes D550.
    expect(sent.source).toBe('2001:db8:1:d550::1234')
    expect(sent.payload).toEqual(readIp(frame).payload)
    const answer = udp({ from: ['2001:db8:ffff::1', 53], to: ['2001:db8:1:d550::1234', 4000] })
    expect(through(b.pass(answer, IN)).destination).toBe('fd01:203:405:1::1234')
    const call = udp({ from: ['2001:db8:ffff::2', 53], to: ['2001:db8:1:d550::1234', 4001] })
    expect(through(b.pass(call, IN)).destination).toBe('fd01:203:405:1::1234')
  })

  test('NAT A21: ports over IPv6, through extension headers', () => {
    const external = '2001:db8::10'
    const b = bench(masquerade(external))
    const extensions = [[60, new Uint8Array(8)]] as const
    const server = '2001:db8:ffff::1'
    const sent = through(b.pass(udp({ from: ['fd55::2', 4000], to: [server, 53] }, { extensions })))
    expect(sent.source).toBe(external)
    const answer = udp({ from: [server, 53], to: [external, sent.sourcePort] }, { extensions })
    expect(ends(through(b.pass(answer, IN)))).toBe(`${server} 53 > fd55::2 4000`)
    const bare = udp({ from: [server, 53], to: [external, sent.sourcePort] }, { checksum: 'none' })
    expect(b.pass(bare, IN)).toEqual({ drop: 'checksum-zero' })
  })

  test.each([
    [HOST, SERVER, EXTERNAL, ROUTER],
    ['fd55::2', '2001:db8:ffff::1', '2001:db8::10', '2001:db8:1::1'],
  ] as const)('NAT A18 (RFC 5508 REQ-4): from outside, about %s', (...hosts) => {
    complainAboutCalls(bench(masquerade(hosts[2])), hosts)
  })
})

describe('size', () => {
  test('a million flows take at most 128 octets each, all in; over IPv6 224; all of them fit', () => {
    const narrow = new FlowBench({ flows: 1_000_000, flows6: 0, target: 'single' })
    expect(narrow.bytes / 1e6).toBeLessThanOrEqual(128)
    const wide = new FlowBench({ flows: 0, flows6: 1_000_000, target: 'single' })
    expect(wide.bytes / 1e6).toBeLessThanOrEqual(224)
    narrow.rules({})
    expect(narrow.storm(out(), 1_000_000, 1)).toBe(0)
    expect(narrow.count()).toBe(1_000_000)
  }, 300_000) // a module of its own is compiled
})
