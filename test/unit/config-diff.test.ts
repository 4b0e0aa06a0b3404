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
    underlay: from.underlay,
  }
  for (const change of plan) {
    if (change.op === 'restart') state.settings.set(change.key, change.to)
    else if (change.object === 'switch') state.settings.set(change.name, change.to[change.name])
    else if (change.object === 'fdb') applyFdb(state, change)
    else if (change.object === 'underlay') {
      expect(state.underlay).toEqual(change.op === 'add' ? undefined : change.from)
      state.underlay = change.op === 'remove' ? undefined : change.to
    } else applyNamed(change.object === 'bridge' ? state.bridges : state.ports, change)
    for (const port of state.ports.values()) expect(state.bridges.has(port.bridge)).toBe(true)
    for (const { bridge, port, vtep = '' } of state.fdb.values()) {
      if (port !== undefined) expect(state.ports.has(port)).toBe(true)
      else expect(state.bridges.get(bridge)?.vxlan?.peers).toContain(vtep)
    }
    for (const { vxlan } of state.bridges.values()) {
      if (vxlan !== undefined) expect(state.underlay).toBeDefined()
    }
    expect(new Set(interfaces(state.ports.values())).size).toBe(
      interfaces(state.ports.values()).length,
    )
  }
  return state
}

const id = ({ bridge, vlan, mac }: StaticEntry) => `${bridge} ${vlan} ${mac}`

/** What two devices cannot have at once. */
function interfaces(ports: Iterable<Config['ports'][string]>): string[] {
  return [...ports].flatMap(({ device }) => {
    if (device.type === 'tap' || device.type === 'packet') return [`${device.netns} ${device.name}`]
    return device.type === 'unix' ? [device.path] : []
  })
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
  expect(state.underlay).toEqual(to.underlay)
}

/** What is of the switch as a whole. */
function settingsOf({ workers, spin, capacity, control }: Config): object {
  return { workers, spin, ...prefixed('capacity', capacity), ...prefixed('control', control) }
}

const byId = (a: StaticEntry, b: StaticEntry) => id(a).localeCompare(id(b))

function prefixed(prefix: string, of: object): object {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [`${prefix}.${key}`, value]))
}

/** Few names of everything, so that two configs have much in common and much that clashes. */
const names = ['p', 'q', 'r', 's']
const bridgeNames = ['x', 'y', 'z']

const device = fc.oneof(
  fc.record({ type: fc.constant('memory'), offloads: fc.boolean(), coalesce: fc.boolean() }),
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
  fc.record({
    type: fc.constant('packet'),
    name: fc.constantFrom('t0', 't1'),
    promiscuous: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('unix'),
    path: fc.constantFrom('/t0', '/t1'),
    mode: fc.constantFrom('stream', 'seqpacket'),
    listen: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('pcap'),
    read: fc.constantFrom('r0', 'r1'),
    pace: fc.constantFrom('file', 'fast'),
  }),
)

/** VLANs of a port that is on a VLAN-aware bridge; all have VLAN 1, for the static entries. */
const vlan = fc.constantFrom(
  undefined,
  { access: 1 },
  { native: 1, tagged: ['2-4'] },
  { tagged: [1, 2] },
)
const policy = fc.record(
  { learning: fc.boolean(), isolated: fc.boolean(), limits: fc.constantFrom({}, { broadcast: 5 }) },
  { requiredKeys: [] },
)

