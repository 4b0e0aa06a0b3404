/**
 * The control API: HTTP with JSON under /v1 on a Unix socket. Every answer is a view of view.ts; an
 * error is `{ error: { code, message } }` with the message that a person would be shown.
 */
import { rmSync } from 'node:fs'
import Fastify, { type FastifyInstance } from 'fastify'
import * as z from 'zod'
import type { PortInput } from '../config/types.js'
import { LinkspanError } from '../error.js'
import type { RunningSwitch } from './running.js'
import { claimSocket, guardSocket, type SocketGuard } from './socket.js'
import { bridgeViews, dropViews, infoView, portView, workerViews } from './view.js'

export interface ServerOptions {
  socket: string
  guard: SocketGuard
  version: string
  /** Called when a client asks for the switch to stop. */
  onStop: () => void
}

/** A change carries at most one config: more is a mistake. */
const BODY_LIMIT = 1 << 20

const statuses: Record<string, number> = {
  CONFIG: 400,
  INVALID: 400,
  NOT_FOUND: 404,
  EXISTS: 409,
  LIMIT: 409,
  BUSY: 503,
  CLOSED: 503,
}

const fdbAdd = z.strictObject({
  bridge: z.string(),
  mac: z.string(),
  port: z.string(),
  static: z.boolean().default(true),
})
const fdbDelete = z.strictObject({ bridge: z.string(), mac: z.string() })
const fdbFlush = z.strictObject({ bridge: z.string().optional(), port: z.string().optional() })
const portAdd = z.strictObject({ name: z.string(), port: z.record(z.string(), z.unknown()) })

function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body ?? {})
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = issue?.path.join('.') || 'the body'
  throw new LinkspanError('INVALID', `${place}: ${issue?.message ?? 'not as expected'}`)
}

/** Serves the switch on its socket until `close`. */
export async function serve(
  running: RunningSwitch,
  options: ServerOptions,
): Promise<FastifyInstance> {
  claimSocket(options.socket)
  const app = Fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true })
  app.setErrorHandler((error: Error & { code?: string; statusCode?: number }, _request, reply) => {
    const known = error instanceof LinkspanError
    const status = known ? (statuses[error.code] ?? 422) : (error.statusCode ?? 500)
    const code = known ? error.code : status < 500 ? 'INVALID' : 'INTERNAL'
    reply.status(status).send({ error: { code, message: error.message } })
  })
  app.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url}`
    reply.status(404).send({ error: { code: 'NOT_FOUND', message } })
  })
  readRoutes(app, running, options.version)
  changeRoutes(app, running)
  app.post('/v1/stop', async () => {
    setImmediate(options.onStop)
    return { pid: process.pid }
  })
  app.addHook('onClose', async () => rmSync(options.socket, { force: true }))
  try {
    await listen(app, options)
    return app
  } catch (error) {
    await app.close()
    throw error
  }
}

async function listen(app: FastifyInstance, { socket, guard }: ServerOptions): Promise<void> {
  // The socket must never be open to more than its mode says, not even for a moment.
  const umask = process.umask(0o177)
  try {
    await app.listen({ path: socket })
  } finally {
    process.umask(umask)
  }
  guardSocket(socket, guard)
}

function readRoutes(app: FastifyInstance, running: RunningSwitch, version: string): void {
  app.get('/v1/info', () => infoView(running, version))
  app.get('/v1/ports', () => [...running.ports.values()].map(portView))
  app.get('/v1/bridges', () => bridgeViews(running))
  app.get('/v1/fdb', () => running.fdb.list())
  app.get('/v1/drops', () => dropViews(running))
  app.get('/v1/workers', () => workerViews(running))
  app.get('/v1/config', () => running.config)
}

function changeRoutes(app: FastifyInstance, running: RunningSwitch): void {
  app.post('/v1/ports', async (request, reply) => {
    const { name, port } = parseBody(portAdd, request.body)
    const added = await running.addPort(name, port as unknown as PortInput)
    return reply.status(201).send(portView(added))
  })
  app.delete<{ Params: { name: string } }>('/v1/ports/:name', async (request, reply) => {
    await running.removePort(request.params.name)
    return reply.status(204).send()
  })
  app.post('/v1/fdb', async (request, reply) => {
    running.fdb.add(parseBody(fdbAdd, request.body))
    return reply.status(204).send()
  })
  app.post('/v1/fdb/delete', async (request, reply) => {
    running.fdb.delete(parseBody(fdbDelete, request.body))
    return reply.status(204).send()
  })
  app.post('/v1/fdb/flush', async (request, reply) => {
    running.fdb.flush(parseBody(fdbFlush, request.body))
    return reply.status(204).send()
  })
}
