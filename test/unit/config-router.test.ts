import { describe, expect, test } from 'vitest'
import { autoRoutes } from '../../src/config/auto-routes.js'
import { derivedMac } from '../../src/config/derived-mac.js'
import { planChanges } from '../../src/config/diff.js'
import { parseConfig, withoutPort, withPort } from '../../src/config/parse.js'
import type { Gateway, VlanPolicy } from '../../src/config/types.js'
import { parseYaml } from '../../src/config/yaml.js'
import { planView } from '../../src/control/plan.js'
import { lines, linesOf } from './config-lines.js'

const gateway = { addresses: ['10.55.0.1/24', 'FD55:0::1/64'] }
const blue = { blue: { gateway } }
const tap = (name: string, more: object = {}) => ({ type: 'tap', name, ...more })
const wan = {
  device: tap('ls-up', { addresses: ['203.0.113.1/24'] }),
  addresses: ['203.0.113.10/24', '2001:db8::10/64'],
}

describe('a gateway', () => {
  const parsed = (bridge: object) =>
    parseConfig({ bridges: { blue: bridge } }).bridges.blue?.gateway

  test('is filled in', () => {
    expect(parsed({ gateway })).toEqual({
      addresses: ['10.55.0.1/24', 'fd55::1/64'],
      mac: derivedMac('gateway blue'),
      advertise: true,
    })
    expect(parsed({ gateway, vlanAware: true })).toMatchObject({ vlan: 1 })
    expect(parsed({ gateway: { ...gateway, vlan: 7 }, vlanAware: true })).toMatchObject({ vlan: 7 })
    expect(parsed({ gateway: { ...gateway, mac: '02-00-00-00-00-AA' } })?.mac).toBe(
      '02:00:00:00:00:aa',
    )
    expect(parsed({})).toBeUndefined()
  })

  test('has a MAC that is locally administered, unicast, its own and always the same', () => {
    expect(derivedMac('gateway blue')).toBe('02:67:1d:78:aa:d0')
    const macs = Array.from({ length: 500 }, (_, n) => derivedMac(`gateway b${n}`))
    expect(new Set(macs).size).toBe(500)
    for (const mac of macs) expect(mac).toMatch(/^02(:[\da-f]{2}){5}$/)
  })

  const ADDRESSES = 'a list of at least one address with its prefix length'
  test.each<[object, string]>([
    [{}, `addresses: missing; expected ${ADDRESSES}`],
    [{ addresses: [] }, `addresses: found an empty list; expected ${ADDRESSES}`],
    [
      { addresses: ['10.0.0.1'] },
      'addresses[0]: found "10.0.0.1"; expected an address with a prefix length such as "10.55.0.2/24" or "fd55::2/64"',
    ],
    [
      { addresses: ['10.0.0.0/24'] },
      'addresses[0]: found "10.0.0.0/24"; expected the address of a host in 10.0.0.0/24',
    ],
    [
      { addresses: ['10.0.1.255/23'] },
      'addresses[0]: found "10.0.1.255/23"; expected the address of a host in 10.0.0.0/23',
    ],
    [
      { addresses: ['fd00::/64'] },
      'addresses[0]: found "fd00::/64"; expected the address of a host in fd00::/64',
    ],
    [
      { addresses: ['10.0.0.1/0'] },
      'addresses[0]: found "10.0.0.1/0"; expected a prefix length of at least 1',
    ],
    ...['127.0.0.1/8', '::1/64', '0.0.0.0/8', 'ff02::1/64', '224.0.0.1/4'].map(
      (address): [object, string] => [
        { addresses: [address] },
        `addresses[0]: found "${address}"; expected the address of one host`,
      ],
    ),
    [
      { addresses: ['10.0.0.1/24', '10.0.0.1/16'] },
      'addresses[1]: found "10.0.0.1/16"; expected each address once',
    ],
    [{ ...gateway, vlan: 3 }, 'vlan: found 3; expected no "vlan": bridge "blue" is not VLAN-aware'],
    [
      { ...gateway, address: 1 },
      'address: unknown key; expected one of "addresses", "mac", "advertise" or "vlan"; did you mean "addresses"?',
    ],
    [{ ...gateway, advertise: 'no' }, 'advertise: found "no"; expected true or false'],
  ])('%j', (given, line) => {
    expect(lines({ bridges: { blue: { gateway: given } } })).toEqual([
      `bridges.blue.gateway.${line}`,
    ])
  })

  test('takes addresses at the ends of point-to-point subnets (RFC 3021, RFC 6164)', () => {
    const addresses = ['10.0.0.0/31', '10.1.0.1/32', 'fd00::/127', 'fd01::1/128', '10.2.0.255/23']
    expect(lines({ bridges: { b: { gateway: { addresses } } } })).toEqual([])
  })

  test('needs an MTU that IPv6 can have', () => {
    const bridge = (mtu: number) => ({ bridges: { blue: { mtu, gateway } } })
    expect(lines(bridge(1280))).toEqual([])
    expect(lines(bridge(1279))).toEqual([
      "bridges.blue.mtu: found 1279; expected at least 1280, which the gateway's IPv6 addresses need",
    ])
  })

  test('has subnets of its own', () => {
    const of = (...addresses: string[]) => ({ gateway: { addresses } })
    expect(lines({ bridges: { a: of('10.0.0.1/16'), b: of('10.1.0.1/24') } })).toEqual([])
    expect(
      lines({ bridges: { a: of('10.0.0.1/16'), b: of('fd00::1/64', '10.0.7.1/24') } }),
    ).toEqual([
      'bridges.b.gateway.addresses[1]: found "10.0.7.1/24"; expected a subnet of its own: bridge "a" has "10.0.0.1/16"',
    ])
    expect(lines({ bridges: blue, uplinks: { wan: { addresses: ['10.55.0.99/28'] } } })).toEqual([
      'uplinks.wan.addresses[0]: found "10.55.0.99/28"; expected a subnet of its own: bridge "blue" has "10.55.0.1/24"',
    ])
    // Every link has the link-local prefix; one interface may have a subnet twice.
    const link = of('fe80::1/64', '10.1.0.1/24', '10.1.0.2/24')
    expect(lines({ bridges: { a: of('fe80::1/64'), b: link } })).toEqual([])
  })

  test('has a MAC and addresses that ports do not', () => {
    const mac = '02:00:00:00:00:01'
    const device = tap('a', { mac, addresses: ['10.55.0.1/24'] })
    expect(
      lines({
        bridges: { blue: { gateway: { ...gateway, mac } } },
        ports: { a: { bridge: 'blue', device } },
      }),
    ).toEqual([
      'bridges.blue.gateway.mac: found "02:00:00:00:00:01"; expected a MAC of its own: port "a" has this one',
      'ports.a.device.addresses[0]: found "10.55.0.1/24"; expected an address of its own on bridge "blue": the gateway has this one',
    ])
  })

  test('is at no port', () => {
    const mac = '02:00:00:00:00:01'
    expect(
      lines({
        bridges: { blue: { gateway: { ...gateway, mac } } },
        ports: { a: { bridge: 'blue' } },
        fdb: [{ bridge: 'blue', mac, port: 'a' }],
      }),
    ).toEqual([
      'fdb[0].mac: found "02:00:00:00:00:01"; expected the MAC of a host: this one is that of the gateway of bridge "blue"',
    ])
  })

  test('takes as many routes as its addresses make', () => {
    const given = (routes: number) => ({
      bridges: {
        blue: {
          gateway: { addresses: ['10.0.0.1/24', 'fd00::1/64', 'fe80::1/64', '10.1.0.1/32'] },
        },
      },
      routes: [{ to: '10.9.0.0/16', unreachable: true }],
      capacity: { routes },
    })
    expect(lines(given(8))).toEqual([])
    expect(lines(given(7))).toEqual([
      'routes: found 8 entries; expected at most 7; raise capacity.routes for more',
    ])
  })

  test('is one of 1024', () => {
    const bridge = (n: number) => [
      `b${n}`,
      { gateway: { addresses: [`10.${n >> 8}.${n & 255}.1/24`] } },
    ]
    const bridges = Object.fromEntries(Array.from({ length: 1025 }, (_, n) => bridge(n)))
    const capacity = { bridges: 2000, routes: 10_000 }
    expect(lines({ bridges, capacity })).toEqual([
      'bridges.b1024.gateway: found 1025; expected at most 1024 gateways and uplinks',
    ])
  })

  test('and ports with addresses outside its subnets are a contradiction', () => {
    const given = (addresses: string[], more: object = {}, vlanAware = false) => ({
      bridges: { blue: { gateway, vlanAware } },
      ports: { a: { bridge: 'blue', device: tap('a', { addresses }), ...more } },
    })
    expect(lines(given(['10.55.0.2/24', 'fd55::2/64', 'fe80::2/64']))).toEqual([])
    expect(lines(given(['10.55.0.2/24', '10.56.0.2/24']))).toEqual([
      'ports.a.device.addresses[1]: found "10.56.0.2/24"; expected an address in a subnet of the gateway of bridge "blue" (10.55.0.1/24)',
    ])
    expect(lines(given(['10.56.0.2/24'], { vlan: { access: 1 } }, true))).toHaveLength(1)
    expect(lines(given(['10.56.0.2/24'], { vlan: { access: 2 } }, true))).toEqual([])
    const only4 = { addresses: ['10.55.0.1/24'] }
    expect(
      lines({
        bridges: { blue: { gateway: only4 } },
        ports: { a: { bridge: 'blue', device: tap('a', { addresses: ['fd99::1/64'] }) } },
      }),
    ).toEqual([])
  })

  test('names its VLAN; in a file, one that a port is in', () => {
    const file = (vlan: number, ports: string) => `version: 1
bridges:
  lab:
    vlanAware: true
    gateway: { addresses: [10.0.0.1/24], vlan: ${vlan} }
${ports}`
    const ports = `ports:
  a: { bridge: lab, vlan: { tagged: [10, 20-22] }, device: { type: tap, name: a } }`
    expect(linesOf(() => parseYaml(file(21, ports), 'f'))).toEqual([])
    expect(linesOf(() => parseYaml(file(12, ''), 'f'))).toEqual([])
    expect(linesOf(() => parseYaml(file(12, ports), 'f'))).toEqual([
      'f:5: bridges.lab.gateway.vlan: found 12; expected a VLAN that a port of bridge "lab" is in (10, 20-22)',
    ])
    // A port that leaves does not take the gateway with it.
    const config = parseYaml(file(10, ports), 'f')
    expect(parseConfig(withoutPort(config, 'a')).bridges.lab?.gateway?.vlan).toBe(10)
  })
})

