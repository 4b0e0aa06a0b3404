/** How a program says where it wants to connect to: the argument forms of `net.connect`. */
import type * as net from 'node:net'
import type { Host } from '../host/host.js'
import type { TcpOptions } from '../tcp/settings.js'
import { TIMEOUT_MAX } from '../time.js'
import { portOf, usageError } from './errors.js'
import type { Lookup } from './lookup.js'

export interface LabSocketOptions {
  /** True: `end()` is left to the program where the other end has ended. */
  allowHalfOpen?: boolean | undefined
  /** Destroys the socket. */
  signal?: AbortSignal | undefined
  highWaterMark?: number | undefined
}

export interface LabConnectOptions extends LabSocketOptions {
  port: number | string
  /** A host of the lab, its name, or an address; the host itself if left out. */
  host?: Host | string | undefined
  /** 4 or 6; 0: whichever there is. */
  family?: number | undefined
  /** Of the host's own. */
  localAddress?: string | undefined
  localPort?: number | undefined
  /** In place of the lab's names. */
  lookup?: Lookup | undefined
  noDelay?: boolean | undefined
  keepAlive?: boolean | undefined
  /** Milliseconds of the lab's clock. */
  keepAliveInitialDelay?: number | undefined
  /** As of `setTimeout`. */
  timeout?: number | undefined
  /** What else can be set for a connection of the lab: `sendBuffer`, `synRetries` … */
  tcp?: TcpOptions | undefined
}

export interface Connecting extends Omit<LabConnectOptions, 'host' | 'port'> {
  port: number
  host: string
}

export type ConnectArguments =
  | [options: LabConnectOptions | net.SocketConnectOpts, connected?: (() => void) | undefined]
  | [port: number, connected?: (() => void) | undefined]
  | [port: number, host: string, connected?: (() => void) | undefined]
  /** Of a Unix socket: a lab has none, and says so. */
  | [path: string, connected?: (() => void) | undefined]

/** @throws TypeError, RangeError with Node's codes */
export function connectArguments(
  given: readonly unknown[],
): [Connecting, (() => void) | undefined] {
  const last = given.at(-1)
  const connected = typeof last === 'function' ? (last as () => void) : undefined
  const [first, second] = given
  const isOptions = typeof first === 'object' && first !== null
  const options: Partial<LabConnectOptions> = isOptions
    ? first
    : { port: first as number, host: typeof second === 'string' ? second : undefined }
  const { host = 'localhost' } = options
  if (options.port === undefined || options.port === null || (options as { path?: unknown }).path) {
    const text = 'The "options" must have a "port", and no "path": a lab has no Unix sockets'
    throw usageError(TypeError, 'ERR_MISSING_ARGS', text)
  }
  const name = typeof host === 'string' ? host : host.name
  return [{ ...options, port: portOf(options.port), host: name || 'localhost' }, connected]
}

/** @throws RangeError `ERR_OUT_OF_RANGE` */
export function timeoutOf(ms: number): number {
  if (ms >= 0 && ms !== Infinity) return Math.min(ms, TIMEOUT_MAX)
  const expected = 'It must be a non-negative finite number'
  const text = `The value of "msecs" is out of range. ${expected}. Received ${ms}`
  throw usageError(RangeError, 'ERR_OUT_OF_RANGE', text)
}

/** What TCP is asked for. */
export function tcpOptionsOf(options: Connecting): TcpOptions & {
  localAddress?: string
  localPort?: number
} {
  const { localAddress, localPort, noDelay } = options
  return {
    ...options.tcp,
    ...(noDelay && { noDelay }),
    ...(localAddress && { localAddress }),
    ...(localPort && { localPort }),
  }
}
