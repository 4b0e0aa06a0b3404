import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { configJsonSchema } from '../../src/config/json-schema.js'
import { keysOf, MAPPINGS } from '../../src/config/mapping.js'
import { parseYaml } from '../../src/config/yaml.js'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

function yamlBlocks(path: string): [string, string][] {
  if (!existsSync(new URL(path, root))) return []
  const blocks = [...read(path).matchAll(/^```ya?ml\n(.*?)^```/gms)]
  return blocks.map((block, index) => [`${path} #${index + 1}`, block[1] ?? ''])
}

const pages = [
  'docs/config.md',
  'docs/devices.md',
  'docs/generate.md',
  'docs/impair.md',
  'docs/operating.md',
  'docs/overlay.md',
  'docs/pcap.md',
  'docs/router.md',
  'docs/vlans.md',
  'README.md',
]
const blocks = pages.flatMap((page) => yamlBlocks(page))
const schema = configJsonSchema()
const portSchema = Object(schema).properties.ports.additionalProperties
// zod reads the schema back without looking at the schema that it came from.
const fromSchema = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])

describe('examples in the docs', () => {
  test('are there', () => expect(blocks.length).toBeGreaterThanOrEqual(3))

  test.each(blocks)('%s is a config', (place, text) => {
    expect(parseYaml(text, place).version).toBe(1)
  })

  test('every key is in the reference', () => {
    const reference = read('docs/config.md')
    for (const key of MAPPINGS.flatMap(keysOf)) expect(reference).toContain(`\`${key}\``)
  })

  test('the keys that schemas hide are those that are looked up for errors', () => {
    const { properties } = portSchema
    const keys = (of: { properties: object }) => Object.keys(of.properties)
    expect(keysOf('vlan')).toEqual(keys(properties.vlan))
    expect(keysOf('flood')).toEqual(keys(properties.flood.anyOf[1]))
    expect(keysOf('guard')).toEqual(keys(properties.guard.anyOf[1]))
    expect(keysOf('policing')).toEqual(keys(properties.limits.properties.receive))
  })
})

describe('the JSON Schema', () => {
  test('is of draft 2020-12 and for people who edit', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
    expect(schema.title).toBe('Linkspan config')
    expect(schema.required).toEqual(['version'])
    expect(JSON.parse(JSON.stringify(schema))).toEqual(schema)
  })

  test.each(blocks)('takes %s', (_, text) => {
    const value = parse(text)
    for (const bridge of Object.keys(value.bridges ?? {})) value.bridges[bridge] ??= {}
    expect(fromSchema.safeParse(value).error?.issues).toBeUndefined()
  })

  test.each([
    {},
    { version: 2 },
    { version: 1, colour: 1 },
    { version: 1, workers: 0 },
    { version: 1, bridges: { 'a b': {} } },
    { version: 1, bridges: { lan: { ageing: 300 } } },
    { version: 1, bridges: { lan: { ageing: '300' } } },
    { version: 1, bridges: { lan: { mtu: 67 } } },
    { version: 1, ports: { a: { bridge: 'lan' } } },
    { version: 1, ports: { a: { bridge: 'lan', device: { type: 'tun' } } } },
    { version: 1, ports: { a: { bridge: 'lan', device: { type: 'tap' } } } },
    {
      version: 1,
      ports: { a: { bridge: 'lan', device: { type: 'tap', name: 'a', routes: 'all' } } },
    },
    { version: 1, control: { mode: 600 } },
    { version: 1, fdb: [{ bridge: 'lan' }] },
    { version: 1, fdb: [{ bridge: 'lan', vlan: 0, mac: '02:00:00:00:00:01', port: 'a' }] },
    { version: 1, capacity: { vlans: 0 } },
    { version: 1, bridges: { lan: { vlanProtocol: 'QinQ' } } },
    { version: 1, bridges: { lan: { controlFrames: ['pause'] } } },
    { version: 1, bridges: { lan: { mirror: { direction: 'in' } } } },
    { version: 1, bridges: { lan: { policy: 'drop' } } },
    { version: 1, bridges: { lan: { gateway: {} } } },
    { version: 1, bridges: { lan: { vxlan: {} } } },
    { version: 1, bridges: { lan: { vxlan: { vni: 2 ** 24 } } } },
    { version: 1, bridges: { lan: { vxlan: { vni: 1, dscp: 'keep' } } } },
    { version: 1, underlay: {} },
    { version: 1, underlay: { addresses: [] } },
    { version: 1, underlay: { addresses: ['192.0.2.10'], mtu: 1000 } },
    { version: 1, capacity: { tunnels: 60_001 } },
    { version: 1, uplinks: { wan: { addresses: ['10.0.0.1/8'] } } },
    { version: 1, nat: [{ type: 'snat' }] },
    { version: 1, publish: [{ name: 'a', listen: 'wan:80' }] },
    { version: 1, filter: [{ name: 'a', action: 'drop' }] },
    ...[
      { vlan: { access: 4095 } },
      { vlan: { tagged: ['5'] } },
      { vlan: { tagged: 'some' } },
      { vlan: { mode: 'access', native: 1 } },
      { flood: 'yes' },
      { flood: { all: true } },
      { limits: { macs: 0 } },
      { limits: { receive: { bits: '1Mbit' } } },
      { limits: { receive: { bits: '1M', burst: 70_000 } } },
      { guard: 'off' },
      { guard: { mac: '02:00:00:00:00:01' } },
      { guard: { macs: [] } },
      { mirror: 's' },
      { device: { type: 'packet' } },
      { device: { type: 'unix', path: '/a', mode: 'tcp' } },
      { device: { type: 'pcap', read: 'a', pace: 'slow' } },
    ].map((port) => ({
      version: 1,
      ports: { a: { bridge: 'lan', device: { type: 'memory' }, ...port } },
    })),
  ])('refuses %j', (value) => {
    expect(fromSchema.safeParse(value).success).toBe(false)
  })
})

test('the room is pure: nothing of Node, and YAML in its front end only', () => {
  const files = readdirSync(new URL('src/config/', root))
  const outside = files.flatMap((file) => {
    const imports = read(`src/config/${file}`).matchAll(/from '([^.'][^']*)'/g)
    return [...imports].map(([, name]) => `${file}: ${name}`)
  })
  const allowed = /^(address\.ts: ip-num|yaml\.ts: yaml|[\w-]+\.ts: zod)$/
  expect(outside.filter((line) => !allowed.test(line))).toEqual([])
  expect(outside).toContain('yaml.ts: yaml')
})
