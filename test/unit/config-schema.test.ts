import { describe, expect, test } from 'vitest'
import { parseConfig, withoutPort, withPort } from '../../src/config/parse.js'
import type { ConfigInput } from '../../src/config/types.js'
import { type ConfigError, LinkspanError } from '../../src/error.js'
import { lines, linesOf } from './config-lines.js'

const lan = { bridges: { lan: {} } } satisfies ConfigInput
const tap = (more: object = {}) => ({
  bridge: 'lan',
  device: { type: 'tap', name: 'eth0', ...more },
})

const deviceLines = (more: object) => lines({ ...lan, ports: { a: tap(more) } })

describe('defaults', () => {
  const policy = {
    bridge: 'lan',
    up: true,
    isolated: false,
    learning: true,
    flood: { unknownUnicast: true, multicast: true, broadcast: true },
    locked: false,
    sticky: false,
    limits: {},
  }

  test('are all filled in', () => {
    expect(parseConfig({ ...lan, ports: { a: { bridge: 'lan' }, b: tap() } })).toEqual({
      version: 1,
      workers: 'auto',
      spin: 'auto',
      capacity: {
        ports: 1024,
        bridges: 256,
        macs: 65_536,
        vlans: 4096,
        memberships: 65_536,
        maxWorkers: 1,
        arena: 4_194_304,
        routes: 1024,
        neighbors: 4096,
        flows: 65_536,
        flows6: 32_768,
        rules: 1024,
        tunnels: 1024,
      },
      bridges: {
        lan: {
          ageing: 300_000,
          vlanAware: false,
          isolated: false,
          controlFrames: [],
          policy: 'allow',
        },
      },
      ports: {
        a: { ...policy, device: { type: 'memory', mtu: 1500, offloads: false, coalesce: false } },
        b: {
          ...policy,
          device: {
            type: 'tap',
            name: 'eth0',
            create: true,
            missing: 'error',
            mtu: 1500,
            addresses: [],
            routes: [],
            persist: false,
          },
        },
      },
      uplinks: {},
      fdb: [],
      routes: [],
      neighbors: [],
      nat: [],
      publish: [],
      filter: [],
      control: { mode: '0600' },
    })
  })

  test("a device made here has its bridge's MTU; one that is attached to has its own", () => {
    const ports = {
      a: tap(),
      b: tap({ name: 'b', create: false }),
      c: { bridge: 'lan' },
      d: tap({ name: 'd', mtu: 100 }),
    }
    const config = parseConfig({ bridges: { lan: { mtu: 1400 } }, ports })
    expect(Object.values(config.ports).map(({ device }) => device.mtu)).toEqual([
      1400,
      undefined,
      1400,
      100,
    ])
  })

  test('there is room for as many workers as are asked for', () => {
    expect(parseConfig({ workers: 4 }).capacity.maxWorkers).toBe(4)
    expect(parseConfig({ workers: 'auto', capacity: { maxWorkers: 8 } }).capacity.maxWorkers).toBe(
      8,
    )
  })

  test('of nothing at all is a switch without bridges', () => {
    expect(parseConfig({}).bridges).toEqual({})
  })
})

describe('the result', () => {
  const config = parseConfig({
    bridges: { lan: { ageing: '5m' } },
    ports: {
      a: tap({
        mac: '02-55-00-00-00-AB',
        addresses: ['FD55:0::2/64'],
        routes: [{ to: 'FD66::/16', via: 'fd55::0' }],
      }),
    },
    fdb: [{ bridge: 'lan', mac: '02-55-00-00-00-AB', port: 'a' }],
    capacity: { arena: '8MiB' },
  })

  test('is canonical: milliseconds, bytes, canonical addresses', () => {
    expect(config.bridges.lan?.ageing).toBe(300_000)
    expect(config.capacity.arena).toBe(8 * 2 ** 20)
    expect(config.fdb[0]?.mac).toBe('02:55:00:00:00:ab')
    expect(config.ports.a?.device).toMatchObject({
      mac: '02:55:00:00:00:ab',
      addresses: ['fd55::2/64'],
      routes: [{ to: 'fd66::/16', via: 'fd55::' }],
    })
  })

  test('is frozen all through', () => {
    const device = config.ports.a?.device as unknown as { addresses: string[] }
    expect(() => device.addresses.push('x')).toThrow(TypeError)
    expect(() => Object.assign(config.bridges, { x: {} })).toThrow(TypeError)
    expect(() => Object.assign(config.capacity, { macs: 1 })).toThrow(TypeError)
  })

  test('is a config again, as JSON too', () => {
    expect(parseConfig(config)).toEqual(config)
    expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config)
  })

  test('does not find what every object inherits', () => {
    expect(config.ports.constructor).toBeUndefined()
    expect(lines({ ports: { a: { bridge: 'constructor' } } })).toEqual([
      'ports.a.bridge: there is no bridge "constructor"; expected a bridge, of which this config has none',
    ])
    expect(
      parseConfig({ bridges: { constructor: {} }, ports: { toString: { bridge: 'constructor' } } })
        .ports.toString,
    ).toBeDefined()
  })

  test('what was given stays as it was', () => {
    const given = { bridges: { lan: { ageing: 10_000 } }, ports: { a: tap() } }
    const before = structuredClone(given)
    parseConfig(given)
    expect(given).toEqual(before)
    expect(Object.isFrozen(given.ports)).toBe(false)
  })
})

