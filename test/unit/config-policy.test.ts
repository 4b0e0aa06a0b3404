import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/parse.js'
import { formatRate, parseRate } from '../../src/config/rate.js'
import { parseYaml } from '../../src/config/yaml.js'
import { InvalidError } from '../../src/error.js'
import { lines, linesOf } from './config-lines.js'

const lan = (port: object, bridge: object = {}) => ({
  bridges: { lan: bridge },
  ports: { p: { bridge: 'lan', ...port } },
})
const parsed = (port: object, bridge?: object) => parseConfig(lan(port, bridge)).ports.p
const tap = { type: 'tap', name: 'eth0' }

describe('policy', () => {
  test('isolated is as the bridge says, unless the port says', () => {
    expect(parsed({})?.isolated).toBe(false)
    expect(parsed({}, { isolated: true })?.isolated).toBe(true)
    expect(parsed({ isolated: false }, { isolated: true })?.isolated).toBe(false)
    expect(parsed({ isolated: true })?.isolated).toBe(true)
  })

  test('a locked port does not learn', () => {
    expect(parsed({ locked: true })).toMatchObject({ locked: true, learning: false })
    expect(parsed({ locked: true, learning: false })).toMatchObject({ learning: false })
    expect(parsed({ learning: false })).toMatchObject({ locked: false, learning: false })
  })

  test.each<[unknown, object]>([
    [true, { unknownUnicast: true, multicast: true, broadcast: true }],
    [false, { unknownUnicast: false, multicast: false, broadcast: false }],
    [{}, { unknownUnicast: true, multicast: true, broadcast: true }],
    [{ multicast: false }, { unknownUnicast: true, multicast: false, broadcast: true }],
  ])('flood: %j', (flood, floods) => {
    expect(parsed({ flood })?.flood).toEqual(floods)
  })

  test('control frames come in order, each once', () => {
    const passed = (controlFrames: string[]) =>
      parseConfig({ bridges: { b: { controlFrames } } }).bridges.b?.controlFrames
    expect(passed(['stp', 'lldp', 'stp', 'eapol', 'lacp'])).toEqual([
      'eapol',
      'lacp',
      'lldp',
      'stp',
    ])
    expect(passed([])).toEqual([])
  })

  test.each<[object, string]>([
    [{ isolated: 'yes' }, 'isolated: found "yes"; expected true or false'],
    [
      { flood: 'no' },
      'flood: found "no"; expected true, false or a mapping such as { unknownUnicast: false }',
    ],
    [
      { flood: { unknown: false } },
      'flood.unknown: unknown key; expected one of "unknownUnicast", "multicast" or "broadcast"',
    ],
    [{ flood: { multicast: 1 } }, 'flood.multicast: found 1; expected true or false'],
    [
      { locked: true, learning: true },
      'learning: found true; expected false or nothing: a locked port learns nothing',
    ],
    [
      { locked: true, sticky: true },
      'sticky: found true; expected nothing here: a locked port learns nothing',
    ],
    [
      { learning: false, sticky: true },
      'sticky: found true; expected nothing here: a port with "learning: false" learns nothing',
    ],
    [
      { learning: false, limits: { macs: 4 } },
      'limits.macs: found 4; expected nothing here: a port with "learning: false" learns nothing',
    ],
    [
      { locked: true, limits: { macs: 4 } },
      'limits.macs: found 4; expected nothing here: a locked port learns nothing',
    ],
  ])('%j', (port, line) => {
    expect(lines(lan(port))).toEqual([`ports.p.${line}`])
  })

  test.each<[unknown, string]>([
    ['lldp', 'controlFrames: found "lldp"; expected a list of "eapol", "lacp", "lldp" and "stp"'],
    [['pause'], 'controlFrames[0]: found "pause"; expected "eapol", "lacp", "lldp" or "stp"'],
  ])('controlFrames: %j', (controlFrames, line) => {
    expect(lines({ bridges: { b: { controlFrames } } })).toEqual([`bridges.b.${line}`])
  })
})

describe('rates', () => {
  test.each<[string, number]>([
    ['64000', 64_000],
    ['10k', 1e4],
    ['100M', 1e8],
    ['2.5G', 25e8],
    ['0.064M', 64_000],
  ])('%s', (text, bits) => {
    expect(parseRate(text)).toBe(bits)
    expect(parseRate(formatRate(bits))).toBe(bits)
  })

  test.each(['', 'k', '10K', '10 k', '10kbit', '-1', '1e6', '1Gi', '0.5', '1.0005k'])(
    'not %j',
    (text) => {
      expect(() => parseRate(text)).toThrow(InvalidError)
    },
  )

  test('are written with the largest unit', () => {
    expect([1, 1000, 1_500_000, 1e9].map(formatRate)).toEqual(['1', '1k', '1500k', '1G'])
  })
})