const config: fc.Arbitrary<Config> = fc
  .record({
    workers: fc.constantFrom('auto', 1, 2),
    capacity: fc.record({ macs: fc.constantFrom(100, 200) }, { requiredKeys: [] }),
    control: fc.record({ group: fc.constantFrom('a', 'b') }, { requiredKeys: [] }),
    bridges: fc.dictionary(
      fc.constantFrom(...bridgeNames),
      fc.record(
        {
          ageing: fc.constantFrom(10_000, 20_000),
          mtu: fc.constant(1500),
          vlanAware: fc.boolean(),
          peers: fc.subarray(['192.0.2.11', '192.0.2.12'], { minLength: 1 }),
        },
        { requiredKeys: [] },
      ),
      { minKeys: 1, maxKeys: 3, noNullPrototype: true },
    ),
    ports: fc.array(
      fc.record({
        name: fc.constantFrom(...names),
        at: fc.nat(9),
        device,
        up: fc.boolean(),
        vlan,
        policy,
        mirrored: fc.boolean(),
      }),
    ),
    fdb: fc.array(
      fc.record({
        at: fc.nat(9),
        mac: fc.integer({ min: 1, max: 4 }),
        vtep: fc.constantFrom(undefined, '192.0.2.11', '192.0.2.12'),
      }),
      { maxLength: 4 },
    ),
    underlay: fc.constantFrom(
      undefined,
      { addresses: ['192.0.2.10'] },
      { addresses: ['192.0.2.10', '2001:db8::10'], port: 8472 },
    ),
  })
  .map(({ bridges, ...rest }) => ({ ...rest, bridges: tunnelled(bridges, rest.underlay) }))
  .map(({ ports, fdb, underlay, ...rest }) => {
    const bridges = Object.keys(rest.bridges)
    const used = new Set<string>()
    const named: Record<string, { bridge: string }> = {}
    const isTarget = ports.some(({ name }) => name === 's')
    let isUsed = false
    for (const { name, at, device, up, vlan, policy, mirrored } of ports) {
      const place = 'path' in device ? device.path : 'name' in device ? device.name : ''
      const netns = 'netns' in device ? device.netns : ''
      const own = place === '' ? '' : `${netns} ${place}`
      if (name in named || (own !== '' && used.has(own))) continue
      used.add(own)
      const bridge = bridges[at % bridges.length] as string
      named[name] = {
        bridge,
        device,
        up,
        ...policy,
        ...(rest.bridges[bridge]?.vlanAware && vlan && { vlan }),
        ...(mirrored && isTarget && name === 'p' && { mirror: { port: 's' } }),
      } as { bridge: string }
      if ('mirror' in named[name]) isUsed = true
    }
    // The port that it mirrors to may have been left out.
    if (isUsed && !('s' in named)) delete named.p
    const all = Object.entries(named).filter(([name]) => !isUsed || name !== 's')
    const entries =
      all.length === 0
        ? []
        : fdb.map(({ at, mac, vtep }) => {
            const [port, { bridge }] = all[at % all.length] as (typeof all)[number]
            const peers: readonly string[] = rest.bridges[bridge]?.vxlan?.peers ?? []
            if (vtep !== undefined && peers.includes(vtep)) {
              return { bridge, mac: `02:00:00:00:00:0${mac}`, vtep }
            }
            const vlan = rest.bridges[bridge]?.vlanAware ? { vlan: 1 } : {}
            return { bridge, ...vlan, mac: `02:00:00:00:00:0${mac}`, port }
          })
    const once = entries.filter((entry, i) => entries.findIndex((e) => id(e) === id(entry)) === i)
    return parseConfig({ ...rest, ...(underlay && { underlay }), ports: named, fdb: once })
  })

interface Drawn {
  vlanAware?: boolean
  peers?: string[]
}

/** Bridges with tunnels, where there is an underlay; the n-th has the VNI n. */
function tunnelled(bridges: Record<string, Drawn>, underlay: object | undefined) {
  const all = Object.entries(bridges).map(([name, { peers, ...bridge }], vni) => {
    const vxlan = underlay && !bridge.vlanAware && peers ? { vni, peers } : undefined
    return [name, { ...bridge, ...(vxlan && { vxlan }) }] as const
  })
  return Object.fromEntries(all)
}

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

