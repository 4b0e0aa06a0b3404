/** A `net.Server` of a lab's host. */
import { EventEmitter } from 'node:events'
import type * as net from 'node:net'
import { addressOf } from '../host/address.js'
import type { Host } from '../host/host.js'
import type { TcpServer } from '../tcp/server.js'
import type { TcpOptions } from '../tcp/settings.js'
import type { Tcb } from '../tcp/tcb.js'
import { nodeError, notFound, portOf, usageError } from './errors.js'
import { Listening } from './listening.js'
import { find } from './lookup.js'
import { Program } from './program.js'
import { LabSocket, type NodeSocket } from './socket.js'

export interface LabServerOptions {
  /** True: a socket's `end()` is left to the program where the other end has ended. */
  allowHalfOpen?: boolean | undefined
  noDelay?: boolean | undefined
  keepAlive?: boolean | undefined
  /** Milliseconds of the lab's clock. */
  keepAliveInitialDelay?: number | undefined
  highWaterMark?: number | undefined
  /** True: nothing is read from a socket before `resume()`. */
  pauseOnConnect?: boolean | undefined
  /** What else can be set for connections of the lab: `receiveBuffer` … */
  tcp?: TcpOptions | undefined
}

export interface LabListenOptions {
  port?: number | undefined
  /** One of the host's addresses; left out: all. */
  host?: string | undefined
  /** Connections that are opening, or that no handler has been given yet; 511. */
  backlog?: number | undefined
  /** Closes the server. */
  signal?: AbortSignal | undefined
}

const ANY = ['', '0.0.0.0', '::']

export class LabServer extends EventEmitter implements AsyncDisposable {
  /** More are closed as they come. */
  maxConnections: number | undefined
  readonly #host: Host
  readonly #options: LabServerOptions
  readonly #program: Program
  readonly #listening: Listening
  readonly #sockets = new Set<LabSocket>()
  #server: TcpServer | undefined
  #asked = ''

  constructor(host: Host, options: LabServerOptions = {}, handler?: (socket: LabSocket) => void) {
    super()
    this.#host = host
    this.#options = options
    this.#program = new Program(host.parts, 'LabServer', () => this.#what)
    const tell = () =>
      `host "${host.name}" waits for a connection to TCP port ${this.#server?.port}`
    this.#listening = new Listening(host.parts.waits, tell)
    if (handler) this.on('connection', handler)
  }

