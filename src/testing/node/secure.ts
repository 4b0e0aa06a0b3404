/**
 * TLS over a socket of the lab. Node takes what has no handle of its own for any stream, and so does not hand
 * on what is asked of the socket: its timeouts would be of Node's own clock, its addresses nowhere.
 */
import * as tls from 'node:tls'
import type { Host } from '../host/host.js'
import { connect, LabSocket } from './socket.js'
import type { LabConnectOptions } from './socket-options.js'

export type LabTlsOptions = LabConnectOptions & Omit<tls.ConnectionOptions, keyof LabConnectOptions>

/** What is of the connection, not of TLS. */
const PLACES = [
  ...['remoteAddress', 'remotePort', 'remoteFamily'],
  ...['localAddress', 'localPort', 'localFamily'],
] as const

/** Has what is asked of `over` asked of the lab's socket below it. */
export function secured<Over extends tls.TLSSocket>(over: Over, below: LabSocket): Over {
  for (const name of PLACES) {
    Object.defineProperty(over, name, {
      configurable: true,
      get: () => below[name as keyof LabSocket],
    })
  }
  below.on('timeout', () => over.emit('timeout'))
  return Object.assign(over, {
    address: () => below.address(),
    setTimeout(ms: number, callback?: () => void): Over {
      if (over.destroyed) return over
      below.setTimeout(ms)
      Object.assign(over, { timeout: below.timeout })
      if (callback) over[ms === 0 ? 'removeListener' : 'once']('timeout', callback)
      return over
    },
    ...handedOn(over, below),
  })
}

function handedOn<Over extends tls.TLSSocket>(over: Over, below: LabSocket) {
  return {
    setNoDelay(noDelay?: boolean): Over {
      below.setNoDelay(noDelay)
      return over
    },
    setKeepAlive(enable?: boolean, initialDelay?: number): Over {
      below.setKeepAlive(enable, initialDelay)
      return over
    },
    // Time passes for it or not, as for the one below.
    ref(): Over {
      below.ref()
      return over
    },
    unref(): Over {
      below.unref()
      return over
    },
  }
}

/** The same of one that a server of Node's made, where it is over a socket of the lab. */
export function securedHere(over: tls.TLSSocket): void {
  const { _handle } = over as { _handle?: { _parentWrap?: { stream?: unknown } | null } | null }
  const below = _handle?._parentWrap?.stream
  if (below instanceof LabSocket) secured(over, below)
}

/**
 * As `tls.connect`, from a host of the lab.
 *
 * @throws TypeError, RangeError with Node's codes
 */
export function connectTls(
  host: Host,
  options: LabTlsOptions,
  connected?: () => void,
): tls.TLSSocket {
  const { timeout, ...others } = options
  const below = connect(host, others)
  const over = secured(tls.connect({ ...tlsOptionsOf(others), socket: below }, connected), below)
  return timeout ? over.setTimeout(timeout) : over
}

/** Who is asked for by name is who has to be there. */
function tlsOptionsOf({ host, ...others }: LabTlsOptions): tls.ConnectionOptions {
  const name = typeof host === 'object' ? host.name : host
  return { ...others, ...(name && { host: name }) } as tls.ConnectionOptions
}