describe('limits', () => {
  test('are as given, and absent otherwise', () => {
    expect(parsed({})?.limits).toEqual({})
    expect(
      parsed({ limits: { macs: 16, broadcast: 1, multicast: 2, unknownUnicast: 3 } })?.limits,
    ).toEqual({
      macs: 16,
      broadcast: 1,
      multicast: 2,
      unknownUnicast: 3,
    })
    expect(parsed({ limits: { receive: { frames: 5 } } })?.limits).toEqual({
      receive: { frames: 5 },
    })
  })

  test.each<[string, object, object, number]>([
    ['a tenth of a second', { type: 'memory' }, { bits: '100M' }, 1_250_000],
    ['a tenth of a second, rounded up', { type: 'memory' }, { bits: 8_000_001 }, 100_001],
    ['at most 1 GiB', { type: 'memory' }, { bits: '1000G' }, 2 ** 30],
    ['at least 64 KiB', { type: 'memory' }, { bits: '1M' }, 65_536],
    ['64 KiB for a socket', { type: 'unix', path: '/a' }, { bits: '1M' }, 65_536],
    ['128 KiB with super-frames', { type: 'memory', offloads: true }, { bits: '1M' }, 131_072],
    ['128 KiB for a TAP', tap, { bits: '1M' }, 131_072],
    ['128 KiB for a NIC', { type: 'packet', name: 'eth1' }, { bits: '1M' }, 131_072],
    ['128 KiB for a capture of super-frames', { type: 'pcap', read: 'a' }, { bits: '1M' }, 131_072],
    ['as given', tap, { bits: '1M', burst: '256KiB' }, 262_144],
  ])('burst: %s', (_, device, policing, burst) => {
    expect(parsed({ device, limits: { transmit: policing } })?.limits.transmit?.burst).toBe(burst)
  })

  test('in a file: bits are numbers or have a unit, bursts have a unit', () => {
    const file = (receive: string) =>
      `version: 1\nbridges: { lan: }\nports:\n  p:\n    bridge: lan\n    device: { type: memory }\n    limits: { receive: ${receive} }\n`
    const text = file('{ bits: 100M, burst: 256KiB }').replace('lan: }', 'lan: {} }')
    expect(parseYaml(text, 'f').ports.p?.limits.receive).toEqual({ bits: 1e8, burst: 262_144 })
    expect(linesOf(() => parseYaml(file('{ bits: 5000, burst: 5000 }'), 'f'))).toEqual([
      'f:7: ports.p.limits.receive.burst: found 5000; expected a size with its unit (B, KiB, MiB, GiB) such as "4MiB"; a bare number has none',
    ])
  })

  const RATE =
    'bits a second, a number or with its unit (k, M, G) such as "100M", from "1k" to "1000G"'
  test.each<[object, string]>([
    [
      { mac: 1 },
      'mac: unknown key; expected one of "macs", "broadcast", "multicast", "unknownUnicast", "receive" or "transmit"; did you mean "macs"?',
    ],
    [{ macs: 0 }, 'macs: found 0; expected a whole number from 1 to 16777216'],
    [
      { broadcast: '1k' },
      'broadcast: found "1k"; expected frames a second, a whole number from 1 to 1000000000',
    ],
    [
      { multicast: 0 },
      'multicast: found 0; expected frames a second, a whole number from 1 to 1000000000',
    ],
    [
      { receive: '100M' },
      'receive: found "100M"; expected a mapping with "bits", "frames" or both, such as { bits: 100M }',
    ],
    [
      { receive: {} },
      'receive: found a mapping; expected a mapping with "bits", "frames" or both, such as { bits: 100M }',
    ],
    [
      { receive: { bit: 1 } },
      'receive.bit: unknown key; expected one of "bits", "frames" or "burst"; did you mean "bits"?',
    ],
    [{ receive: { bits: '100Mb' } }, `receive.bits: found "100Mb"; expected ${RATE}`],
    [{ transmit: { bits: 999 } }, `transmit.bits: found 999; expected ${RATE}`],
    [{ transmit: { bits: '1001G' } }, `transmit.bits: found "1001G"; expected ${RATE}`],
    [{ transmit: { bits: '1.0005k' } }, `transmit.bits: found "1.0005k"; expected ${RATE}`],
    [
      { transmit: { frames: 1, burst: '1MiB' } },
      'transmit.burst: found "1MiB"; expected "bits" beside it, whose burst it is',
    ],
    [
      { receive: { bits: '1M', burst: 1521 } },
      'receive.burst: found 1521; expected at least 1522 octets, the longest frame of this port',
    ],
  ])('%j', (limits, line) => {
    expect(lines(lan({ limits }))).toEqual([`ports.p.limits.${line}`])
  })

  test('a burst takes the longest frame, which may be a super-frame', () => {
    const limits = (burst: number) => ({ receive: { bits: '1M', burst } })
    expect(lines(lan({ limits: limits(1522) }))).toEqual([])
    expect(lines(lan({ device: tap, limits: limits(65_557) }))).toEqual([])
    expect(lines(lan({ device: tap, limits: limits(65_556) }))).toEqual([
      'ports.p.limits.receive.burst: found 65556; expected at least 65557 octets, the longest frame of this port',
    ])
  })

  test('rates at the ends of their range', () => {
    for (const bits of [1000, '1k', 1e12, '1000G']) {
      expect(lines(lan({ limits: { receive: { bits } } }))).toEqual([])
    }
  })
})

