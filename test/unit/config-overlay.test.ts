import { describe, expect, test } from 'vitest'
import { planChanges } from '../../src/config/diff.js'
import { mergeApply } from '../../src/config/merge.js'
import { innerMtu, tunnelOverhead } from '../../src/config/overlay-mtu.js'
import { NO_OVERLAY, overlaySettings } from '../../src/config/overlay-settings.js'
import { parseConfig, withEntries, withoutPort, withPort } from '../../src/config/parse.js'
import { routerSettings } from '../../src/config/router-settings.js'
import { entryKey } from '../../src/config/static-entry.js'
import type { ConfigInput } from '../../src/config/types.js'
import { parseYaml } from '../../src/config/yaml.js'
import { planView } from '../../src/control/plan.js'
import { lines, linesOf } from './config-lines.js'

const underlay = { addresses: ['192.0.2.10'] }
const both = { addresses: ['192.0.2.10', '2001:db8::10'] }
const vxlan = { vni: 42, peers: ['192.0.2.11'] }
const mac = '02:00:00:00:00:01'
const given = (more: object) => ({ underlay, bridges: { blue: { vxlan } }, ...more })
const blue = (vxlan: object, of: object = underlay) => ({
  underlay: of,
  bridges: { blue: { vxlan } },
})

describe('an overlay', () => {
  test('is filled in', () => {
    const config = parseConfig(blue({ vni: 42 }))
    expect(config.underlay).toEqual({ addresses: ['192.0.2.10'], port: 4789, mtu: 'auto' })
    expect(config.bridges.blue?.vxlan).toEqual({
      vni: 42,
      peers: [],
      port: 4789,
      learning: true,
      strict: false,
      tagged: false,
      ttl: 64,
      dscp: 'copy',
      suppress: true,
    })
    expect(config.capacity.tunnels).toBe(1024)
    expect(parseConfig({})).not.toHaveProperty('underlay')
    expect(parseConfig({ underlay: null }).underlay).toBeUndefined()
  })

  test('is canonical', () => {
    const { underlay, bridges } = parseConfig(
      blue({ vni: 0, peers: ['2001:DB8:0::C', '192.0.2.11'] }, both),
    )
    expect(underlay?.addresses).toEqual(['192.0.2.10', '2001:db8::10'])
    expect(bridges.blue?.vxlan?.peers).toEqual(['2001:db8::c', '192.0.2.11'])
    const fdb = [{ bridge: 'blue', mac, vtep: '2001:DB8::C' }]
    expect(parseConfig({ underlay, bridges, fdb } as ConfigInput).fdb).toEqual([
      { bridge: 'blue', mac, vtep: '2001:db8::c' },
    ])
  })

  test("has the underlay's port where a bridge has none of its own", () => {
    const { bridges } = parseConfig({
      underlay: { ...underlay, port: 8472 },
      bridges: { a: { vxlan }, b: { vxlan: { ...vxlan, port: 4789 } } },
    })
    expect([bridges.a?.vxlan?.port, bridges.b?.vxlan?.port]).toEqual([8472, 4789])
  })

  test('takes the ends of its ranges', () => {
    for (const more of [
      { vni: 0, ttl: 1, dscp: 0, port: 1 },
      { vni: 16_777_215, ttl: 255, dscp: 63, port: 65_535 },
    ]) {
      expect(lines(blue(more))).toEqual([])
    }
    for (const mtu of ['auto', 1280, 65_535])
      expect(lines(blue({ vni: 1 }, { ...underlay, mtu }))).toEqual([])
    for (const netns of ['outer', '/run/netns/outer', 'pid:1']) {
      expect(lines(blue({ vni: 1 }, { ...underlay, netns }))).toEqual([])
    }
    const loop = (own: string, peer: string) =>
      lines(blue({ vni: 1, peers: [peer] }, { addresses: [own] }))
    expect(loop('127.0.0.1', '127.0.0.2')).toEqual([])
  })
})

