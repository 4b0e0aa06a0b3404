/**
 * The underlay of an in-process switch: what would be UDP sockets of the host are queues here, and the program
 * carries their datagrams. Where a way does not take one, or the network says so later, the program says so.
 */

import { formatAddress, parseAddress } from '../config/address.js'
import { describe, quote } from '../config/describe.js'
import { underlayName } from '../config/overlay-names.js'
import type { UnderlaySocket } from '../config/overlay-settings.js'
import { whole } from '../config/whole.js'
import type { PeerError } from '../dataplane/tunnel-plans.js'
import { InvalidError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import { PAYLOAD_MAX, unwrap, wrap } from '../packet/outer.js'
import { ENOBUFS, MemoryDevice } from './memory.js'

/** A datagram as a UDP socket gives it. */
export interface UnderlayDatagram {
  /** Addresses as text; UDP ports. */
  readonly from: string
  readonly to: string
  readonly sourcePort: number
  readonly destinationPort: number
  /** The payload: a VXLAN header and the frame in it (RFC 7348 5). */
  readonly octets: Uint8Array
  /** TTL or hop limit. */
  readonly ttl: number
  /** 0 to 63; RFC 3168's codepoint: 0 not-ECT, 1 ECT(1), 2 ECT(0), 3 CE. */
  readonly dscp: number
  readonly ecn: number
}

/** One that comes in: TTL 64 and neither DSCP nor ECN if left out. */
export type ArrivingDatagram = Omit<UnderlayDatagram, 'ttl' | 'dscp' | 'ecn'> &
  Partial<Pick<UnderlayDatagram, 'ttl' | 'dscp' | 'ecn'>>

/** Why a datagram does not even leave: a counted drop of the port of the underlay. */
export type Refusal = keyof typeof ERRNO

/** Takes a datagram that leaves; its octets are good for the call only. */
export type UnderlayHandler = (datagram: UnderlayDatagram) => Refusal | undefined

/** What the network says of a datagram that left: an ICMP message, say. */
export interface UnderlayError {
  /** Where the datagram was to go. */
  to: string
  reason: 'too-big' | 'unreachable'
  /** With `too-big`: octets of the IP packets that get there. */
  mtu?: number
}

/** Linux's numbers, as a socket gives them: EMSGSIZE, EHOSTUNREACH, ENOBUFS. */
const ERRNO = { 'too-big': 90, unreachable: 113, full: ENOBUFS } as const

/** Datagrams that wait to be taken; what comes on top is a counted drop. */
const QUEUE = 65_536
/** As `mtu` of an underlay in a config. */
const MTU = [1280, 65_535] as const

/** A device that hands on what the packet path makes at once. */
class Socket extends MemoryDevice {
  constructor(
    readonly name: UnderlaySocket,
    private readonly leave: (frame: Uint8Array) => number,
  ) {
    super({ underlay: true })
  }

  override deliver(frame: Uint8Array): number {
    return this.leave(frame)
  }
}

/** What it tells the switch. */
export interface UnderlayListener {
  heard(error: PeerError): void
  /** The MTU of the link is another. */
  changed(): void
}

export class Underlay {
  readonly #listener: UnderlayListener
  readonly #sockets = new Map<string, Socket>()
  #outbox: UnderlayDatagram[] = []
  #handler: UnderlayHandler | undefined
  #mtu: number | undefined

  /** @internal Use `underlay` of a switch. */
  constructor(listener: UnderlayListener) {
    this.#listener = listener
  }

  /** Where datagrams are taken in: our own addresses, and UDP ports. */
  get sockets(): UnderlaySocket[] {
    return Array.from(this.#sockets.values(), ({ name }) => ({ ...name }))
  }

  /** @internal The device of a socket that is new. */
  open(socket: UnderlaySocket): MemoryDevice {
    const device = new Socket(socket, (frame) => this.#leave(frame))
    this.#sockets.set(underlayName(socket), device)
    return device
  }

  /** @internal */
  close(name: string): void {
    this.#sockets.get(name)?.close()
    this.#sockets.delete(name)
  }

  /** Octets of the IP packets that its link takes: what `mtu: auto` of the underlay means; 1500 at first. */
  get mtu(): number {
    return this.#mtu ?? 1500
  }

  /** @throws LinkspanError code `INVALID` */
  set mtu(octets: number) {
    this.#mtu = whole(octets, 'an MTU of the underlay', ...MTU)
    this.#listener.changed()
  }

  /**
   * Gives the switch a datagram that came in, for its next `process()`. The octets are copied.
   *
   * @returns false where no socket has that address and port, or its queue is full
   * @throws LinkspanError code `INVALID`
   */
  send(datagram: ArrivingDatagram): boolean {
    const { payload, headers } = checked(datagram)
    const { destination: address, destinationPort: port } = headers
    const socket = this.#sockets.get(underlayName({ address, port }))
    return socket?.send(wrap(payload, headers)) ?? false
  }

  /** The datagrams that left since the last call, oldest first; copies, for keeps. */
  take(): UnderlayDatagram[] {
    return this.#outbox.splice(0)
  }

  /**
   * Has `handler` called with every datagram from now on, instead of keeping it for `take`. Where it returns
   * why the datagram cannot go, that is a counted drop. `undefined` goes back to `take`.
   */
  onDatagram(handler: UnderlayHandler | undefined): void {
    this.#handler = handler
  }

  #leave(frame: Uint8Array): number {
    const { source: from, destination: to, payload: octets, ...rest } = unwrap(frame)
    if (this.#handler) {
      const refused = this.#handler({ from, to, octets, ...rest })
      return refused === undefined ? 0 : (ERRNO[refused] ?? ERRNO.full)
    }
    if (this.#outbox.length >= QUEUE) return ENOBUFS
    this.#outbox.push({ from, to, octets: octets.slice(), ...rest })
    return 0
  }

  /**
   * The network said that a datagram did not get to `to`. That the way takes less than it was is believed for
   * ten minutes (RFC 1191 6.3): tunnels by it have that MTU then. Of others than peers nothing is heard.
   *
   * @throws LinkspanError code `INVALID`
   */
  failed({ to, reason, mtu }: UnderlayError): void {
    const vtep = formatAddress(parseAddress(to).bytes)
    if (reason !== 'too-big' && reason !== 'unreachable') {
      throw new InvalidError(describe(reason), '"too-big" or "unreachable"')
    }
    this.#listener.heard({ vtep, reason: reason === 'too-big' ? 'tooBig' : reason, mtu })
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.map(this.#sockets, (socket) => keeper.part(socket))
    const outbox = [...this.#outbox]
    keeper.handles([this.#handler], (handler) => {
      this.#handler = handler
      this.#outbox = [...outbox]
    })
    keeper.values([this.#mtu], (mtu) => {
      this.#mtu = mtu
    })
  }
}

/** What a program gives, as it stands in headers; addresses canonical. @throws InvalidError */
function checked({ from, to, octets, ttl = 64, dscp = 0, ecn = 0, ...ports }: ArrivingDatagram) {
  const [source, destination] = [parseAddress(from), parseAddress(to)]
  if (source.family !== destination.family) {
    throw new InvalidError(`${quote(from)} as the sender to ${quote(to)}`, 'one family of both')
  }
  const most = PAYLOAD_MAX[source.family]
  const isOctets = ArrayBuffer.isView(octets)
  if (!isOctets || octets.byteLength > most) {
    const found = isOctets ? `${octets.byteLength} octets` : describe(octets)
    throw new InvalidError(found, `octets: a Uint8Array of at most ${most}`)
  }
  const headers = {
    source: formatAddress(source.bytes),
    destination: formatAddress(destination.bytes),
    sourcePort: whole(ports.sourcePort, 'a UDP port', 0, 65_535),
    destinationPort: whole(ports.destinationPort, 'a UDP port', 0, 65_535),
    ttl: whole(ttl, 'a TTL', 0, 255),
    dscp: whole(dscp, 'a DSCP', 0, 63),
    ecn: whole(ecn, 'an ECN codepoint', 0, 3),
  }
  return { payload: new Uint8Array(octets.buffer, octets.byteOffset, octets.byteLength), headers }
}
