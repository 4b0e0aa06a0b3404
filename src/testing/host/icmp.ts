/** ICMP (RFC 792) and ICMPv6 (RFC 4443): echoes, and what the network says of packets of ours. */

import type { Keeper, Kept } from '../../memento/keeper.js'
import { addressAt } from './address.js'
import { lastRead, type ReadHeader } from './header.js'
import { codeOf, EchoType, ErrorType, readError } from './icmp-error.js'
import type { Ip } from './ip.js'
import type { Address, Arrival, Failure, FailureReason, Transport } from './network.js'
import type { Stack } from './stack.js'
import { groupMac, Protocol, setU16, setU32, u16 } from './wire.js'

const CHECKSUM = 2
const IDENTIFIER = 4
const SEQUENCE = 6
const HEADER = 8

/** RFC 1812 4.3.2.3 and RFC 4443 2.4: as much as fits into the least MTU. */
const QUOTED = { 4: 576 - 20 - HEADER, 6: 1280 - 40 - HEADER } as const

/** Somebody who sends echo requests. */
export interface Echoes extends Kept {
  answered(sequence: number, arrival: Arrival): void
  failed(sequence: number, failure: Failure): void
}

export class Icmp implements Transport {
  readonly #echoes = new Map<number, Echoes>()
  #identifier: number

  constructor(private readonly stack: Stack) {
    this.#identifier = stack.random() & 0xffff
  }

  /** An identifier of echo requests, until it is given back. */
  open(echoes: Echoes): number {
    do {
      this.#identifier = (this.#identifier + 1) & 0xffff
    } while (this.#echoes.has(this.#identifier))
    this.#echoes.set(this.#identifier, echoes)
    return this.#identifier
  }
  release(identifier: number): void {
    this.#echoes.delete(identifier)
  }

  /** Sends an echo request of `size` octets of data. @throws LinkspanError code `UNREACHABLE` */
  echo(
    way: readonly [from: Address, to: Address],
    identifier: number,
    sequence: number,
    size: number,
    options: { ttl?: number; dontFragment?: boolean },
  ): void {
    const { family } = way[1]
    const message = new Uint8Array(HEADER + size)
    message[0] = EchoType[family].request
    setU16(message, IDENTIFIER, identifier)
    setU16(message, SEQUENCE, sequence)
    for (let at = HEADER; at < message.length; at++) message[at] = at
    this.stack.sendWith(options, protocolOf(family), way, message, CHECKSUM)
  }

  receive(arrival: Arrival): boolean {
    const { from, segment } = arrival
    if (segment.length < HEADER) return true
    const type = segment[0] as number
    const echo = EchoType[from.family]
    if (type === echo.request) this.#answer(arrival)
    else if (type === echo.reply) {
      this.#echoes.get(u16(segment, IDENTIFIER))?.answered(u16(segment, SEQUENCE), arrival)
    } else if (from.family === 6 && type >= 133 && type <= 137) this.stack.nd.receive(arrival)
    else this.#receiveError(arrival)
    return true
  }

  #answer({ from, to, segment }: Arrival): void {
    const { family } = from
    const reply = segment.slice()
    reply[0] = EchoType[family].reply
    const ip = this.stack.ipOf(to)
    // RFC 1122 3.2.2.6: who asks everybody is answered by each of them, from its own address.
    if (!ip.hasWay(from)) return
    const source = ip.isHere(to.bytes) ? to : this.stack.sourceFor(from)
    this.stack.answer({}, protocolOf(family), [source, from], reply, CHECKSUM)
  }

