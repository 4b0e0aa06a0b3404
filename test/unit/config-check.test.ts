import { describe, expect, test } from 'vitest'
import { lines } from './config-lines.js'

/** Ports on bridge `lan`, each with a TAP of its own name. */
function lan(ports: Record<string, object>, more: object = {}): unknown {
  const entries = Object.entries(ports).map(([name, device]) => [
    name,
    { bridge: 'lan', device: { type: 'tap', name, ...device } },
  ])
  return { bridges: { lan: {}, lab: {} }, ports: Object.fromEntries(entries), ...more }
}

const mac = '02:55:00:00:00:01'

describe('ports among each other', () => {
  test('a bridge that is not there', () => {
    expect(lines({ bridges: { lan: {} }, ports: { a: { bridge: 'lna' } } })).toEqual([
      'ports.a.bridge: there is no bridge "lna"; expected one of the bridges "lan"; did you mean "lan"?',
    ])
  })

  test('a MAC twice, however it is written and wherever the port is', () => {
    const other = { bridge: 'lab', device: { type: 'tap', name: 'b', mac: '02-55-00-00-00-01' } }
    const given = lan({ a: { mac } }) as { ports: Record<string, unknown> }
    given.ports.b = other
    expect(lines(given)).toEqual([
      `ports.b.device.mac: found "${mac}"; expected a MAC of its own: port "a" has this one`,
    ])
    expect(lines(lan({ a: { mac }, b: { mac: '02:55:00:00:00:02' }, c: {} }))).toEqual([])
  })

  test.each([
    [undefined, undefined],
    ['web', 'web'],
    ['web', '/run/netns/web'],
    ['/var/run/netns/web', 'web'],
    ['pid:7', 'pid:7'],
  ])('an interface twice: in %s and %s', (first, second) => {
    const ports = lan({ a: { name: 'eth0', netns: first }, b: { name: 'eth0', netns: second } })
    expect(lines(ports)).toEqual([
      expect.stringMatching(
        /^ports\.b\.device\.name: found "eth0"; expected an interface of its own.*: port "a" has this one$/,
      ),
    ])
  })

  test('one name in two namespaces is two interfaces', () => {
    expect(
      lines(
        lan({
          a: { name: 'eth0' },
          b: { name: 'eth0', netns: 'b' },
          c: { name: 'eth0', netns: 'pid:7' },
        }),
      ),
    ).toEqual([])
  })

  test('two ports that attach to one TAP', () => {
    const attach = { name: 'tap0', create: false }
    expect(lines(lan({ a: attach, b: attach }))).toEqual([
      'ports.b.device.name: found "tap0"; expected an interface of its own: port "a" has this one',
    ])
  })

  test('an address twice on a bridge, whatever the prefix length', () => {
    expect(
      lines(
        lan({ a: { addresses: ['fd55::1/64'] }, b: { addresses: ['10.0.0.1/8', 'fd55:0::1/48'] } }),
      ),
    ).toEqual([
      'ports.b.device.addresses[1]: found "fd55::1/48"; expected an address of its own on bridge "lan": port "a" has this one',
    ])
    expect(lines(lan({ a: { addresses: ['10.0.0.1/8', '10.0.0.1/24'] } }))).toEqual([
      expect.stringContaining('it stands here twice'),
    ])
  })

  test('an address on two bridges is none of our business', () => {
    const given = lan({ a: { addresses: ['10.0.0.1/24'] } }) as { ports: Record<string, unknown> }
    given.ports.b = {
      bridge: 'lab',
      device: { type: 'tap', name: 'b', addresses: ['10.0.0.1/24'] },
    }
    expect(lines(given)).toEqual([])
  })

  test("an MTU above the bridge's", () => {
    const bridges = { lan: { mtu: 1500 } }
    expect(lines(lan({ a: { mtu: 1501 } }, { bridges }))).toEqual([
      'ports.a.device.mtu: found 1501; expected at most 1500, the MTU of bridge "lan"',
    ])
    expect(lines(lan({ a: { mtu: 1500 } }, { bridges }))).toEqual([])
  })
})

