/** Reading an OpenAPI document: what a client finds in it. */
import * as z from 'zod'

export interface Operation {
  operationId: string
  summary: string
  parameters?: { name: string; in: string; required: boolean; schema: object }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
}

export interface Document {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}

/** A check of values against a schema of the document, made from nothing but the document. */
export function checkerOf(document: Document, schema: object): (value: unknown) => string[] {
  // zod follows references within one schema.
  const definitions = { ...schema, $defs: document.components.schemas }
  const local = JSON.stringify(definitions).replaceAll('#/components/schemas/', '#/$defs/')
  const checker = z.fromJSONSchema(JSON.parse(local))
  return (value) => {
    const { error } = checker.safeParse(value)
    return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
  }
}

/** All operations: method, path, and what stands there. */
export function operationsOf({ paths }: Document): [string, string, Operation][] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, string, Operation] => {
      return [method.toUpperCase(), path, operation]
    }),
  )
}