describe('guard', () => {
  const device = (more: object) => ({ ...tap, mac: '02:00:00:00:00:AA', ...more })

  test('auto is the addresses of the device', () => {
    expect(
      parsed({ guard: 'auto', device: device({ addresses: ['10.0.0.2/24'] }) })?.guard,
    ).toEqual({
      macs: ['02:00:00:00:00:aa'],
      addresses: ['10.0.0.2/32'],
    })
  })

  test('auto with IPv6 has the link-local address too (RFC 4291 appendix A)', () => {
    const guard = (addresses: string[]) =>
      parsed({ guard: 'auto', device: device({ addresses }) })?.guard?.addresses
    expect(guard(['fd00::2/64', '10.0.0.2/24'])).toEqual([
      'fd00::2/128',
      '10.0.0.2/32',
      'fe80::ff:fe00:aa/128',
    ])
    expect(guard(['fe80::ff:fe00:aa/64'])).toEqual(['fe80::ff:fe00:aa/128'])
  })

  test('lists are canonical, each once', () => {
    const guard = {
      macs: ['02-00-00-00-00-0A', '02:00:00:00:00:0a'],
      addresses: ['10.0.0.2', 'FD00::2', '10.1.0.0/24', '10.0.0.2/32', '0.0.0.0/0'],
    }
    expect(parsed({ guard })?.guard).toEqual({
      macs: ['02:00:00:00:00:0a'],
      addresses: ['10.0.0.2/32', 'fd00::2/128', '10.1.0.0/24', '0.0.0.0/0'],
    })
    expect(parsed({ guard: { macs: guard.macs } })?.guard).toEqual({ macs: ['02:00:00:00:00:0a'] })
    expect(parsed({})).not.toHaveProperty('guard')
  })

  test('of all ports together has as much as the dataplane has room for', () => {
    const addresses = (count: number) =>
      Array.from({ length: count }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
    const ports = (count: number) => ({
      a: { bridge: 'lan', guard: { macs: ['02:00:00:00:00:0a'], addresses: addresses(4095) } },
      b: { bridge: 'lan', guard: { addresses: addresses(count) } },
    })
    const bridges = { lan: {} }
    expect(lines({ bridges, ports: ports(4096) })).toEqual([])
    expect(lines({ bridges, ports: ports(4097) })).toEqual([
      'ports: found 8193; expected at most 8192 MACs and addresses in "guard", all ports together',
    ])
  })

  const GUARD = '"auto" or a mapping with "macs", "addresses" or both'
  const AUTO = (lacking: string) =>
    `guard: found "auto"; expected a device with "mac" and "addresses" (it has no ${lacking}), or a mapping with "macs", "addresses" or both`
  test.each<[object, string]>([
    [{ guard: 'none' }, `guard: found "none"; expected ${GUARD}`],
    [{ guard: {} }, `guard: found a mapping; expected ${GUARD}`],
    [
      { guard: { mac: 1 } },
      'guard.mac: unknown key; expected one of "macs" or "addresses"; did you mean "macs"?',
    ],
    [
      { guard: { macs: [] } },
      'guard.macs: found an empty list; expected a list of at least one unicast MAC address',
    ],
    [
      { guard: { macs: ['01:00:5e:00:00:01'] } },
      'guard.macs[0]: found "01:00:5e:00:00:01"; expected a unicast MAC address such as "02:55:00:00:00:02" (its first byte even, not all zero)',
    ],
    [
      { guard: { addresses: [] } },
      'guard.addresses: found an empty list; expected a list of at least one address or network',
    ],
    [
      { guard: { addresses: ['10.0.0.2/24'] } },
      'guard.addresses[0]: found "10.0.0.2/24"; expected a network, without host bits: "10.0.0.0/24"',
    ],
    [
      { guard: { addresses: ['224.0.0.1'] } },
      'guard.addresses[0]: found "224.0.0.1"; expected an address or a network such as "10.0.0.2", "fd00::2" or "10.1.0.0/24"',
    ],
    [
      { guard: { addresses: ['fe80::1%eth0'] } },
      'guard.addresses[0]: found "fe80::1%eth0"; expected an address without a zone id (the part from % on)',
    ],
    [{ guard: 'auto' }, AUTO('"mac" and "addresses"')],
    [{ guard: 'auto', device: tap }, AUTO('"mac" and "addresses"')],
    [{ guard: 'auto', device: device({}) }, AUTO('"addresses"')],
    [{ guard: 'auto', device: { ...tap, addresses: ['10.0.0.2/24'] } }, AUTO('"mac"')],
    [{ guard: 'auto', device: { type: 'packet', name: 'eth1' } }, AUTO('"mac" and "addresses"')],
  ])('%j', (port, line) => {
    expect(lines(lan(port))).toEqual([`ports.p.${line}`])
  })
})