describe('inside a TAP', () => {
  test.each([
    { mac },
    { mtu: 1500 },
    { addresses: ['10.0.0.1/24'] },
    { routes: 'auto' },
    { routes: [{ to: '10.0.0.0/8' }] },
    { persist: true },
    { owner: 'qemu' },
    { group: 0 },
  ])('create: false with %j', (more) => {
    const [key] = Object.keys(more)
    expect(lines(lan({ a: { create: false, ...more } }))).toEqual([
      `ports.a.device.${key}: "create: false" attaches to "a" and leaves it as it is; take "${key}" out, or create the interface`,
    ])
  })

  test('create: false with what leaves it as it is', () => {
    expect(
      lines(
        lan({ a: { create: false, netns: 'x', missing: 'wait', addresses: [], persist: false } }),
      ),
    ).toEqual([])
  })

  test('IPv6 below its least MTU', () => {
    expect(lines(lan({ a: { mtu: 1279, addresses: ['10.0.0.1/24', 'fd55::1/64'] } }))).toEqual([
      'ports.a.device.mtu: found 1279; expected at least 1280, which IPv6 addresses need',
    ])
    expect(
      lines(
        lan({
          a: { mtu: 1280, addresses: ['fd55::1/64'] },
          b: { mtu: 68, addresses: ['10.0.0.1/24'] },
        }),
      ),
    ).toEqual([])
  })

  const addresses = ['10.55.0.2/24', 'fd55::2/64']
  test.each<[object[], string]>([
    [[{ to: 'default' }], 'routes[0].via: missing; expected a "via"'],
    [
      [{ to: 'default', via: '10.56.0.1' }],
      'routes[0].via: found "10.56.0.1"; expected an address in a subnet of this port (10.55.0.2/24, fd55::2/64)',
    ],
    [
      [{ to: 'default', via: '10.55.0.2' }],
      'routes[0].via: found "10.55.0.2"; expected a neighbour\'s address, not the port\'s own',
    ],
    [
      [{ to: '10.0.0.0/8', via: 'fd55::1' }],
      'routes[0].via: found "fd55::1"; expected an address of the family of "10.0.0.0/8"',
    ],
    [
      [{ to: 'fd00::/8', via: '10.55.0.1' }],
      'routes[0].via: found "10.55.0.1"; expected an address of the family of "fd00::/8"',
    ],
    [
      [{ to: '10.0.0.0/8' }, { to: '10.0.0.0/8', via: '10.55.0.1' }],
      'routes[1].to: found "10.0.0.0/8"; expected each destination once',
    ],
    [
      [
        { to: 'default', via: '10.55.0.1' },
        { to: 'default', via: '10.55.0.3' },
      ],
      'routes[1].to: found "default"; expected each destination once',
    ],
  ])('routes %j', (routes, line) => {
    expect(lines(lan({ a: { addresses, routes } }))).toEqual([
      expect.stringContaining(`ports.a.device.${line}`),
    ])
  })

  test('routes that hang together', () => {
    const routes = [
      { to: 'default', via: '10.55.0.1' },
      { to: 'default', via: 'fe80::1' },
      { to: '10.0.0.0/8' },
      { to: 'fd00::/8', via: 'fd55::1' },
    ]
    expect(lines(lan({ a: { addresses, routes } }))).toEqual([])
    expect(lines(lan({ a: { routes: 'auto' } }))).toEqual([])
  })
})

