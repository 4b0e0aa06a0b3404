/** Captures: copies of frames that the workers leave in their rings, by number. Names are control's. */
import type { Prefix } from '../config/address.js'
import { LinkspanError } from '../error.js'
import { CAPTURES_MAX, Wants } from './abi.js'
import type { Exports } from './exports.js'
import { drops } from './generated/drops.js'
import { wordsOf } from './port-record.js'

/** What a capture asks for; what is left out does not matter. */
export interface Wanted {
  port?: number | undefined
  /** Source or destination, 6 octets. */
  mac?: Uint8Array | undefined
  etherType?: number | undefined
  vlan?: number | undefined
  address?: Prefix | undefined
  direction?: 'receive' | 'transmit' | undefined
  /** Only what is dropped on its way in. */
  dropped?: boolean | undefined
  /** Most octets of a frame. */
  snapLength: number
}

export interface CapturedFrame {
  port: number
  /** Receive is into the switch. */
  direction: 'receive' | 'transmit'
  /** Why it was dropped on its way in, if it was. */
  reason: (typeof drops)[number] | undefined
  /** Octets of the frame, of which `frame` has the first. */
  length: number
  frame: Uint8Array
  /** Milliseconds on the clock of the workers. */
  time: number
}

export type Sink = (frame: CapturedFrame) => void

export interface CapturePlace {
  /** Starts, or changes what is captured: what is in the rings by then is as it was asked for before. */
  watch(wanted: Wanted): void
  /** Gives the place back. A sink that stops itself gets no more; else it is given what is in the rings. */
  stop(): void
}

/** Octets of a record before the frame, see assembly/capture.ts. */
const RECORD_SIZE = 32
/** Octets of records that a ring holds, see assembly/memory.ts. */
const RING_SIZE = 1 << 20
const byCode = new Map<number, (typeof drops)[number]>(drops.map((drop) => [drop.code, drop]))

export class Captures {
  readonly #exports: Exports
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #workers: number
  readonly #sinks: (Sink | undefined)[] = Array.from({ length: CAPTURES_MAX }, () => undefined)
  #draining = false

  constructor(exports: Exports, memory: WebAssembly.Memory, workers: number) {
    this.#exports = exports
    this.#bytes = new Uint8Array(memory.buffer)
    this.#view = new DataView(memory.buffer)
    this.#workers = workers
  }

  get active(): boolean {
    return this.#sinks.some((sink) => sink !== undefined)
  }

  /** Frames that came faster than they were drained, since the switch started, all captures together. */
  lost(): number {
    let lost = 0
    for (let worker = 0; worker <= this.#workers; worker++) {
      lost += this.#exports.capturesLost(worker)
    }
    return lost
  }

  /**
   * Takes one of the places for captures. `sink` is called by `drain`, with frames from the first
   * `watch` on.
   *
   * @throws LinkspanError LIMIT when as many run as can
   */
  reserve(sink: Sink): CapturePlace {
    const which = this.#sinks.indexOf(undefined)
    if (which < 0) {
      throw new LinkspanError(
        'LIMIT',
        `${CAPTURES_MAX} captures and mirrors to a file run already: end one of them first`,
      )
    }
    this.#sinks[which] = sink
    const isOurs = () => this.#sinks[which] === sink
    return {
      watch: (wanted) => {
        if (isOurs()) this.#begin(which, wanted)
      },
      stop: () => {
        if (!isOurs()) return
        this.#exports.captureStop(which)
        this.drain() // what is in the rings by now is its, and not the next one's
        this.#sinks[which] = undefined
      },
    }
  }

  #begin(which: number, wanted: Wanted): void {
    const { port, mac, etherType, vlan, address, snapLength } = wanted
    if (address) {
      const version = address.family
      this.#exports.captureAddress(which, version, address.length, ...wordsOf(address.bytes))
    }
    const view = new DataView(Uint8Array.from(mac ?? new Uint8Array(6)).buffer)
    this.#exports.captureStart(
      which,
      wantsOf(wanted),
      port ?? 0,
      view.getUint16(0),
      view.getUint32(2),
      etherType ?? 0,
      vlan ?? 0,
      snapLength,
    )
  }

  /** Hands what the workers left to whoever wanted it; does nothing when a sink calls it. */
  drain(): void {
    if (this.#draining) return
    this.#draining = true
    try {
      for (let worker = 0; worker <= this.#workers; worker++) this.#empty(worker)
    } finally {
      this.#draining = false
    }
  }

  /** No more than was there at first: a worker that goes on filling its ring would keep us for ever. */
  #empty(worker: number): void {
    let octets = 0
    while (octets < RING_SIZE) {
      const at = this.#exports.captureNext(worker)
      if (at === 0) return
      octets += this.#view.getUint32(at, true)
      try {
        this.#handOver(at)
      } finally {
        this.#exports.captureDone(worker)
      }
    }
  }

  #handOver(at: number): void {
    const wanted = this.#view.getUint32(at + 4, true)
    const captured = this.#frameAt(at)
    for (const [which, sink] of this.#sinks.entries()) {
      if ((wanted >>> which) & 1) sink?.(captured)
    }
  }

  #frameAt(at: number): CapturedFrame {
    const kind = this.#view.getUint32(at + 12, true)
    const start = at + RECORD_SIZE
    return {
      port: this.#view.getUint32(at + 8, true),
      direction: (kind & 0xff) === 1 ? 'receive' : 'transmit',
      reason: byCode.get(kind >>> 8),
      length: this.#view.getUint32(at + 16, true),
      // A copy that is not shared: it outlives its place in the ring.
      frame: Uint8Array.from(
        this.#bytes.subarray(start, start + this.#view.getUint32(at + 20, true)),
      ),
      time: this.#view.getFloat64(at + 24, true),
    }
  }
}

function wantsOf({ port, mac, etherType, vlan, address, direction, dropped }: Wanted): number {
  const kinds = dropped
    ? Wants.DROPPED
    : direction === undefined
      ? Wants.RECEIVED | Wants.TRANSMITTED
      : direction === 'receive'
        ? Wants.RECEIVED
        : Wants.TRANSMITTED
  return (
    kinds |
    (port === undefined ? 0 : Wants.PORT) |
    (mac === undefined ? 0 : Wants.MAC) |
    (etherType === undefined ? 0 : Wants.ETHER_TYPE) |
    (vlan === undefined ? 0 : Wants.VLAN) |
    (address === undefined ? 0 : Wants.ADDRESS)
  )
}
