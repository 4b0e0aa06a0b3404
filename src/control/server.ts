/**
 * The control API: HTTP with JSON on a Unix socket. What there is stands in api/; here is how it is
 * served. An error is `{ error: { code, message } }` with the message that a person would be shown.
 */
import { rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { LinkspanError } from '../error.js'
import { sendOctets, sendStream } from './api/event-stream.js'
import { openApi } from './api/openapi.js'
import { type Context, check, OctetStream, type Route, type Stream } from './api/route.js'
import { routes } from './api/routes.js'
import type { RunningSwitch } from './running.js'
import { claimSocket, guardSocket, type SocketGuard } from './socket.js'

export interface ServerOptions {
  socket: string
  guard: SocketGuard
  version: string
  /** Called when a client asks for the switch to stop. */
  onStop: () => void
}

/** A change carries at most one config, of some ten thousand ports: more is a mistake. */
const BODY_LIMIT = 4 << 20
/** A request that is not there as a whole after so many milliseconds is given up. */
const REQUEST_TIMEOUT = 5000

const statuses: Record<string, number> = {
  CONFIG: 400,
  INVALID: 400,
  NOT_FOUND: 404,
  EXISTS: 409,
  LIMIT: 409,
  RESTART: 409,
  BUSY: 503,
  CLOSED: 503,
}

/** Serves the switch on its socket until `close`. */
export async function serve(
  running: RunningSwitch,
  options: ServerOptions,
): Promise<FastifyInstance> {
  claimSocket(options.socket)
  const app = newServer()
  const { version, onStop: stop } = options
  const metrics = metricsOf(running, version)
  const context = { running, version, stop, metrics, describe: () => openApi(routes, version) }
  for (const route of routes) addRoute(app, route, context)
  app.addHook('onClose', async () => rmSync(options.socket, { force: true }))
  try {
    await listen(app, options)
    return app
  } catch (error) {
    await app.close()
    throw error
  }
}

function newServer(): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    requestTimeout: REQUEST_TIMEOUT,
    http: { headersTimeout: REQUEST_TIMEOUT, connectionsCheckingInterval: 1000 },
    clientErrorHandler: refuseClient,
    frameworkErrors: sendError,
  })
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler(sendError)
  app.setNotFoundHandler(sendNotFound)
  return app
}

function addRoute(app: FastifyInstance, route: Route, context: Context): void {
  const { method, parameters, query, body, answer } = route
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const answered = await route.handle(context, {
      parameters: parameters ? check(parameters, request.params, 'the path') : {},
      query: query ? check(query, request.query, 'the query') : {},
      body: body && check(body, request.body ?? {}, 'the body'),
    })
    const { status, contentType = 'application/json; charset=utf-8' } = answer
    if (answered instanceof OctetStream) {
      reply.hijack()
      return sendOctets(reply.raw, contentType, answered)
    }
    if (typeof answered === 'function') {
      reply.hijack()
      return sendStream(reply.raw, contentType, answered as Stream)
    }
    if (status === 204) return reply.status(status).send()
    return reply.status(status).type(contentType).send(answered)
  }
  app.route({ method, url: route.path.replace(/\{(\w+)\}/g, ':$1'), handler })
}

/** The metrics are made, and their library is loaded, when somebody asks for them first. */
function metricsOf(running: RunningSwitch, version: string): () => Promise<string> {
  let metrics: Promise<{ text(): Promise<string> }> | undefined
  return async () => {
    metrics ??= import('./metrics.js').then(({ Metrics }) => new Metrics(running, version))
    return (await metrics).text()
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

type HttpError = Error & { code?: string; statusCode?: number }

async function sendError(
  error: HttpError,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const known = error instanceof LinkspanError
  const status = known ? (statuses[error.code] ?? 422) : (error.statusCode ?? 500)
  const code = known ? error.code : status < 500 ? 'INVALID' : 'INTERNAL'
  const message = (!known && messages[status]) || error.message
  // A client that is still sending would be cut off before it could read the answer.
  if (status === 413) await restOf(request.raw)
  await reply.status(status).send({ error: { code, message } })
}

/** Resolves when a body was read to its end, or given up. */
function restOf(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    request.once('end', resolve)
    request.once('close', resolve)
    request.resume()
  })
}

/** What the HTTP library's own errors are called here. */
const messages: Record<number, string> = {
  408: `the request was not there as a whole in ${REQUEST_TIMEOUT / 1000} s`,
  413: `the body is larger than ${BODY_LIMIT >> 20} MiB, which no config is`,
  415: 'the body is not JSON: send it with content-type application/json',
}

function sendNotFound({ method, url }: FastifyRequest, reply: FastifyReply): void {
  const [path = ''] = url.split('?')
  const allowed = routes.filter((route) => fits(route.path, path)).map((route) => route.method)
  if (allowed.length === 0) {
    const message = `there is no ${path}: GET /v1/openapi.json says what there is`
    reply.status(404).send({ error: { code: 'NOT_FOUND', message } })
    return
  }
  const message = `${path} does not take ${method}; it takes ${allowed.join(', ')}`
  reply.status(405).header('allow', allowed.join(', '))
  reply.send({ error: { code: 'INVALID', message } })
}

function fits(pattern: string, path: string): boolean {
  const parts = path.split('/')
  const wanted = pattern.split('/')
  const same = (part: string, index: number) => part.startsWith('{') || part === parts[index]
  return parts.length === wanted.length && wanted.every(same)
}

/** What is no HTTP, or stops in the middle: there is no request yet that could be answered. */
function refuseClient(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  const status = late ? '408 Request Timeout' : '400 Bad Request'
  const message = late ? messages[408] : `this is no HTTP request (${error.code ?? error.message})`
  const body = JSON.stringify({ error: { code: 'INVALID', message } })
  if (socket.writable) {
    const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8`
    const length = `content-length: ${Buffer.byteLength(body)}`
    socket.write(`${head}\r\n${length}\r\nconnection: close\r\n\r\n${body}`)
  }
  socket.destroySoon()
}
