import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Change, planChanges } from '../../src/config/diff.js'
import { parseConfig } from '../../src/config/parse.js'
import type { Config, StaticEntry } from '../../src/config/types.js'

/** Carries a plan out, and checks that each step fits what the steps before it left. */
function apply(from: Config, plan: Change[]) {
  const state = {
    bridges: new Map(Object.entries(from.bridges)),
    ports: new Map(Object.entries(from.ports)),
    fdb: new Map(from.fdb.map((entry) => [id(entry), entry])),
    settings: new Map<string, unknown>(Object.entries(settingsOf(from))),
  }
  for (const change of plan) {
    if (change.op === 'restart') state.settings.set(change.key, change.to)
    else if (change.object === 'fdb') applyFdb(state, change)
    else applyNamed(change.object === 'bridge' ? state.bridges : state.ports, change)
    for (const port of state.ports.values()) expect(state.bridges.has(port.bridge)).toBe(true)
    for (const { port } of state.fdb.values()) expect(state.ports.has(port)).toBe(true)
    expect(new Set(interfaces(state.ports.values())).size).toBe(
      interfaces(state.ports.values()).length,
    )
  }
  return state
}

const id = ({ bridge, mac }: StaticEntry) => `${bridge} ${mac}`

function interfaces(ports: Iterable<Config['ports'][string]>): string[] {
  return [...ports].flatMap(({ device }) =>
    device.type === 'tap' ? [`${device.netns} ${device.name}`] : [],
  )
}

type State = ReturnType<typeof apply>

function applyFdb({ fdb }: State, change: Extract<Change, { object: 'fdb' }>): void {
  const entry = change.op === 'add' ? change.to : change.from
  expect(fdb.has(id(entry))).toBe(change.op === 'remove')
  if (change.op === 'add') fdb.set(id(entry), entry)
  else fdb.delete(id(entry))
}

function applyNamed(of: Map<string, unknown>, change: Extract<Change, { name: string }>): void {
  expect(of.has(change.name)).toBe(change.op !== 'add')
  if (change.op !== 'add') expect(of.get(change.name)).toEqual(change.from)
  if (change.op === 'remove') of.delete(change.name)
  else of.set(change.name, change.to)
}

function expectReached(from: Config, to: Config): void {
  const state = apply(from, planChanges(from, to))
  expect(Object.fromEntries(state.bridges)).toEqual({ ...to.bridges })
  expect(Object.fromEntries(state.ports)).toEqual({ ...to.ports })
  expect([...state.fdb.values()].sort(byId)).toEqual([...to.fdb].sort(byId))
  expect(Object.fromEntries(state.settings)).toEqual(settingsOf(to))
}

/** What is read at start only. */
function settingsOf({ workers, capacity, control }: Config): object {
  return { workers, ...prefixed('capacity', capacity), ...prefixed('control', control) }
}

const byId = (a: StaticEntry, b: StaticEntry) => id(a).localeCompare(id(b))

function prefixed(prefix: string, of: object): object {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [`${prefix}.${key}`, value]))
}

/** Few names of everything, so that two configs have much in common and much that clashes. */
const names = ['p', 'q', 'r', 's']
const bridgeNames = ['x', 'y', 'z']

const device = fc.oneof(
  fc.record({ type: fc.constant('memory'), offloads: fc.boolean() }),
  fc.record(
    {
      type: fc.constant('tap'),
      name: fc.constantFrom('t0', 't1', 't2', 't3'),
      netns: fc.constantFrom('m', 'n'),
      mtu: fc.constantFrom(1300, 1400),
      persist: fc.boolean(),
    },
    { requiredKeys: ['type', 'name'] },
  ),
  fc.record({
    type: fc.constant('tap'),
    name: fc.constantFrom('t0', 't1'),
    create: fc.constant(false),
  }),
)

const config: fc.Arbitrary<Config> = fc
  .record({
    workers: fc.constantFrom('auto', 1, 2),
    capacity: fc.record({ macs: fc.constantFrom(100, 200) }, { requiredKeys: [] }),
    control: fc.record({ group: fc.constantFrom('a', 'b') }, { requiredKeys: [] }),
    bridges: fc.dictionary(
      fc.constantFrom(...bridgeNames),
      fc.record(
        { ageing: fc.constantFrom(10_000, 20_000), mtu: fc.constant(1500) },
        { requiredKeys: [] },
      ),
      { minKeys: 1, maxKeys: 3, noNullPrototype: true },
    ),
    ports: fc.array(
      fc.record({ name: fc.constantFrom(...names), at: fc.nat(9), device, up: fc.boolean() }),
    ),
    fdb: fc.array(fc.record({ at: fc.nat(9), mac: fc.integer({ min: 1, max: 4 }) }), {
      maxLength: 4,
    }),
  })
  .map(({ ports, fdb, ...rest }) => {
    const bridges = Object.keys(rest.bridges)
    const used = new Set<string>()
    const named: Record<string, { bridge: string }> = {}
    for (const { name, at, device, up } of ports) {
      const tap = 'name' in device ? `${'netns' in device ? device.netns : ''} ${device.name}` : ''
      if (name in named || (tap !== '' && used.has(tap))) continue
      used.add(tap)
      named[name] = { bridge: bridges[at % bridges.length] as string, device, up } as {
        bridge: string
      }
    }
    const all = Object.entries(named)
    const entries =
      all.length === 0
        ? []
        : fdb.map(({ at, mac }) => {
            const [port, { bridge }] = all[at % all.length] as (typeof all)[number]
            return { bridge, mac: `02:00:00:00:00:0${mac}`, port }
          })
    const once = entries.filter((entry, i) => entries.findIndex((e) => id(e) === id(entry)) === i)
    return parseConfig({ ...rest, ports: named, fdb: once })
  })

