/** IP of one family, as a host has it: whose packets are ours, which way others go, fragments. */
import { quote } from '../../config/describe.js'
import { LinkspanError } from '../../error.js'
import type { Timeline } from '../clock/timeline.js'
import { AddressMap, addressAt, isSame } from './address.js'
import { type HeaderCodec, lastRead, type ReadHeader, written } from './header.js'
import { Neighbors } from './neighbors.js'
import type { Address } from './network.js'
import { PathMtus } from './path-mtu.js'
import { Reassembly } from './reassembly.js'
import { copy, ETHERNET, groupMac, setU16, u32 } from './wire.js'

/** An address of ours on the link. */
export interface OwnAddress {
  readonly address: Address
  /** Bits of the network. */
  readonly length: number
  /** Of IPv4: to everybody in the network (RFC 919). */
  readonly broadcast: Uint8Array | undefined
  /** Whether it is good on the link only (RFC 4291 2.5.6). */
  readonly isLinkLocal: boolean
}

/** What IP has of the host around it. */
export interface IpHost {
  readonly name: string
  readonly clock: Timeline
  readonly mac: Uint8Array
  readonly mtu: number
  /** Where frames are made: room for the longest. */
  readonly buffer: Uint8Array
  transmit(frame: Uint8Array): void
  solicit(family: 4 | 6, address: Uint8Array): void
  /** An upper-layer packet for us. `at` is where the IP header is. */
  deliver(ip: Ip, frame: Uint8Array, at: number, header: ReadHeader): void
  /** A packet of ours that cannot go: what of it was sent, from its IP header on. */
  undelivered(
    ip: Ip,
    packet: Uint8Array,
    reason: 'host-unreachable' | 'too-big',
    mtu?: number,
  ): void
}

export interface Outgoing {
  readonly protocol: number
  readonly from: Address
  readonly to: Address
  readonly ttl: number
  readonly dontFragment: boolean
  /** DSCP and ECN. */
  readonly trafficClass: number
}

/** The frame that was made last: a view of the buffer. */
let lastView: Uint8Array = new Uint8Array(0)

export class Ip {
  readonly own: OwnAddress[] = []
  /** The one IPv4 address, as a number, of most hosts. */
  #only: number | undefined
  #mask = 0
  gateway: Address | undefined
  readonly neighbors: Neighbors
  readonly #groups: AddressMap<number>
  readonly paths: PathMtus
  readonly #reassembly: Reassembly
  #id = 0

  constructor(
    readonly codec: HeaderCodec,
    private readonly host: IpHost,
  ) {
    const { family, address } = codec
    const { clock } = host
    this.neighbors = new Neighbors(address, {
      clock,
      solicit: (target) => host.solicit(family, target),
      transmit: (frame) => host.transmit(frame),
      unreachable: (frame) => host.undelivered(this, frame.subarray(ETHERNET), 'host-unreachable'),
    })
    this.#groups = new AddressMap(address)
    this.paths = new PathMtus(codec, host)
    this.#reassembly = new Reassembly(clock, family === 4 ? 65_515 : 65_535)
  }

  /** Makes an address ours. */
  add(own: OwnAddress): void {
    this.own.push(own)
    const isOnly = this.codec.family === 4 && this.own.length === 1
    this.#only = isOnly ? u32(own.address.bytes, 0) : undefined
    this.#mask = own.length === 0 ? 0 : -1 << (32 - own.length)
  }

