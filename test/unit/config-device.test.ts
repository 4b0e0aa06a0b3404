import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/parse.js'
import { lines } from './config-lines.js'

const lan = (devices: Record<string, object>, more: object = {}) => ({
  bridges: { lan: {} },
  ports: Object.fromEntries(
    Object.entries(devices).map(([name, device]) => [name, { bridge: 'lan', device }]),
  ),
  ...more,
})
const parsed = (device: object, bridge: object = {}) =>
  parseConfig({ ...lan({ a: device }), bridges: { lan: bridge } }).ports.a?.device

const packet = (name: string, more: object = {}) => ({ type: 'packet', name, ...more })
const tap = (name: string, more: object = {}) => ({ type: 'tap', name, ...more })
const unix = (path: string, more: object = {}) => ({ type: 'unix', path, ...more })
const pcap = (more: object) => ({ type: 'pcap', ...more })

describe('defaults', () => {
  test.each<[object, object]>([
    [packet('eth1'), { type: 'packet', name: 'eth1', promiscuous: true, missing: 'error' }],
    [
      unix('/a'),
      { type: 'unix', path: '/a', mode: 'stream', listen: true, mtu: 1500, missing: 'error' },
    ],
    [pcap({ read: 'a' }), { type: 'pcap', read: 'a', pace: 'file', mtu: 65_535 }],
    [pcap({ write: 'a' }), { type: 'pcap', write: 'a', pace: 'file', mtu: 65_535 }],
  ])('%j', (device, whole) => {
    expect(parsed(device)).toEqual(whole)
    expect(parsed(JSON.parse(JSON.stringify(parsed(device))))).toEqual(whole)
  })

  test("the MTU is the bridge's, but that of an interface which is there is its own", () => {
    const bridge = { mtu: 1400 }
    expect(parsed(packet('eth1'), bridge)?.mtu).toBeUndefined()
    expect(parsed(unix('/a'), bridge)?.mtu).toBe(1400)
    expect(parsed(pcap({ read: 'a' }), bridge)?.mtu).toBe(1400)
  })
})

describe('a device', () => {
  const PATH = 'an absolute path of at most 107 bytes'
  test.each<[object, string]>([
    [
      { type: 'packet' },
      '.name: missing; expected an interface name: 1 to 15 bytes, without "/", ":", "%", spaces and control characters',
    ],
    [packet('eth1', { promiscuous: 1 }), '.promiscuous: found 1; expected true or false'],
    [packet('eth1', { missing: 'never' }), '.missing: found "never"; expected "error" or "wait"'],
    [
      packet('eth1', { mtu: 1500 }),
      '.mtu: unknown key; expected one of "type", "name", "netns", "promiscuous" or "missing"',
    ],
    [
      packet('eth1', { mac: '02:00:00:00:00:01' }),
      '.mac: unknown key; expected one of "type", "name", "netns", "promiscuous" or "missing"',
    ],
    [{ type: 'unix' }, `.path: missing; expected ${PATH}`],
    [unix('run/x'), `.path: found "run/x"; expected ${PATH}`],
    [unix(`/${'x'.repeat(107)}`), `.path: found "/${'x'.repeat(59)}…"; expected ${PATH}`],
    [unix('/a', { mode: 'tcp' }), '.mode: found "tcp"; expected "stream", "dgram" or "seqpacket"'],
    [unix('/a', { mtu: 65_522 }), '.mtu: found 65522; expected a whole number from 68 to 65521'],
    [
      unix('/a', { paht: 1 }),
      '.paht: unknown key; expected one of "type", "path", "mode", "listen", "local", "mtu" or "missing"; did you mean "path"?',
    ],
    [
      unix('/a', { mode: 'dgram', listen: false }),
      '.local: missing; expected the path of our own end, which answers come to ("dgram" without "listen")',
    ],
    [
      unix('/a', { mode: 'dgram', listen: false, local: '//a' }),
      '.local: found "//a"; expected another path than that of the other end',
    ],
    [
      unix('/a', { mode: 'dgram', local: '/b' }),
      '.local: found "/b"; expected "mode: dgram" and "listen: false" beside it: other sockets answer without',
    ],
    [
      unix('/a', { listen: false, local: '/b' }),
      '.local: found "/b"; expected "mode: dgram" and "listen: false" beside it: other sockets answer without',
    ],
    [pcap({}), ': found neither "read" nor "write"; expected at least one of them'],
    [pcap({ read: '' }), '.read: found ""; expected a file\'s path of at most 4095 bytes'],
    [
      pcap({ write: 5 }),
      ".write: found 5; expected a file's path of at most 4095 bytes, in quotes",
    ],
    [pcap({ read: 'a', pace: 'slow' }), '.pace: found "slow"; expected "file" or "fast"'],
    [
      pcap({ read: 'a', mtu: 65_536 }),
      '.mtu: found 65536; expected a whole number from 68 to 65535',
    ],
    [
      pcap({ read: 'a', missing: 'wait' }),
      '.missing: unknown key; expected one of "type", "read", "write", "pace" or "mtu"',
    ],
  ])('%j', (device, line) => {
    expect(lines(lan({ a: device }))).toEqual([`ports.a.device${line}`])
  })

  test('of dgram that does not listen has an end of its own', () => {
    expect(lines(lan({ a: unix('/a', { mode: 'dgram', listen: false, local: '/b' }) }))).toEqual([])
  })

  test("has an MTU up to the bridge's", () => {
    const given = { ...lan({ a: pcap({ read: 'x', mtu: 9000 }) }), bridges: { lan: { mtu: 1500 } } }
    expect(lines(given)).toEqual([
      'ports.a.device.mtu: found 9000; expected at most 1500, the MTU of bridge "lan"',
    ])
  })

  test('key that stands beside it belongs inside it', () => {
    const given = { bridges: { lan: {} }, ports: { a: { bridge: 'lan', promiscuous: true } } }
    expect(lines(given)[0]).toContain('"promiscuous" belongs inside "device"')
  })
})

