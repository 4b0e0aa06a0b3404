import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { configJsonSchema } from '../../src/config/json-schema.js'
import { fileSchemas } from '../../src/config/schema.js'
import { parseYaml } from '../../src/config/yaml.js'

const root = new URL('../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

function yamlBlocks(path: string): [string, string][] {
  if (!existsSync(new URL(path, root))) return []
  const blocks = [...read(path).matchAll(/^```ya?ml\n(.*?)^```/gms)]
  return blocks.map((block, index) => [`${path} #${index + 1}`, block[1] ?? ''])
}

const blocks = ['docs/config.md', 'docs/devices.md', 'README.md'].flatMap(yamlBlocks)
const schema = configJsonSchema()
// zod reads the schema back without looking at the schema that it came from.
const fromSchema = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0])

describe('examples in the docs', () => {
  test('are there', () => expect(blocks.length).toBeGreaterThanOrEqual(3))

  test.each(blocks)('%s is a config', (place, text) => {
    expect(parseYaml(text, place).version).toBe(1)
  })

  test('every key is in the reference', () => {
    const reference = read('docs/config.md')
    const { config, bridge, port, capacity } = fileSchemas
    const devices = port.shape.device.options.map((device) => device.shape)
    const { fdb: _, control, ...top } = config.shape
    const limits = port.shape.limits.unwrap().shape
    const shapes = [top, bridge.shape, port.shape, capacity.shape, limits, ...devices]
    const keys = shapes.flatMap(Object.keys)
    expect(Object.keys(control.unwrap().shape)).toEqual(['group', 'mode', 'socket'])
    for (const key of [...keys, 'group', 'mode', 'socket'])
      expect(reference).toContain(`\`${key}\``)
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
