/** The description of the API (OpenAPI 3.1) from its routes and schemas. */
import * as z from 'zod'
import { programSchemas } from '../../config/schema.js'
import { answers, configSchemas, type Route, requests } from './route.js'

type Json = Record<string, unknown>

/** What any request may be answered with. */
const COMMON_ERRORS = [400, 408, 413, 415, 500]
const ERRORS: Record<number, string> = {
  400: 'The request is wrong, or what it asks for is',
  404: 'There is no such thing',
  408: 'The request did not arrive as a whole in time',
  409: 'It clashes with what is there, or would need a restart',
  413: 'The body is too large',
  415: 'The body is not application/json',
  500: 'A defect of Linkspan',
  503: 'Not now: try again',
}

export const errorAnswer = z.strictObject({
  error: z.strictObject({
    code: z.string().describe('Stable: for programs'),
    message: z.string().describe('For people: what, where, what to do'),
  }),
})

/** @param version of the package */
export function openApi(routes: readonly Route[], version: string): Json {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Linkspan control API',
      version,
      summary: 'HTTP on the control socket, a Unix socket. Durations are milliseconds.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://localhost', description: 'Over the control socket' }],
    paths: paths(routes),
    components: { schemas: components() },
  }
}

function paths(routes: readonly Route[]): Json {
  const all: Record<string, Json> = {}
  for (const route of routes) {
    all[route.path] = { ...all[route.path], [route.method.toLowerCase()]: operation(route) }
  }
  return all
}

function operation(route: Route): Json {
  const { operation, summary, description, parameters, query, body } = route
  const named = [...parametersOf('path', parameters), ...parametersOf('query', query)]
  return {
    operationId: operation,
    summary,
    ...(description && { description }),
    ...(named.length > 0 && { parameters: named }),
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } },
    }),
    responses: responses(route),
  }
}

function parametersOf(place: 'path' | 'query', parameters: z.ZodObject | undefined): Json[] {
  return Object.entries(parameters?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: sentSchema(schema as z.ZodType),
  }))
}

const sentSchema = (schema: z.ZodType) =>
  withoutMarks(z.toJSONSchema(schema, options('input')) as Json)

function responses({ answer, errors = [] }: Route): Json {
  const { status, schema, contentType = 'application/json', description } = answer
  const ok = status === 204 ? {} : { content: { [contentType]: { schema: answerSchema(schema) } } }
  const statuses = [...COMMON_ERRORS, ...errors].sort((a, b) => a - b)
  const error = { 'application/json': { schema: ref('Error') } }
  return {
    [status]: { description, ...ok },
    ...Object.fromEntries(
      statuses.map((code) => [code, { description: ERRORS[code], content: error }]),
    ),
  }
}

const answerSchema = (schema: z.ZodType | undefined) =>
  schema === undefined ? { type: 'string' } : schemaOf(schema)

const ref = (id: string) => ({ $ref: `#/components/schemas/${id}` })

/** A schema that has a name by its name, a list of them as a list, another as it is. */
function schemaOf(schema: z.ZodType): Json {
  const id =
    configSchemas.get(schema) ?? requests.get(schema)?.id ?? answers.get(schema)?.id ?? undefined
  if (id !== undefined) return ref(id)
  if (schema instanceof z.ZodArray) {
    return { type: 'array', items: schemaOf(schema.element as z.ZodType) }
  }
  return withoutMarks(z.toJSONSchema(schema, options('output')) as Json)
}

function components(): Json {
  const { schemas: sent } = z.toJSONSchema(requests, options('input'))
  const { schemas: answered } = z.toJSONSchema(answers, options('output'))
  const config = {
    Config: programSchemas.config,
    PortConfig: programSchemas.port,
    BridgeConfig: programSchemas.bridge,
  }
  const own = Object.entries(config).map(([id, schema]) => [
    id,
    z.toJSONSchema(schema, { io: 'input' }),
  ])
  const all = {
    ...Object.fromEntries(own),
    ...sent,
    ...answered,
    Error: z.toJSONSchema(errorAnswer),
  }
  const marked = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(marked.map(([id, schema]) => [id, withoutMarks(schema as Json)]))
}

const options = (io: 'input' | 'output') => ({
  io,
  uri: (id: string) => `#/components/schemas/${id}`,
  override: ({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: object }) => {
    const id = configSchemas.get(zodSchema)
    if (id === undefined) return
    for (const key of Object.keys(jsonSchema)) delete (jsonSchema as Json)[key]
    Object.assign(jsonSchema, ref(id))
  },
})

/** The document says once which dialect it is in and where its parts are. */
function withoutMarks({ $schema: _, $id: __, ...schema }: Json): Json {
  return schema
}