describe('values', () => {
  test.each<[unknown, string]>([
    [undefined, 'found nothing; expected a mapping such as { version: 1 }'],
    [null, 'found nothing; expected a mapping such as { version: 1 }'],
    ['x', 'found "x"; expected a mapping such as { version: 1 }'],
    [[], 'found an empty list; expected a mapping such as { version: 1 }'],
    [{ version: 2 }, 'version: found 2; expected 1'],
    [{ version: '1' }, 'version: found "1"; expected 1'],
    [{ workers: 0 }, 'workers: found 0; expected "auto" or a whole number from 1 to 64'],
    [{ workers: 65 }, 'workers: found 65; expected "auto" or a whole number from 1 to 64'],
    [{ workers: 1.5 }, 'workers: found 1.5; expected "auto" or a whole number from 1 to 64'],
    [{ workers: 'all' }, 'workers: found "all"; expected "auto" or a whole number from 1 to 64'],
    [
      { capacity: { macs: 16_777_217 } },
      'capacity.macs: found 16777217; expected a whole number from 1 to 16777216',
    ],
    [
      { capacity: { ports: 65_536 } },
      'capacity.ports: found 65536; expected a whole number from 1 to 65535',
    ],
    [
      { capacity: { ports: 1e300 } },
      'capacity.ports: found 1e+300; expected a whole number from 1 to 65535',
    ],
    [
      { capacity: { ports: Number.NaN } },
      'capacity.ports: found NaN; expected a whole number from 1 to 65535',
    ],
    [
      { capacity: { arena: 5 } },
      'capacity.arena: found 5; expected bytes from 1048576 to 268435456, or a size such as "4MiB"',
    ],
    [
      { bridges: [] },
      'bridges: found an empty list; expected a mapping of bridge names to bridges',
    ],
    [{ bridges: { lan: 5 } }, 'bridges.lan: found 5; expected a mapping, {} for all defaults'],
    [
      { bridges: { lan: { mtu: 67 } } },
      'bridges.lan.mtu: found 67; expected a whole number from 68 to 65521',
    ],
    [
      { bridges: { lan: { mtu: 65_522 } } },
      'bridges.lan.mtu: found 65522; expected a whole number from 68 to 65521',
    ],
    [
      { bridges: { lan: { ageing: 9_999 } } },
      'bridges.lan.ageing: found 9999; expected milliseconds from 10000 to 1000000000, or a duration such as "300s"',
    ],
    [
      { control: { mode: '0800' } },
      'control.mode: found "0800"; expected a file mode of octal digits in quotes, such as "0600"',
    ],
    [
      { control: { mode: 600 } },
      'control.mode: found 600; expected a file mode of octal digits in quotes, such as "0600"',
    ],
    [
      { control: { socket: 'x.sock' } },
      'control.socket: found "x.sock"; expected an absolute path of at most 107 bytes',
    ],
    [
      { control: { socket: `/${'x'.repeat(107)}` } },
      `control.socket: found "/${'x'.repeat(59)}…"; expected an absolute path of at most 107 bytes`,
    ],
    [
      { control: { group: 'no body' } },
      'control.group: found "no body"; expected a name or a number of a group',
    ],
    [{ control: { group: -1 } }, 'control.group: found -1; expected a name or a number of a group'],
    [
      { fdb: {} },
      'fdb: found a mapping; expected a list of { bridge, mac, port } and { bridge, mac, vtep }',
    ],
    [{ ...lan, ports: { a: {} } }, 'ports.a.bridge: missing; expected the name of a bridge'],
    [
      { ...lan, ports: { a: { bridge: 10 } } },
      'ports.a.bridge: found 10; expected the name of a bridge, in quotes',
    ],
    [
      { ...lan, ports: { a: { bridge: 'lan', up: 'yes' } } },
      'ports.a.up: found "yes"; expected true or false',
    ],
    [
      { ...lan, ports: { a: { bridge: 'lan', device: 'tap' } } },
      'ports.a.device: found "tap"; expected a mapping such as { type: tap, name: eth0 }',
    ],
    [
      { ...lan, ports: { a: { bridge: 'lan', device: {} } } },
      'ports.a.device.type: missing; expected "tap", "packet", "unix", "pcap" or "memory"',
    ],
    [
      { ...lan, ports: { a: { bridge: 'lan', device: { type: 'tun' } } } },
      'ports.a.device.type: found "tun"; expected "tap", "packet", "unix", "pcap" or "memory"',
    ],
  ])('%j', (value, line) => {
    expect(lines(value)).toEqual([line])
  })

  test('take the ends of their ranges', () => {
    const ageing = [10_000, '10s', 1e9, '1000000s']
    for (const value of ageing) expect(lines({ bridges: { lan: { ageing: value } } })).toEqual([])
    expect(
      lines({ capacity: { macs: 16_777_216, ports: 65_535, arena: '1MiB', maxWorkers: 64 } }),
    ).toEqual([])
    expect(lines({ bridges: { a: { mtu: 68 }, b: { mtu: 65_521 } } })).toEqual([])
    for (const mode of ['600', '0660', '0777']) expect(lines({ control: { mode } })).toEqual([])
  })
})