describe('what an underlay may be', () => {
  const ADDRESSES = 'a list of one IPv4 address, one IPv6 address, or both'
  const VTEP = 'a unicast address such as "192.0.2.11" or "2001:db8::12"'
  test.each<[unknown, string]>([
    [{}, `.addresses: missing; expected ${ADDRESSES}`],
    [5, ': found 5; expected a mapping such as { addresses: [192.0.2.10] }'],
    [{ addresses: [] }, `.addresses: found an empty list; expected ${ADDRESSES}`],
    [{ addresses: '192.0.2.10' }, `.addresses: found "192.0.2.10"; expected ${ADDRESSES}`],
    [{ addresses: [5] }, `.addresses[0]: found 5; expected ${VTEP}, in quotes`],
    ...['0.0.0.0', '::', '224.0.0.1', 'ff02::1', '255.255.255.255'].map(
      (address): [object, string] => [
        { addresses: [address] },
        `.addresses[0]: found "${address}"; expected ${VTEP}`,
      ],
    ),
    [
      { addresses: ['192.0.2.10/24'] },
      '.addresses[0]: found "192.0.2.10/24"; expected an IPv4 or IPv6 address such as "10.55.0.2" or "fd55::2"',
    ],
    [
      { addresses: ['fe80::1'] },
      '.addresses[0]: found "fe80::1"; expected a global address: a link-local one says no link',
    ],
    [
      { addresses: ['::ffff:192.0.2.10'] },
      '.addresses[0]: found "::ffff:192.0.2.10"; expected the IPv4 address itself: "192.0.2.10"',
    ],
    [
      { addresses: ['192.0.2.10', '2001:db8::1', '192.0.2.12'] },
      '.addresses[2]: found "192.0.2.12"; expected at most one IPv4 address: "192.0.2.10" is the first',
    ],
    [
      { addresses: ['2001:db8::1', '2001:db8::2'] },
      '.addresses[1]: found "2001:db8::2"; expected at most one IPv6 address: "2001:db8::1" is the first',
    ],
    [{ ...underlay, port: 0 }, '.port: found 0; expected a whole number from 1 to 65535'],
    [
      { ...underlay, mtu: 1279 },
      '.mtu: found 1279; expected "auto" or a whole number from 1280 to 65535',
    ],
    [
      { ...underlay, mtu: 'big' },
      '.mtu: found "big"; expected "auto" or a whole number from 1280 to 65535',
    ],
    [
      { ...underlay, netns: 'a/b' },
      '.netns: found "a/b"; expected a network namespace: a name (as in "ip netns"), an absolute path, or "pid:N" of a process',
    ],
    [
      { ...underlay, adresses: 1 },
      '.adresses: unknown key; expected one of "addresses", "port", "netns" or "mtu"; did you mean "addresses"?',
    ],
  ])('%j', (underlay, line) => {
    expect(lines({ underlay })).toEqual([`underlay${line}`])
  })

  test('a faulty one hides no other fault, and makes none', () => {
    const config = given({ underlay: { addresses: ['0.0.0.0'] }, ports: { a: { bridge: 'bleu' } } })
    expect(lines(config)).toEqual([
      `underlay.addresses[0]: found "0.0.0.0"; expected ${VTEP}`,
      'ports.a.bridge: there is no bridge "bleu"; expected one of the bridges "blue"; did you mean "blue"?',
    ])
  })
})

