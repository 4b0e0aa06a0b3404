/** How a connection ends where it does not end well. */
import { LinkspanError } from '../../error.js'
import type { Address } from '../host/network.js'
import { restored } from '../restored.js'

/**
 * - `REFUSED` nobody listens there, or who does has no room
 * - `TIMEOUT` no answer: to the SYN, to data, to probes
 * - `RESET` the other end gave the connection up
 * - `UNREACHABLE` the network said that there is no way
 * - `ABORTED` this end gave it up
 * - `CLOSED` the stack or the listener was closed
 * - `EXISTS` the port is in use
 * - `LIMIT` no port is free
 * - `INVALID` no port, no address, no octets
 */
export type TcpErrorCode =
  | 'REFUSED'
  | 'TIMEOUT'
  | 'RESET'
  | 'UNREACHABLE'
  | 'ABORTED'
  | 'CLOSED'
  | 'EXISTS'
  | 'LIMIT'
  | 'INVALID'

/** `10.55.0.2:80`, `[fd55::2]:80`. */
export const endText = ({ family, text }: Address, port: number): string =>
  family === 6 ? `[${text}]:${port}` : `${text}:${port}`

/** Both ends of a connection, and how it is called in messages. */
export class Ends {
  /** `10.55.0.1:49152 to 10.55.0.2:80` */
  readonly text: string
  readonly remote: string

  constructor(
    readonly localAddress: Address,
    readonly localPort: number,
    readonly remoteAddress: Address,
    readonly remotePort: number,
    /** Of the host; empty if it has none. */
    readonly host: string,
  ) {
    const local = endText(localAddress, localPort)
    this.remote = endText(remoteAddress, remotePort)
    this.text = `${host === '' ? local : `${host} (${local})`} to ${this.remote}`
  }

  error(code: TcpErrorCode, what: string): LinkspanError {
    return new LinkspanError(code, `TCP ${this.text}: ${what}`)
  }

  /** Of a program that goes on where it is, while the lab goes back. */
  restored(): LinkspanError {
    return restored(`TCP ${this.text}`)
  }
}
