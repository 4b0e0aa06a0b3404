/** UDP (RFC 768): which socket a datagram belongs to. */
import { LinkspanError } from '../../error.js'
import type { Arrival, Failure, Transport } from './network.js'
import type { UdpSocket } from './udp-socket.js'
import { u16 } from './wire.js'

export const UDP_HEADER = 8
/** Where ports come from that nobody asked for (RFC 6335 6). */
const EPHEMERAL = 49_152
const PORTS = 65_536

export class Udp implements Transport {
  readonly #sockets = new Map<number, UdpSocket>()

  /** @param who as a sentence has it: `host "a"` */
  constructor(
    private readonly who: string,
    private readonly random: () => number,
  ) {}

  /** A port that nobody has. @throws LinkspanError code `LIMIT` */
  freePort(): number {
    const count = PORTS - EPHEMERAL
    const start = this.random() % count
    for (let tried = 0; tried < count; tried++) {
      const port = EPHEMERAL + ((start + tried) % count)
      if (!this.#sockets.has(port)) return port
    }
    throw new LinkspanError('LIMIT', `${this.who} has no UDP port left: close sockets`)
  }

  bind(port: number, socket: UdpSocket): void {
    if (this.#sockets.has(port)) {
      const problem = `${this.who} has a socket on UDP port ${port}`
      throw new LinkspanError('EXISTS', `${problem}: close it first, or take another port`)
    }
    this.#sockets.set(port, socket)
  }

  release(port: number): void {
    this.#sockets.delete(port)
  }

  receive(arrival: Arrival): boolean {
    const { segment } = arrival
    if (segment.length < UDP_HEADER) return true
    const length = u16(segment, 4)
    if (length < UDP_HEADER || length > segment.length) return true
    const socket = this.#sockets.get(u16(segment, 2))
    socket?.arrived(arrival, segment.slice(UDP_HEADER, length))
    return socket !== undefined
  }

  failed(failure: Failure): void {
    this.#sockets.get(u16(failure.segment, 0))?.failed(failure)
  }

  close(): void {
    for (const socket of [...this.#sockets.values()]) socket.close()
  }
}