describe('what the tunnels of a bridge may be', () => {
  const peers = (...peers: unknown[]) => ({ vni: 42, peers })
  const VTEP = 'a unicast address such as "192.0.2.11" or "2001:db8::12"'
  test.each<[unknown, string]>([
    [{}, '.vni: missing; expected a whole number from 0 to 16777215'],
    [5, ': found 5; expected a mapping such as { vni: 42, peers: [192.0.2.11] }'],
    [{ vni: -1 }, '.vni: found -1; expected a whole number from 0 to 16777215'],
    [{ vni: 16_777_216 }, '.vni: found 16777216; expected a whole number from 0 to 16777215'],
    [{ ...vxlan, port: 65_536 }, '.port: found 65536; expected a whole number from 1 to 65535'],
    [{ ...vxlan, ttl: 0 }, '.ttl: found 0; expected a whole number from 1 to 255'],
    [{ ...vxlan, dscp: 64 }, '.dscp: found 64; expected "copy" or a whole number from 0 to 63'],
    [
      { ...vxlan, dscp: 'keep' },
      '.dscp: found "keep"; expected "copy" or a whole number from 0 to 63',
    ],
    ...(['learning', 'strict', 'tagged', 'suppress'] as const).map((key): [object, string] => [
      { ...vxlan, [key]: 'yes' },
      `.${key}: found "yes"; expected true or false`,
    ]),
    [
      { vni: 42, peers: '192.0.2.11' },
      '.peers: found "192.0.2.11"; expected a list of VTEPs such as [192.0.2.11, "2001:db8::12"]',
    ],
    ...['0.0.0.0', '::', '239.1.1.1', 'ff05::1', '255.255.255.255'].map(
      (address): [object, string] => [
        peers(address),
        `.peers[0]: found "${address}"; expected ${VTEP}`,
      ],
    ),
    [
      peers('blue'),
      '.peers[0]: found "blue"; expected an IPv4 or IPv6 address such as "10.55.0.2" or "fd55::2"',
    ],
    [
      peers('fe80::2%eth0'),
      '.peers[0]: found "fe80::2%eth0"; expected an address without a zone id (the part from % on)',
    ],
    [
      peers('192.0.2.11', '192.0.2.10'),
      `.peers[1]: found "192.0.2.10"; expected another host's address: this one is in underlay.addresses`,
    ],
    [
      peers('192.0.2.11', '192.0.2.12', '192.0.2.11'),
      '.peers[2]: found "192.0.2.11"; expected each peer once',
    ],
    [
      peers('2001:db8::12'),
      '.peers[0]: found "2001:db8::12"; expected a peer over IPv4: the underlay has no IPv6 address',
    ],
    [
      peers('127.0.0.2'),
      '.peers[0]: found "127.0.0.2"; expected an address of another host: loopback is for an underlay that is on it, not on "192.0.2.10"',
    ],
    [
      { ...vxlan, peer: 1 },
      '.peer: unknown key; expected one of "vni", "peers", "port", "learning", "strict", "tagged", "ttl", "dscp" or "suppress"; did you mean "peers"?',
    ],
  ])('%j', (vxlan, line) => {
    expect(lines(blue(vxlan as object))).toEqual([`bridges.blue.vxlan${line}`])
  })

  test('loopback reaches loopback only', () => {
    expect(lines(blue(peers('192.0.2.11'), { addresses: ['127.0.0.1'] }))).toEqual([
      `bridges.blue.vxlan.peers[0]: found "192.0.2.11"; expected a loopback address, as the underlay's "127.0.0.1" reaches nothing else`,
    ])
    expect(lines(blue(peers('::1'), both))).toEqual([
      'bridges.blue.vxlan.peers[0]: found "::1"; expected an address of another host: loopback is for an underlay that is on it, not on "2001:db8::10"',
    ])
    expect(lines(blue(peers('192.0.2.11'), { addresses: ['2001:db8::10'] }))).toEqual([
      'bridges.blue.vxlan.peers[0]: found "192.0.2.11"; expected a peer over IPv6: the underlay has no IPv4 address',
    ])
  })

  test('needs an underlay', () => {
    expect(lines({ bridges: { blue: { vxlan } } })).toEqual([
      'bridges.blue.vxlan: there is no "underlay", whose addresses its tunnels leave from; add it, or take "vxlan" out',
    ])
  })

  test('needs a bridge that is not VLAN-aware', () => {
    expect(lines({ underlay, bridges: { lab: { vlanAware: true, vxlan } } })).toEqual([
      'bridges.lab.vxlan: VXLAN on a VLAN-aware bridge is not supported; take "vxlan" out, or "vlanAware: true"',
    ])
  })

  test('has a VNI of its own on its UDP port', () => {
    const bridges = { blue: { vxlan }, red: { vxlan } }
    expect(lines({ underlay, bridges })).toEqual([
      'bridges.red.vxlan.vni: found 42; expected each VNI once on UDP port 4789: bridges "blue" and "red" cannot share one',
    ])
    expect(
      lines({ underlay, bridges: { ...bridges, red: { vxlan: { ...vxlan, port: 8472 } } } }),
    ).toEqual([])
    // What is left out is the same as what is said.
    expect(
      lines({ underlay, bridges: { ...bridges, red: { vxlan: { ...vxlan, port: 4789 } } } }),
    ).toHaveLength(1)
  })

  test('says where in a file', () => {
    const text = `version: 1
underlay: { addresses: [192.0.2.10] }
bridges:
  blue:
    vxlan:
      vni: 42
      peers:
        - 192.0.2.11
        - 192.0.2.10
`
    expect(linesOf(() => parseYaml(text, 'f.yaml'))).toEqual([
      `f.yaml:9: bridges.blue.vxlan.peers[1]: found "192.0.2.10"; expected another host's address: this one is in underlay.addresses`,
    ])
  })
})

