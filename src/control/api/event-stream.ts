/** A stream of lines to one client, with a bound on what waits for it. */
import type { ServerResponse } from 'node:http'
import type { OctetStream, Stream } from './route.js'

/** Bytes that may wait for a client that reads slowly; what comes then is left out and counted. */
const WAITING_MAX = 256 * 1024

/** Sends what a stream tells until the client leaves, a JSON object a line. */
export function sendStream(response: ServerResponse, contentType: string, stream: Stream): void {
  let lost = 0
  const line = (of: object) => response.write(`${JSON.stringify(of)}\n`)
  const write = (of: object) => {
    if (response.writableLength > WAITING_MAX) {
      lost++
      return
    }
    if (lost > 0) line({ time: new Date().toISOString(), type: 'lost', events: lost })
    lost = 0
    line(of)
  }
  begin(response, contentType, () => stream(write))
}

/** Sends octets until the client leaves or there are no more. */
export function sendOctets(
  response: ServerResponse,
  contentType: string,
  { start }: OctetStream,
): void {
  const target = {
    write: (octets: Uint8Array) => taken(response, octets),
    end: () => ended(response),
  }
  begin(response, contentType, () => start(target))
}

/** @param start returns what stops it, which is called when the client has left, if it has not before */
function begin(response: ServerResponse, contentType: string, start: () => () => void): void {
  response.on('error', () => {}) // it left while something was on its way
  response.writeHead(200, { 'content-type': contentType })
  response.flushHeaders()
  const stop = start()
  if (response.destroyed) stop()
  else response.on('close', stop)
}

function ended(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve)
    response.end(resolve)
  })
}

async function taken(response: ServerResponse, octets: Uint8Array): Promise<void> {
  if (response.destroyed || response.write(octets)) return
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
