/** Agents of `http` and `https`, and a connector of undici, whose connections go out from a host of the lab. */
import * as http from 'node:http'
import * as https from 'node:https'
import * as net from 'node:net'
import type { Duplex } from 'node:stream'
import type * as tls from 'node:tls'
import type { Host } from '../host/host.js'
import { connectTls, secured } from './secure.js'
import { connect, type LabSocket } from './socket.js'
import type { LabConnectOptions } from './socket-options.js'

/** What agents hand on to who connects. */
type Asked = LabConnectOptions & tls.ConnectionOptions
type Made = (error: Error | null, socket: Duplex) => void

class LabAgent extends http.Agent {
  readonly #host: Host

  constructor(host: Host, options: http.AgentOptions) {
    super(options)
    this.#host = host
  }

  override createConnection(options: unknown): LabSocket {
    return connect(this.#host, options as LabConnectOptions)
  }
}

/** Whose sockets are TLS over one of the lab. */
class LabHttpsAgent extends https.Agent {
  readonly #host: Host

  constructor(host: Host, options: https.AgentOptions) {
    super(options)
    this.#host = host
  }

  override createConnection(options: unknown, made?: Made): Duplex {
    const { timeout, ...asked } = options as Asked
    const below = connect(this.#host, asked as LabConnectOptions)
    const over = super.createConnection({ ...asked, socket: below } as never, made as never)
    secured(over as tls.TLSSocket, below)
    if (timeout) (over as tls.TLSSocket).setTimeout(timeout)
    return over as Duplex
  }
}

/** An `agent` for `http.request` and `http.get`; options as of `http.Agent`. */
export function labAgent(host: Host, options: http.AgentOptions = {}): http.Agent {
  return new LabAgent(host, options)
}

/** The same for `https`. */
export function labHttpsAgent(host: Host, options: https.AgentOptions = {}): https.Agent {
  return new LabHttpsAgent(host, options)
}

/** What undici says of whom to connect to. */
export interface ConnectorOptions {
  hostname: string
  protocol: string
  port: string
  servername?: string | undefined
}

/** What undici takes, which says so in types of Node's own. */
type Connected = net.Socket & tls.TLSSocket

/**
 * For undici, and so for `fetch`: `new Agent({ connect: connector(host) })` as `dispatcher`.
 *
 * @param options of TLS, for `https:`
 */
export function connector(host: Host, options: tls.ConnectionOptions = {}) {
  return (
    { hostname, protocol, port, servername }: ConnectorOptions,
    callback: (...made: [error: Error, socket: null] | [error: null, socket: Connected]) => void,
  ): void => {
    const isTls = protocol === 'https:'
    const name = hostname.replace(/^\[|\]$/g, '')
    const asked = options as Omit<Asked, 'port'>
    const place = { host: name, port: port || (isTls ? 443 : 80), noDelay: true }
    const server = servername || (net.isIP(name) === 0 ? name : undefined)
    const over: Duplex = isTls
      ? connectTls(host, { ...asked, ...place, ...(server && { servername: server }) })
      : connect(host, place)
    const failed = (error: Error) => callback(error, null)
    over.once('error', failed)
    over.once(isTls ? 'secureConnect' : 'connect', () => {
      over.removeListener('error', failed)
      callback(null, over as Connected)
    })
  }
}
