/** What a route of the control API is: data, from which both the server and its description are made. */
import * as z from 'zod'
import { LinkspanError } from '../../error.js'
import type { RunningSwitch } from '../running.js'

/** What handlers work on. */
export interface Context {
  running: RunningSwitch
  version: string
  /** Stops the switch, after the answer. */
  stop: () => void
  /** The metrics as text. */
  metrics: () => Promise<string>
  /** The description of the API. */
  describe: () => object
}

/** Lines that go on until the client leaves; see event-stream.ts. */
export type Stream = (write: (line: object) => void) => () => void

/** Octets that go on until the client leaves, or `end` is called; see event-stream.ts. */
export interface OctetTarget {
  /** Resolves when the client can take more, or has left. */
  write(octets: Uint8Array): Promise<void>
  /** Resolves when all was handed to the kernel, or the client has left. */
  end(): Promise<void>
}
export class OctetStream {
  constructor(readonly start: (target: OctetTarget) => () => void) {}
}
/** @param start begins to write, and returns what stops it */
export const octets = (start: (target: OctetTarget) => () => void): OctetStream =>
  new OctetStream(start)

interface Answered {
  status: 200 | 201 | 204
  /** Of the body; absent where there is none, or text. */
  schema?: z.ZodType
  /** Where it is not JSON. */
  contentType?: string
  description: string
}

/** Values are checked by the schemas before `handle` sees them. */
export interface Route<
  Path extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
  Query extends z.ZodObject = z.ZodObject,
> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As OpenAPI writes it: `/v1/ports/{name}`. */
  path: string
  /** OpenAPI's operationId, in camel case. */
  operation: string
  /** A few words for a list. */
  summary: string
  description?: string
  parameters?: Path
  /** After the `?`: what is not said is not asked for. */
  query?: Query
  body?: Body
  answer: Answered
  /** Statuses of errors that it answers beside 400, 408, 413, 415 and 500. */
  errors?: readonly (404 | 409 | 503)[]
  handle(
    context: Context,
    request: { parameters: z.output<Path>; body: z.output<Body>; query: z.output<Query> },
  ): unknown
}

/** Infers what a handler is given from its schemas. */
export function route<Path extends z.ZodObject, Body extends z.ZodType, Query extends z.ZodObject>(
  given: Route<Path, Body, Query>,
): Route {
  return given as unknown as Route
}

/** Checks what a client sent; INVALID with the place and what was expected there. */
export function check<T extends z.ZodType>(schema: T, value: unknown, what: string): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = issue?.path.join('.') || what
  throw new LinkspanError('INVALID', `${place}: ${issue?.message ?? 'not as expected'}`)
}

/** Schemas with a name in the description of the API: what clients send, and what they get. */
export const requests = z.registry<{ id: string }>()
export const answers = z.registry<{ id: string }>()

/** Names of schemas that are the config's own. */
export type ConfigSchema = 'Config' | 'PortConfig' | 'BridgeConfig'
/** Which of them a value is described by. */
export const configSchemas = new WeakMap<z.core.$ZodType, ConfigSchema>()

/** A part of a request that the config's own parser checks, in its own words. */
export function checkedByConfig(id: ConfigSchema) {
  const name = { Config: 'a config', PortConfig: 'a port', BridgeConfig: 'a bridge' }[id]
  const schema = z.record(z.string(), z.unknown(), `expected ${name} as in docs/config.md`)
  configSchemas.set(schema, id)
  return schema
}
