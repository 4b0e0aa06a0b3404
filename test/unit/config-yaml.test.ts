import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/parse.js'
import { parseYaml } from '../../src/config/yaml.js'
import { ConfigError } from '../../src/error.js'

function issuesOf(text: string) {
  try {
    parseYaml(text, 'linkspan.yaml')
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return error as ConfigError
  }
  throw new Error('expected it to throw')
}

/** `line:column key` of every issue. */
const places = (text: string) =>
  issuesOf(text).issues.map(({ line, column, key }) => `${line}:${column} ${key}`)

const lines = (text: string) => issuesOf(text).message.split('\n')

describe('a config file', () => {
  test('is a config', () => {
    const text = `version: 1
bridges: { lan: { ageing: 5m } }
ports:
  10: { bridge: lan, device: { type: tap, name: "10", mac: 02:55:00:00:00:0A, netns: pid:1 } }
`
    const config = parseYaml(text, 'x')
    expect(config.bridges.lan?.ageing).toBe(300_000)
    expect(config.ports['10']?.device).toMatchObject({ name: '10', mac: '02:55:00:00:00:0a' })
  })

  test('may have sections and bridges with nothing in them', () => {
    const config = parseYaml('version: 1\nbridges:\n  lan:\nports:\n  # none yet\nfdb:\n', 'x')
    expect(config.bridges).toMatchObject({ lan: { ageing: 300_000 } })
    expect(config.ports).toEqual({})
    expect(lines('version: 1\nworkers:\n')).toEqual([
      'linkspan.yaml:2: workers: missing; expected "auto" or a whole number from 1 to 64',
    ])
  })

  test('says its version, gives units, and names devices', () => {
    const text =
      'bridges:\n  lan: { ageing: 300 }\nports:\n  a: { bridge: lan }\ncapacity: { arena: 4 }'
    expect(lines(text)).toEqual([
      'linkspan.yaml:1: version: missing; expected 1',
      'linkspan.yaml:2: bridges.lan.ageing: found 300; expected a duration with its unit (ms, s, m, h, d) such as "300s"; a bare number has none',
      'linkspan.yaml:4: ports.a.device: missing; expected a mapping such as { type: tap, name: eth0 }',
      'linkspan.yaml:5: capacity.arena: found 4; expected a size with its unit (B, KiB, MiB, GiB) such as "4MiB"; a bare number has none',
    ])
    expect(lines('version: 1\nbridges:\n  lan: { ageing: 5s }')).toEqual([
      'linkspan.yaml:3: bridges.lan.ageing: found "5s"; expected a duration from "10s" to "1000000s"',
    ])
  })

  test.each(['', '\n', '# only a comment\n', '---\n', '\ufeff'])('%j says nothing', (text) => {
    expect(lines(text)).toEqual([
      'linkspan.yaml:1: found nothing; expected a mapping such as { version: 1 }',
    ])
  })

  test.each(['- 1', 'x', '"version: 1"'])('%j is no mapping', (text) => {
    expect(lines(text)).toEqual([expect.stringContaining('expected a mapping')])
  })
})

describe('places', () => {
  test('are those of the value, of the key when it is unknown or no scalar, of what is around it when it is missing', () => {
    const text = `version: 1
bridges:
  lan: {}
ports:
  web:
    bridge: lna
    colour: red
    device:
      type: tap
      mtu:   big
      addresses:
        - 10.0.0.1/24
        - 10.0.0.1
      routes:
        - { to: default, vai: 10.0.0.1 }
  "b b": { bridge: lan }
  db: []
`
    expect(places(text)).toEqual([
      '7:5 ports.web.colour',
      '8:5 ports.web.device.name',
      '10:14 ports.web.device.mtu',
      '13:11 ports.web.device.addresses[1]',
      '15:26 ports.web.device.routes[0].vai',
      '16:3 ports["b b"]',
      '17:3 ports.db',
    ])
  })

  test('are in the message and in the issue', () => {
    const error = issuesOf('version: 1\nbridges:\n  lan: { mtu: big }\n')
    expect(error.message).toBe(
      'linkspan.yaml:3: bridges.lan.mtu: found "big"; expected a whole number from 68 to 65521',
    )
    expect(error.issues[0]).toMatchObject({ file: 'linkspan.yaml', line: 3, column: 15 })
  })

  test('of what hangs together', () => {
    const text = `version: 1
bridges: { lan: {} }
ports:
  a: { bridge: lan, device: { type: tap, name: eth0 } }
  b: { bridge: lan,
       device: { type: tap,
                 name: eth0 } }
`
    expect(places(text)).toEqual(['7:24 ports.b.device.name'])
  })

  test('reach through aliases and merge keys to where the text is', () => {
    const text = `version: 1
bridges: { lan: {}, lab: &lab { mtu: 5 }, other: *lab }
ports:
  a: &base
    bridge: gone
    device: { type: memory }
  b:
    <<: *base
    up: maybe
`
    expect(places(text)).toEqual([
      '2:38 bridges.lab.mtu',
      '2:38 bridges.other.mtu',
      '5:13 ports.a.bridge',
      '9:9 ports.b.up',
    ])
  })

  test('hold with Windows line ends', () => {
    expect(places('version: 1\r\nbridges:\r\n  lan: 5\r\n')).toEqual(['3:8 bridges.lan'])
  })

  test('come in the order of the file', () => {
    const text = 'colour: 1\nversion: 1\nports: { a: { bridge: lan, device: 5 } }\nworkers: 0\n'
    expect(issuesOf(text).issues.map(({ line }) => line)).toEqual([1, 3, 4])
  })
})