describe('routes: auto', () => {
  const of = (addresses: string[], vlan?: Partial<VlanPolicy>, more: object = {}) => {
    const full = { ...parseConfig({ bridges: blue }).bridges.blue?.gateway, ...more } as Gateway
    return autoRoutes({ addresses }, full, vlan as VlanPolicy)
  }
  const four = { to: '0.0.0.0/0', via: '10.55.0.1' }
  const six = { to: '::/0', via: 'fd55::1' }

  test('is a default route for each family', () => {
    expect(of(['10.55.0.2/24', 'fd55::2/64'])).toEqual([four, six])
    expect(of(['fd55::2/64'])).toEqual([six])
    expect(of([])).toEqual([])
    expect(autoRoutes({ addresses: ['10.55.0.2/24'] }, undefined, undefined)).toEqual([])
  })

  test("is by the address of the interface's own subnet", () => {
    const more = { addresses: ['10.1.0.1/24', '10.2.0.1/24'] }
    expect(of(['10.2.0.5/24'], undefined, more)).toEqual([{ to: '0.0.0.0/0', via: '10.2.0.1' }])
  })

  test("is for ports that are untagged in the gateway's VLAN", () => {
    expect(of(['10.55.0.2/24'], { native: 5 }, { vlan: 5 })).toEqual([four])
    expect(of(['10.55.0.2/24'], { native: 6 }, { vlan: 5 })).toEqual([])
    expect(of(['10.55.0.2/24'], {}, { vlan: 5 })).toEqual([])
  })

  test('changes with the gateway', () => {
    const device = tap('a', { addresses: ['10.55.0.2/24'], routes: 'auto' })
    const config = (address: string) =>
      parseConfig({
        bridges: { blue: { gateway: { addresses: [address] } } },
        ports: { a: { bridge: 'blue', device } },
      })
    const changes = planChanges(config('10.55.0.1/24'), config('10.55.0.9/24'))
    expect(planView(changes).map(({ object, name, keys }) => [object, name, keys])).toEqual([
      ['bridge', 'blue', ['gateway.addresses']],
      ['port', 'a', ['device.routes']],
    ])
    expect(planChanges(config('10.55.0.1/24'), config('10.55.0.1/24'))).toEqual([])
  })

  test('brings no two default routes into one namespace', () => {
    const device = (name: string, address: string) =>
      tap(name, { netns: 'host', addresses: [address], routes: 'auto' })
    expect(
      lines({
        bridges: { ...blue, red: { gateway: { addresses: ['10.56.0.1/24'] } } },
        ports: {
          a: { bridge: 'blue', device: device('a', '10.55.0.2/24') },
          b: { bridge: 'red', device: device('b', '10.56.0.2/24') },
        },
      }),
    ).toEqual([
      'ports.b.device.routes: found "auto"; expected a list: port "a" brings 0.0.0.0/0 by "auto" into the same namespace',
    ])
  })
})