describe('names', () => {
  test.each(['a', 'A-b_c.d:e', '10', 'x'.repeat(64)])('%j is one', (name) => {
    expect(
      parseConfig({ bridges: { [name]: {} }, ports: { [name]: { bridge: name } } }).ports[name]
        ?.bridge,
    ).toBe(name)
  })

  test.each(['', 'a b', 'a/b', 'ä', 'a\nb', 'x'.repeat(65), '__proto__'])('%j is none', (name) => {
    const given = JSON.parse(`{"bridges": {${JSON.stringify(name)}: {}}}`)
    expect(lines(given)).toEqual([expect.stringContaining('expected a name of 1 to 64 letters')])
    const port = JSON.parse(
      `{"bridges": {"lan": {}}, "ports": {${JSON.stringify(name)}: {"bridge": "lan"}}}`,
    )
    expect(lines(port)).toEqual([expect.stringContaining('expected a name of 1 to 64 letters')])
  })

  test.each(['eth0', 'x'.repeat(15), 'tap-vm1', 'tap.5', 'tap@x', 'schön'])(
    'interface %j',
    (name) => {
      expect(deviceLines({ name })).toEqual([])
    },
  )

  test.each([
    '',
    'x'.repeat(16),
    'ääääääää',
    'a/b',
    'a:b',
    'a b',
    'a\tb',
    'tap%d',
    '.',
    '..',
    'all',
    'default',
    'à',
    'a\x1bb',
  ])('no interface %j', (name) => {
    expect(deviceLines({ name })).toEqual([
      expect.stringMatching(/^ports\.a\.device\.name: found .* expected an interface name/),
    ])
  })

  test.each(['web', '/run/netns/web', '/proc/1/ns/net', 'pid:1', 'pid:4194304', 'a.b'])(
    'namespace %j',
    (netns) => {
      expect(deviceLines({ netns })).toEqual([])
    },
  )

  test.each([
    '',
    '.',
    '..',
    'a/b',
    './a',
    'pid:',
    'pid:0',
    'pid:x',
    'pid:4194305',
    'pid:01',
    'pd:1',
    'a b',
    'a\0',
    '/a\n',
    'container:web',
  ])('no namespace %j', (netns) => {
    expect(deviceLines({ netns })).toEqual([
      expect.stringMatching(/^ports\.a\.device\.netns: .* expected a network namespace/),
    ])
  })
})

