/**
 * Where TCP is plugged into a host: a transport for protocol 6 that makes connections. The host gives it
 * its network; what comes in for protocol 6 goes to its `receive`.
 */
import { LinkspanError } from '../../error.js'
import type { Address, Network, Transport } from './network.js'

/** A connection, as WHATWG streams of octets. */
export interface Connection {
  readonly readable: ReadableStream<Uint8Array>
  readonly writable: WritableStream<Uint8Array>
}

/** A port that is listened on; the connections that come, as they come. */
export interface Listener extends AsyncIterable<Connection> {
  readonly port: number
  close(): void
}

export interface Streams extends Transport {
  listen(port: number): Listener
  connect(to: Address, port: number): Promise<Connection>
}

/** Makes the streams of a host; undefined: this version has none. */
export const openStreams: ((network: Network) => Streams) | undefined = undefined

export function noStreams(): LinkspanError {
  return new LinkspanError('INVALID', 'hosts of this version have no TCP; use host.udp()')
}
