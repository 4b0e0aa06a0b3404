import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig, withoutPort } from '../../src/config/parse.js'
import type { ConfigInput } from '../../src/config/types.js'
import { formatVlans } from '../../src/config/vlan-use.js'
import { parseYaml } from '../../src/config/yaml.js'
import { lines, linesOf } from './config-lines.js'

type Vlan = NonNullable<NonNullable<ConfigInput['ports']>[string]['vlan']>

/** Ports on the VLAN-aware bridge `lab`, by their VLANs. */
const lab = (ports: Record<string, unknown>, more: object = {}) => ({
  bridges: { lab: { vlanAware: true } },
  ports: Object.fromEntries(
    Object.entries(ports).map(([name, vlan]) => [
      name,
      vlan === undefined ? { bridge: 'lab' } : { bridge: 'lab', vlan },
    ]),
  ),
  ...more,
})

const vlanOf = (vlan: unknown) => parseConfig(lab({ p: vlan })).ports.p?.vlan

describe('the VLANs of a port', () => {
  const trunk = { mode: 'trunk', tagged: [], nativeTagged: false, admit: 'all' }
  const access = { mode: 'access', native: 10, tagged: [], nativeTagged: false, admit: 'untagged' }

  test.each<[Vlan | undefined, object]>([
    [undefined, { ...trunk, native: 1 }],
    [{ access: 10 }, access],
    [{ access: 10, tunnel: false, admit: 'untagged' }, access],
    [
      { access: 10, tunnel: true },
      { ...access, mode: 'tunnel', admit: 'all' },
    ],
    [
      { access: 10, tunnel: true, admit: 'all' },
      { ...access, mode: 'tunnel', admit: 'all' },
    ],
    [{ tagged: [] }, trunk],
    [{ tagged: 'all' }, { ...trunk, tagged: 'all' }],
    [
      { tagged: 'all', native: 7, nativeTagged: true },
      { ...trunk, tagged: 'all', native: 7, nativeTagged: true },
    ],
    [{ native: 5 }, { ...trunk, native: 5 }],
    [
      { tagged: ['20-22', 10, 21, '4094-4094'], native: 1 },
      { ...trunk, native: 1, tagged: [10, 20, 21, 22, 4094] },
    ],
    [
      { tagged: [1, 2], native: 1 },
      { ...trunk, native: 1, tagged: [2] },
    ],
    [
      { tagged: [2], native: 1, nativeTagged: true },
      { ...trunk, native: 1, tagged: [1, 2], nativeTagged: true },
    ],
    [
      { tagged: [1, 2], native: 1, nativeTagged: true },
      { ...trunk, native: 1, tagged: [1, 2], nativeTagged: true },
    ],
    [
      { tagged: [2], admit: 'tagged' },
      { ...trunk, tagged: [2], admit: 'tagged' },
    ],
    [
      { tagged: [2], native: 1, admit: 'tagged' },
      { ...trunk, native: 1, tagged: [2], admit: 'tagged' },
    ],
    [
      { tagged: [2], native: 1, admit: 'untagged' },
      { ...trunk, native: 1, tagged: [2], admit: 'untagged' },
    ],
  ])('%j', (vlan, parsed) => {
    expect(vlanOf(vlan)).toEqual(parsed)
    expect(vlanOf(vlanOf(vlan))).toEqual(parsed)
  })

  test('are absent on a bridge that is not VLAN-aware', () => {
    const config = parseConfig({ bridges: { lan: {} }, ports: { p: { bridge: 'lan' } } })
    expect(config.ports.p).not.toHaveProperty('vlan')
    expect(config.bridges.lan).not.toHaveProperty('vlanProtocol')
  })

  test.each<[unknown, string]>([
    [
      10,
      'vlan: found 10; expected a mapping such as { access: 10 } or { tagged: [10, "20-29"], native: 1 }',
    ],
    [{}, 'vlan: found a mapping; expected "access", "tagged" or "native" in it'],
    [{ admit: 'all' }, 'vlan: found a mapping; expected "access", "tagged" or "native" in it'],
    [{ access: 0 }, 'vlan.access: found 0; expected a VLAN ID from 1 to 4094'],
    [{ access: 4095 }, 'vlan.access: found 4095; expected a VLAN ID from 1 to 4094'],
    [{ access: '10' }, 'vlan.access: found "10"; expected a VLAN ID from 1 to 4094'],
    [{ native: 1.5 }, 'vlan.native: found 1.5; expected a VLAN ID from 1 to 4094'],
    [
      { tagged: 'some' },
      'vlan.tagged: found "some"; expected "all" or a list of VLAN IDs and ranges such as [10, "20-29"]',
    ],
    [
      { tagged: 10 },
      'vlan.tagged: found 10; expected "all" or a list of VLAN IDs and ranges such as [10, "20-29"]',
    ],
    ...[0, 4095, '1', '0-5', '5-4095', '9-5', '1-', '-1', '1-2-3', '01-2', '1 - 2', 'all', [1]].map(
      (item): [unknown, string] => [
        { tagged: [1, item] },
        `vlan.tagged[1]: ${Array.isArray(item) ? 'found a list' : `found ${JSON.stringify(item)}`}; expected a VLAN ID from 1 to 4094, or a range such as "20-29"`,
      ],
    ),
    [
      { access: 10, tagged: [20] },
      'vlan.tagged: found a list; expected no "tagged" beside "access": a port has one VLAN or is a trunk',
    ],
    [
      { access: 10, tagged: [] },
      'vlan.tagged: found an empty list; expected no "tagged" beside "access": a port has one VLAN or is a trunk',
    ],
    [
      { access: 10, native: 10 },
      'vlan.native: found 10; expected no "native" beside "access": a port has one VLAN or is a trunk',
    ],
    [
      { access: 10, nativeTagged: true },
      'vlan.nativeTagged: found true; expected no "nativeTagged" beside "access": a port has one VLAN or is a trunk',
    ],
    [
      { access: 10, admit: 'tagged' },
      'vlan.admit: found "tagged"; expected "untagged" or nothing: "access" takes untagged frames',
    ],
    [
      { access: 10, admit: 'all' },
      'vlan.admit: found "all"; expected "untagged" or nothing: "access" takes untagged frames',
    ],
    [
      { access: 10, tunnel: true, admit: 'tagged' },
      'vlan.admit: found "tagged"; expected "all" or nothing: "tunnel: true" takes all',
    ],
    [
      { tunnel: true, tagged: [1] },
      'vlan.tunnel: found true; expected an "access" VLAN beside it: that of the outer tag',
    ],
    [
      { tagged: [1], nativeTagged: true },
      'vlan.nativeTagged: found true; expected a "native" VLAN beside it',
    ],
    [
      { tagged: [1], admit: 'untagged' },
      'vlan.admit: found "untagged"; expected "all" or "tagged": without a "native" VLAN nothing could come in',
    ],
    [
      { admit: 'none', native: 1 },
      'vlan.admit: found "none"; expected "all", "tagged" or "untagged"',
    ],
    [
      { trunk: [1] },
      'vlan.trunk: unknown key; expected one of "access", "tunnel", "tagged", "native", "nativeTagged" or "admit"',
    ],
    [
      { mode: 'trunk', access: 1 },
      'vlan.mode: found "trunk"; expected no "mode" beside "access" or "tunnel"',
    ],
    [{ mode: 'access' }, 'vlan.native: missing; expected a VLAN ID from 1 to 4094'],
    [
      { mode: 'access', native: 1, tagged: [2] },
      'vlan.tagged: found a list; expected no "tagged" beside "access": a port has one VLAN or is a trunk',
    ],
    [
      { mode: 'access', native: 1, nativeTagged: true },
      'vlan.nativeTagged: found true; expected no "nativeTagged" beside "access": a port has one VLAN or is a trunk',
    ],
  ])('%j', (vlan, line) => {
    expect(lines(lab({ p: vlan }))).toEqual([`ports.p.${line}`])
  })

  test('a file has them as people write them, and errors say the line', () => {
    const file = (vlan: string) =>
      `version: 1\nbridges: { lab: { vlanAware: true } }\nports:\n  p:\n    bridge: lab\n    device: { type: memory }\n    vlan: ${vlan}\n`
    expect(parseYaml(file('{ tagged: [10, 20-21] }'), 'f').ports.p?.vlan?.tagged).toEqual([
      10, 20, 21,
    ])
    expect(linesOf(() => parseYaml(file('{ mode: trunk, native: 1 }'), 'f'))).toEqual([
      expect.stringMatching(/^f:7: ports\.p\.vlan\.mode: unknown key; expected one of "access"/),
    ])
    expect(linesOf(() => parseYaml(file('{ access: 1, native: 2 }'), 'f'))).toEqual([
      expect.stringMatching(/^f:7: ports\.p\.vlan\.native: found 2; expected no "native" beside/),
    ])
  })

  test('any that parse are a config again, as JSON too', () => {
    const id = fc.integer({ min: 1, max: 4094 })
    const range = fc.tuple(id, id).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
    const list = fc.oneof(fc.constant('all'), fc.array(fc.oneof(id, range), { maxLength: 4 }))
    const access = fc.record({ access: id, tunnel: fc.boolean() }, { requiredKeys: ['access'] })
    const trunk = fc.record(
      {
        tagged: list,
        native: id,
        nativeTagged: fc.boolean(),
        admit: fc.constantFrom('all', 'tagged', 'untagged'),
      },
      { requiredKeys: ['tagged', 'native'] },
    )
    fc.assert(
      fc.property(fc.oneof(access, trunk, fc.record({ tagged: list })), (vlan) => {
        const config = parseConfig(lab({ p: vlan }))
        expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config)
        const { tagged, native, nativeTagged } = config.ports.p?.vlan ?? {}
        if (!Array.isArray(tagged)) return
        expect(tagged).toEqual([...new Set(tagged)].sort((a, b) => a - b))
        if (native !== undefined) expect(tagged.includes(native)).toBe(nativeTagged)
      }),
    )
  })
})

