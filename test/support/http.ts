/** The control API as any HTTP client meets it. */
import { type IncomingMessage, request } from 'node:http'
import type { Linkspan } from './linkspan.js'

export interface Answer {
  status: number
  type: string
  text: string
  headers: IncomingMessage['headers']
}

export interface Sent {
  body?: string | Buffer
  type?: string
}

/** A request to the control socket of a switch. */
export function send(
  running: Linkspan,
  method: string,
  path: string,
  sent: Sent = {},
): Promise<Answer> {
  const { body, type = 'application/json' } = sent
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': type }
    const options = { socketPath: running.socket, method, path, headers }
    const asked = request(options, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      const { statusCode: status = 0, headers } = response
      resolve({ status, type: headers['content-type'] ?? '', text, headers })
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
