/** Two hosts of a lab, and Node's own HTTP between them. */
import * as http from 'node:http'
import type { LabSwitch } from '../../src/testing/index.js'
import type { LabSocket } from '../../src/testing/node/index.js'

export { pair } from './tcp-lab.js'
export type { LabSwitch }

export interface Answer {
  status: number | undefined
  headers: http.IncomingHttpHeaders
  body: Buffer
  reused: boolean
}

/** Sends a request, and waits for all of the answer. */
export function ask(url: string, options: http.RequestOptions, body?: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, options, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part) => parts.push(part))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status, headers } = response
        resolve({ status, headers, body: Buffer.concat(parts), reused: request.reusedSocket })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** What is emitted, one argument; `error` rejects. */
export function emitted(emitter: NodeJS.EventEmitter, event: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    emitter.once(event, resolve)
    if (event !== 'error') emitter.once('error', reject)
  })
}

/** All that comes, as text. */
export async function textOf(socket: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of socket) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** The names of events of a socket, in order. */
export function eventsOf(socket: LabSocket): string[] {
  const seen: string[] = []
  for (const name of ['lookup', 'connect', 'ready', 'data', 'end', 'finish', 'timeout', 'drain']) {
    socket.on(name, () => seen.push(name))
  }
  socket.on('error', (error: NodeJS.ErrnoException) => seen.push(`error ${error.code}`))
  socket.on('close', (hadError: boolean) => seen.push(`close ${hadError}`))
  return seen
}
