import { describe, expect, test } from 'vitest'
import { NAT_LIMITS } from '../../src/config/check-nat-limits.js'
import { parseConfig } from '../../src/config/parse.js'
import { portRanges } from '../../src/config/port-range.js'
import { parseYaml } from '../../src/config/yaml.js'
import { EXTERNALS_MAX, PREFIXES_MAX, PUBLISHED_MAX, SOURCES_MAX } from '../../src/dataplane/abi.js'
import { lines, linesOf } from './config-lines.js'

const base = {
  bridges: {
    blue: { gateway: { addresses: ['10.55.0.1/24', 'fd55::1/64'] } },
    lan: {},
  },
  ports: { web: { bridge: 'blue' }, db: { bridge: 'blue' } },
  uplinks: { wan: { addresses: ['203.0.113.10/24', '203.0.113.20/24', '2001:db8::10/64'] } },
}
const with_ = (more: object) => ({ ...base, ...more })
const masquerade = { type: 'masquerade', from: { bridge: 'blue' }, uplink: 'wan' }
const OURS =
  'an address of uplink "wan" (203.0.113.10/24, 203.0.113.20/24, 2001:db8::10/64); add it to its "addresses"'

describe('what the dataplane has room for', () => {
  const address = (n: number) => `203.0.113.${n}/24`
  const many = (count: number, make: (n: number) => object) =>
    Array.from({ length: count }, (_, n) => make(n))

  test('is what the dataplane says', () => {
    expect(NAT_LIMITS).toEqual({
      addresses: EXTERNALS_MAX / 2,
      sources: SOURCES_MAX,
      published: PUBLISHED_MAX,
      prefixes: PREFIXES_MAX,
    })
  })

  test.each<[string, object, string]>([
    [
      'masquerade',
      {
        nat: many(65, (n) => ({
          ...masquerade,
          from: n === 0 ? { prefix: '10.0.0.0/8' } : { bridge: 'blue' },
        })),
      },
      'nat: found 129 rules of "masquerade", each family counted; expected at most 128',
    ],
    [
      'nptv6',
      {
        nat: many(65, (n) => ({
          type: 'nptv6',
          uplink: 'wan',
          inside: `fd00:${n}::/48`,
          outside: `2001:db8:${n}::/48`,
        })),
      },
      'nat: found 65 rules of "nptv6"; expected at most 64',
    ],
    [
      'addresses',
      {
        uplinks: { wan: { addresses: many(129, (n) => address(n + 1) as never) } },
        nat: [masquerade],
      },
      'nat: found 129 outer IPv4 addresses, those of "publish" too; expected at most 128',
    ],
    [
      'publish',
      {
        publish: many(513, (n) => ({
          name: `s${n}`,
          listen: `wan:${n + 1}`,
          to: ['10.55.0.2:80'],
          protocol: ['tcp', 'udp'],
        })),
      },
      'publish: found 2052 ranges, each protocol and address counted; expected at most 2048',
    ],
  ])('%s', (_, more, line) => {
    expect(lines(with_(more))).toEqual([line])
  })
})

