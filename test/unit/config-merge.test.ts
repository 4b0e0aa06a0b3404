import { describe, expect, test } from 'vitest'
import { mergeApply, type Origin, type Origins } from '../../src/config/merge.js'
import { parseConfig } from '../../src/config/parse.js'
import { entryKey } from '../../src/config/static-entry.js'
import type { Config, ConfigInput } from '../../src/config/types.js'
import { linesOf } from './config-lines.js'

const mac = (n: number) => `02:00:00:00:00:0${n}`
const tap = (name: string, more: object = {}) => ({ type: 'tap' as const, name, ...more })

/** The running switch: `lan` with `web` of the config, and what the API made besides. */
const file = {
  bridges: { lan: {} },
  ports: { web: { bridge: 'lan', device: tap('web') } },
} satisfies ConfigInput

interface Given {
  bridges?: object
  ports?: object
  fdb?: object[]
}

/** @param made what the API made on top of `from` */
function running(made: Given, from: Given = file): { config: Config; origins: Origins } {
  const config = parseConfig({
    bridges: { ...from.bridges, ...made.bridges },
    ports: { ...from.ports, ...made.ports },
    fdb: [...(from.fdb ?? []), ...(made.fdb ?? [])],
  })
  const api = (names: string[]) => new Map(names.map((name): [string, Origin] => [name, 'api']))
  const entries = config.fdb.slice(from.fdb?.length ?? 0)
  const origins = {
    bridges: api(Object.keys(made.bridges ?? {})),
    ports: api(Object.keys(made.ports ?? {})),
    fdb: api(entries.map(entryKey)),
    publish: api([]),
  }
  return { config, origins }
}

function merge(made: Given, next: object, { prune = false, from = file as Given } = {}) {
  const { config, origins } = running(made, from)
  return mergeApply(config, origins, parseConfig(next), prune)
}

const steps = ({ changes }: ReturnType<typeof merge>) =>
  changes.map((change) => {
    const what = 'object' in change ? change.object : change.key
    return `${change.op} ${what}${'name' in change ? ` ${change.name}` : ''}`
  })

describe('applying', () => {
  const api = {
    bridges: { mine: {} },
    ports: {
      vm: { bridge: 'lan', device: tap('vm') },
      own: { bridge: 'mine' },
    },
    fdb: [{ bridge: 'lan', mac: mac(1), port: 'vm' }],
  }

  test('the same config changes nothing, and keeps what the API made', () => {
    const merged = merge(api, file)
    expect(merged.changes).toEqual([])
    expect(merged.config).toEqual(running(api).config)
    expect(merged.kept).toEqual({
      bridges: ['mine'],
      ports: ['vm', 'own'],
      fdb: api.fdb,
      publish: [],
    })
  })

  test('with prune removes what the API made', () => {
    const merged = merge(api, file, { prune: true })
    expect(merged.config).toEqual(parseConfig(file))
    expect(merged.kept).toEqual({ bridges: [], ports: [], fdb: [], publish: [] })
    expect(steps(merged)).toEqual([
      'remove fdb',
      'remove port vm',
      'remove port own',
      'remove bridge mine',
    ])
  })

  test('changes, adds and removes what is its own', () => {
    const next = {
      bridges: { lan: { ageing: '10s' }, lab: {} },
      ports: { db: { bridge: 'lab', device: tap('db') } },
    }
    const merged = merge(api, next)
    expect(steps(merged)).toEqual([
      'remove port web',
      'add bridge lab',
      'update bridge lan',
      'add port db',
    ])
    expect(Object.keys(merged.config.ports).sort()).toEqual(['db', 'own', 'vm'])
    expect(merged.config.fdb).toEqual(api.fdb)
    expect(merged.config.bridges.lan?.ageing).toBe(10_000)
  })

  test('to a switch that the API made nothing on is what the plan says', () => {
    const merged = merge({}, { bridges: { lab: {} } })
    expect(merged.config).toEqual(parseConfig({ bridges: { lab: {} } }))
    expect(steps(merged)).toEqual(['remove port web', 'add bridge lab', 'remove bridge lan'])
  })

  test('makes a config that parses', () => {
    const { config } = merge(api, file)
    expect(parseConfig(JSON.parse(JSON.stringify(config)))).toEqual(config)
    expect(Object.isFrozen(config.ports)).toBe(true)
  })
})

