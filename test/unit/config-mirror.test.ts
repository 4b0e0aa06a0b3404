import { describe, expect, test } from 'vitest'
import { parseConfig, withoutPort } from '../../src/config/parse.js'
import { parseYaml } from '../../src/config/yaml.js'
import { lines, linesOf } from './config-lines.js'

/** Ports p, q and s on bridge `lan`. */
const lan = (mirrors: Record<string, object>, bridge: object = {}) => ({
  bridges: { lan: bridge },
  ports: Object.fromEntries(
    ['p', 'q', 's'].map((name) => [
      name,
      { bridge: 'lan', ...(mirrors[name] && { mirror: mirrors[name] }) },
    ]),
  ),
})

describe('a mirror', () => {
  test('has a direction and one target', () => {
    const config = parseConfig(
      lan({ p: { port: 's' } }, { mirror: { file: './x.pcapng', direction: 'receive' } }),
    )
    expect(config.ports.p?.mirror).toEqual({ port: 's', direction: 'both' })
    expect(config.bridges.lan?.mirror).toEqual({ file: './x.pcapng', direction: 'receive' })
    expect(config.ports.q).not.toHaveProperty('mirror')
    expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config)
  })

  test.each<[Record<string, object>]>([
    [{ p: { port: 's' }, q: { port: 's' } }],
    [{ p: { file: 'a' }, q: { file: 'b' } }],
  ])('%j is fine', (mirrors) => {
    expect(lines(lan(mirrors))).toEqual([])
  })

  const MIRROR = 'a mapping with either "port" or "file", such as { port: sniffer }'
  test.each<[Record<string, unknown>, string]>([
    [{ p: 's' }, `mirror: found "s"; expected ${MIRROR}`],
    [{ p: {} }, `mirror: found a mapping; expected ${MIRROR}`],
    [{ p: { direction: 'both' } }, `mirror: found a mapping; expected ${MIRROR}`],
    [
      { p: { port: 's', file: 'x' } },
      'mirror.file: found "x"; expected no "file" beside "port": a mirror has one target',
    ],
    [
      { p: { port: 's', direction: 'in' } },
      'mirror.direction: found "in"; expected "receive", "transmit" or "both"',
    ],
    [
      { p: { prot: 's' } },
      'mirror.prot: unknown key; expected one of "port", "file" or "direction"; did you mean "port"?',
    ],
    [{ p: { file: '' } }, 'mirror.file: found ""; expected a file\'s path of at most 4095 bytes'],
    [
      { p: { file: 'dir/' } },
      'mirror.file: found "dir/"; expected a file\'s path of at most 4095 bytes',
    ],
    [
      { p: { file: 'a\0b' } },
      'mirror.file: found "a\\u0000b"; expected a file\'s path of at most 4095 bytes',
    ],
    [
      { p: { port: 'p' } },
      'mirror.port: found "p"; expected another port: a port cannot be its own mirror',
    ],
    [
      { p: { port: 'x' } },
      'mirror.port: there is no port "x"; expected one of the ports "p", "q" or "s"; did you mean "p"?',
    ],
    [
      { p: { port: 'q' }, q: { port: 's' } },
      'mirror.port: found "q"; expected a port that is not mirrored itself: this one has a "mirror"',
    ],
    [
      { p: { port: 'q' }, q: { file: 'x' } },
      'mirror.port: found "q"; expected a port that is not mirrored itself: this one has a "mirror"',
    ],
  ])('%j', (mirrors, line) => {
    expect(lines(lan(mirrors as Record<string, object>))).toEqual([`ports.p.${line}`])
  })

  test('of a bridge', () => {
    expect(lines(lan({}, { mirror: { port: 's' } }))).toEqual([])
    expect(lines(lan({}, { mirror: { port: 'x' } }))).toEqual([
      expect.stringContaining('bridges.lan.mirror.port: there is no port "x"; expected one of'),
    ])
    expect(lines(lan({ s: { file: 'x' } }, { mirror: { port: 's' } }))).toEqual([
      'bridges.lan.mirror.port: found "s"; expected a port that is not mirrored itself: this one has a "mirror"',
    ])
    expect(lines(lan({}, { mirror: { ports: 1 } }))[0]).toContain(
      'bridges.lan.mirror.ports: unknown key; expected one of "port", "file" or "direction"',
    )
  })

  test('of a port does not copy what the mirror of its bridge copies to the same place', () => {
    const both = (own: object, all: object) =>
      lines(lan({ p: { port: 's', ...own } }, { mirror: { port: 's', ...all } }))
    const line =
      'ports.p.mirror.port: found "s"; expected another port: the mirror of bridge "lan" copies the same frames there'
    expect(both({}, {})).toEqual([line])
    expect(both({ direction: 'receive' }, {})).toEqual([line])
    expect(both({ direction: 'receive' }, { direction: 'receive' })).toEqual([line])
    expect(both({ direction: 'receive' }, { direction: 'transmit' })).toEqual([])
    expect(both({}, { port: 'q' })).toEqual([])
  })

  test('errors say the line', () => {
    const text = `version: 1
bridges:
  lan:
ports:
  p:
    bridge: lan
    device: { type: memory }
    mirror:
      port: p
`
    expect(linesOf(() => parseYaml(text, 'f'))).toEqual([
      'f:9: ports.p.mirror.port: found "p"; expected another port: a port cannot be its own mirror',
    ])
  })
})

test('the target of a mirror has no static entries', () => {
  const fdb = [{ bridge: 'lan', mac: '02:00:00:00:00:01', port: 's' }]
  expect(lines({ ...lan({ p: { port: 's' } }), fdb })).toEqual([
    'fdb[0].port: found "s"; expected a port that switches: this one is the target of a mirror',
  ])
  expect(lines({ ...lan({ p: { port: 'q' } }), fdb })).toEqual([])
})

test('a port that goes takes the mirrors to it along', () => {
  const config = parseConfig(lan({ p: { port: 's' }, q: { file: 'x' } }))
  const left = withoutPort(config, 's')
  expect(left.ports.p).not.toHaveProperty('mirror')
  expect(left.ports.q?.mirror).toEqual({ file: 'x', direction: 'both' })
  expect(parseConfig(left)).toEqual(left)
  const bridge = withoutPort(parseConfig(lan({}, { mirror: { port: 's' } })), 's')
  expect(bridge.bridges.lan).not.toHaveProperty('mirror')
})