describe('nat', () => {
  const parsed = (rule: object) => parseConfig(with_({ nat: [rule] })).nat[0]

  test('is filled in', () => {
    expect(parsed(masquerade)).toEqual({
      ...masquerade,
      ports: 'random',
      filtering: 'address-dependent',
    })
    const source = ['203.0.113.20', '203.0.113.10', '203.0.113.20']
    expect(parsed({ ...masquerade, source })).toMatchObject({ source: source.slice(0, 2) })
    expect(parsed({ ...masquerade, source: '203.0.113.10' })).toMatchObject({
      source: ['203.0.113.10'],
    })
    expect(parsed({ ...masquerade, from: { prefix: '10.55.0.9' } })).toMatchObject({
      from: { prefix: '10.55.0.9/32' },
    })
    const nptv6 = { type: 'nptv6', inside: 'FD55::/48', outside: '2001:db8:1::/48', uplink: 'wan' }
    expect(parsed(nptv6)).toEqual({ ...nptv6, inside: 'fd55::/48' })
  })

  const fixed = { type: 'static', inside: '10.55.0.2', outside: '203.0.113.20', uplink: 'wan' }
  const npt = { type: 'nptv6', inside: 'fd55::/48', outside: '2001:db8:1::/48', uplink: 'wan' }
  test.each<[unknown, string]>([
    [{ type: 'snat' }, '.type: found "snat"; expected "masquerade", "static" or "nptv6"'],
    [
      'masquerade',
      ': found "masquerade"; expected a mapping such as { type: masquerade, from: { bridge: lan }, uplink: wan }',
    ],
    [
      { ...masquerade, uplink: 'lan' },
      '.uplink: there is no uplink "lan"; expected one of the uplinks "wan"; did you mean "wan"?',
    ],
    [
      { ...masquerade, from: { bridge: 'lan' } },
      '.from.bridge: found "lan"; expected a bridge with a "gateway": nothing of this one is routed',
    ],
    [
      { ...masquerade, from: { bridge: 'red' } },
      '.from.bridge: there is no bridge "red"; expected one of the bridges "blue" or "lan"',
    ],
    [
      { ...masquerade, from: {} },
      '.from: found a mapping; expected a mapping with either "bridge" or "prefix"',
    ],
    [
      { ...masquerade, from: { bridge: 'blue', prefix: '10.0.0.0/8' } },
      '.from: found a mapping; expected a mapping with either "bridge" or "prefix"',
    ],
    [
      { ...masquerade, from: { prefix: '10.0.0.0/8', ports: 1 } },
      '.from.ports: unknown key; expected one of "bridge" or "prefix"',
    ],
    [
      { ...masquerade, source: '203.0.113.11' },
      `.source[0]: found "203.0.113.11"; expected ${OURS}`,
    ],
    [
      { ...masquerade, from: { prefix: '10.0.0.0/8' }, source: '2001:db8::10' },
      '.source[0]: found "2001:db8::10"; expected an IPv4 address, as "from" has',
    ],
    [{ ...masquerade, ports: 'same' }, '.ports: found "same"; expected "random" or "preserve"'],
    [
      { ...masquerade, filtering: 'none' },
      '.filtering: found "none"; expected "endpoint-independent" or "address-dependent"',
    ],
    [
      { ...masquerade, inside: 1 },
      '.inside: unknown key; expected one of "type", "from", "uplink", "source", "ports" or "filtering"',
    ],
    [
      { ...fixed, outside: '203.0.114.21' },
      '.outside: found "203.0.114.21"; expected an address in a subnet of uplink "wan" (203.0.113.10/24, 203.0.113.20/24, 2001:db8::10/64)',
    ],
    [
      { ...fixed, outside: '2001:db8::10' },
      '.outside: found "2001:db8::10"; expected an address of the family of "10.55.0.2"',
    ],
    [
      { ...fixed, inside: '10.55.0.1' },
      `.inside: found "10.55.0.1"; expected a host's address: bridge "blue" has this one itself`,
    ],
    [
      { ...fixed, inside: '203.0.113.5' },
      '.inside: found "203.0.113.5"; expected a host inside: this one is in a subnet of uplink "wan"',
    ],
    [
      { ...npt, outside: '2001:db8:1::/56' },
      '.outside: found "2001:db8:1::/56"; expected a prefix as long as the inner one, /48',
    ],
    [
      { ...npt, inside: '10.0.0.0/8' },
      '.inside: found "10.0.0.0/8"; expected an IPv6 network of 1 to 64 bits, such as "fd55::/48"',
    ],
    [
      { ...npt, inside: 'fd55::/80' },
      '.inside: found "fd55::/80"; expected an IPv6 network of 1 to 64 bits, such as "fd55::/48"',
    ],
    [
      { ...npt, outside: 'fd55::/48' },
      '.outside: found "fd55::/48"; expected another prefix than the inner one',
    ],
  ])('%j', (rule, line) => {
    expect(lines(with_({ nat: [rule] }))).toEqual([`nat[0]${line}`])
  })

  test('an address inside or outside twice', () => {
    expect(lines(with_({ nat: [fixed, { ...fixed, inside: '10.55.0.3' }] }))).toEqual([
      'nat[1].outside: found "203.0.113.20"; expected each once: nat[0] has this one',
    ])
  })

  test('an uplink without addresses of the family', () => {
    const uplinks = { wan: { addresses: ['203.0.113.10/24'] } }
    const nat = [{ ...masquerade, from: { prefix: 'fd55::/64' } }]
    expect(lines(with_({ uplinks, nat }))).toEqual([
      'nat[0].uplink: found "wan"; expected an uplink with an IPv6 address, which these become',
    ])
  })
})