describe('YAML', () => {
  test.each([
    [
      'version: 1\nports:\n  a: {}\n  a: {}\n',
      4,
      3,
      'key "a" stands here twice; expected each key once',
    ],
    ['version: 1\nbridges:\n\tlan: {}\n', 3, 1, 'a tab indents this line; expected spaces'],
    [
      'version: 1\n---\nversion: 1\n',
      2,
      1,
      'a second document ("---") begins here; expected one document a file',
    ],
    ['version: 1\nports: *x\n', 2, 8, 'no anchor "&x" stands before this alias'],
    [
      'version: 1\nx: &a [1]\n<<: *a\n',
      3,
      1,
      '"<<" merges mappings; expected an alias of a mapping',
    ],
    ['version: !one 1\n', 1, 10, 'not valid YAML: Unresolved tag: !one'],
    ['version: 1\nports: [a\nworkers: 1\n', 3, 1, 'not valid YAML: '],
    ['version: 1\nports: "a\n', 3, 1, 'not valid YAML: '],
    ['version: 1\nports: { a: { bridge: lan }\n', 3, 1, 'not valid YAML: '],
    ['? [a]\n: 1\n', 1, 3, 'not valid YAML: '],
    ['a: b: c\n', 1, 4, 'not valid YAML: '],
  ])('%j', (text, line, column, message) => {
    const [first] = issuesOf(text).issues
    expect(first).toMatchObject({ file: 'linkspan.yaml', line, column })
    expect(first?.message).toContain(message)
    expect(first?.message).not.toContain('\n')
  })

  test('is 1.2 whatever its directive says', () => {
    const text = '%YAML 1.1\n---\nversion: 1\ncontrol: { mode: 0600 }\n'
    expect(lines(text)).toEqual([expect.stringContaining('control.mode: found 600; expected')])
    expect(
      lines('version: 1\nports: { a: { bridge: x, device: { type: memory }, up: yes } }')[0],
    ).toContain('found "yes"; expected true or false')
  })

  test('anchors, aliases and merge keys work', () => {
    const text = `version: 1
bridges: { lan: {} }
ports:
  a: &port { bridge: lan, device: &tap { type: tap, name: eth0, netns: a } }
  b: { <<: *port, device: { <<: *tap, netns: b } }
`
    expect(parseYaml(text, 'x').ports.b).toMatchObject({ device: { name: 'eth0', netns: 'b' } })
  })

  test('an avalanche of aliases is refused', () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `a${i + 1}: &a${i + 1} [${`*a${i},`.repeat(9)}]`,
    )
    const text = ['a0: &a0 [1]', ...levels].join('\n')
    expect(lines(text)).toEqual([expect.stringContaining('Excessive alias count')])
  })

  test('an alias of what contains it is refused', () => {
    expect(lines('version: 1\nports: &p\n  a: *p\n').length).toBeGreaterThan(0)
    expect(lines('version: 1\nfdb: &f [*f]\n').length).toBeGreaterThan(0)
    expect(lines('version: 1\nbridges: &b\n  <<: *b\n  lan: 5\n').length).toBeGreaterThan(0)
  })

  test('keys that JavaScript knows are names like others, but __proto__', () => {
    const text =
      'version: 1\nbridges: { constructor: {} }\nports:\n  __proto__: { bridge: constructor }\n'
    expect(lines(text)).toEqual([
      expect.stringMatching(
        /^linkspan.yaml:4: ports.__proto__: found "__proto__"; expected a name/,
      ),
    ])
    expect(lines('version: 1\n__proto__: { version: 1 }\n')).toEqual([
      expect.stringContaining('linkspan.yaml:2: __proto__: unknown key'),
    ])
  })
})

