/**
 * Who has an address on the link, and frames that wait until we know: RFC 826 and the part of RFC 4861
 * that both families share. A neighbour that was not heard of for a while is asked for anew.
 */

import type { Keeper } from '../../memento/keeper.js'
import type { Timer } from '../clock/clock.js'
import type { Timeline } from '../clock/timeline.js'
import { AddressMap } from './address.js'
import { setU16, setU32, u16, u32 } from './wire.js'

/** RFC 4861 10: MAX_MULTICAST_SOLICIT, RETRANS_TIMER; REACHABLE_TIME twice over, in ms. */
const TRIES = 3
const RETRANS_MS = 1000
const REACHABLE_MS = 60_000
/** Frames that wait for one address; the oldest goes first (RFC 4861 7.2.2 asks for one at least). */
const WAITING = 64

interface Neighbor {
  readonly address: Uint8Array
  /** Two and four octets of the MAC. */
  macHigh: number
  macLow: number
  /** Until when the MAC holds; 0 while it is asked for. */
  until: number
  waiting: Uint8Array[]
  tries: number
  timer: Timer | undefined
}

export interface NeighborsHost {
  readonly clock: Timeline
  /** Asks the link who has the address. */
  solicit(address: Uint8Array): void
  /** Sends a frame whose addresses are complete. */
  transmit(frame: Uint8Array): void
  /** Nobody answered for a frame's next hop. */
  unreachable(frame: Uint8Array): void
}

export class Neighbors {
  readonly #table: AddressMap<Neighbor>

  constructor(
    private readonly length: 4 | 16,
    private readonly host: NeighborsHost,
  ) {
    this.#table = new AddressMap(length)
  }

  /** Writes the MAC of an address before a frame; false where it is not known, or not any more. */
  address(address: Uint8Array, frame: Uint8Array): boolean {
    const neighbor = this.#table.get(address)
    if (neighbor === undefined || neighbor.until <= this.host.clock.now) return false
    setU16(frame, 0, neighbor.macHigh)
    setU32(frame, 2, neighbor.macLow)
    return true
  }

  /** Keeps a frame until its next hop is known; takes it over. */
  wait(address: Uint8Array, frame: Uint8Array): void {
    const neighbor = this.#table.get(address) ?? this.#begin(address)
    if (neighbor.waiting.length === WAITING) neighbor.waiting.shift()
    // Whose MAC stands there is of the packet that was made before in the same memory.
    frame.fill(0, 0, 6)
    neighbor.waiting.push(frame)
    if (neighbor.timer === undefined) this.#ask(neighbor)
  }

  #begin(address: Uint8Array): Neighbor {
    const neighbor: Neighbor = {
      address: address.slice(),
      macHigh: 0,
      macLow: 0,
      until: 0,
      waiting: [],
      tries: 0,
      timer: undefined,
    }
    this.#table.set(address, neighbor)
    return neighbor
  }

  #ask(neighbor: Neighbor): void {
    if (neighbor.tries === TRIES) return this.#giveUp(neighbor)
    neighbor.tries++
    neighbor.timer = this.host.clock.after(RETRANS_MS, () => this.#ask(neighbor))
    this.host.solicit(neighbor.address)
  }

  #giveUp(neighbor: Neighbor): void {
    const { waiting } = neighbor
    this.#table.delete(neighbor.address)
    for (const frame of waiting) this.host.unreachable(frame)
  }

  /**
   * A neighbour said who it is. @param always also where it is none that we know or asked for
   */
  learn(bytes: Uint8Array, addressAt: number, macAt: number, always: boolean): void {
    let neighbor = this.#table.getAt(bytes, addressAt)
    if (neighbor === undefined) {
      if (!always) return
      neighbor = this.#begin(bytes.slice(addressAt, addressAt + this.length))
    }
    neighbor.macHigh = u16(bytes, macAt)
    neighbor.macLow = u32(bytes, macAt + 2)
    neighbor.until = this.host.clock.now + REACHABLE_MS
    neighbor.tries = 0
    neighbor.timer?.cancel()
    neighbor.timer = undefined
    const { waiting } = neighbor
    if (waiting.length === 0) return
    neighbor.waiting = []
    for (const frame of waiting) {
      // A copy: who goes back to before this answer finds the other one, which waits.
      const complete = frame.slice()
      setU16(complete, 0, neighbor.macHigh)
      setU32(complete, 2, neighbor.macLow)
      this.host.transmit(complete)
    }
  }

  /** Asks for nobody any more. */
  close(): void {
    for (const neighbor of this.#table.values()) neighbor.timer?.cancel()
    this.#table.clear()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    this.#table.keep(keeper, (neighbor) => {
      keeper.record(neighbor)
      keeper.list(neighbor.waiting)
    })
  }
}