describe('room for tunnels', () => {
  const peers = ['192.0.2.11', '192.0.2.12']
  const two = { a: { vxlan: { vni: 1, peers } }, b: { vxlan: { vni: 2, peers: ['192.0.2.11'] } } }

  test('is for the peers of all bridges', () => {
    expect(lines({ underlay, bridges: two, capacity: { tunnels: 3 } })).toEqual([])
    expect(lines({ underlay, bridges: two, capacity: { tunnels: 2 } })).toEqual([
      'capacity.tunnels: found 2; expected at least 3: the peers of all bridges, summed',
    ])
    const peers = Array.from({ length: 1500 }, (_, n) => `10.9.${n >> 8}.${n & 255}`)
    const many = { blue: { vxlan: { vni: 1, peers } } }
    expect(lines({ underlay, bridges: many, capacity: { tunnels: 1500 } })).toEqual([])
    expect(lines({ underlay, bridges: many })).toEqual([
      'capacity.tunnels: found 1024; expected at least 1500: the peers of all bridges, summed',
    ])
    expect(lines({ capacity: { tunnels: 60_001 } })).toEqual([
      'capacity.tunnels: found 60001; expected a whole number from 0 to 60000',
    ])
  })

  test('is beside that of ports', () => {
    const of = (capacity: object) => parseConfig({ capacity }).capacity.tunnels
    expect(of({ tunnels: 0 })).toBe(0)
    expect(of({ ports: 65_000 })).toBe(535)
    expect(of({ ports: 65_535 })).toBe(0)
    expect(of({ ports: 5535, tunnels: 60_000 })).toBe(60_000)
    expect(lines({ capacity: { ports: 5536, tunnels: 60_000 } })).toEqual([
      'capacity.tunnels: found 60000; expected at most 59999: with capacity.ports at most 65535 together',
    ])
  })

  test('needs a restart to change', () => {
    const config = (tunnels: number) => parseConfig({ capacity: { tunnels } })
    expect(planChanges(config(1), config(2))).toEqual([
      { op: 'restart', key: 'capacity.tunnels', from: 1, to: 2 },
    ])
  })
})