describe('a bridge', () => {
  test('that is VLAN-aware has a protocol', () => {
    const protocol = (bridge: object) =>
      parseConfig({ bridges: { b: bridge } }).bridges.b?.vlanProtocol
    expect(protocol({ vlanAware: true })).toBe('802.1Q')
    expect(protocol({ vlanAware: true, vlanProtocol: '802.1ad' })).toBe('802.1ad')
    expect(protocol({})).toBeUndefined()
  })

  test.each<[object, string]>([
    [
      { vlanProtocol: '802.1ad' },
      'vlanProtocol: found "802.1ad"; expected "vlanAware: true" beside it',
    ],
    [
      { vlanAware: true, vlanProtocol: 'QinQ' },
      'vlanProtocol: found "QinQ"; expected "802.1Q" or "802.1ad"',
    ],
    [{ vlanAware: 1 }, 'vlanAware: found 1; expected true or false'],
  ])('%j', (bridge, line) => {
    expect(lines({ bridges: { b: bridge } })).toEqual([`bridges.b.${line}`])
  })

  test('that is not VLAN-aware has no ports with VLANs', () => {
    expect(
      lines({ bridges: { lan: {} }, ports: { p: { bridge: 'lan', vlan: { access: 1 } } } }),
    ).toEqual([
      'ports.p.vlan: bridge "lan" is not VLAN-aware; set "vlanAware: true" on it, or take "vlan" out',
    ])
    expect(
      lines({ bridges: { lan: 5 }, ports: { p: { bridge: 'lan', vlan: { access: 1 } } } }),
    ).toEqual(['bridges.lan: found 5; expected a mapping, {} for all defaults'])
  })
})

