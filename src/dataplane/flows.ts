/** The flows of a switch: listed, counted, ended. */
import { type Address, formatAddress } from '../config/address.js'
import { FlowFlag, flowStates, Purge } from './abi.js'
import type { Manager } from './manager.js'
import { wordsOf } from './port-record.js'

export type FlowState = Exclude<(typeof flowStates)[number], 'none'>

export interface FlowTuple {
  source: string
  /** 0 of protocols without ports; of ICMP echo both are the identifier. */
  sourcePort: number
  destination: string
  destinationPort: number
}

/** A flow as it is shown. */
export interface FlowView {
  /** `tcp`, `udp`, `icmp`, `icmpv6`, or the protocol's number. */
  protocol: string
  state: FlowState
  original: FlowTuple
  reply: FlowTuple
  nat: ('source' | 'destination')[]
  /** Milliseconds since it began, and until it ends if nothing comes any more. */
  age: number
  expires: number
  frames: number
  bytes: number
}

export interface FlowFilter {
  protocol?: string
  state?: FlowState
  /** The address in any of its places. */
  address?: string
  /** The port in any of its places. */
  port?: number
  /** The address that was called, and of its ports only these. */
  called?: string
  ports?: readonly [first: number, last: number] | undefined
}

interface Found extends FlowView {
  wide: number
  index: number
  incarnation: number
}

const PROTOCOLS: Record<number, string> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6' }
const FAMILIES = [0, 1] as const
/** Where the record begins in what `flowNext` hands over, and its tuples in the record. */
const RECORD = 24
const TUPLES = RECORD + 40

export class Flows {
  constructor(
    private readonly manager: Manager,
    private readonly now: () => number,
  ) {}

  *list(filter: FlowFilter = {}): Generator<FlowView> {
    for (const { wide: _, index: __, incarnation: ___, ...view } of this.#all()) {
      if (fits(view, filter)) yield view
    }
  }

  /** The flow of a record, if there is one. */
  at(isWide: boolean, record: number): FlowView | undefined {
    const wide = isWide ? 1 : 0
    const { exports, self } = this.manager
    if (exports.flowNext(self, wide, record, this.now()) !== record) return undefined
    const { wide: _, incarnation: __, ...view } = this.#read(wide)
    return view
  }

  /** Ends the flows that fit all that is given; returns how many. */
  delete(filter: FlowFilter = {}): number {
    const { exports, self } = this.manager
    let ended = 0
    for (const flow of this.#all()) {
      if (!fits(flow, filter)) continue
      ended += exports.flowDelete(self, flow.wide, flow.index, flow.incarnation)
    }
    return ended
  }

  /** How many flows there are of each state. */
  states(): Record<FlowState, number> {
    const { exports, scratch, self } = this.manager
    const counts = flowStates.map(() => 0)
    for (const wide of FAMILIES) {
      exports.flowStates(self, wide, this.now())
      for (const at of counts.keys())
        counts[at] = (counts[at] ?? 0) + scratch.getUint32(at * 4, true)
    }
    const named = flowStates.map((name, at) => [name, counts[at]] as const).slice(1)
    return Object.fromEntries(named) as Record<FlowState, number>
  }

  /** Ends the flows that came from or go to a port, or a broadcast domain, by number. */
  purgePort(port: number): number {
    return this.#purge(Purge.PORT, port)
  }
  purgeDomain(fid: number): number {
    return this.#purge(Purge.FID, fid)
  }
  /** Those that hold a port of an external address. */
  purgeSlot(slot: number): number {
    return this.#purge(Purge.SLOT, slot)
  }
  /** Those in which an address takes part, in whatever place. */
  purgeAddress(address: Address): number {
    const { exports, scratch, self } = this.manager
    for (const [at, word] of wordsOf(address.bytes).entries()) scratch.setUint32(at * 4, word, true)
    return exports.flowPurge(self, address.family === 6 ? 1 : 0, Purge.ADDRESS, 0)
  }

  #purge(by: number, value: number): number {
    const { exports, self } = this.manager
    return FAMILIES.reduce<number>((ended, w) => ended + exports.flowPurge(self, w, by, value), 0)
  }

  *#all(): Generator<Found> {
    for (const wide of FAMILIES) {
      let index = 1
      for (;;) {
        index = this.manager.exports.flowNext(this.manager.self, wide, index, this.now())
        if (index === 0) break
        yield { ...this.#read(wide), index }
        index += 1
      }
    }
  }

  #read(wide: number): Omit<Found, 'index'> {
    const { scratch } = this.manager
    const u8 = (at: number) => scratch.getUint8(RECORD + at)
    const flags = scratch.getUint16(RECORD + 2, true)
    const octets = scratch.getBigUint64(RECORD + 32, true)
    const size = wide ? 36 : 12
    const nat: FlowView['nat'] = []
    if (flags & FlowFlag.SOURCE_NAT) nat.push('source')
    if (flags & FlowFlag.DESTINATION_NAT) nat.push('destination')
    return {
      wide,
      incarnation: scratch.getUint16(RECORD, true),
      protocol: PROTOCOLS[u8(4)] ?? String(u8(4)),
      state: (flowStates[u8(5)] ?? 'closed') as FlowState,
      original: this.#tuple(TUPLES, wide),
      reply: this.#tuple(TUPLES + size, wide),
      nat,
      age: scratch.getFloat64(0, true),
      expires: scratch.getFloat64(8, true),
      frames: scratch.getUint32(RECORD + 28, true) + Number(octets >> 56n) * 2 ** 32,
      bytes: Number(octets & 0xff_ffff_ffff_ffffn),
    }
  }

  #tuple(at: number, wide: number): FlowTuple {
    const { scratch } = this.manager
    const size = wide ? 16 : 4
    const address = (from: number) =>
      formatAddress(Uint8Array.from({ length: size }, (_, octet) => scratch.getUint8(from + octet)))
    return {
      source: address(at),
      sourcePort: scratch.getUint16(at + 2 * size),
      destination: address(at + size),
      destinationPort: scratch.getUint16(at + 2 * size + 2),
    }
  }
}

function fits(flow: FlowView, filter: FlowFilter): boolean {
  const { protocol, state, address, port, called, ports: range } = filter
  const { original, reply } = flow
  const { destinationPort } = original
  const addresses = [original.source, original.destination, reply.source, reply.destination]
  const ports = [original, reply].flatMap((tuple) => [tuple.sourcePort, tuple.destinationPort])
  return (
    (protocol === undefined || protocol === flow.protocol) &&
    (state === undefined || state === flow.state) &&
    (address === undefined || addresses.includes(address)) &&
    (port === undefined || ports.includes(port)) &&
    (called === undefined || called === original.destination) &&
    (range === undefined || (range[0] <= destinationPort && destinationPort <= range[1]))
  )
}