describe('X8: the MTU', () => {
  const port = (device: object = {}) => ({ bridge: 'blue', device: { type: 'memory', ...device } })
  const mtuOf = (config: object) => parseConfig(config).ports.a?.device.mtu
  const six = { vni: 42, peers: ['192.0.2.11', '2001:db8::12'] }

  test('inside is that of the underlay less 50, or 70 over IPv6', () => {
    expect([tunnelOverhead(false), tunnelOverhead(true)]).toEqual([50, 70])
    expect([innerMtu(1500, false), innerMtu(1500, true)]).toEqual([1450, 1430])
  })

  test.each<[object, object, number]>([
    [underlay, vxlan, 1450],
    [both, vxlan, 1450],
    [both, six, 1430],
    [both, { vni: 42 }, 1450],
    [{ addresses: ['2001:db8::10'] }, { vni: 42 }, 1430],
    [{ ...underlay, mtu: 9000 }, vxlan, 8950],
    [{ ...both, mtu: 9000 }, six, 8930],
    [{ ...underlay, mtu: 65_535 }, vxlan, 65_485],
  ])('of ports that Linkspan makes: %j, %j', (underlay, vxlan, mtu) => {
    const bridges = { blue: { vxlan, gateway: { addresses: ['10.0.0.1/24'] } } }
    const devices = [
      { type: 'memory' },
      { type: 'tap', name: 'a' },
      { type: 'unix', path: '/a' },
      { type: 'pcap', read: 'a' },
    ]
    for (const device of devices) {
      expect(mtuOf({ underlay, bridges, ports: { a: port(device) } })).toBe(mtu)
    }
    const config = parseConfig({ underlay, bridges } as ConfigInput)
    expect(withPort(config, 'a', port()).ports.a?.device.mtu).toBe(mtu)
    expect(routerSettings(config).interfaces[0]?.mtu).toBe(mtu)
  })

  test("is the bridge's or the device's own where they say it", () => {
    const bridges = { blue: { vxlan, mtu: 1400, gateway: { addresses: ['10.0.0.1/24'] } } }
    expect(mtuOf({ underlay, bridges, ports: { a: port() } })).toBe(1400)
    expect(mtuOf({ underlay, bridges, ports: { a: port({ mtu: 1300 }) } })).toBe(1300)
    expect(routerSettings(parseConfig({ underlay, bridges })).interfaces[0]?.mtu).toBe(1400)
    expect(mtuOf(given({ ports: { a: port({ mtu: 9000 }) } }))).toBe(9000)
    expect(mtuOf(given({ ports: { a: port({ type: 'tap', name: 'a', create: false }) } }))).toBe(
      undefined,
    )
  })

  test('of a port or a bridge is no larger than what the underlay leaves', () => {
    const stated = { ...both, mtu: 1500 }
    const config = (mtu: number, of: object = {}, vxlan: object = six) => ({
      underlay: stated,
      bridges: { blue: { vxlan, ...of } },
      ports: { a: port({ mtu }) },
    })
    expect(lines(config(1430))).toEqual([])
    expect(lines(config(1431))).toEqual([
      'ports.a.device.mtu: found 1431; expected at most 1430, what VXLAN leaves of underlay.mtu (1500) on bridge "blue"',
    ])
    expect(lines(config(1450, {}, vxlan))).toEqual([])
    expect(lines(config(1451, {}, vxlan))).toHaveLength(1)
    expect(lines(config(1400, { mtu: 1430 }))).toEqual([])
    expect(lines(config(1400, { mtu: 1431 }))).toEqual([
      'bridges.blue.mtu: found 1431; expected at most 1430, what VXLAN leaves of underlay.mtu (1500)',
    ])
    const first = parseConfig({ underlay: stated, bridges: { blue: { vxlan } } })
    expect(linesOf(() => withPort(first, 'a', port({ mtu: 1500 })))).toHaveLength(1)
    // Nobody knows the figure before the interface is there.
    expect(lines({ ...config(9000), underlay: both })).toEqual([])
  })

  test('is enough for IPv6 of the gateway', () => {
    const config = (mtu: number, more: object = {}) => ({
      underlay: { ...underlay, mtu },
      bridges: { blue: { vxlan, gateway: { addresses: ['fd55::1/64'] }, ...more } },
    })
    expect(lines(config(1330))).toEqual([])
    expect(lines(config(1329))).toEqual([
      'underlay.mtu: found 1329; expected at least 1330, which IPv6 addresses of the gateway of bridge "blue" need inside VXLAN',
    ])
    expect(lines(config(1329, { mtu: 1200 }))).toEqual([
      "bridges.blue.mtu: found 1200; expected at least 1280, which the gateway's IPv6 addresses need",
    ])
  })
})