describe('static FDB entries', () => {
  const fdb = (...entries: object[]) => lines(lan({ a: {} }, { fdb: entries }))

  test.each<[object, string]>([
    [
      { bridge: 'lna', mac, port: 'a' },
      'fdb[0].bridge: there is no bridge "lna"; expected one of the bridges "lan" or "lab"; did you mean "lan"?',
    ],
    [
      { bridge: 'lan', mac, port: 'x' },
      'fdb[0].port: there is no port "x"; expected one of the ports "a"; did you mean "a"?',
    ],
    [
      { bridge: 'lab', mac, port: 'a' },
      'fdb[0].port: found "a"; expected a port of bridge "lab": this one is on "lan"',
    ],
    [
      { bridge: 'lan', mac: '01:00:5e:00:00:01', port: 'a' },
      'fdb[0].mac: found "01:00:5e:00:00:01"; expected a unicast MAC',
    ],
    [
      { bridge: 'lan', mac: '00:00:00:00:00:00', port: 'a' },
      'fdb[0].mac: found "00:00:00:00:00:00"; expected a unicast MAC',
    ],
    [
      { bridge: 'lan', mac, port: 5 },
      'fdb[0].port: found 5; expected the name of a port, in quotes',
    ],
    [{ bridge: 'lan', mac }, 'fdb[0].port: missing; expected a "port", or a "vtep"'],
  ])('%j', (entry, line) => {
    expect(fdb(entry)).toEqual([expect.stringContaining(line)])
  })

  test('a MAC twice on a bridge', () => {
    const entry = { bridge: 'lan', mac, port: 'a' }
    expect(fdb(entry, { ...entry, mac: mac.replaceAll(':', '-') })).toEqual([
      `fdb[1].mac: found "${mac}"; expected each MAC once a bridge: "lan" has an entry for it above`,
    ])
  })
})

describe('capacity', () => {
  test.each<[object, string]>([
    [
      { capacity: { ports: 1 } },
      'ports: found 2 entries; expected at most 1; raise capacity.ports for more',
    ],
    [
      { capacity: { bridges: 1 } },
      'bridges: found 2 entries; expected at most 1; raise capacity.bridges for more',
    ],
    [
      { capacity: { maxWorkers: 2 }, workers: 3 },
      'workers: found 3; expected at most capacity.maxWorkers, which is 2',
    ],
    [
      {
        capacity: { macs: 1 },
        fdb: [1, 2].map((n) => ({ bridge: 'lan', mac: `02:00:00:00:00:0${n}`, port: 'a' })),
      },
      'fdb: found 2 entries; expected at most 1; raise capacity.macs for more',
    ],
  ])('%j', (more, line) => {
    expect(lines(lan({ a: {}, b: {} }, more))).toEqual([line])
  })
})

describe('everything is said at once', () => {
  test('what is wrong in a port does not hide what is wrong between others', () => {
    expect(
      lines({
        colour: 1,
        bridges: { lan: { mtu: 5 }, lab: {} },
        ports: {
          a: { bridge: 'lan', device: { type: 'tap', name: 'a', mtu: 'big' } },
          b: { bridge: 'lan', device: { type: 'tap', name: 'x', flavour: 1 } },
          c: { bridge: 'lab', device: { type: 'tap', name: 'x' } },
          d: { bridge: 'gone' },
        },
        fdb: [{ bridge: 'lan', mac, port: 'a' }],
      }).map((line) => line.slice(0, 44)),
    ).toEqual([
      'bridges.lan.mtu: found 5; expected a whole n',
      'ports.a.device.mtu: found "big"; expected a ',
      'ports.b.device.flavour: unknown key; expecte',
      'colour: unknown key; expected one of "versio',
      'ports.d.bridge: there is no bridge "gone"; e',
      'ports.c.device.name: found "x"; expected an ',
    ])
  })

  test('what was left out as faulty is not called missing', () => {
    expect(lines({ bridges: 5, ports: { a: { bridge: 'lan' } } })).toEqual([
      'bridges: found 5; expected a mapping of bridge names to bridges',
    ])
    expect(
      lines({ bridges: { lan: {} }, ports: [], fdb: [{ bridge: 'lan', mac, port: 'a' }] }),
    ).toEqual(['ports: found an empty list; expected a mapping of port names to ports'])
  })
})
