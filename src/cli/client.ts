/** Requests to a running switch, over its control socket. */
import { request } from 'node:http'
import { socketPath } from '../control/socket.js'
import { LinkspanError } from '../error.js'

export interface Target {
  /** The switch's name; `default` if left out. */
  name?: string
  socket?: string
}

/** The socket a command talks to: --socket, LINKSPAN_SOCKET, or that of the switch's name. */
export function targetSocket(target: Target): string {
  return target.socket ?? process.env.LINKSPAN_SOCKET ?? socketPath(target.name)
}

/** Sends a request; the answer's JSON, or the error that the switch gave. */
export function call<T>(target: Target, method: string, path: string, body?: unknown): Promise<T> {
  const socket = targetSocket(target)
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const headers = text === undefined ? {} : { 'content-type': 'application/json' }
    const sent = request({ socketPath: socket, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        try {
          resolve(answer<T>(response.statusCode ?? 500, Buffer.concat(chunks).toString()))
        } catch (error) {
          reject(error)
        }
      })
    })
    sent.on('error', (error: NodeJS.ErrnoException) => reject(unreachable(error, socket)))
    sent.end(text)
  })
}

function answer<T>(status: number, text: string): T {
  if (status < 300) return (text === '' ? undefined : JSON.parse(text)) as T
  const { error } = JSON.parse(text) as { error: { code: string; message: string } }
  throw new LinkspanError(error.code, error.message)
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