describe('a static entry behind a VTEP', () => {
  const vtep = '192.0.2.11'
  const at = (entry: object, more: object = {}) =>
    lines(
      given({
        ports: { a: { bridge: 'blue' } },
        fdb: [{ bridge: 'blue', mac, ...entry }],
        ...more,
      }),
    )
  const bridges = {
    blue: { vxlan },
    lan: {},
    lab: { vlanAware: true },
    none: { vxlan: { vni: 1 } },
  }

  test('is taken', () => expect(at({ vtep })).toEqual([]))

  test.each<[object, string]>([
    [{}, 'port: missing; expected a "port", or a "vtep"'],
    [
      { port: 'a', vtep },
      'vtep: found "192.0.2.11"; expected no "vtep" beside "port": a MAC is in one place',
    ],
    [
      { vtep: '192.0.2.12' },
      'vtep: found "192.0.2.12"; expected one of the peers of bridge "blue": "192.0.2.11"',
    ],
    [
      { vtep, bridge: 'none' },
      'vtep: found "192.0.2.11"; expected a peer of bridge "none", which has none',
    ],
    [
      { vtep, bridge: 'lan' },
      'vtep: found "192.0.2.11"; expected a bridge with "vxlan" beside it, which "lan" does not have',
    ],
    [
      { vtep, bridge: 'lab', vlan: 1 },
      'vtep: found "192.0.2.11"; expected a bridge with "vxlan" beside it, which "lab" does not have',
    ],
    [{ vtep, vlan: 1 }, 'vlan: found 1; expected no "vlan": bridge "blue" is not VLAN-aware'],
    [
      { vtep, bridge: 'bleu' },
      'bridge: there is no bridge "bleu"; expected one of the bridges "blue", "lan", "lab" or "none"; did you mean "blue"?',
    ],
    [
      { vtep: '224.0.0.1' },
      'vtep: found "224.0.0.1"; expected a unicast address such as "192.0.2.11" or "2001:db8::12"',
    ],
  ])('%j', (entry, line) => {
    expect(at(entry, { bridges })).toEqual([`fdb[0].${line}`])
  })

  test('stands once a bridge, at a port or a VTEP', () => {
    const fdb = [
      { bridge: 'blue', mac, port: 'a' },
      { bridge: 'blue', mac, vtep },
    ]
    expect(lines(given({ ports: { a: { bridge: 'blue' } }, fdb }))).toEqual([
      `fdb[1].mac: found "${mac}"; expected each MAC once a bridge: "blue" has an entry for it above`,
    ])
  })

  test("is not the gateway's", () => {
    const gateway = { addresses: ['10.0.0.1/24'], mac }
    expect(at({ vtep }, { bridges: { blue: { vxlan, gateway } } })).toEqual([
      `fdb[0].mac: found "${mac}"; expected the MAC of a host: this one is that of the gateway of bridge "blue"`,
    ])
  })

  test('says nothing of a bridge that is faulty itself', () => {
    expect(at({ vtep }, { bridges: { blue: { vxlan, ageing: 1 } } })).toEqual([
      expect.stringMatching(/^bridges.blue.ageing: /),
    ])
  })

  test('stays when ports go, and is checked when entries come', () => {
    const entry = { bridge: 'blue', mac, vtep }
    const config = parseConfig(given({ ports: { a: { bridge: 'blue' } }, fdb: [entry] }))
    expect(withoutPort(config, 'a').fdb).toEqual([entry])
    expect(linesOf(() => withEntries(config, [{ ...entry, vtep: '192.0.2.99' }]))).toHaveLength(1)
  })
})

