/** UDP (RFC 768): which socket a datagram belongs to. */
import { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import type { Arrival, Failure, Transport } from './network.js'
import type { UdpSocket } from './udp-socket.js'
import { setU16, u16 } from './wire.js'

const HEADER = 8
/** Where the checksum is in a segment. */
export const UDP_CHECKSUM = 6
/** Where ports come from that nobody asked for (RFC 6335 6). */
const EPHEMERAL = 49_152
const PORTS = 65_536

/** Octets behind a header without its checksum. */
export function udpSegment(sourcePort: number, to: number, octets: Uint8Array): Uint8Array {
  const segment = new Uint8Array(HEADER + octets.length)
  setU16(segment, 0, sourcePort)
  setU16(segment, 2, to)
  setU16(segment, 4, segment.length)
  segment.set(octets, HEADER)
  return segment
}

/** What is behind the header, a view; undefined where lengths are wrong. */
export function udpPayload(segment: Uint8Array): Uint8Array | undefined {
  if (segment.length < HEADER) return undefined
  const length = u16(segment, 4)
  return length < HEADER || length > segment.length ? undefined : segment.subarray(HEADER, length)
}

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
    const payload = udpPayload(arrival.segment)
    if (payload === undefined) return true
    const socket = this.#sockets.get(u16(arrival.segment, 2))
    socket?.arrived(arrival, payload.slice())
    return socket !== undefined
  }

  failed(failure: Failure): void {
    this.#sockets.get(u16(failure.segment, 0))?.failed(failure)
  }

  close(): void {
    for (const socket of [...this.#sockets.values()]) socket.close()
  }

  keep(keeper: Keeper): void {
    const then = new Set(this.#sockets.values())
    keeper.before(() => {
      for (const socket of [...this.#sockets.values()]) if (!then.has(socket)) socket.close()
    })
    keeper.map(this.#sockets, (socket) => keeper.part(socket))
  }
}