describe('two ports', () => {
  const own = (what: string, key: string, value: string) =>
    `ports.b.device.${key}: found "${value}"; expected ${what}`

  test.each<[object, object, string]>([
    [packet('e'), packet('e'), own('an interface of its own: port "a" has this one', 'name', 'e')],
    [tap('e'), packet('e'), own('an interface of its own: port "a" has this one', 'name', 'e')],
    [
      packet('e', { netns: 'n' }),
      tap('e', { netns: '/run/netns/n' }),
      own(
        'an interface of its own in namespace "/run/netns/n": port "a" has this one',
        'name',
        'e',
      ),
    ],
    [unix('/a'), unix('/a'), own('a socket of its own: port "a" has this one', 'path', '/a')],
    [
      unix('/x/a'),
      unix('/x//a', { listen: false }),
      own('a socket of its own: port "a" has this one', 'path', '/x//a'),
    ],
    [
      unix('/a'),
      unix('/b', { mode: 'dgram', listen: false, local: '/a' }),
      own('a socket of its own: port "a" has this one', 'local', '/a'),
    ],
    [
      pcap({ write: 'x' }),
      pcap({ write: './x' }),
      own('a file of its own: port "a" writes this one', 'write', './x'),
    ],
    [
      pcap({ write: 'x' }),
      pcap({ read: 'x' }),
      own('a file that nothing writes: port "a" writes this one', 'read', 'x'),
    ],
  ])('%j and %j', (a, b, line) => {
    expect(lines(lan({ a, b }))).toEqual([line])
  })

  test.each<[object, object]>([
    [packet('e'), packet('e', { netns: 'n' })],
    [packet('e'), packet('f')],
    [unix('/a'), unix('/b')],
    [pcap({ read: 'x' }), pcap({ read: 'x' })],
    [pcap({ write: 'x' }), pcap({ write: 'y', read: 'z' })],
  ])('%j and %j are fine', (a, b) => {
    expect(lines(lan({ a, b }))).toEqual([])
  })

  test('one port does not read what it writes', () => {
    expect(lines(lan({ b: pcap({ read: 'x', write: 'x' }) }))).toEqual([
      own('a file that nothing writes: port "b" writes this one', 'read', 'x'),
    ])
  })

  test('mirrors and devices do not write one file', () => {
    const ports = {
      a: { bridge: 'lan', mirror: { file: 'x' } },
      b: { bridge: 'lan', device: pcap({ write: 'x' }) },
      c: { bridge: 'lan', mirror: { file: 'y' } },
    }
    expect(lines({ bridges: { lan: { mirror: { file: 'y' } } }, ports })).toEqual([
      own('a file of its own: the mirror of port "a" writes this one', 'write', 'x'),
      'ports.c.mirror.file: found "y"; expected a file of its own: the mirror of bridge "lan" writes this one',
    ])
  })

  test("the control socket is nobody else's", () => {
    expect(lines(lan({ b: unix('/c') }, { control: { socket: '/c' } }))).toEqual([
      own('a socket of its own: the control socket is this one', 'path', '/c'),
    ])
  })
})