describe('what applying does not do', () => {
  const vm = { ports: { vm: { bridge: 'lan', device: tap('vm') } } }

  test.each<[string, Given, object, string[]]>([
    [
      'take the name of a port',
      vm,
      { ...file, ports: { vm: { bridge: 'lan' } } },
      [
        'ports.vm: the API made a port of that name; take another name, remove that port, or apply with --prune',
      ],
    ],
    [
      'take the name of a bridge',
      { bridges: { lab: {} } },
      { bridges: { lan: {}, lab: {} } },
      [
        'bridges.lab: the API made a bridge of that name; take another name, remove that bridge, or apply with --prune',
      ],
    ],
    [
      'take away the bridge of a port',
      vm,
      { bridges: { lab: {} } },
      [
        'bridges.lan: missing, but port "vm", which the API made, is on it; keep the bridge, remove the port, or apply with --prune',
      ],
    ],
    [
      'move a MAC that the API put somewhere',
      { ...vm, fdb: [{ bridge: 'lan', mac: mac(1), port: 'vm' }] },
      { ...file, fdb: [{ bridge: 'lan', mac: mac(1), port: 'web' }] },
      [
        `fdb[0].mac: the API made an entry for "${mac(1)}" at port "vm"; remove that entry, or apply with --prune`,
      ],
    ],
    [
      'take an interface',
      vm,
      { ...file, ports: { web: { bridge: 'lan', device: tap('vm') } } },
      [
        'ports.web.device.name: found "vm"; expected an interface of its own: port "vm" has this one (what the API made stays; --prune removes it)',
      ],
    ],
    [
      'take away the target of a mirror',
      { ports: { vm: { bridge: 'lan', mirror: { port: 'web' } } } },
      { bridges: { lan: {} } },
      [
        'ports.vm.mirror.port: there is no port "web"; expected one of the ports "vm" (what the API made stays; --prune removes it)',
      ],
    ],
    [
      'leave too little room',
      vm,
      { ...file, capacity: { ports: 1 } },
      [
        'ports: found 2 entries; expected at most 1; raise capacity.ports for more (what the API made stays; --prune removes it)',
      ],
    ],
  ])('%s', (_, made, next, expected) => {
    expect(linesOf(() => merge(made, next))).toEqual(expected)
    expect(merge(made, next, { prune: true }).config).toEqual(parseConfig(next))
  })

  test('says all of it at once', () => {
    const next = { bridges: { lab: {} }, ports: { vm: { bridge: 'lab' } } }
    expect(linesOf(() => merge(vm, next))).toHaveLength(2)
  })
})

describe('static entries of the API', () => {
  const entry = { bridge: 'lan', mac: mac(1), port: 'web' }

  test('stay on a port of the config', () => {
    const merged = merge({ fdb: [entry] }, file)
    expect(merged.kept.fdb).toEqual([entry])
    expect(merged.changes).toEqual([])
  })

  test('go with a port of the config', () => {
    const merged = merge({ fdb: [entry] }, { bridges: { lan: {} } })
    expect(merged.kept.fdb).toEqual([])
    expect(steps(merged)).toEqual(['remove fdb', 'remove port web'])
  })

  test("become the config's when it has the same", () => {
    const merged = merge({ fdb: [entry] }, { ...file, fdb: [entry] })
    expect(merged.kept.fdb).toEqual([])
    expect(merged.config.fdb).toEqual([entry])
    expect(merged.changes).toEqual([])
  })

  test('get a VLAN when their bridge becomes VLAN-aware', () => {
    const next = { ...file, bridges: { lan: { vlanAware: true } } }
    const merged = merge({ fdb: [entry] }, next)
    expect(merged.kept.fdb).toEqual([{ ...entry, vlan: 1 }])
    expect(steps(merged)).toEqual(['remove fdb', 'update bridge lan', 'update port web', 'add fdb'])
  })

  test('in another VLAN are others', () => {
    const from = {
      bridges: { lan: { vlanAware: true } },
      ports: { web: { bridge: 'lan', vlan: { tagged: [1, 2] } } },
    }
    const in1 = { ...entry, vlan: 1 }
    const in2 = { ...entry, vlan: 2 }
    const merged = merge({ fdb: [in1] }, { ...from, fdb: [in2] }, { from })
    expect(merged.config.fdb).toEqual([in2, in1])
    expect(merged.kept.fdb).toEqual([in1])
  })
})
