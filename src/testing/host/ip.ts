/** IP of one family, as a host has it: whose packets are ours, which way others go, fragments. */
import { isLoopbackAt } from '../../config/address.js'
import type { Keeper } from '../../memento/keeper.js'
import type { Timeline } from '../clock/timeline.js'
import { AddressMap, addressAt } from './address.js'
import { type HeaderCodec, lastRead, type ReadHeader, written } from './header.js'
import { Neighbors } from './neighbors.js'
import type { Address } from './network.js'
import { OwnAddresses } from './own-addresses.js'
import { PathMtus } from './path-mtu.js'
import { Reassembly } from './reassembly.js'
import { copy, ETHERNET, groupMac, setU16 } from './wire.js'

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
  readonly loops: boolean
}

/** The frame that was made last: a view of the buffer. */
let lastView: Uint8Array = new Uint8Array(0)

export class Ip extends OwnAddresses {
  readonly neighbors: Neighbors
  readonly #groups: AddressMap<number>
  readonly paths: PathMtus
  readonly #reassembly: Reassembly
  #id = 0

  constructor(
    readonly codec: HeaderCodec,
    private readonly host: IpHost,
  ) {
    super(codec.family, host.name)
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

  /** Whether packets from the link to the address are for us. */
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
    // RFC 1122 3.2.1.3: nobody on the link has it.
    if (isLoopbackAt(frame, header.source, this.codec.family)) return
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
    this.#set({ protocol, from, to, ttl, trafficClass })
    written.payload = payload.length
    this.codec.write(whole, at, written)
    whole.set(payload, at + this.codec.header)
    this.receive(whole, at)
  }

  #set({ protocol, from, to, ttl, trafficClass }: Omit<Outgoing, 'loops' | 'dontFragment'>): void {
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

  /**
   * Sends an upper-layer packet, in fragments where it is too long for the way.
   *
   * @throws LinkspanError code `UNREACHABLE`
   */
  send(packet: Outgoing, segment: Uint8Array): void {
    const { from, to } = packet
    if (this.isHere(to.bytes)) return this.#loop(packet, segment)
    // From a loopback address, groups are those of the host.
    const stays = isLoopbackAt(from.bytes, 0, this.codec.family) && groupMac(to.bytes) !== undefined
    if (!stays) this.checkSource(from, to)
    const hop = stays ? undefined : this.hopTo(to)
    if (packet.loops && hop === undefined && this.#accepts(to.bytes, 0)) this.#loop(packet, segment)
    if (!stays) this.#sendBy(hop, packet, segment)
  }

  #sendBy(hop: Uint8Array | undefined, packet: Outgoing, segment: Uint8Array): void {
    const { header } = this.codec
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
    this.host.clock.after(0, () => {
      if (!this.codec.read(frame, ETHERNET, lastRead)) return
      const { destination } = lastRead
      if (!this.isHere(frame, destination) && !this.#accepts(frame, destination)) return
      this.host.deliver(this, frame, ETHERNET, lastRead)
    })
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

  /** @internal */
  override keep(keeper: Keeper): void {
    super.keep(keeper)
    keeper.part(this.neighbors)
    keeper.part(this.paths)
    keeper.part(this.#reassembly)
    this.#groups.keep(keeper)
    keeper.values([this.#id], (id) => {
      this.#id = id
    })
  }
}

const EVERYBODY = Uint8Array.of(255, 255, 255, 255, 255, 255)