describe('neighbours on a bridge with tunnels', () => {
  const neighbor = { bridge: 'blue', address: 'FD55::9', mac }
  const canonical = { ...neighbor, address: 'fd55::9' }

  test('need no gateway, and are no business of the router', () => {
    const config = parseConfig(given({ neighbors: [neighbor] }))
    expect(config.neighbors).toEqual([canonical])
    expect(routerSettings(config).neighbors).toEqual([])
    expect(overlaySettings(config).neighbors).toEqual([canonical])
  })

  test('are known to the router too where it has a gateway, and in its subnets', () => {
    const bridges = { blue: { vxlan, gateway: { addresses: ['fd55::1/64'] } } }
    const config = parseConfig(given({ bridges, neighbors: [neighbor] }))
    expect(routerSettings(config).neighbors).toEqual([{ ...canonical, vlan: undefined }])
    expect(overlaySettings(config).neighbors).toEqual([canonical])
    expect(lines(given({ bridges, neighbors: [{ ...neighbor, address: '10.0.0.9' }] }))).toEqual([
      'neighbors[0].address: found "10.0.0.9"; expected an address in a subnet of bridge "blue" (there is none)',
    ])
  })

  test('stand once', () => {
    expect(lines(given({ neighbors: [neighbor, neighbor] }))).toEqual([
      'neighbors[1].address: found "fd55::9"; expected each address once an interface',
    ])
  })
})

describe('what the packet path is told', () => {
  test('of a config without an overlay is nothing', () => {
    expect(overlaySettings(parseConfig({ bridges: { lan: {} } }))).toEqual(NO_OVERLAY)
  })

  test('of an underlay without tunnels is its own sockets', () => {
    const { sockets } = overlaySettings(parseConfig({ underlay: { ...both, port: 8472 } }))
    expect(sockets).toEqual([
      { address: '192.0.2.10', port: 8472 },
      { address: '2001:db8::10', port: 8472 },
    ])
  })

  test('is sorted and canonical, each socket once', () => {
    const config = parseConfig({
      underlay: { addresses: ['2001:DB8::10', '192.0.2.10'] },
      bridges: {
        red: { vxlan: { vni: 1, port: 8472, peers: ['2001:db8:0::b', '192.0.2.9', '192.0.2.11'] } },
        lan: {},
        blue: { vxlan: { vni: 2, port: 4789, dscp: 46, learning: false, strict: true } },
        green: { vxlan: { vni: 3, port: 100, ttl: 9, tagged: true, suppress: false } },
      },
      neighbors: [{ bridge: 'red', address: '10.0.0.9', mac }],
    })
    const { sockets, bridges, neighbors } = overlaySettings(config)
    expect(sockets).toEqual(
      ['192.0.2.10', '2001:db8::10'].flatMap((address) =>
        [100, 4789, 8472].map((port) => ({ address, port })),
      ),
    )
    const usual = { learning: true, strict: false, tagged: false, ttl: 64, suppress: true }
    expect(bridges).toEqual([
      {
        ...usual,
        bridge: 'blue',
        vni: 2,
        port: 4789,
        dscp: 46,
        peers: [],
        learning: false,
        strict: true,
      },
      {
        ...usual,
        bridge: 'green',
        vni: 3,
        port: 100,
        dscp: 'copy',
        peers: [],
        ttl: 9,
        tagged: true,
        suppress: false,
      },
      {
        ...usual,
        bridge: 'red',
        vni: 1,
        port: 8472,
        dscp: 'copy',
        peers: ['192.0.2.11', '192.0.2.9', '2001:db8::b'],
      },
    ])
    expect(neighbors).toEqual([{ bridge: 'red', address: '10.0.0.9', mac }])
    expect(overlaySettings(parseConfig(JSON.parse(JSON.stringify(config))))).toEqual({
      sockets,
      bridges,
      neighbors,
    })
  })
})

