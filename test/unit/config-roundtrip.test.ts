import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planChanges } from '../../src/config/diff.js'
import { parseConfig } from '../../src/config/parse.js'

const optional = <T extends Record<string, fc.Arbitrary<unknown>>>(of: T) =>
  fc.record(of, { requiredKeys: [] })

const octet = fc.integer({ min: 1, max: 9 })
const mac = octet.map((n) => `02-00-00-00-00-0${n}`)
const source = fc.oneof(
  octet.map((n) => `10.0.0.${n}`),
  octet.map((n) => `10.${n}.0.0/16`),
  octet.map((n) => `FD00:0::${n}`),
)
const vlanId = fc.integer({ min: 1, max: 4094 })

/** A port's key without the others that contradict it. */
const learning = fc.oneof(
  optional({ learning: fc.boolean() }),
  fc.record({ locked: fc.constant(true) }),
  fc.record({ sticky: fc.constant(true), limits: optional({ macs: octet }) }),
)
const policing = fc.oneof(
  fc.record({
    bits: fc.oneof(fc.constantFrom('100M', '2.5G', '64k'), fc.integer({ min: 1e3, max: 1e12 })),
  }),
  fc.record({ bits: fc.constant('1G'), burst: fc.constantFrom('1MiB', 2 ** 20) }),
  fc.record({ frames: octet }),
)
const limits = optional({
  broadcast: octet,
  multicast: octet,
  unknownUnicast: octet,
  receive: policing,
  transmit: policing,
})
const policy = optional({
  up: fc.boolean(),
  isolated: fc.boolean(),
  flood: fc.oneof(
    fc.boolean(),
    optional({ unknownUnicast: fc.boolean(), multicast: fc.boolean(), broadcast: fc.boolean() }),
  ),
  limits,
  guard: fc.oneof(
    fc.record({ macs: fc.array(mac, { minLength: 1 }) }),
    fc.record({ addresses: fc.array(source, { minLength: 1 }) }),
  ),
})
const vlan = fc.oneof(
  fc.constant(undefined),
  fc.record({ access: vlanId }),
  fc.record({ access: vlanId, tunnel: fc.constant(true) }),
  fc.record(
    {
      native: vlanId,
      tagged: fc.oneof(fc.constant('all'), fc.array(vlanId)),
      nativeTagged: fc.boolean(),
    },
    { requiredKeys: ['native'] },
  ),
)

/** What the n-th port may be, so that no two have the same. */
const device = (n: number) =>
  fc.oneof(
    fc.constant(undefined),
    fc.record({ type: fc.constant('memory'), offloads: fc.boolean(), coalesce: fc.boolean() }),
    fc.constant({
      type: 'tap',
      name: `t${n}`,
      mac: `02:00:00:00:01:0${n}`,
      addresses: [`10.9.0.${n + 1}/24`, `fd00:9::${n + 1}/64`],
    }),
    fc.record({
      type: fc.constant('packet'),
      name: fc.constant(`t${n}`),
      promiscuous: fc.boolean(),
    }),
    fc.record({
      type: fc.constant('unix'),
      path: fc.constant(`/run/${n}`),
      mode: fc.constantFrom('stream', 'seqpacket'),
    }),
    fc.constant({
      type: 'unix',
      path: `/run/${n}`,
      local: `/run/own${n}`,
      mode: 'dgram',
      listen: false,
    }),
    fc.record({
      type: fc.constant('pcap'),
      read: fc.constant('in'),
      write: fc.constant(`out${n}`),
    }),
  )

const port = (n: number) =>
  fc
    .tuple(policy, learning, vlan, device(n), fc.boolean(), fc.boolean())
    .map(([policy, learning, vlan, device, aware, auto]) => ({
      ...policy,
      ...learning,
      bridge: aware ? 'lab' : 'lan',
      ...(aware && vlan && { vlan }),
      ...(device && { device }),
      ...(auto && device?.type === 'tap' && { guard: 'auto' }),
    }))

const gateway = fc.record(
  {
    addresses: fc.constantFrom(['10.55.0.1/24'], ['10.55.0.1/24', 'FD55:0::1/64']),
    mac: fc.constant('02-00-00-00-02-00'),
    advertise: fc.boolean(),
  },
  { requiredKeys: ['addresses'] },
)
const rule = optional({
  from: fc.constantFrom({ prefix: '10.0.0.1' }, { port: 'a' }, { bridge: 'routed' }),
  destinationPort: fc.constantFrom(80, '81-90', [443, '80-89', 90]),
  state: fc.subarray(['related', 'new'], { minLength: 1 }),
}).map((rule) => ({ ...rule, action: 'deny', protocol: 'tcp' }))

const router = fc.record({
  uplinks: fc.record({
    wan: fc.record(
      {
        device: fc.constantFrom({ type: 'memory' }, { type: 'tap', name: 'ls-up', mtu: 9000 }),
        addresses: fc.constant(['203.0.113.10/24', '2001:DB8:0::10/64']),
        routes: fc.constantFrom([{ to: 'default', via: '203.0.113.1' }], [{ to: '10.0.0.0/8' }]),
        mtu: fc.constantFrom(1280, 1500),
      },
      { requiredKeys: ['addresses'] },
    ),
  }),
  routes: fc.constantFrom([], [{ to: '::/0', via: '2001:db8::0:1' }]),
  neighbors: fc.constantFrom(
    [],
    [{ uplink: 'wan', address: '2001:db8::0:1', mac: '02-00-00-00-00-01' }],
  ),
  nat: fc.constantFrom<object[]>(
    [],
    [{ type: 'masquerade', from: { bridge: 'routed' }, uplink: 'wan', source: '203.0.113.10' }],
    [{ type: 'nptv6', inside: 'FD55::/48', outside: '2001:db8:1::/48', uplink: 'wan' }],
  ),
  publish: fc.constantFrom<object[]>(
    [],
    [{ name: 'p', listen: '[2001:DB8::10]:80-80', to: ['[FD55::2]:80'] }],
  ),
  filter: fc.array(rule).map((rules) => rules.map((rule, n) => ({ ...rule, name: `r${n}` }))),
})

