/** Requests to a running switch, over its control socket. */
import { type IncomingMessage, request } from 'node:http'
import { LinkspanError } from '../error.js'
import { type Target, targetSocket } from './target.js'

/** Sends a request; the answer's JSON, or the error that the switch gave. */
export async function call<T>(
  target: Target,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const text = await textOf(await open(target, method, path, body))
  return (text === '' ? undefined : JSON.parse(text)) as T
}

/** Sends a request; the answer, to be read, or the error that the switch gave. */
export async function open(
  target: Target,
  method: string,
  path: string,
  body?: unknown,
): Promise<IncomingMessage> {
  const response = await send(targetSocket(target), method, path, body)
  if ((response.statusCode ?? 500) < 300) return response
  const { error } = JSON.parse(await textOf(response)) as {
    error: { code: string; message: string }
  }
  throw new LinkspanError(error.code, error.message)
}

function send(
  socket: string,
  method: string,
  path: string,
  body: unknown,
): Promise<IncomingMessage> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const headers = text === undefined ? {} : { 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: socket, method, path, headers }, resolve)
    sent.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(error, socket)))
    sent.end(text)
  })
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function unreachable(error: NodeJS.ErrnoException, socket: string): Error {
  if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') {
    const message = `no switch is running at ${socket}: start one with "linkspan up", or name another by --name or --socket`
    return new LinkspanError('NOT_FOUND', message)
  }
  if (error.code === 'EACCES') {
    return new LinkspanError('EACCES', `you may not use ${socket}: run this as its owner or group`)
  }
  return error
}