describe('an uplink', () => {
  test('is filled in', () => {
    const { uplinks } = parseConfig({
      uplinks: {
        wan: { ...wan, routes: [{ to: 'default', via: '203.0.113.1' }] },
        m: { addresses: ['10.0.0.1/8'], mtu: 1400 },
      },
    })
    expect(uplinks.wan).toMatchObject({
      device: { type: 'tap', name: 'ls-up', mtu: 1500 },
      addresses: ['203.0.113.10/24', '2001:db8::10/64'],
      routes: [{ to: '0.0.0.0/0', via: '203.0.113.1' }],
      mac: derivedMac('uplink wan'),
      mtu: 1500,
      up: true,
    })
    expect(uplinks.m).toMatchObject({ device: { type: 'memory', mtu: 1400 }, mtu: 1400 })
  })

  const uplink = (more: object) => ({ uplinks: { wan: { ...wan, ...more } } })
  test.each<[object, string]>([
    [
      { device: tap('a', { mtu: 1400 }), mtu: 1500 },
      'mtu: found 1500; expected at most 1400, the MTU of its device',
    ],
    [
      { device: tap('a', { mtu: 1200 }) },
      'mtu: found 1200; expected at least 1280, which IPv6 addresses need',
    ],
    [
      { device: tap('a', { addresses: ['203.0.113.10/24'] }) },
      `device.addresses[0]: found "203.0.113.10/24"; expected an address of its own: this one is the router's`,
    ],
    [
      { routes: [{ to: '10.0.0.0/8', via: '192.0.2.1' }] },
      'routes[0].via: found "192.0.2.1"; expected an address in a subnet of this uplink (203.0.113.10/24)',
    ],
    [
      { routes: [{ to: '10.0.0.0/8', via: '203.0.113.10' }] },
      `routes[0].via: found "203.0.113.10"; expected a neighbour's address, not the router's own`,
    ],
    [
      { routes: [{ to: '10.0.0.0/8', via: '2001:db8::1' }] },
      'routes[0].via: found "2001:db8::1"; expected an address of the family of "10.0.0.0/8"',
    ],
    [
      { routes: [{ to: 'default' }] },
      'routes[0].via: missing; expected a "via": without one, say "0.0.0.0/0" or "::/0" instead of "default"',
    ],
    [
      { routes: [{ to: '203.0.113.0/24', via: '203.0.113.1' }] },
      'routes[0].to: found "203.0.113.0/24"; expected each destination once: uplink "wan" has this one',
    ],
    [
      { address: 1 },
      'address: unknown key; expected one of "device", "addresses", "routes", "mac", "mtu", "up" or "impair"; did you mean "addresses"?',
    ],
  ])('%j', (more, line) => {
    expect(lines(uplink(more))).toEqual([`uplinks.wan.${line}`])
  })

  test('takes a link-local next hop, and networks on the link', () => {
    const routes = [{ to: 'default', via: 'fe80::1' }, { to: '198.51.100.0/24' }]
    expect(lines(uplink({ routes }))).toEqual([])
  })

  test('has one name with no port, and one interface', () => {
    const given = {
      bridges: { lan: {} },
      uplinks: { wan },
      ports: { wan: { bridge: 'lan', device: tap('ls-up') } },
    }
    expect(lines(given)).toEqual([
      'uplinks.wan.device.name: found "ls-up"; expected an interface of its own: port "wan" has this one',
      'uplinks.wan: found "wan"; expected a name that no port has: uplinks are ports',
    ])
    const config = parseConfig({ bridges: { lan: {} }, uplinks: { wan } })
    expect(linesOf(() => withPort(config, 'wan', { bridge: 'lan' }))).toEqual([
      'ports.wan: found "wan"; expected a name that no uplink has',
    ])
  })

  test('counts as a port and a bridge', () => {
    const given = { uplinks: { wan }, bridges: { lan: {} }, capacity: { bridges: 1 } }
    expect(lines(given)).toEqual([
      'bridges: found 2 entries; expected at most 1; raise capacity.bridges for more',
    ])
  })
})