describe('a plan says which parts change', { timeout: 60_000 }, () => {
  test('exactly those that differ, or the mirror whose target is replaced', () => {
    fc.assert(
      fc.property(config, config, (from, to) => {
        const plan = planChanges(from, to)
        const replaced = plan.flatMap((change) =>
          change.op === 'add' && change.object === 'port' && change.replace ? [change.name] : [],
        )
        for (const change of plan) {
          if (change.op !== 'update') continue
          if (change.object !== 'bridge' && change.object !== 'port') continue
          const differing = differingKeys(change.from, change.to)
          const retargeted = replaced.includes(change.to.mirror?.port ?? '')
          if (differing.length === 0) expect(retargeted).toBe(true)
          if (change.object === 'bridge') {
            expect(change.keys).toEqual(differing.length === 0 ? ['mirror'] : differing)
            continue
          }
          const separate = ['bridge', 'up', 'device'].filter((key) => differing.includes(key))
          const policy = differing.length > separate.length || differing.length === 0
          expect(change.parts).toEqual(policy ? [...separate, 'policy'] : separate)
        }
        const updated = plan.flatMap((change) => (change.op === 'update' ? [change.name] : []))
        for (const [name, { mirror }] of Object.entries(to.ports)) {
          if (!(name in from.ports) || replaced.includes(name)) continue
          if (replaced.includes(mirror?.port ?? '')) expect(updated).toContain(name)
        }
      }),
      { numRuns: 300 },
    )
  })
})

