/**
 * What became of frames on the detour, in memory that control reads: the detour's thread alone writes, and
 * nothing is ever taken back but `held`. An aligned double is stored and loaded in one piece on every machine
 * that there is an addon for.
 */
import { WAYS, type Way } from '../config/port-impair.js'
import { drops } from '../dataplane/generated/drops.js'
import type { FaultDrop } from '../impair/faults.js'
import { failureReason } from '../worker/failure.js'

type Reason = (typeof drops)[number]['name']

/** Reasons of a way, the same fault at the same place. What else a device does to a frame comes behind. */
const REASONS: Readonly<Record<Way, readonly Reason[]>> = {
  receive: [
    'impair-loss-receive',
    'impair-queue-receive',
    'impair-mtu-receive',
    'impair-down-receive',
    'impair-room-receive',
    'port-down',
  ],
  transmit: [
    'impair-loss-transmit',
    'impair-queue-transmit',
    'impair-mtu-transmit',
    'impair-down-transmit',
    'impair-room-transmit',
    'device-down',
    'device-full',
    'device-refused',
  ],
}

/** Places in those lists. */
export const Lost = {
  loss: 0,
  queue: 1,
  mtu: 2,
  down: 3,
  room: 4,
  gone: 5,
} as const satisfies Record<FaultDrop | 'room' | 'gone', number>

const CODES = Object.fromEntries(drops.map(({ code, name }) => [name, code]))
const codesOf = (way: Way): number[] => REASONS[way].map((reason) => CODES[reason] as number)
const codes = { receive: codesOf('receive'), transmit: codesOf('transmit') }

const [HELD, COPIES, COPY_OCTETS, CORRUPTED, LOST] = [0, 1, 2, 3, 4]
const WAY_WORDS = LOST + 2 * 8
const PORT_WORDS = WAYS.length * WAY_WORDS

/** Of one port's one way, as the detour writes them. */
export class WayCounts {
  readonly #words: Float64Array
  readonly #at: number

  constructor(
    buffer: SharedArrayBuffer,
    port: number,
    readonly way: Way,
  ) {
    this.#words = new Float64Array(buffer)
    this.#at = placeOf(port, way)
  }

  /** @param change frames more that wait, or less */
  hold(change: number): void {
    this.#add(HELD, change)
  }

  copied(octets: number): void {
    this.#add(COPIES, 1)
    this.#add(COPY_OCTETS, octets)
  }

  corrupted(): void {
    this.#add(CORRUPTED, 1)
  }

  /** @param reason one of {@link Lost} */
  lost(reason: number, frames: number, octets: number): void {
    this.#add(LOST + reason * 2, frames)
    this.#add(LOST + reason * 2 + 1, octets)
  }

  /** Frames that were not taken where the way ends: by the device, or for the workers, who are behind. */
  refused(errno: number, frames: number, octets: number): void {
    const code = failureReason(errno)
    const own = codes[this.way].indexOf(code)
    const instead = code === CODES['device-full'] ? Lost.room : Lost.gone
    this.lost(own < 0 ? instead : own, frames, octets)
  }

  #add(which: number, by: number): void {
    const at = this.#at + which
    this.#words[at] = (this.#words[at] as number) + by
  }
}

const placeOf = (port: number, way: Way) => port * PORT_WORDS + WAYS.indexOf(way) * WAY_WORDS

/** What people see of a way beside the drops. */
export interface WayState {
  /** Frames that are on their way. */
  readonly held: number
  readonly duplicated: number
  readonly corrupted: number
}

/** Where control puts what was counted. */
export interface Ledger {
  copied(port: number, frames: number, octets: number): void
  /** @param code of the drop reason */
  lost(port: number, way: Way, code: number, frames: number, octets: number): void
}

/** Of all ports, as control reads them. */
export class DetourCounts {
  readonly buffer: SharedArrayBuffer
  readonly #words: Float64Array
  /** What was read of each word before. */
  readonly #read: Float64Array

  /** @param ports there may be */
  constructor(ports: number) {
    this.buffer = new SharedArrayBuffer(ports * PORT_WORDS * Float64Array.BYTES_PER_ELEMENT)
    this.#words = new Float64Array(this.buffer)
    this.#read = new Float64Array(this.#words.length)
  }

  /** Since the port was {@link forget forgotten} last. */
  stateOf(port: number, way: Way): WayState {
    const at = placeOf(port, way)
    return {
      held: this.#words[at + HELD] as number,
      duplicated: this.#words[at + COPIES] as number,
      corrupted: this.#words[at + CORRUPTED] as number,
    }
  }

  /** Hands over what has been counted since the last time. Copies first: they may be among what is lost. */
  collect(port: number, ledger: Ledger): void {
    for (const way of WAYS) {
      const at = placeOf(port, way)
      const [copies, copyOctets] = [this.#since(at + COPIES), this.#since(at + COPY_OCTETS)]
      if (copies > 0 && way === 'transmit') ledger.copied(port, copies, copyOctets)
      for (const [reason, code] of codes[way].entries()) {
        const frames = this.#since(at + LOST + reason * 2)
        const octets = this.#since(at + LOST + reason * 2 + 1)
        if (frames > 0) ledger.lost(port, way, code, frames, octets)
      }
    }
  }

  #since(at: number): number {
    const now = this.#words[at] as number
    const more = now - (this.#read[at] as number)
    this.#read[at] = now
    return more
  }

  /** Begins anew for a port that has no way past the detour any more. */
  forget(port: number): void {
    const at = placeOf(port, 'receive')
    this.#words.fill(0, at, at + PORT_WORDS)
    this.#read.fill(0, at, at + PORT_WORDS)
  }
}
