/** A server that the program made, `http.Server` above all, answers on a host of the lab. */
import type { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { whole } from '../../config/whole.js'
import type { Host } from '../host/host.js'
import { TIMEOUT_MAX } from '../time.js'
import { securedHere } from './secure.js'
import { type LabListenOptions, LabServer, type LabServerOptions } from './server.js'

/** What servers of Node's were told when they were made. */
type Made = EventEmitter & LabServerOptions
type Checked = EventEmitter & { connectionsCheckingInterval?: number | undefined }

export interface ServeOptions extends LabServerOptions, Pick<LabListenOptions, 'backlog'> {
  /** One of the host's; left out: all. */
  address?: string | undefined
}

/**
 * Has connections to a port of the host handed to `server`: an `http.Server`, `https.Server`, `net.Server` or
 * whatever takes the event `connection`. It does not listen itself.
 *
 * @param port 0: one that is free; see `address()` of what is returned
 * @throws LinkspanError `EXISTS` where somebody listens there, `INVALID`
 */
export function serve(
  host: Host,
  port: number,
  server: EventEmitter,
  options: ServeOptions = {},
): LabServer {
  const { allowHalfOpen, pauseOnConnect, noDelay, keepAlive, keepAliveInitialDelay } =
    server as Made
  const { address, backlog, ...others } = options
  // Sessions of HTTP/2 ask the socket itself, but by way of one of Node's that does not hand it on.
  const isHttp2 = 'updateSettings' in server
  const alive = { keepAlive, keepAliveInitialDelay }
  const made = { allowHalfOpen, pauseOnConnect, noDelay: noDelay || isHttp2, ...alive }
  const listening = new LabServer(host, { ...made, ...others })
  listening.begin({ port: whole(port, 'a TCP port', 0, 65_535), host: address, backlog })
  if (!known.has(server)) {
    known.add(server)
    server.prependListener('request', (_, response) => date(response))
    // Before the server itself asks it for a timeout.
    server.prependListener('secureConnection', securedHere)
    track(server)
  }
  return listening.on('connection', (socket) => server.emit('connection', socket))
}

/**
 * An `http.Server` knows which connections are idle, for `closeIdleConnections`, from when it listens on. What it
 * looks for from then on, by real time, it shall not.
 */
function track(server: Checked): void {
  const begin = server
    .listeners('listening')
    .find(({ name }) => name === 'setupConnectionsTracking')
  const { connectionsCheckingInterval } = server
  server.connectionsCheckingInterval = TIMEOUT_MAX
  begin?.call(server)
  server.connectionsCheckingInterval = connectionsCheckingInterval
}

/** Those that were served before. */
const known = new WeakSet<EventEmitter>()

/**
 * Node takes the header `Date` from a clock that nobody can fake: here it is of `Date`, as the program has it,
 * unless the program says otherwise.
 */
function date(response: ServerResponse): void {
  const { writeHead } = response
  response.writeHead = function (this: ServerResponse, ...given: unknown[]) {
    const headers = given.at(-1)
    const isGiven = typeof headers === 'object' && headers !== null && hasDate(headers)
    if (this.sendDate && !isGiven && !this.hasHeader('date')) {
      this.setHeader('Date', new Date().toUTCString())
    }
    return Reflect.apply(writeHead, this, given)
  } as typeof writeHead
}

const hasDate = (headers: object): boolean =>
  (Array.isArray(headers) ? headers.flat() : Object.keys(headers)).some(
    (one) => String(one).toLowerCase() === 'date',
  )