describe('a plan', { timeout: 60_000 }, () => {
  test('leads from any config to any other, each step possible where it stands', () => {
    fc.assert(
      fc.property(config, config, (from, to) => {
        expectReached(from, to)
      }),
      { numRuns: 300 },
    )
  })

  test('is empty just when both say the same', () => {
    fc.assert(
      fc.property(config, (one) => {
        const shuffled = JSON.parse(JSON.stringify({ ...one, fdb: [...one.fdb].reverse() }))
        expect(planChanges(one, parseConfig(shuffled))).toEqual([])
      }),
    )
    fc.assert(
      fc.property(config, config, (from, to) => {
        const sorted = ({ fdb, ...rest }: Config) => ({ ...rest, fdb: [...fdb].sort(byId) })
        const equal = JSON.stringify(sort(sorted(from))) === JSON.stringify(sort(sorted(to)))
        expect(planChanges(from, to).length === 0).toBe(equal)
      }),
    )
  })
})

/** With the keys of every object in order. */
function sort(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).map(([key, of]) => [key, sort(of)] as const)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

describe('steps', () => {
  const tap = (more: object = {}, bridge = 'x') => ({
    bridge,
    device: { type: 'tap', name: 't0', ...more },
  })
  const plan = (from: object, to: object) =>
    planChanges(
      parseConfig({ bridges: { x: {} }, ...from }),
      parseConfig({ bridges: { x: {} }, ...to }),
    ).map((change) => {
      const what = 'object' in change ? ` ${change.object}` : ` ${change.key}`
      const name = 'name' in change ? ` ${change.name}` : ''
      return `${change.op}${what}${name}${'replace' in change && change.replace ? ' (replace)' : ''}`
    })

  test.each<[object, string[]]>([
    [{ name: 't1' }, ['remove port p (replace)', 'add port p (replace)']],
    [{ netns: 'n' }, ['remove port p (replace)', 'add port p (replace)']],
    [{ create: false }, ['remove port p (replace)', 'add port p (replace)']],
    [{ type: 'memory', name: undefined }, ['remove port p (replace)', 'add port p (replace)']],
    [{ mtu: 1400 }, ['update port p']],
    [{ mac: '02:00:00:00:00:01' }, ['update port p']],
    [{ addresses: ['10.0.0.1/24'] }, ['update port p']],
    [{ missing: 'wait' }, ['update port p']],
    [{}, []],
  ])('a device that becomes %j', (more, steps) => {
    const device = JSON.parse(JSON.stringify({ type: 'tap', name: 't0', ...more }))
    expect(plan({ ports: { p: tap() } }, { ports: { p: { bridge: 'x', device } } })).toEqual(steps)
  })

  test('one namespace written in two ways is no other device', () => {
    const steps = plan(
      { ports: { p: tap({ netns: 'n' }) } },
      { ports: { p: tap({ netns: '/run/netns/n' }) } },
    )
    expect(steps).toEqual(['update port p'])
  })

  test('two ports swap their interfaces', () => {
    const [t0, t1] = [tap(), tap({ name: 't1' })]
    expect(plan({ ports: { p: t0, q: t1 } }, { ports: { p: t1, q: t0 } })).toEqual([
      'remove port p (replace)',
      'remove port q (replace)',
      'add port p (replace)',
      'add port q (replace)',
    ])
  })

  test('a port moves from a bridge that goes to one that comes, and keeps its device', () => {
    expect(
      plan({ ports: { p: tap() } }, { bridges: { y: {} }, ports: { p: tap({}, 'y') } }),
    ).toEqual(['add bridge y', 'update port p', 'remove bridge x'])
  })

  test('B11: a replaced port gets its static entries again', () => {
    const fdb = [{ bridge: 'x', mac: '02:00:00:00:00:01', port: 'p' }]
    expect(plan({ ports: { p: tap() }, fdb }, { ports: { p: tap({ name: 't1' }) }, fdb })).toEqual([
      'remove fdb',
      'remove port p (replace)',
      'add port p (replace)',
      'add fdb',
    ])
  })

  test('what is read at start only is said to need a restart', () => {
    const to = {
      workers: 2,
      capacity: { macs: 10, maxWorkers: 4 },
      control: { mode: '0660', group: 'g' },
    }
    expect(plan({}, to)).toEqual([
      'restart workers',
      'restart capacity.macs',
      'restart capacity.maxWorkers',
      'restart control.mode',
      'restart control.group',
    ])
  })

  test('static entries move', () => {
    const entry = (port: string) => ({ bridge: 'x', mac: '02:00:00:00:00:01', port })
    const ports = { p: tap(), q: tap({ name: 't1' }) }
    expect(plan({ ports, fdb: [entry('p')] }, { ports, fdb: [entry('q')] })).toEqual([
      'remove fdb',
      'add fdb',
    ])
  })
})