describe('publish', () => {
  const web = { name: 'web', listen: 'wan:8080-8081', to: ['10.55.0.2:80-81'] }
  const parsed = (entry: object) => parseConfig(with_({ publish: [entry] })).publish[0]

  test.each<[object, object]>([
    [web, { ...web, protocol: ['tcp'] }],
    [
      { ...web, protocol: ['udp', 'tcp', 'udp'] },
      { ...web, protocol: ['tcp', 'udp'] },
    ],
    [
      { name: 'six', listen: '[2001:DB8:0::10]:80', to: ['[FD55::2]:80-80'] },
      { name: 'six', listen: '[2001:db8::10]:80', to: ['[fd55::2]:80'], protocol: ['tcp'] },
    ],
    [
      { name: 'ping', listen: '[2001:db8::10]', to: ['FD55::2'], protocol: ['icmp'] },
      { name: 'ping', listen: '2001:db8::10', to: ['fd55::2'], protocol: ['icmp'] },
    ],
    [
      { name: 'ping', listen: 'wan', to: ['10.55.0.2'], protocol: ['icmp'] },
      { name: 'ping', listen: 'wan', to: ['10.55.0.2'], protocol: ['icmp'] },
    ],
  ])('%j', (given, entry) => {
    expect(parsed(given)).toEqual(entry)
    expect(parsed(entry)).toEqual(entry)
  })

  const LISTEN = 'an uplink or an address with ports, such as "wan:8080" or "203.0.113.10:80-81"'
  const BACKEND = 'an address with ports, such as "10.55.0.2:80-81" or "[fd55::2]:80"'
  const RANGE = 'a port from 1 to 65535, or a range such as "8080-8089", after the colon'
  test.each<[object, string]>([
    [
      { listen: 'lan:80-81' },
      'listen: there is no uplink "lan"; expected one of the uplinks "wan"; did you mean "wan"?',
    ],
    [
      { listen: '203.0.113.11:8080-8081' },
      'listen: found "203.0.113.11:8080-8081"; expected an address of an uplink (203.0.113.10/24, 203.0.113.20/24, 2001:db8::10/64), or the name of one',
    ],
    [{ listen: 'wan:0' }, `listen: found "wan:0"; expected ${RANGE}`],
    [{ listen: 'wan:8081-8080' }, `listen: found "wan:8081-8080"; expected ${RANGE}`],
    [{ listen: 'wan:65535-65536' }, `listen: found "wan:65535-65536"; expected ${RANGE}`],
    [{ listen: 'wan:http' }, `listen: found "wan:http"; expected ${RANGE}`],
    [{ listen: '' }, `listen: found ""; expected ${LISTEN}`],
    [{ listen: 8080 }, `listen: found 8080; expected ${LISTEN}, in quotes`],
    [
      { listen: '203.0.113.010:80' },
      'listen: found "203.0.113.010:80"; expected an IPv4 address without leading zeros',
    ],
    [
      { listen: 'wan' },
      'listen: found "wan"; expected ports after a colon, as in "wan:80" or "[2001:db8::1]:80"',
    ],
    [
      { to: ['10.55.0.2'] },
      'to[0]: found "10.55.0.2"; expected ports after a colon, as in "[fd55::2]:80"',
    ],
    [{ to: ['web:80'] }, `to[0]: found "web:80"; expected ${BACKEND}`],
    [{ to: '10.55.0.2:80' }, 'to: found "10.55.0.2:80"; expected a list of one address with ports'],
    [{ to: [] }, 'to: found an empty list; expected a list of one address with ports'],
    [
      { to: ['10.55.0.2:80-81', '10.55.0.3:80-81'] },
      'to: found a list; expected a list of one address with ports: this version has one backend an entry',
    ],
    [
      { to: ['10.55.0.2:80'] },
      'to[0]: found "10.55.0.2:80"; expected 2 ports, as many as in "listen"',
    ],
    [
      { listen: 'wan:8080' },
      'to[0]: found "10.55.0.2:80-81"; expected one port, as many as in "listen"',
    ],
    [
      { to: ['10.56.0.2:80-81'] },
      'to[0]: found "10.56.0.2:80-81"; expected an address in a subnet of a gateway or uplink (10.55.0.1/24, fd55::1/64, 203.0.113.10/24, 203.0.113.20/24, 2001:db8::10/64), or one that "routes" leads to',
    ],
    [
      { to: ['10.55.0.1:80-81'] },
      'to[0]: found "10.55.0.1:80-81"; expected a host behind the router: bridge "blue" has this address itself',
    ],
    [
      { listen: '203.0.113.10:80-81', to: ['[fd55::2]:80-81'] },
      'to[0]: found "[fd55::2]:80-81"; expected an address of the family of "203.0.113.10:80-81"',
    ],
    [
      { protocol: ['tcp', 'icmp'] },
      'protocol: found a list; expected "icmp" in an entry of its own: it has no ports',
    ],
    [
      { protocol: ['icmp'], to: ['10.55.0.2'] },
      'listen: found "wan:8080-8081"; expected no ports: "icmp" has none',
    ],
    [
      { protocol: [] },
      'protocol: found an empty list; expected a list of "tcp" and "udp", or ["icmp"]',
    ],
    [{ port: 1 }, 'port: unknown key; expected one of "name", "listen", "to" or "protocol"'],
  ])('%j', (more, line) => {
    expect(lines(with_({ publish: [{ ...web, ...more }] }))).toEqual([`publish[0].${line}`])
  })

  test('reaches backends behind routes', () => {
    const publish = [{ ...web, to: ['10.99.0.2:80-81'] }]
    const routes = [{ to: '10.99.0.0/16', via: '10.55.0.9' }]
    expect(lines(with_({ publish, routes }))).toEqual([])
  })

  test('what collides names the owner', () => {
    const clash = (more: object, earlier: object = web) =>
      lines(
        with_({
          publish: [earlier, { name: 'b', listen: 'wan:80', to: ['10.55.0.3:80'], ...more }],
        }),
      )
    expect(clash({})).toEqual([])
    expect(clash({ listen: 'wan:8081' })).toEqual([
      'publish[1].listen: found "wan:8081"; expected what nothing else listens on: publish entry "web" has it',
    ])
    expect(clash({ listen: '203.0.113.20:8080' })).toHaveLength(1)
    expect(clash({ listen: '203.0.113.20:8080', protocol: ['udp'] })).toEqual([])
    expect(clash({ listen: 'wan:8079' })).toEqual([])
    expect(clash({ listen: 'wan:8082' })).toEqual([])
    expect(clash({ listen: 'wan:8081', to: ['[fd55::3]:80'] })).toEqual([])
    expect(
      clash(
        { listen: 'wan:8080-8081', to: ['10.55.0.3:1-2'] },
        { ...web, listen: '203.0.113.10:8080-8081' },
      ),
    ).toHaveLength(1)
    expect(clash({ name: 'web' })).toEqual([
      'publish[1].name: found "web"; expected each name once: publish[0] has it',
    ])
    const nat = [{ type: 'static', inside: '10.55.0.9', outside: '203.0.113.20', uplink: 'wan' }]
    expect(lines(with_({ nat, publish: [web] }))).toEqual([])
    expect(lines(with_({ nat, publish: [{ ...web, listen: '203.0.113.20:80-81' }] }))).toEqual([
      'publish[0].listen: found "203.0.113.20:80-81"; expected what nothing else listens on: the static NAT of 10.55.0.9 has it',
    ])
  })

  test('an uplink that has no address of the family', () => {
    const uplinks = { wan: { addresses: ['203.0.113.10/24'] } }
    const publish = [{ ...web, to: ['[fd55::2]:80-81'] }]
    expect(lines(with_({ uplinks, publish }))).toEqual([
      'publish[0].listen: found "wan:8080-8081"; expected an uplink with an IPv6 address, the family of "[fd55::2]:80-81"',
    ])
  })
})

