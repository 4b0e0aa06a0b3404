/** A random life of VLAN bridges: what is done to them, and the frames that they get. */
import fc from 'fast-check'
import type { BridgeSettings } from '../../src/dataplane/topology.js'
import { join, word } from './frames.js'
import { access, policyOf, trunk, tunnel } from './policy.js'

export const bridges = ['cust', 'prov', 'flat'] as const
export const names = ['a', 'b', 'c', 'd', 'e', 'f'] as const
/** Some take what others do not: ports that differ are runs of their own in the lists of floods. */
export const takesOffloads = (name: string) => 'be'.includes(name)

export const settingsOf: Record<string, BridgeSettings> = {
  cust: { ageing: 10_000, vlanAware: true, vlanProtocol: '802.1Q', controlFrames: ['lldp'] },
  prov: { ageing: 10_000, vlanAware: true, vlanProtocol: '802.1ad' },
  flat: { ageing: 10_000, vlanAware: false },
}

/** Few addresses, so that they meet; and all that is not a station's. */
const stations = Array.from({ length: 5 }, (_, index) => `02000000000${index + 1}`)
const others = ['01005e000001', '0180c2000003', '0180c200000e', '000000000000', '030000000001']
const station = fc.constantFrom(...stations)
const address = (weight: number) =>
  fc.oneof(
    { weight: 14, arbitrary: station },
    { weight, arbitrary: fc.constant('ffffffffffff') },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  )

const tag = fc.record({
  type: fc.constantFrom(0x8100, 0x8100, 0x88a8),
  vid: fc.constantFrom(10, 20, 10, 20, 1, 0, 30, 4095),
  priority: fc.integer({ min: 0, max: 15 }),
})
const tags = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 4, arbitrary: fc.array(tag, { minLength: 1, maxLength: 1 }) },
  { weight: 2, arbitrary: fc.array(tag, { minLength: 2, maxLength: 3 }) },
)
/** Octets behind the last EtherType; or, rarely, where the whole frame is cut off. */
const body = fc.constantFrom(46, 46, 46, 46, 0, 100, 101, 96, 97, 1500, 1501)
const cut = fc.oneof(
  { weight: 14, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.integer({ min: 12, max: 22 }) },
)

export interface Given {
  to: string
  from: string
  tags: readonly { type: number; vid: number; priority: number }[]
  body: number
  cut: number | undefined
}
const frame: fc.Arbitrary<Given> = fc.record({ to: address(3), from: address(0), tags, body, cut })

const octets = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))

/** The frame's octets; behind its EtherType the mark, so that no two are alike. */
export function bytesOf({ to, from, tags, body, cut }: Given, mark: number): Uint8Array {
  const between = tags.flatMap(({ type, vid, priority }) => [
    ...word(type),
    ...word((priority << 12) | vid),
  ])
  const payload = new Uint8Array(Math.max(body, 4))
  new DataView(payload.buffer).setUint32(0, mark)
  const whole = join(octets(to), octets(from), between, [0x88, 0xb5], payload.subarray(0, body))
  return whole.subarray(0, cut)
}

const some = fc.subarray([1, 10, 20, 30])
const vlan = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(10, 20).map(access) },
  { weight: 2, arbitrary: fc.constantFrom(10, 20).map(tunnel) },
  {
    weight: 5,
    arbitrary: fc
      .record({
        tagged: fc.oneof(some, some, fc.constant('all' as const)),
        native: fc.constantFrom(undefined, 1, 10),
        nativeTagged: fc.boolean(),
        admit: fc.constantFrom('all' as const, 'all' as const, 'tagged' as const),
      })
      .map(({ tagged, ...rest }) =>
        trunk(tagged, { ...rest, nativeTagged: rest.nativeTagged && rest.native !== undefined }),
      ),
  },
)
const rarely = fc.constantFrom(false, false, false, false, true)
const usually = fc.constantFrom(true, true, true, true, false)
const policy = fc
  .record({
    vlan,
    isolated: fc.constantFrom(true, true, false),
    learning: usually,
    locked: rarely,
    sticky: rarely,
    flood: fc.record({ unknownUnicast: usually, multicast: usually, broadcast: usually }),
  })
  .map((given) => policyOf({ ...given, learning: given.learning && !given.locked }))

const bridge = fc.constantFrom(...bridges)
const name = fc.constantFrom(...names)
const mtu = fc.constantFrom(100, 1500, 1500)
const settings = fc.record({
  bridge: fc.constantFrom('cust', 'cust', 'prov', 'flat'),
  up: fc.constantFrom(true, true, true, false),
  mtu,
  policy,
})
type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never

export type Operation =
  | { kind: 'burst'; name: string; frames: Given[] }
  | { kind: 'advance'; ticks: number }
  | { kind: 'add'; name: string; settings: Settings }
  | { kind: 'remove'; name: string }
  | { kind: 'set'; name: string; settings: Partial<Settings> }
  | { kind: 'retag'; bridge: string; protocol: '802.1Q' | '802.1ad' }
  | { kind: 'flush'; scope: { port?: string; bridge?: string; vlan?: number } }
  | { kind: 'static'; name: string; mac: string; vlan: number }
  | { kind: 'delete'; bridge: string; mac: string; vlan: number }

const record = <K extends Operation['kind'], T>(
  kind: K,
  fields: { [F in keyof T]: fc.Arbitrary<T[F]> },
) => fc.record({ kind: fc.constant(kind), ...fields })

const change = fc.oneof(
  ...(['up', 'bridge', 'mtu', 'policy', 'policy'] as const).map((key) =>
    fc.record({ [key]: settings.map((all) => all[key]) }),
  ),
)
const vid = fc.constantFrom(1, 10, 20)
const scope = fc.oneof(
  fc.record({ port: name }),
  fc.record({ bridge }),
  fc.record({ bridge, vlan: vid }),
  fc.constant({}),
)
const frames = fc.array(frame, { minLength: 1, maxLength: 10 })

export const operation = fc.oneof(
  { weight: 16, arbitrary: record('burst', { name, frames }) },
  { weight: 3, arbitrary: record('advance', { ticks: fc.constantFrom(1, 40, 79, 80, 81, 200) }) },
  { weight: 1, arbitrary: record('add', { name, settings }) },
  { weight: 1, arbitrary: record('remove', { name }) },
  { weight: 4, arbitrary: record('set', { name, settings: change }) },
  {
    weight: 1,
    arbitrary: record('retag', {
      bridge: fc.constantFrom('cust', 'prov'),
      protocol: fc.constantFrom('802.1Q' as const, '802.1ad' as const),
    }),
  },
  { weight: 1, arbitrary: record('flush', { scope }) },
  { weight: 2, arbitrary: record('static', { name, mac: station, vlan: vid }) },
  { weight: 1, arbitrary: record('delete', { bridge, mac: station, vlan: vid }) },
) as fc.Arbitrary<Operation>

/** Ports to begin with: one of each kind, of a trunk two. */
export const beginning: Operation[] = [
  [access(10), 'cust'],
  [trunk([10, 20], { native: 1 }), 'cust'],
  [tunnel(10), 'cust'],
  [trunk('all', { native: 10 }), 'cust'],
].map(([vlan, bridge], index) => ({
  kind: 'add',
  name: names[index] as string,
  settings: {
    bridge,
    up: true,
    mtu: 1500,
    policy: policyOf({ vlan, isolated: index > 1 } as never),
  } as Settings,
}))