  #receiveError({ from, segment }: Arrival): void {
    const { family } = from
    const said = readError(family, segment)
    if (said === undefined) return
    const packet = segment.subarray(HEADER)
    const failure = this.#failure(this.stack.ipOf(from), packet, from, said.reason, said)
    if (failure === undefined) return
    if (failure.mtu !== undefined) {
      this.stack.ipOf(from).paths.learn(failure.destination.bytes, failure.mtu)
    }
    this.stack.failed(failure)
  }

  /** What a message says of a packet, of which the beginning is there; undefined where it is not ours. */
  #failure(
    ip: Ip,
    packet: Uint8Array,
    from: Address,
    reason: FailureReason,
    { code, mtu }: { code: number; mtu?: number | undefined },
  ): Failure | undefined {
    const quoted = { ...lastRead }
    if (!readQuoted(ip, packet, quoted) || !ip.isHere(packet, quoted.source)) return undefined
    const { family } = ip.codec
    return {
      reason,
      from,
      source: addressAt(packet, quoted.source, family),
      destination: addressAt(packet, quoted.destination, family),
      protocol: quoted.protocol,
      code,
      ...(mtu !== undefined && { mtu }),
      segment: packet.subarray(quoted.start),
    }
  }

  /** A packet of ours did not even leave. */
  undelivered(ip: Ip, packet: Uint8Array, reason: FailureReason, mtu?: number): void {
    const { family, header } = ip.codec
    const from = addressAt(packet, header - 2 * ip.codec.address, family)
    const failure = this.#failure(ip, packet, from, reason, { code: -1, mtu })
    if (failure) this.stack.failed(failure)
  }

  /** An echo of ours that failed. */
  failed(failure: Failure): void {
    const { segment, source } = failure
    if (segment.length < HEADER || segment[0] !== EchoType[source.family].request) return
    this.#echoes.get(u16(segment, IDENTIFIER))?.failed(u16(segment, SEQUENCE), failure)
  }

  /** Tells the sender that nobody is there for its packet (RFC 1122 3.2.2, RFC 4443 2.4). */
  refuse(
    ip: Ip,
    frame: Uint8Array,
    at: number,
    end: number,
    reason: 'port-unreachable' | 'protocol-unreachable',
  ): void {
    const { family, address, header } = ip.codec
    const source = at + header - 2 * address
    const to = addressAt(frame, source, family)
    const destination = addressAt(frame, source + address, family)
    if (!ip.isHere(destination.bytes) || groupMac(to.bytes) || ip.isBroadcast(to.bytes)) return
    const quoted = frame.subarray(at, Math.min(end, at + QUOTED[family]))
    const message = new Uint8Array(HEADER + quoted.length)
    const [type, code] = codeOf(family, reason)
    message[0] = type
    message[1] = code
    // RFC 4443 3.4: where what nobody knows stands.
    if (type === ErrorType[6].parameter && family === 6) setU32(message, 4, 6)
    message.set(quoted, HEADER)
    this.stack.answer({}, protocolOf(family), [destination, to], message, CHECKSUM)
  }

  close(): void {
    this.#echoes.clear()
  }

  keep(keeper: Keeper): void {
    keeper.map(this.#echoes, (echoes) => keeper.part(echoes))
    keeper.values([this.#identifier], (identifier) => {
      this.#identifier = identifier
    })
  }
}

const protocolOf = (family: 4 | 6) => (family === 4 ? Protocol.ICMP : Protocol.ICMPV6)

/** The header of a packet that is cut: its lengths say more than is there. */
function readQuoted({ codec }: Ip, packet: Uint8Array, into: ReadHeader): boolean {
  if (packet.length < codec.header) return false
  const whole = new Uint8Array(Math.max(packet.length, codec.header + codec.fragmentHeader))
  whole.set(packet)
  const isV4 = codec.family === 4
  into.protocol = packet[isV4 ? 9 : 6] as number
  into.start = isV4 ? ((packet[0] as number) & 15) * 4 : 40
  if (!isV4 && into.protocol === 44) {
    into.protocol = whole[40] as number
    into.start = 48
  }
  into.source = codec.header - 2 * codec.address
  into.destination = codec.header - codec.address
  return into.start + 4 <= packet.length
}
