import { describe, expect, test } from 'vitest'
import { openApi } from '../../src/control/api/openapi.js'
import { routes } from '../../src/control/api/routes.js'
import { checkerOf, type Document, operationsOf } from '../support/openapi.js'

const document = openApi(routes, '1.2.3') as unknown as Document
const operations = operationsOf(document)

describe('the description of the API', () => {
  test('is OpenAPI 3.1 and plain data', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/)
    expect(document.info).toMatchObject({ title: 'Linkspan control API', version: '1.2.3' })
    expect(JSON.parse(JSON.stringify(document))).toEqual(document)
  })

  test('has every route, once, and no other', () => {
    const described = operations.map(([method, path]) => `${method} ${path}`)
    const served = routes.map(({ method, path }) => `${method} ${path}`)
    expect(described.sort()).toEqual([...new Set(served)].sort())
    expect(served).toHaveLength(described.length)
  })

  test('gives every operation a name of its own and a summary', () => {
    const ids = operations.map(([, , { operationId }]) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [, path, { operationId, summary }] of operations) {
      expect(operationId, path).toMatch(/^[a-z][a-zA-Z]+$/)
      expect(summary, path).not.toBe('')
    }
  })

  test('declares every parameter of a path', () => {
    for (const [, path, { parameters = [] }] of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const inPath = parameters.filter((parameter) => parameter.in === 'path')
      expect(inPath.map(({ name }) => name)).toEqual(named)
      for (const parameter of parameters) {
        const required = parameter.in === 'path'
        expect(parameter).toMatchObject({ required, schema: expect.any(Object) })
        expect(['path', 'query']).toContain(parameter.in)
      }
    }
  })

  test('has one success, and an error schema for every failure, of each operation', () => {
    for (const [, path, { responses }] of operations) {
      const successes = Object.keys(responses).filter((status) => status < '300')
      expect(successes, path).toHaveLength(1)
      for (const [status, { description, content }] of Object.entries(responses)) {
        expect(description).toEqual(expect.any(String))
        expect(content === undefined, `${path} ${status}`).toBe(status === '204')
        if (status < '400') continue
        expect(content).toEqual({
          'application/json': { schema: { $ref: '#/components/schemas/Error' } },
        })
      }
    }
  })

  test('refers to nothing that is not there, and has nothing that is not referred to', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref]) => ref)
    const there = Object.keys(document.components.schemas).map((id) => `#/components/schemas/${id}`)
    expect([...new Set(refs)].sort()).toEqual(there.sort())
  })

  test('has schemas of JSON Schema that tell right from wrong', () => {
    const port = checkerOf(document, { $ref: '#/components/schemas/PortAddition' })
    expect(port({ name: 'a', port: { bridge: 'lan' } })).toEqual([])
    expect(port({ name: 'a', port: { bridge: 7 } })).not.toEqual([])
    expect(port({ name: 'a' })).not.toEqual([])
    expect(port({ name: 'a', port: { bridge: 'lan' }, more: 1 })).not.toEqual([])
    const apply = checkerOf(document, { $ref: '#/components/schemas/Apply' })
    expect(apply({ config: { version: 1, bridges: { lan: {} } }, confirm: 60_000 })).toEqual([])
    expect(apply({ config: { version: 2 } })).not.toEqual([])
    expect(apply({ config: { version: 1 }, confirm: '60s' })).not.toEqual([])
    const error = checkerOf(document, { $ref: '#/components/schemas/Error' })
    expect(error({ error: { code: 'X', message: 'y' } })).toEqual([])
    expect(error({ error: 'X' })).not.toEqual([])
  })
})