describe('a TAP', () => {
  test.each<[object, string]>([
    [
      { mac: '01:00:5e:00:00:01' },
      'mac: found "01:00:5e:00:00:01"; expected a unicast MAC address',
    ],
    [
      { mac: '00:00:00:00:00:00' },
      'mac: found "00:00:00:00:00:00"; expected a unicast MAC address',
    ],
    [{ mac: '02:55' }, 'mac: found "02:55"; expected a MAC address'],
    [
      { mac: 255 },
      'mac: found 255; expected a unicast MAC address such as "02:55:00:00:00:02", in quotes',
    ],
    [{ mtu: 'big' }, 'mtu: found "big"; expected a whole number from 68 to 65521'],
    [{ addresses: '10.0.0.1/24' }, 'addresses: found "10.0.0.1/24"; expected a list of addresses'],
    [
      { addresses: ['10.0.0.1'] },
      'addresses[0]: found "10.0.0.1"; expected an address with a prefix length',
    ],
    [
      { addresses: ['10.0.0.1/24', '224.0.0.1/24'] },
      'addresses[1]: found "224.0.0.1/24"; expected the address of one host',
    ],
    [{ addresses: ['::/64'] }, 'addresses[0]: found "::/64"; expected the address of one host'],
    [
      { addresses: ['255.255.255.255/32'] },
      'addresses[0]: found "255.255.255.255/32"; expected the address of one host',
    ],
    [
      { addresses: ['fe80::1%eth0/64'] },
      'addresses[0]: found "fe80::1%eth0/64"; expected an address without a zone id',
    ],
    [{ routes: 'all' }, 'routes: found "all"; expected "auto" or a list of routes'],
    [{ routes: [{}] }, 'routes[0].to: missing; expected "default" or a network'],
    [
      { routes: [{ to: '10.0.0.1/8' }] },
      'routes[0].to: found "10.0.0.1/8"; expected a network, without host bits: "10.0.0.0/8"',
    ],
    [
      { routes: [{ to: 'defualt' }] },
      'routes[0].to: found "defualt"; expected "default" or a network',
    ],
    [
      { routes: [{ to: '10.0.0.0/8', via: 'fe80::' }, 7] },
      'routes[1]: found 7; expected a mapping with "to" and maybe "via"',
    ],
    [
      { routes: [{ to: '10.0.0.0/8', via: '0.0.0.0' }] },
      'routes[0].via: found "0.0.0.0"; expected a neighbour\'s address',
    ],
    [{ missing: 'ignore' }, 'missing: found "ignore"; expected "error" or "wait"'],
    [{ owner: 'a b' }, 'owner: found "a b"; expected a name or a number of a user'],
    [{ owner: 4294967295 }, 'owner: found 4294967295; expected a name or a number of a user'],
    [{ create: 'no' }, 'create: found "no"; expected true or false'],
    [{ name: undefined }, 'name: missing; expected an interface name'],
    [{ nmae: 'x' }, 'nmae: unknown key'],
  ])('%j', (more, line) => {
    const [first, ...others] = deviceLines(more)
    expect(others).toEqual([])
    expect(first).toContain(`ports.a.device.${line}`)
  })
})

describe('unknown keys', () => {
  test.each<[unknown, string]>([
    [
      { bridge: {} },
      'bridge: unknown key; expected one of "version", "workers", "spin", "capacity", "bridges", "ports", "uplinks", "underlay", "fdb", "routes", "neighbors", "nat", "publish", "filter" or "control"; did you mean "bridges"?',
    ],
    [
      { bridges: { lan: { aging: 1 } } },
      'bridges.lan.aging: unknown key; expected one of "ageing", "mtu", "vlanAware", "vlanProtocol", "isolated", "controlFrames", "mirror", "gateway", "vxlan" or "policy"; did you mean "ageing"?',
    ],
    [
      { bridges: { lan: { mut: 1 } } },
      'bridges.lan.mut: unknown key; expected one of "ageing", "mtu", "vlanAware", "vlanProtocol", "isolated", "controlFrames", "mirror", "gateway", "vxlan" or "policy"; did you mean "mtu"?',
    ],
    [
      { bridges: { lan: { zzz: 1 } } },
      'bridges.lan.zzz: unknown key; expected one of "ageing", "mtu", "vlanAware", "vlanProtocol", "isolated", "controlFrames", "mirror", "gateway", "vxlan" or "policy"',
    ],
    [
      { ...lan, ports: { a: { bridge: 'lan', mac: 'x' } } },
      'ports.a.mac: unknown key; expected one of "bridge", "device", "up", "vlan", "isolated", "learning", "flood", "locked", "sticky", "limits", "guard", "mirror" or "impair"; "mac" belongs inside "device"',
    ],
    [
      { ...lan, ports: { a: { bridge: 'lan', device: { type: 'memory', name: 'x' } } } },
      'ports.a.device.name: unknown key; expected one of "type", "mtu", "offloads" or "coalesce"',
    ],
    [
      { capacity: { mac: 1 } },
      'capacity.mac: unknown key; expected one of "ports", "bridges", "macs", "vlans", "memberships", "maxWorkers", "arena", "routes", "neighbors", "flows", "flows6", "rules" or "tunnels"; did you mean "macs"?',
    ],
    [
      { control: { file: 1 } },
      'control.file: unknown key; expected one of "group", "mode" or "socket"',
    ],
    [
      { fdb: [{ bridge: 'lan', mac: '02:00:00:00:00:01', port: 'a', age: 1 }] },
      'fdb[0].age: unknown key; expected one of "bridge", "vlan", "mac", "port" or "vtep"',
    ],
    [{ 'a\nb.c': 1 }, '["a\\nb.c"]: unknown key; expected one of "version"'],
  ])('%j', (value, line) => {
    expect(lines(value)[0]).toContain(line)
  })

  test.each<[unknown, string]>([
    [
      { ...lan, ports: { a: { bridge: 'lan', device: { type: 'udp' } } } },
      'ports.a.device.type: this version of Linkspan does not have devices of type "udp" yet; it has "tap", "packet", "unix", "pcap" or "memory"',
    ],
  ])('of later versions say so: %j', (value, line) => {
    expect(lines(value)).toEqual([line])
  })

  test('bridges.lan.limits is for later', () => {
    expect(lines({ bridges: { lan: { limits: 1 } } })).toEqual([
      expect.stringContaining('does not have'),
    ])
  })
})