describe('capacity', () => {
  test('VLANs and memberships count once a bridge', () => {
    // VLANs 10, 20 and 30; 1 + 2 + 3 + 1 memberships.
    const ports = {
      a: { access: 10 },
      b: { tagged: [20, 30] },
      c: { tagged: 'all' },
      d: { access: 10 },
    }
    const use = (vlans: number, memberships: number) =>
      lines(lab(ports, { capacity: { vlans, memberships } }))
    expect(use(3, 7)).toEqual([])
    expect(use(2, 7)).toEqual([
      'capacity.vlans: found 2; expected at least 3: the VLANs of all bridges',
    ])
    expect(use(3, 6)).toEqual([
      'capacity.memberships: found 6; expected at least 7: the ports of all VLANs, summed',
    ])
  })

  test('"all" counts what others name and its own native VLAN', () => {
    const use = (vlan: object) =>
      lines(lab({ a: vlan }, { capacity: { vlans: 1, memberships: 1 } }))
    expect(use({ tagged: 'all', native: 9 })).toEqual([])
    expect(use({ tagged: 'all', native: 9, nativeTagged: true })).toEqual([])
    expect(use({ tagged: [8], native: 9 })).toHaveLength(2)
    expect(use({ tagged: [9], native: 9, nativeTagged: true })).toEqual([])
  })

  test('two bridges have two VLANs of one number; bridges without VLANs none', () => {
    const bridges = { lab: { vlanAware: true }, other: { vlanAware: true }, lan: {} }
    const ports = { a: { bridge: 'lab' }, b: { bridge: 'other' }, c: { bridge: 'lan' } }
    expect(lines({ bridges, ports, capacity: { vlans: 2, memberships: 2 } })).toEqual([])
    expect(lines({ bridges, ports, capacity: { vlans: 1, memberships: 1 } })).toHaveLength(2)
  })

  test('the errors point at the file', () => {
    const text = `version: 1
bridges: { lab: { vlanAware: true } }
ports:
  a: { bridge: lab, vlan: { tagged: [1-9] }, device: { type: memory } }
capacity:
  memberships: 8
`
    expect(linesOf(() => parseYaml(text, 'f'))).toEqual([
      'f:6: capacity.memberships: found 8; expected at least 9: the ports of all VLANs, summed',
    ])
  })
})

