/**
 * Random rules and random packets: the compiled filter decides as one that reads rule by rule. Without
 * flows, so that every packet is asked.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FilterRule } from '../../src/dataplane/filter.js'
import { buildFrame } from '../../src/packet/build.js'
import { parseFlow } from '../../src/packet/flow.js'
import { onEveryBuild } from '../support/builds.js'
import { type ModelPacket, ruleOf } from '../support/filter-model.js'
import { station } from '../support/frames.js'
import { rig } from '../support/rig.js'

const PORTS = ['a', 'b', 'c'] as const
const macs = { a: station(1), b: station(2), c: station(3) }

/** Few values, so that rules and packets meet, and some at the ends of what there is. */
const addresses4 = ['0.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.1.1', '192.0.2.7', '255.255.255.255']
const addresses6 = [
  '::',
  'fd00::1',
  'fd00::2',
  'fd00:0:0:1::1',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
]
const prefixes4 = [
  '0.0.0.0/0',
  '10.0.0.0/8',
  '10.0.0.0/24',
  '10.0.0.1/32',
  '192.0.2.6/31',
  '255.255.255.255/32',
]
const prefixes6 = ['::/0', 'fd00::/8', 'fd00::/64', 'fd00::1/128', 'ffff::/16', '::/128']
const ports = fc.constantFrom(1, 79, 80, 81, 443, 65_535)
const port = fc.constantFrom(...PORTS)

const packets: fc.Arbitrary<ModelPacket> = fc
  .record({
    six: fc.boolean(),
    protocol: fc.constantFrom('tcp', 'udp', 'icmp'),
    at: fc.tuple(fc.nat(4), fc.nat(4)),
    sourcePort: ports,
    destinationPort: ports,
    inPort: port,
    outPort: port,
  })
  .filter(({ inPort, outPort }) => inPort !== outPort)
  .map(({ six, at: [from, to], protocol, ...rest }) => {
    const addresses = six ? addresses6 : addresses4
    const [source, destination] = [addresses[from] as string, addresses[to] as string]
    const none = protocol === 'icmp' && { sourcePort: 0, destinationPort: 0 }
    return { protocol: protocol as ModelPacket['protocol'], source, destination, ...rest, ...none }
  })

const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined, freq: 3 })
const portLists = fc.constantFrom(
  [80],
  ['1-79'],
  [80, '443-65535'],
  ['80-81'],
  [1, 81, 65_535],
  ['1-65535'],
)

const rules: fc.Arbitrary<FilterRule[]> = fc
  .array(
    fc.record({
      action: fc.constantFrom('allow' as const, 'deny' as const),
      six: fc.boolean(),
      prefixes: fc.tuple(maybe(fc.nat(5)), maybe(fc.nat(5))),
      places: fc.tuple(maybe(port), maybe(port)),
      bridge: fc.constantFrom(undefined, undefined, 'lan', 'other'),
      protocol: fc.constantFrom(
        undefined,
        undefined,
        'tcp' as const,
        'udp' as const,
        'icmp' as const,
        58,
      ),
      sourcePort: maybe(portLists),
      destinationPort: maybe(portLists),
      icmpType: fc.constantFrom(undefined, undefined, [8], [0, 128]),
      state: fc.constantFrom(undefined, undefined, ['new' as const], ['established' as const]),
    }),
    { maxLength: 150 },
  )
  .map((list) => [
    // Rules that take nothing here, so that others come late, or so many that classes have lists.
    ...Array.from({ length: [100, 0, 280, 0][list.length % 4] as number }, (_, index) => ({
      name: `far${index}`,
      action: 'deny' as const,
      from: { prefix: `203.0.${113 + (index >> 8)}.${index & 255}/32` },
    })),
    ...list.map(
      (
        { six, prefixes, places, bridge, sourcePort, destinationPort, icmpType, ...rest },
        index,
      ) => {
        const of = (which: 0 | 1) => {
          const at = prefixes[which]
          const prefix = at === undefined ? undefined : (six ? prefixes6 : prefixes4)[at]
          return {
            prefix,
            port: places[which],
            bridge: places[which] === undefined ? bridge : undefined,
          }
        }
        const { protocol } = rest
        const hasPorts = protocol === 'tcp' || protocol === 'udp'
        const isIcmp = protocol === 'icmp' || protocol === 58
        // The config allows only what can hold together: families and ports with their protocols.
        const version = protocol === 'icmp' ? 4 : protocol === 58 ? 6 : undefined
        const fits = version === undefined || (version === 6) === six
        return {
          name: `rule${index}`,
          ...rest,
          from: fits ? of(0) : { port: places[0] },
          to: fits ? of(1) : { port: places[1] },
          ...(hasPorts && { sourcePort, destinationPort }),
          ...(isIcmp && { icmpType }),
        } as FilterRule
      },
    ),
  ])

function frameOf(packet: ModelPacket): Uint8Array {
  const { protocol, source, destination, sourcePort, destinationPort, inPort, outPort } = packet
  const end = (address: string, number: number) =>
    protocol === 'icmp' ? address : `${address.includes(':') ? `[${address}]` : address}:${number}`
  const words = [protocol, end(source, sourcePort), end(destination, destinationPort)]
  return buildFrame(parseFlow(words), {
    sourceMac: macs[inPort as keyof typeof macs],
    destinationMac: macs[outPort as keyof typeof macs],
  })
}

onEveryBuild('a compiled filter', (build) => {
  test('decides as its rules do one by one', () => {
    const seen = { allow: 0, deny: 0, policy: 0, later: 0 }
    fc.assert(
      fc.property(
        rules,
        fc.array(packets, { maxLength: 30 }),
        fc.boolean(),
        (list, sent, closed) => {
          const bench = rig(build, { capacity: { rules: 450, flows: 0, flows6: 0 } })
          bench.bridge('lan', { policy: closed ? 'deny' : 'allow' }).ports(PORTS.join(''))
          for (const name of PORTS) bench.setStatic(macs[name], name)
          bench.rules(...list)
          for (const packet of sent) {
            const rule = ruleOf(list, packet, 'lan')
            const passes = rule ? rule.action === 'allow' : !closed
            seen[rule?.action === 'allow' ? 'allow' : rule ? 'deny' : 'policy']++
            if (rule && list.indexOf(rule) >= 64) seen.later++
            bench.inject(packet.inPort, frameOf(packet)).run()
            expect(bench.deliveries()).toEqual(passes ? { [packet.outPort as string]: 1 } : {})
          }
        },
      ),
      { numRuns: 100 },
    )
    for (const count of [seen.allow, seen.deny, seen.policy, seen.later])
      expect(count).toBeGreaterThan(5)
  })
})