test('an issue is data, and its error is one of ours', () => {
  try {
    parseConfig({ ...lan, ports: { 'a.b': tap({ addresses: ['x'] }) } })
    expect.unreachable()
  } catch (error) {
    expect(error).toBeInstanceOf(LinkspanError)
    expect(error).toMatchObject({ name: 'ConfigError', code: 'CONFIG' })
    expect((error as ConfigError).issues).toEqual([
      {
        path: ['ports', 'a.b', 'device', 'addresses', 0],
        key: 'ports["a.b"].device.addresses[0]',
        message:
          'found "x"; expected an address with a prefix length such as "10.55.0.2/24" or "fd55::2/64"',
        found: '"x"',
        expected: 'an address with a prefix length such as "10.55.0.2/24" or "fd55::2/64"',
      },
    ])
  }
})

describe('one port more', () => {
  const config = parseConfig({
    bridges: { lan: { mtu: 1400 } },
    ports: { a: tap({ mac: '02:00:00:00:00:01' }) },
    capacity: { ports: 2 },
  })

  test('is as if it had stood there from the start', () => {
    const more = withPort(config, 'b', tap({ name: 'b' }))
    expect(more).toEqual(
      parseConfig({ ...config, ports: { ...config.ports, b: tap({ name: 'b' }) } }),
    )
    expect(more.ports.b?.device.mtu).toBe(1400)
    expect(config.ports.b).toBeUndefined()
    expect(Object.isFrozen(more.ports)).toBe(true)
    expect(withPort(more, 'b', { bridge: 'lan' }).ports.b?.device.type).toBe('memory')
  })

  test.each<[string, unknown, string]>([
    [
      'b',
      tap(),
      'ports.b.device.name: found "eth0"; expected an interface of its own: port "a" has this one',
    ],
    [
      'b',
      tap({ name: 'b', mac: '02:00:00:00:00:01' }),
      'ports.b.device.mac: found "02:00:00:00:00:01"; expected a MAC of its own',
    ],
    [
      'b',
      { bridge: 'lna' },
      'ports.b.bridge: there is no bridge "lna"; expected one of the bridges "lan"; did you mean "lan"?',
    ],
    ['b', tap({ name: 'b', mtu: 1500 }), 'ports.b.device.mtu: found 1500; expected at most 1400'],
    ['b', 5, 'ports.b: found 5; expected a mapping'],
    ['__proto__', { bridge: 'lan' }, 'ports.__proto__: found "__proto__"; expected a name'],
    ['b b', { bridge: 'lan' }, 'ports["b b"]: found "b b"; expected a name'],
  ])('is refused when it does not fit: %s %j', (name, port, line) => {
    expect(linesOf(() => withPort(config, name, port))).toEqual([expect.stringContaining(line)])
  })

  test('is refused when there is no room', () => {
    const full = withPort(config, 'b', { bridge: 'lan' })
    expect(linesOf(() => withPort(full, 'c', { bridge: 'lan' }))).toEqual([
      'ports: found 3 entries; expected at most 2; raise capacity.ports for more',
    ])
  })

  test('goes with its static entries', () => {
    const entry = { bridge: 'lan', mac: '02:00:00:00:00:09', port: 'a' }
    const bound = parseConfig({ ...config, fdb: [entry] })
    expect(withoutPort(bound, 'a')).toEqual({ ...config, ports: {}, fdb: [] })
    expect(withoutPort(bound, 'x')).toEqual(bound)
  })
})