describe('a change of an overlay', () => {
  const told = (from: object, to: object) =>
    planView(planChanges(parseConfig(from), parseConfig(to))).map(({ op, object, name, keys }) =>
      `${op} ${object} ${name} ${keys}`.trim(),
    )
  const plain = { bridges: { blue: {} } }
  const peers = ['192.0.2.11', '192.0.2.12']

  test('that comes stands before the bridges that need it, one that goes after them', () => {
    const entry = { bridge: 'blue', mac, vtep: '192.0.2.11' }
    expect(told(plain, given({ fdb: [entry] }))).toEqual([
      'add underlay 192.0.2.10',
      'update bridge blue vxlan',
      `add fdb blue ${mac} 192.0.2.11`,
    ])
    expect(told(given({ fdb: [entry] }), plain)).toEqual([
      `remove fdb blue ${mac} 192.0.2.11`,
      'update bridge blue vxlan',
      'remove underlay 192.0.2.10',
    ])
  })

  test('names what differs', () => {
    expect(told(given({}), given({}))).toEqual([])
    expect(told(given({}), given({ underlay: { ...both, mtu: 9000 } }))).toEqual([
      'update underlay 192.0.2.10 2001:db8::10 addresses,mtu',
    ])
    expect(told(blue(vxlan), blue({ ...vxlan, peers, ttl: 3 }))).toEqual([
      'update bridge blue vxlan.peers,vxlan.ttl',
    ])
    // The port of bridges that say none is the underlay's.
    expect(told(given({}), given({ underlay: { ...underlay, port: 8472 } }))).toEqual([
      'update underlay 192.0.2.10 port',
      'update bridge blue vxlan.port',
    ])
  })

  test('changes the MTU of ports with it', () => {
    const ports = { a: { bridge: 'blue' } }
    expect(told({ ...plain, ports }, given({ ports }))).toEqual([
      'add underlay 192.0.2.10',
      'update bridge blue vxlan',
      'update port a device.mtu',
    ])
  })

  test('moves a MAC between a VTEP, another one, and a port of the same name', () => {
    const config = (place: object) => ({
      ...blue({ ...vxlan, peers }),
      ports: { '192.0.2.11': { bridge: 'blue' } },
      fdb: [{ bridge: 'blue', mac, ...place }],
    })
    const [port, vtep, other] = [
      { port: '192.0.2.11' },
      { vtep: '192.0.2.11' },
      { vtep: '192.0.2.12' },
    ]
    expect(told(config(vtep), config(vtep))).toEqual([])
    expect(told(config(vtep), config(other))).toEqual([
      `remove fdb blue ${mac} 192.0.2.11`,
      `add fdb blue ${mac} 192.0.2.12`,
    ])
    expect(told(config(vtep), config(port))).toHaveLength(2)
  })
})

describe('entries that the API put behind a VTEP', () => {
  const entry = { bridge: 'blue', mac, vtep: '192.0.2.11' }
  const merge = (next: object) =>
    mergeApply(
      parseConfig(given({ fdb: [entry] })),
      {
        bridges: new Map(),
        ports: new Map(),
        fdb: new Map([[entryKey(entry), 'api']]),
        publish: new Map(),
      },
      parseConfig(next),
    )

  test('stay while it is a peer', () => {
    expect(merge(given({})).kept.fdb).toEqual([entry])
    const peers = ['192.0.2.12', '192.0.2.11']
    expect(merge(blue({ vni: 7, peers })).config.fdb).toEqual([entry])
  })

  test('go with it, with the tunnels and with the bridge', () => {
    for (const next of [
      blue({ vni: 42, peers: ['192.0.2.12'] }),
      { bridges: { blue: {} } },
      { bridges: {} },
    ]) {
      expect(merge(next).config.fdb).toEqual([])
    }
  })

  test('are not moved by a config', () => {
    const next = given({
      ports: { a: { bridge: 'blue' } },
      fdb: [{ bridge: 'blue', mac, port: 'a' }],
    })
    expect(linesOf(() => merge(next))).toEqual([
      `fdb[0].mac: the API made an entry for "${mac}" at VTEP "192.0.2.11"; remove that entry, or apply with --prune`,
    ])
  })
})