describe('routes and neighbours', () => {
  const given = (more: object) => ({ bridges: { ...blue, lan: {} }, uplinks: { wan }, ...more })

  test('are canonical', () => {
    const { routes, neighbors } = parseConfig(
      given({
        routes: [
          { to: 'default', via: 'FD55::9' },
          { to: '10.0.0.0/8', unreachable: true },
        ],
        neighbors: [{ bridge: 'blue', address: 'FD55::9', mac: '02-00-00-00-00-0A' }],
      }),
    )
    expect(routes).toEqual([
      { to: '::/0', via: 'fd55::9' },
      { to: '10.0.0.0/8', unreachable: true },
    ])
    expect(neighbors).toEqual([{ bridge: 'blue', address: 'fd55::9', mac: '02:00:00:00:00:0a' }])
  })

  test.each<[object, string]>([
    [{ to: '10.0.0.0/8' }, 'via: missing; expected a "via", or "unreachable: true"'],
    [
      { to: '10.0.0.0/8', via: '10.55.0.2', unreachable: true },
      'unreachable: found true; expected no "unreachable" beside "via"',
    ],
    [
      { to: 'default', unreachable: true },
      'to: found "default"; expected a network: without one, say "0.0.0.0/0" or "::/0" instead of "default"',
    ],
    [
      { to: '10.0.0.1/8', via: '10.55.0.2' },
      'to: found "10.0.0.1/8"; expected a network, without host bits: "10.0.0.0/8"',
    ],
    [
      { to: '10.0.0.0/8', via: '10.66.0.2' },
      'via: found "10.66.0.2"; expected an address in a subnet of a gateway or uplink (10.55.0.1/24, 203.0.113.10/24)',
    ],
    [
      { to: '10.0.0.0/8', via: '10.55.0.1' },
      `via: found "10.55.0.1"; expected a neighbour's address, not the router's own`,
    ],
    [
      { to: '::/0', via: 'fe80::1' },
      'via: found "fe80::1"; expected a global address: a link-local one says which link only in "uplinks.NAME.routes"',
    ],
    [
      { to: '10.55.0.0/24', unreachable: true },
      'to: found "10.55.0.0/24"; expected each destination once: bridge "blue" has this one',
    ],
    [
      { to: '10.0.0.0/8', via: '10.55.0.2', hop: 1 },
      'hop: unknown key; expected one of "to", "via" or "unreachable"',
    ],
  ])('route %j', (route, line) => {
    expect(lines(given({ routes: [route] }))).toEqual([`routes[0].${line}`])
  })

  test('a destination twice, in whatever list', () => {
    const routes = [{ to: 'default', via: '203.0.113.1' }]
    expect(lines(given({ routes, uplinks: { wan: { ...wan, routes } } }))).toEqual([
      'uplinks.wan.routes[0].to: found "0.0.0.0/0"; expected each destination once: routes[0] has this one',
    ])
  })

  const mac = '02:00:00:00:00:01'
  test.each<[object, string]>([
    [
      { address: '10.55.0.9', mac },
      ': found a mapping; expected a mapping with "bridge" or "uplink", "address" and "mac"',
    ],
    [
      { bridge: 'blue', uplink: 'wan', address: '10.55.0.9', mac },
      '.uplink: found "wan"; expected no "uplink" beside "bridge": a neighbour is in one place',
    ],
    [
      { bridge: 'bleu', address: '10.55.0.9', mac },
      '.bridge: there is no bridge "bleu"; expected one of the bridges "blue" or "lan"; did you mean "blue"?',
    ],
    [
      { bridge: 'lan', address: '10.55.0.9', mac },
      '.bridge: found "lan"; expected a bridge with a "gateway", whose neighbours these are, or with "vxlan", where they are answered for',
    ],
    [
      { uplink: 'wan', address: '10.55.0.9', mac },
      '.address: found "10.55.0.9"; expected an address in a subnet of uplink "wan" (203.0.113.10/24)',
    ],
    [
      { bridge: 'blue', address: '10.55.0.1', mac },
      `.address: found "10.55.0.1"; expected a neighbour's address, not the router's own`,
    ],
    [
      { bridge: 'blue', address: '10.55.0.9', mac: '01:00:00:00:00:01' },
      '.mac: found "01:00:00:00:00:01"; expected a unicast MAC address such as "02:55:00:00:00:02" (its first byte even, not all zero)',
    ],
  ])('neighbour %j', (neighbor, line) => {
    expect(lines(given({ neighbors: [neighbor] }))).toEqual([`neighbors[0]${line}`])
  })

  test('a faulty uplink hides no other fault, and makes none', () => {
    const routes = [{ to: '10.0.0.0/8', via: '203.0.113.1' }]
    const faulty = { wan: { ...wan, mtu: 'big' } }
    expect(lines(given({ routes, uplinks: faulty }))).toEqual([
      'uplinks.wan.mtu: found "big"; expected a whole number from 68 to 65521',
    ])
  })
})