const VTEPS = ['192.0.2.11', '2001:DB8:0::B', '192.0.2.12']
const overlay = fc.record({
  underlay: fc.record(
    {
      addresses: fc.constantFrom(
        ['192.0.2.10', '2001:DB8:0::A'],
        ['2001:db8:0:0::a', '192.0.2.10'],
      ),
      port: fc.integer({ min: 1, max: 65_535 }),
      netns: fc.constantFrom('outer', 'pid:1'),
      mtu: fc.constantFrom('auto', 1500, 9000),
    },
    { requiredKeys: ['addresses'] },
  ),
  vxlan: fc.record(
    {
      vni: fc.integer({ min: 0, max: 2 ** 24 - 1 }),
      peers: fc.subarray(VTEPS),
      port: fc.integer({ min: 1, max: 65_535 }),
      learning: fc.boolean(),
      strict: fc.boolean(),
      tagged: fc.boolean(),
      ttl: fc.integer({ min: 1, max: 255 }),
      dscp: fc.oneof(fc.constant('copy'), fc.integer({ min: 0, max: 63 })),
      suppress: fc.boolean(),
    },
    { requiredKeys: ['vni'] },
  ),
})

/** A bridge with tunnels, a port and a host on it, and a static entry behind each peer. */
function withOverlay<T extends { bridges: object; ports: object; fdb: object[] }>(
  given: T,
  { underlay, vxlan }: { underlay: object; vxlan: { peers?: string[] } },
) {
  const behind = (vxlan.peers ?? []).map((vtep, n) => {
    return { bridge: 'tunnelled', mac: `02-00-00-00-03-0${n}`, vtep }
  })
  return {
    ...given,
    underlay,
    bridges: { ...given.bridges, tunnelled: { vxlan } },
    ports: { ...given.ports, local: { bridge: 'tunnelled' } },
    fdb: [...given.fdb, ...behind],
  }
}

const switching = fc.record({
  bridges: fc.record({
    routed: fc.constant({ policy: 'deny' }),
    lan: optional({
      isolated: fc.boolean(),
      ageing: fc.constantFrom('10s', 20_000),
      controlFrames: fc.array(fc.constantFrom('stp', 'lacp', 'lldp', 'eapol')),
      mirror: fc.record({
        port: fc.constant('sniffer'),
        direction: fc.constantFrom('receive', 'both'),
      }),
    }),
    lab: fc.record(
      {
        vlanAware: fc.constant(true),
        vlanProtocol: fc.constantFrom('802.1Q', '802.1ad'),
        isolated: fc.boolean(),
      },
      { requiredKeys: ['vlanAware'] },
    ),
  }),
  ports: fc.record({
    a: port(1),
    b: port(2),
    c: port(3),
    native: fc.constant({ bridge: 'lab', vlan: { native: 5, tagged: [6] } }),
    sniffer: fc.constant({ bridge: 'lan' }),
    mirrored: optional({ mirror: fc.constantFrom({ file: 'x' }, { port: 'sniffer' }) }).map(
      (more) => ({ ...more, bridge: 'lab' }),
    ),
  }),
  fdb: fc
    .uniqueArray(mac)
    .map((macs) => macs.map((mac) => ({ bridge: 'lab', mac, port: 'native' }))),
  capacity: fc.constant({ memberships: 1_000_000 }),
})

const parts = fc.tuple(switching, router, gateway, fc.option(overlay))
const input = parts.map(([switching, router, gateway, overlay]) => {
  const routed = { ...switching.bridges.routed, gateway }
  // With both families, so that what is published has somewhere to go.
  const six = { ...routed.gateway, addresses: ['10.55.0.1/24', 'FD55:0::1/64'] }
  const needed = router.publish.length > 0 ? { ...routed, gateway: six } : routed
  const given = { ...switching, ...router, bridges: { ...switching.bridges, routed: needed } }
  if (overlay === null) return given
  const suppressed = { bridge: 'tunnelled', address: 'FD77:0::7', mac: '02-00-00-00-03-09' }
  const neighbors = [...router.neighbors, suppressed]
  return { ...withOverlay(given, overlay), neighbors }
})

test('any config is a config again, frozen and as JSON, and no change', () => {
  fc.assert(
    fc.property(input, (given) => {
      const config = parseConfig(given)
      const json = JSON.parse(JSON.stringify(config))
      expect(parseConfig(config)).toEqual(config)
      expect(parseConfig(json)).toEqual(config)
      // Plain data: what JSON leaves out (undefined keys) was not there.
      expect(json).toStrictEqual(
        structuredClone({
          ...config,
          ports: { ...config.ports },
          bridges: { ...config.bridges },
          uplinks: { ...config.uplinks },
        }),
      )
      expect(planChanges(config, parseConfig(json))).toEqual([])
    }),
    { numRuns: 300 },
  )
})