  isOwn(bytes: Uint8Array, at: number): boolean {
    if (this.#only !== undefined) return u32(bytes, at) === this.#only
    for (const { address } of this.own) if (isSame(address.bytes, bytes, at)) return true
    return false
  }

  /** Whether everybody on the link is meant. */
  isBroadcast(address: Uint8Array): boolean {
    if (this.codec.family === 6) return false
    if (address.every((octet) => octet === 255)) return true
    return this.own.some(({ broadcast }) => broadcast && isSame(broadcast, address))
  }

  /** Whether packets to the address are for us. */
  #accepts(frame: Uint8Array, at: number): boolean {
    if (this.isOwn(frame, at) || this.#groups.getAt(frame, at) !== undefined) return true
    return this.codec.family === 4 && this.isBroadcast(frame.subarray(at, at + 4))
  }

  /** Counted: the last one who leaves is the one who leaves. */
  join(group: Uint8Array): void {
    this.#groups.set(group, (this.#groups.get(group) ?? 0) + 1)
  }
  leave(group: Uint8Array): void {
    const left = (this.#groups.get(group) ?? 0) - 1
    if (left > 0) this.#groups.set(group, left)
    else this.#groups.delete(group)
  }

  receive(frame: Uint8Array, at = ETHERNET): void {
    const header = lastRead
    if (!this.codec.read(frame, at, header)) return
    if (!this.#accepts(frame, header.destination)) return
    if (header.more || header.offset > 0) return this.#receiveFragment(frame, at, header)
    this.host.deliver(this, frame, at, header)
  }

  #receiveFragment(frame: Uint8Array, at: number, header: ReadHeader): void {
    const { id, protocol, ttl, trafficClass, offset, more, start, end, source } = header
    const { destination } = header
    const addresses = frame.subarray(source, destination + this.codec.address)
    // RFC 791: source, destination, protocol and identification; RFC 8200 does without the protocol.
    const kind = this.codec.family === 4 ? protocol : 0
    const payload = this.#reassembly.add(`${id} ${kind} ${addresses}`, {
      offset,
      more,
      payload: frame.subarray(start, end),
    })
    if (payload === undefined) return
    const whole = new Uint8Array(at + this.codec.header + payload.length)
    const { family } = this.codec
    const [from, to] = [addressAt(frame, source, family), addressAt(frame, destination, family)]
    this.#set({ protocol, from, to, ttl, dontFragment: false, trafficClass })
    written.payload = payload.length
    this.codec.write(whole, at, written)
    whole.set(payload, at + this.codec.header)
    this.receive(whole, at)
  }