describe('whatever comes in, a config or a ConfigError comes out', { timeout: 60_000 }, () => {
  const attempt = (run: () => unknown) => {
    try {
      run()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      for (const { message, key } of error.issues) expect(`${key} ${message}`).not.toMatch(/\n/)
    }
  }

  const whole = `version: 1
bridges: { lan: &b { ageing: 300s, mtu: 1500, mirror: { port: d } }, lab: { vlanAware: true } }
ports:
  c: { bridge: lab, vlan: { tagged: [10, 20-29], native: 1 }, flood: { multicast: false }, limits: { macs: 2, receive: { bits: 1M, burst: 64KiB } }, device: { type: unix, path: /run/c } }
  d: { bridge: lab, locked: true, device: { type: packet, name: e } }
  e: { bridge: lab, vlan: { access: 5 }, guard: { macs: ["02:00:00:00:00:01"], addresses: [10.0.0.1] }, mirror: { file: f }, device: { type: pcap, read: r } }
  a: { bridge: lan, device: { type: tap, name: eth0, netns: web, addresses: [10.0.0.1/24], routes: [{ to: default, via: 10.0.0.2 }] } }
  b: { bridge: lan, up: false, device: { type: memory, offloads: true } }
fdb: [{ bridge: lan, mac: "02:00:00:00:00:01", port: a }]
capacity: { macs: 10, arena: 4MiB }
control: { group: root, mode: "0600" }
`

  test('text cut, spliced and garbled', () => {
    parseYaml(whole, 'x')
    const place = fc.nat(whole.length)
    const inserted = fc.oneof(
      fc.string({ maxLength: 4 }),
      fc.constantFrom('*b', '&b', '<<: *b', '\t', '\n', '{', ']', '~', ': '),
    )
    fc.assert(
      fc.property(place, place, inserted, (from, to, text) => {
        attempt(() => parseYaml(whole.slice(0, from) + text + whole.slice(to), 'x'))
      }),
      { numRuns: 300 },
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => attempt(() => parseYaml(text, 'x'))),
    )
  })

  test('any value in any place', () => {
    const config = parseConfig(parseYaml(whole, 'x'))
    const value = fc.oneof(
      fc.anything(),
      fc.constantFrom(null, [], {}, [null], { type: 'tap' }, Symbol('s'), 1n),
    )
    const path = fc.constantFrom(
      ...[
        'version',
        'workers',
        'bridges',
        'bridges lan',
        'bridges lan ageing',
        'ports',
        'ports a',
        'ports a device',
      ],
      ...[
        'ports a device type',
        'ports a device routes',
        'ports a device routes 0',
        'ports a device routes 0 via',
      ],
      ...[
        'ports a device addresses',
        'ports a device addresses 0',
        'ports a bridge',
        'ports x',
        'fdb',
        'fdb 0',
        'fdb 0 mac',
      ],
      ...[
        'bridges lan mirror',
        'bridges lab vlanAware',
        'bridges lan controlFrames',
        'ports c vlan',
        'ports c vlan tagged',
        'ports c vlan tagged 0',
        'ports c vlan native',
        'ports e vlan mode',
        'ports c flood',
        'ports c limits',
        'ports c limits receive',
        'ports c limits receive bits',
        'ports e guard',
        'ports e guard addresses',
        'ports e guard addresses 0',
        'ports e mirror',
        'ports e mirror port',
        'ports e device',
        'ports c device path',
        'fdb 0 vlan',
      ],
      ...['capacity', 'capacity arena', 'control', 'control group', 'x'],
    )
    fc.assert(
      fc.property(path, value, (path, value) => {
        const changed = structuredClone(config) as unknown as Record<string, unknown>
        const steps = path.split(' ')
        const last = steps.pop() as string
        const parent = steps.reduce((at, step) => at[step] as Record<string, unknown>, changed)
        parent[last] = value
        attempt(() => parseConfig(changed))
      }),
      { numRuns: 600 },
    )
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (value) =>
        attempt(() => parseConfig(value)),
      ),
    )
  })
})