test('changes of the router are named in a plan', () => {
  const from = parseConfig({ bridges: blue, uplinks: { wan, old: { addresses: ['10.1.0.1/24'] } } })
  const to = parseConfig({
    bridges: { blue: { gateway: { ...gateway, advertise: false } } },
    uplinks: {
      wan: { ...wan, mtu: 1400, device: { ...wan.device, mtu: 1400 } },
      more: { addresses: ['10.2.0.1/24'] },
    },
    routes: [{ to: '10.0.0.0/8', via: '10.55.0.9' }],
    neighbors: [{ bridge: 'blue', address: '10.55.0.9', mac: '02:00:00:00:00:09' }],
    filter: [{ name: 'a', action: 'deny' }],
  })
  const told = (changes: ReturnType<typeof planChanges>) =>
    planView(changes).map(({ op, object, name, keys }) => `${op} ${object} ${name} ${keys}`.trim())
  expect(told(planChanges(from, to))).toEqual([
    'remove uplink old',
    'update bridge blue gateway.advertise',
    'update uplink wan device.mtu,mtu',
    'add uplink more',
    'add route 10.0.0.0/8',
    'add neighbor blue 10.55.0.9',
    'add filter a',
  ])
  expect(told(planChanges(to, from))).toEqual([
    'remove route 10.0.0.0/8',
    'remove neighbor blue 10.55.0.9',
    'remove filter a',
    'remove uplink more',
    'update bridge blue gateway.advertise',
    'update uplink wan device.mtu,mtu',
    'add uplink old',
  ])
  const other = parseConfig({ bridges: blue, uplinks: { wan: { ...wan, device: tap('other') } } })
  expect(told(planChanges(parseConfig({ bridges: blue, uplinks: { wan } }), other))).toEqual([
    'replace uplink wan device.name,device.addresses',
  ])
})
