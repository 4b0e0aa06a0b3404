/**
 * What the descriptor of a frame says after a dry run: the flow it belongs to, the domain it was routed
 * to, and the frame as it lies then. Offsets are those of assembly/frame.ts.
 */
import { BURST_MAX, RECEIVED_SIZE } from './abi.js'
import { Flows, type FlowView } from './flows.js'
import type { Forwarder } from './forwarder.js'
import type { Manager } from './manager.js'
import type { NeighborRecord } from './router-records.js'

/** What the door, or the way out of a tunnel, made of a frame. */
export interface Entry {
  /** The port that it came in by: the tunnel, where it was in a datagram. */
  port: number
  /** Its checksum is, or was, left to be completed. */
  partial: boolean
  /** Octets of payload of a super-frame's segments; 0 where it is none. */
  segmentSize: number
}

export interface Passage {
  /** Undefined where it was in a datagram of which nothing came out. */
  entry: Entry | undefined
  /** The flow that the frame belongs to, or has begun. */
  flow: { view: FlowView; isReply: boolean; isNew: boolean } | undefined
  /** The domain that it was routed to; 0 if it did not come so far. */
  outFid: number
  /** The frame as it lies afterwards: translated, if it was not handed back to its sender. */
  frame: Uint8Array
  /** Of the domain that it was routed to. */
  neighbors: readonly NeighborRecord[]
}

const DESCRIPTOR_SIZE = 64
const At = {
  ...{ ADDRESS: 0, LENGTH: 4, PORT: 8, FID: 10, ETHER_TYPE: 16 },
  ...{ CHECKSUM: 20, GSO_TYPE: 21, GSO_SIZE: 22, FLOW: 52, OUT_FID: 56 },
} as const
const IPV6 = 0x86dd

/** A watched frame is routed as a copy, the second descriptor behind READY and EVENTS (assembly/memory.ts). */
const COPY = 256 * 8 + 1024 * 32 + DESCRIPTOR_SIZE

export class PassageReader {
  readonly #view: DataView
  readonly #own: number
  readonly #copy: number

  constructor(
    private readonly manager: Manager,
    forwarder: Forwarder,
    private readonly bytes: Uint8Array,
  ) {
    this.#view = new DataView(bytes.buffer)
    this.#own = forwarder.received + BURST_MAX * RECEIVED_SIZE
    this.#copy = forwarder.ready + COPY
  }

  /** Forgets the frame before: what is not reached writes nothing. */
  clear(): void {
    for (const at of [this.#own, this.#copy]) this.bytes.fill(0, at, at + DESCRIPTOR_SIZE)
  }

  /** The broadcast domain of the frame; 0 if it was refused before that was known. */
  get fid(): number {
    return this.#view.getUint16(this.#own + At.FID, true)
  }

  read(now: number): Passage {
    const copied = this.#view.getUint32(this.#copy + At.ADDRESS, true) !== 0
    const at = copied ? this.#copy : this.#own
    const word = (offset: number) => this.#view.getUint32(at + offset, true)
    const outFid = this.#view.getUint16(at + At.OUT_FID, true)
    const wide = this.#view.getUint16(at + At.ETHER_TYPE, true) === IPV6
    const start = word(At.ADDRESS)
    const all = outFid === 0 ? [] : [...this.manager.router.neighbors(now)]
    return {
      entry: this.#entry(),
      flow: this.#flowOf(word(At.FLOW), wide, now),
      outFid,
      frame: this.bytes.slice(start, start + word(At.LENGTH)),
      neighbors: all.filter(({ fid }) => fid === outFid),
    }
  }

  #entry(): Entry | undefined {
    const octet = (offset: number) => this.#view.getUint8(this.#own + offset)
    const half = (offset: number) => this.#view.getUint16(this.#own + offset, true)
    if (this.#view.getUint32(this.#own + At.ADDRESS, true) === 0) return undefined
    return {
      port: half(At.PORT),
      partial: octet(At.CHECKSUM) !== 0,
      segmentSize: octet(At.GSO_TYPE) === 0 ? 0 : half(At.GSO_SIZE),
    }
  }

  /** A reference has the direction in its lowest bit, and the record behind the second. */
  #flowOf(reference: number, wide: boolean, now: number): Passage['flow'] {
    if (reference === 0) return undefined
    const view = new Flows(this.manager, () => now).at(wide, reference >>> 2)
    // Whatever comes second was counted with the first.
    return view && { view, isReply: (reference & 1) === 1, isNew: view.frames === 1 }
  }
}