function differingKeys(from: object, to: object): string[] {
  const text = (of: object, key: string) => JSON.stringify(sort({ ...of }[key as never]))
  return Object.keys({ ...from, ...to }).filter((key) => text(from, key) !== text(to, key))
}

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
      const changed = 'parts' in change ? change.parts : 'keys' in change ? change.keys : []
      const of = changed.length > 0 ? `: ${changed.join(', ')}` : ''
      return `${change.op}${what}${name}${'replace' in change && change.replace ? ' (replace)' : ''}${of}`
    })

  test.each<[object, string[]]>([
    [{ name: 't1' }, ['remove port p (replace)', 'add port p (replace)']],
    [{ netns: 'n' }, ['remove port p (replace)', 'add port p (replace)']],
    [{ create: false }, ['remove port p (replace)', 'add port p (replace)']],
    [{ type: 'memory', name: undefined }, ['remove port p (replace)', 'add port p (replace)']],
    [{ mtu: 1400 }, ['update port p: device']],
    [{ mac: '02:00:00:00:00:01' }, ['update port p: device']],
    [{ addresses: ['10.0.0.1/24'] }, ['update port p: device']],
    [{ missing: 'wait' }, ['update port p: device']],
    [{}, []],
  ])('a device that becomes %j', (more, steps) => {
    const device = JSON.parse(JSON.stringify({ type: 'tap', name: 't0', ...more }))
    expect(plan({ ports: { p: tap() } }, { ports: { p: { bridge: 'x', device } } })).toEqual(steps)
  })

  test.each<[object, object, boolean]>([
    [{ type: 'packet', name: 'e' }, { type: 'packet', name: 'f' }, true],
    [{ type: 'packet', name: 'e' }, { type: 'packet', name: 'e', netns: 'n' }, true],
    [{ type: 'packet', name: 'e' }, { type: 'packet', name: 'e', promiscuous: false }, false],
    [{ type: 'packet', name: 'e' }, { type: 'tap', name: 'e', create: false }, true],
    [{ type: 'unix', path: '/a' }, { type: 'unix', path: '/b' }, true],
    [{ type: 'unix', path: '/a' }, { type: 'unix', path: '/a', mode: 'dgram' }, true],
    [{ type: 'unix', path: '/a' }, { type: 'unix', path: '/a', listen: false }, true],
    [{ type: 'unix', path: '/a' }, { type: 'unix', path: '/a', mtu: 9000 }, false],
    [{ type: 'pcap', read: 'a' }, { type: 'pcap', read: 'b' }, true],
    [{ type: 'pcap', read: 'a' }, { type: 'pcap', write: 'a' }, true],
    [{ type: 'pcap', read: 'a' }, { type: 'pcap', read: 'a', write: 'b' }, true],
    [{ type: 'pcap', read: 'a' }, { type: 'pcap', read: 'a', pace: 'fast' }, false],
  ])('%j that becomes %j', (from, to, replaced) => {
    const port = (device: object) => ({ ports: { p: { bridge: 'x', device } } })
    expect(plan(port(from), port(to))).toEqual(
      replaced ? ['remove port p (replace)', 'add port p (replace)'] : ['update port p: device'],
    )
  })

  test.each<[object, string]>([
    [{ up: false }, 'up'],
    [{ isolated: true }, 'policy'],
    [{ learning: false }, 'policy'],
    [{ flood: false }, 'policy'],
    [{ locked: true }, 'policy'],
    [{ sticky: true }, 'policy'],
    [{ limits: { macs: 1 } }, 'policy'],
    [{ guard: { macs: ['02:00:00:00:00:01'] } }, 'policy'],
    [{ mirror: { file: 'x' } }, 'policy'],
    [{ up: false, sticky: true, device: { type: 'memory', mtu: 100 } }, 'up, device, policy'],
  ])('a port that becomes %j', (more, parts) => {
    const port = (more: object) => ({ ports: { p: { bridge: 'x', ...more } } })
    expect(plan(port({}), port(more))).toEqual([`update port p: ${parts}`])
    expect(plan(port(more), port({}))).toEqual([`update port p: ${parts}`])
  })

  test('VLANs that are written in two ways are no change', () => {
    const port = (vlan: object) => ({
      bridges: { x: { vlanAware: true } },
      ports: { p: { bridge: 'x', vlan } },
    })
    expect(plan(port({ tagged: [3, 2, 1] }), port({ tagged: ['1-3'] }))).toEqual([])
    expect(plan(port({ access: 1 }), port({ access: 2 }))).toEqual(['update port p: policy'])
  })

  test('a bridge says which keys change; its ports change with it', () => {
    const to = {
      bridges: { x: { vlanAware: true, ageing: '10s', controlFrames: ['stp'] } },
      ports: { p: tap() },
    }
    expect(plan({ ports: { p: tap() } }, to)).toEqual([
      'update bridge x: ageing, vlanAware, controlFrames, vlanProtocol',
      'update port p: policy',
    ])
    expect(plan({ ports: { p: tap() } }, { ...to, bridges: { x: { isolated: true } } })).toEqual([
      'update bridge x: isolated',
      'update port p: policy',
    ])
  })

  test('a mirror to a port that is replaced is set again', () => {
    const config = (name: string, more: object = {}) => ({
      bridges: { x: { mirror: { port: 's' } }, y: {} },
      ports: { p: { bridge: 'y', mirror: { port: 's' }, ...more }, s: tap({ name }) },
    })
    expect(plan(config('t0'), config('t1'))).toEqual([
      'remove port s (replace)',
      'update bridge x: mirror',
      'update port p: policy',
      'add port s (replace)',
    ])
  })

  test('static entries are of a VLAN', () => {
    const config = (...vlans: number[]) => ({
      bridges: { x: { vlanAware: true } },
      ports: { p: { bridge: 'x', vlan: { tagged: [1, 2] } } },
      fdb: vlans.map((vlan) => ({ bridge: 'x', vlan, mac: '02:00:00:00:00:01', port: 'p' })),
    })
    expect(plan(config(1, 2), config(2, 1))).toEqual([])
    expect(plan(config(1), config(2))).toEqual(['remove fdb', 'add fdb'])
  })

  test('one namespace written in two ways is no other device', () => {
    const steps = plan(
      { ports: { p: tap({ netns: 'n' }) } },
      { ports: { p: tap({ netns: '/run/netns/n' }) } },
    )
    expect(steps).toEqual(['update port p: device'])
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
    ).toEqual(['add bridge y', 'update port p: bridge', 'remove bridge x'])
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
      'restart capacity.macs',
      'restart capacity.maxWorkers',
      'restart control.mode',
      'restart control.group',
      'update switch workers',
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