describe('filter', () => {
  const parsed = (rule: object) =>
    parseConfig(with_({ filter: [{ name: 'r', action: 'allow', ...rule }] })).filter[0]

  test.each<[object, object]>([
    [{ protocol: 6 }, { protocol: 'tcp' }],
    [{ protocol: 47 }, { protocol: 47 }],
    [
      { from: { prefix: '10.0.0.1', port: 'web' } },
      { from: { prefix: '10.0.0.1/32', port: 'web' } },
    ],
    [{ protocol: 'tcp', destinationPort: 80 }, { destinationPort: [80] }],
    [{ protocol: 'udp', sourcePort: '1-65535' }, { sourcePort: ['1-65535'] }],
    [
      { protocol: 'tcp', destinationPort: [443, '80-82', 83, 81] },
      { destinationPort: ['80-83', 443] },
    ],
    [{ protocol: 'icmp', icmpType: 'echo-request' }, { icmpType: [8] }],
    [{ protocol: 58, icmpType: ['echo-reply', 128, 129] }, { icmpType: [128, 129] }],
    [{ state: ['related', 'new', 'related'] }, { state: ['new', 'related'] }],
  ])('%j', (given, rule) => {
    expect(parsed(given)).toMatchObject({ name: 'r', action: 'allow', ...rule })
    expect(parsed(parsed(given) as object)).toEqual(parsed(given))
  })

  test('ranges that overlap or touch are one', () => {
    expect(portRanges([5, '1-3', 4, '10-20', '12-15', 22])).toEqual([
      { first: 1, last: 5 },
      { first: 10, last: 20 },
      { first: 22, last: 22 },
    ])
  })

  const PORTS = 'a port from 1 to 65535, or a range such as "8080-8089"'
  test.each<[object, string]>([
    [{ action: 'drop' }, 'action: found "drop"; expected "allow", "deny" or "reject"'],
    [
      { from: {} },
      'from: found a mapping; expected a mapping with "prefix", "port", "bridge" or "uplink"',
    ],
    [
      { to: { port: 'web', uplink: 'wan' } },
      'to.uplink: found "wan"; expected no "uplink" beside "port": a packet is in one place',
    ],
    [
      { to: { bridge: 'bleu' } },
      'to.bridge: there is no bridge "bleu"; expected one of the bridges "blue" or "lan"; did you mean "blue"?',
    ],
    [
      { from: { uplink: 'x' } },
      'from.uplink: there is no uplink "x"; expected one of the uplinks "wan"',
    ],
    [
      { from: { prefix: '10.0.0.0/8' }, to: { prefix: 'fd00::/8' } },
      'to.prefix: found "fd00::/8"; expected one of the family of "from", "10.0.0.0/8"',
    ],
    [
      { protocol: 'icmpv6', from: { prefix: '10.0.0.0/8' } },
      'from.prefix: found "10.0.0.0/8"; expected an IPv6 one: "protocol" is "icmpv6"',
    ],
    [
      { protocol: 'icmp', to: { prefix: 'fd00::/8' } },
      'to.prefix: found "fd00::/8"; expected an IPv4 one: "protocol" is "icmp"',
    ],
    [
      { destinationPort: 80 },
      'destinationPort: found 80; expected "protocol: tcp", "udp" or "sctp" beside it',
    ],
    [
      { protocol: 'icmp', sourcePort: 80 },
      'sourcePort: found 80; expected "protocol: tcp", "udp" or "sctp" beside it',
    ],
    [
      { protocol: 'tcp', destinationPort: '90-80' },
      `destinationPort: found "90-80"; expected ${PORTS}, or a list of them`,
    ],
    [
      { protocol: 'tcp', destinationPort: [80, 0] },
      `destinationPort[1]: found 0; expected ${PORTS}`,
    ],
    [{ icmpType: 8 }, 'icmpType: found 8; expected "protocol: icmp" or "icmpv6" beside it'],
    [
      { protocol: 'icmp', icmpType: 'packet-too-big' },
      'icmpType: found "packet-too-big"; expected types of "icmp"',
    ],
    [
      { protocol: 'gre' },
      'protocol: found "gre"; expected "tcp", "udp", "icmp", "icmpv6", "sctp" or a number from 0 to 255',
    ],
    [{ state: ['old'] }, 'state[0]: found "old"; expected "new", "established" or "related"'],
    [
      { ports: 1 },
      'ports: unknown key; expected one of "name", "action", "from", "to", "protocol", "sourcePort", "destinationPort", "icmpType" or "state"',
    ],
  ])('%j', (rule, line) => {
    const filter = [{ name: 'r', action: 'allow', ...rule }]
    expect(lines(with_({ filter }))).toEqual([`filter[0].${line}`])
  })

  test('a name twice', () => {
    const rule = { name: 'r', action: 'deny' }
    expect(lines(with_({ filter: [rule, rule] }))).toEqual([
      'filter[1].name: found "r"; expected each name once: filter[0] has it',
    ])
  })

  test('a port that is not there is an error in a file, and over the API none', () => {
    const text = `version: 1
bridges: { blue: }
filter:
  - { name: r, action: deny, to: { port: web } }`
    expect(linesOf(() => parseYaml(text, 'f'))).toEqual([
      'f:4: filter[0].to.port: there is no port "web"; expected a port, of which this config has none',
    ])
    const filter = [{ name: 'r', action: 'deny', to: { port: 'gone' } }]
    expect(lines(with_({ filter }))).toEqual([])
  })

  test('takes ten thousand rules in a moment', () => {
    const filter = Array.from({ length: 10_000 }, (_, n) => {
      return { name: `r${n}`, action: 'deny', from: { prefix: `10.0.${n >> 8}.${n & 255}` } }
    })
    const capacity = { rules: 10_000 }
    expect(parseConfig(with_({ filter, capacity })).filter).toHaveLength(10_000)
    expect(lines(with_({ filter, capacity: { rules: 9999 } }))).toEqual([
      'filter: found 10000 entries; expected at most 9999; raise capacity.rules for more',
    ])
  })
})