  #set({ protocol, from, to, ttl, trafficClass }: Outgoing): void {
    const fields = written
    fields.trafficClass = trafficClass
    fields.protocol = protocol
    fields.from = from.bytes
    fields.to = to.bytes
    fields.ttl = ttl
    fields.id = 0
    fields.offset = 0
    fields.more = false
    fields.dontFragment = false
  }

  /** The address that packets to `to` come from. @throws LinkspanError code `UNREACHABLE` */
  sourceFor(to: Address): Address {
    if (this.isOwn(to.bytes, 0)) return to
    this.hopTo(to)
    if (this.own.length === 1) return (this.own[0] as OwnAddress).address
    const isLocal = isLinkLocalAt(to.bytes, this.codec.family)
    const fitting = this.own.filter((one) => one.isLinkLocal === isLocal)
    const near = fitting.find((one) => isWithin(one, to.bytes))
    const source = near ?? fitting[0] ?? this.own[0]
    if (source === undefined) throw this.#unreachable(to)
    return source.address
  }

  hasWay(to: Address): boolean {
    return this.isOwn(to.bytes, 0) || this.#find(to) !== null
  }

  /** The next hop, or undefined for everybody and for groups. @throws LinkspanError `UNREACHABLE` */
  hopTo(to: Address): Uint8Array | undefined {
    const hop = this.#find(to)
    if (hop === null) throw this.#unreachable(to)
    return hop
  }

  /** The same; null where there is no way. */
  #find({ bytes }: Address): Uint8Array | undefined | null {
    if (this.#only !== undefined) {
      const to = u32(bytes, 0)
      const isNear = ((to ^ this.#only) & this.#mask) === 0
      // All bits of the host set: to everybody, unless there are but two.
      if (isNear && ((to | this.#mask) !== -1 || this.#mask >= -2)) return bytes
    }
    if (this.own.length === 0) return null
    for (const one of this.own) {
      if (isWithin(one, bytes)) {
        return one.broadcast && isSame(one.broadcast, bytes) ? undefined : bytes
      }
    }
    if (groupMac(bytes) !== undefined || this.isBroadcast(bytes)) return undefined
    return this.gateway?.bytes ?? null
  }

  #unreachable(to: Address): LinkspanError {
    const own = this.own.filter(({ isLinkLocal }) => !isLinkLocal)
    const list = own.map(({ address, length }) => `${address.text}/${length}`).join(', ')
    const has = list === '' ? `no IPv${this.codec.family} address` : `${list} and no gateway`
    const who = `host ${quote(this.host.name)}`
    return new LinkspanError('UNREACHABLE', `${who} has no way to ${to.text}: it has ${has}`)
  }

  /**
   * Sends an upper-layer packet, in fragments where it is too long for the way.
   *
   * @throws LinkspanError code `UNREACHABLE`
   */
  send(packet: Outgoing, segment: Uint8Array): void {
    const { header } = this.codec
    if (this.isOwn(packet.to.bytes, 0)) return this.#loop(packet, segment)
    const hop = this.hopTo(packet.to)
    const mtu = this.paths.to(packet.to.bytes)
    this.#set(packet)
    if (header + segment.length <= mtu) {
      written.dontFragment = true
      return this.#put(hop, segment)
    }
    if (packet.dontFragment) return this.#tooBig(packet, segment, mtu)
    this.#id = (this.#id + 1) >>> 0
    const room = (mtu - header - this.codec.fragmentHeader) & ~7
    for (let offset = 0; offset < segment.length; offset += room) {
      // Each time all of them: asking for the next hop sends a packet in between.
      this.#set(packet)
      written.id = this.#id
      written.offset = offset
      written.more = offset + room < segment.length
      this.#put(hop, segment.subarray(offset, offset + room))
    }
  }

  /** Writes and sends one packet of the fields that are set. */
  #put(hop: Uint8Array | undefined, payload: Uint8Array): void {
    const { buffer, mac } = this.host
    const fields = written
    fields.payload = payload.length
    const header = this.codec.write(buffer, ETHERNET, fields)
    buffer.set(payload, ETHERNET + header)
    copy(mac, 0, 6, buffer, 6)
    setU16(buffer, 12, this.codec.etherType)
    const length = ETHERNET + header + payload.length
    // The view of the packet before, where that was as long: most are.
    if (lastView.length !== length || lastView.buffer !== buffer.buffer) {
      lastView = buffer.subarray(0, length)
    }
    if (hop === undefined) copy(this.#everybody(fields.to), 0, 6, buffer, 0)
    else if (!this.neighbors.address(hop, buffer)) return this.neighbors.wait(hop, lastView.slice())
    this.host.transmit(lastView)
  }

  #everybody(to: Uint8Array): Uint8Array {
    return groupMac(to) ?? EVERYBODY
  }

  /** To ourselves: it comes in when the caller is done. */
  #loop(packet: Outgoing, segment: Uint8Array): void {
    const frame = this.#packetOf(packet, segment)
    this.host.clock.after(0, () => this.receive(frame))
  }

  #tooBig(packet: Outgoing, segment: Uint8Array, mtu: number): void {
    const frame = this.#packetOf(packet, segment)
    this.host.clock.after(0, () => {
      this.host.undelivered(this, frame.subarray(ETHERNET), 'too-big', mtu)
    })
  }

  /** The packet in a frame of its own. */
  #packetOf(packet: Outgoing, segment: Uint8Array): Uint8Array {
    const frame = new Uint8Array(ETHERNET + this.codec.header + segment.length)
    this.#set(packet)
    written.payload = segment.length
    this.codec.write(frame, ETHERNET, written)
    frame.set(segment, ETHERNET + this.codec.header)
    return frame
  }

  close(): void {
    this.neighbors.close()
    this.#reassembly.close()
  }
}

const EVERYBODY = Uint8Array.of(255, 255, 255, 255, 255, 255)

function isWithin({ address, length }: OwnAddress, bytes: Uint8Array): boolean {
  const whole = length >>> 3
  if (!isSame(address.bytes, bytes, 0, whole)) return false
  const mask = (0xff00 >>> (length & 7)) & 0xff
  return (((address.bytes[whole] ?? 0) ^ (bytes[whole] ?? 0)) & mask) === 0
}

const isLinkLocalAt = (bytes: Uint8Array, family: 4 | 6) =>
  family === 6 && bytes[0] === 0xfe && ((bytes[1] as number) & 0xc0) === 0x80