describe('static FDB entries', () => {
  const mac = '02:00:00:00:00:01'
  const entry = (port: string, vlan?: number) =>
    vlan === undefined ? { bridge: 'lab', mac, port } : { bridge: 'lab', vlan, mac, port }
  const ports = {
    a: { access: 10 },
    q: { access: 20, tunnel: true },
    t: { tagged: ['30-32'], native: 1 },
    u: { tagged: [30, 40] },
    all: { tagged: 'all' },
    none: { tagged: [] },
  }
  const fdb = (...entries: object[]) => lab(ports, { fdb: entries })

  test.each<[string, number]>([
    ['a', 10],
    ['q', 20],
    ['t', 1],
  ])('of port %s are in VLAN %i when they name none', (port, vlan) => {
    expect(parseConfig(fdb(entry(port))).fdb).toEqual([{ ...entry(port), vlan }])
  })

  test('name a VLAN of the port', () => {
    const all = [entry('t', 31), entry('u', 40), entry('all', 20), entry('a', 10)]
    expect(parseConfig(fdb(...all)).fdb).toEqual(all)
  })

  test.each<[object, string]>([
    [entry('u'), 'vlan: missing; expected a VLAN of port "u" (30, 40)'],
    [entry('none'), 'vlan: missing; expected a VLAN of port "none" (it is in none)'],
    [entry('a', 11), 'vlan: found 11; expected a VLAN of port "a" (10)'],
    [entry('t', 33), 'vlan: found 33; expected a VLAN of port "t" (1, 30-32)'],
    [entry('all', 50), 'vlan: found 50; expected a VLAN of port "all" (1, 10, 20, 30-32, 40)'],
    [entry('a', 0), 'vlan: found 0; expected a VLAN ID from 1 to 4094'],
  ])('%j', (given, line) => {
    expect(lines(fdb(given))).toEqual([`fdb[0].${line}`])
  })

  test('on a bridge without VLANs name none', () => {
    const given = { bridges: { lan: {} }, ports: { p: { bridge: 'lan' } } }
    expect(lines({ ...given, fdb: [{ bridge: 'lan', mac, port: 'p', vlan: 1 }] })).toEqual([
      'fdb[0].vlan: found 1; expected no "vlan": bridge "lan" is not VLAN-aware',
    ])
    expect(
      parseConfig({ ...given, fdb: [{ bridge: 'lan', mac, port: 'p' }] }).fdb[0],
    ).not.toHaveProperty('vlan')
  })

  test('a MAC stands once a VLAN', () => {
    expect(lines(fdb(entry('t', 30), entry('u', 40)))).toEqual([])
    expect(lines(fdb(entry('t', 30), entry('u', 30)))).toEqual([
      `fdb[1].mac: found "${mac}"; expected each MAC once a VLAN: VLAN 30 of "lab" has an entry for it above`,
    ])
    expect(lines(fdb(entry('a'), entry('a', 10)))).toHaveLength(1)
  })

  test('are not faulted for a VLAN that a faulty port names', () => {
    const given = lab(
      { a: { access: 10, admit: 'some' }, all: { tagged: 'all' } },
      { fdb: [entry('all', 10)] },
    )
    expect(lines(given)).toEqual([expect.stringContaining('ports.a.vlan.admit: found "some"')])
  })

  test('go with the port that alone had their VLAN', () => {
    const config = parseConfig(fdb(entry('all', 10), entry('all', 30)))
    const left = withoutPort(config, 'a')
    expect(left.fdb).toEqual([entry('all', 30)])
    expect(parseConfig(left)).toEqual(left)
  })
})

test('VLANs are written as ranges', () => {
  expect(formatVlans([])).toBe('')
  expect(formatVlans([1])).toBe('1')
  expect(formatVlans([1, 2, 4, 6, 7, 8])).toBe('1-2, 4, 6-8')
})