  get #what(): string {
    return `host "${this.#host.name}", TCP port ${this.#server?.port ?? 0}`
  }

  get listening(): boolean {
    return this.#server !== undefined
  }

  /**
   * As `server.listen` of `node:net`: `(port, host, backlog, callback)` or `(options, callback)`. What is wrong
   * with port or address is told by the event `error`.
   *
   * @throws Error `ERR_SERVER_ALREADY_LISTEN`, RangeError `ERR_SOCKET_BAD_PORT`
   */
  listen(...given: unknown[]): this {
    const callback = given.at(-1)
    if (this.listening) {
      const text = 'Listen method has been called more than once without closing.'
      throw usageError(Error, 'ERR_SERVER_ALREADY_LISTEN', text)
    }
    if (typeof callback === 'function') this.once('listening', callback as () => void)
    const options = listenOptions(given)
    this.#closeBy(options.signal)
    try {
      this.begin({ ...options, host: this.#find(options.host) })
    } catch (error) {
      const { port = 0, host: address = '::' } = options
      const told = nodeError(error, 'listen', { address, port })
      process.nextTick(() => this.emit('error', told))
      return this
    }
    process.nextTick(() => this.listening && this.emit('listening'))
    return this
  }

  #find(name: string | undefined): string | undefined {
    if (name === undefined || ANY.includes(name)) return name
    const [found] = find(this.#host.parts, name, 0)
    if (found === undefined) throw notFound(name)
    return found.address
  }

  #closeBy(signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    const aborted = () => this.listening && this.close()
    if (signal.aborted) process.nextTick(aborted)
    else signal.addEventListener('abort', aborted, { once: true })
    this.once('close', () => signal.removeEventListener('abort', aborted))
  }

  /** @internal The same at once. @throws LinkspanError `EXISTS`, `INVALID`, `CLOSED` */
  begin({ port = 0, host = '', backlog }: LabListenOptions): void {
    const { parts } = this.#host
    parts.mustBeOpen()
    const address = ANY.includes(host) ? undefined : addressOf(host).text
    const server = parts.tcp.listen(
      port,
      { ...this.#options.tcp, ...(address && { address }), ...(backlog && { backlog }) },
      undefined,
    )
    this.#asked = host
    this.#server = server
    server.onOpened = (tcb) => this.#program.run(() => this.#accept(tcb))
    this.#listening.open(true)
  }

  #accept(tcb: Tcb): void {
    const { noDelay, keepAlive, keepAliveInitialDelay } = this.#options
    const socket = new LabSocket(this.#host, this.#options, tcb)
    if (this.maxConnections !== undefined && this.#sockets.size >= this.maxConnections) {
      this.emit('drop', placesOf(socket))
      socket.destroy()
      return
    }
    if (noDelay) socket.setNoDelay()
    if (keepAlive) socket.setKeepAlive(true, keepAliveInitialDelay)
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      this.#ended()
    })
    this.emit('connection', socket)
  }

  /** Takes no more connections; `close` is emitted when those that there are have ended. */
  close(callback?: (error?: Error) => void): this {
    if (this.#server === undefined) {
      const error = usageError(Error, 'ERR_SERVER_NOT_RUNNING', 'Server is not running.')
      if (callback) process.nextTick(callback, error)
      return this
    }
    if (callback) this.once('close', callback)
    this.#server.close()
    this.#server = undefined
    this.#listening.open(false)
    this.#ended()
    return this
  }

  #ended(): void {
    if (this.#server !== undefined || this.#sockets.size > 0) return
    process.nextTick(() => this.emit('close'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.listening) this.close()
  }

  /** Where it listens; null where it does not. */
  address(): { address: string; family: string; port: number } | null {
    if (this.#server === undefined) return null
    const { address, port } = this.#server
    const text = address?.text ?? (this.#asked === '0.0.0.0' ? '0.0.0.0' : '::')
    return { address: text, family: text.includes(':') ? 'IPv6' : 'IPv4', port }
  }

  getConnections(callback: (error: Error | null, count: number) => void): this {
    process.nextTick(callback, null, this.#sockets.size)
    return this
  }

  /** Time passes for who may connect; unless `unref`ed. */
  ref(): this {
    this.#listening.ref(true)
    return this
  }

  unref(): this {
    this.#listening.ref(false)
    return this
  }
}

function placesOf(socket: LabSocket) {
  const { localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily } = socket
  return { localAddress, localPort, localFamily, remoteAddress, remotePort, remoteFamily }
}

function listenOptions(given: readonly unknown[]): LabListenOptions {
  const [first, ...others] = given
  const backlog = others.find((one) => typeof one === 'number')
  if (typeof first === 'object' && first !== null) {
    const options = first as LabListenOptions
    if (!('port' in options)) {
      const text =
        'The argument \'options\' must have the property "port": a lab has no Unix sockets'
      throw usageError(TypeError, 'ERR_INVALID_ARG_VALUE', text)
    }
    const { port = 0, backlog: asked } = options
    return { ...options, port: portOf(port, 'options.port'), backlog: asked || backlog }
  }
  const port =
    first === undefined || typeof first === 'function' ? 0 : portOf(first, 'options.port')
  const host = others.find((one) => typeof one === 'string')
  return { port, host, backlog }
}

/** What code that takes a `net.Server` takes, by its type too. */
export type NodeServer = LabServer & net.Server
type Handler = (socket: NodeSocket) => void

/** As `net.createServer`, on a host of the lab. */
export function createServer(
  host: Host,
  options?: LabServerOptions | Handler,
  handler?: Handler,
): NodeServer {
  const [given, taking] = typeof options === 'function' ? [{}, options] : [options, handler]
  return new LabServer(host, given, taking as (socket: LabSocket) => void) as NodeServer
}
