/** One way of an impaired port: its faults, and what becomes of each frame by them. */

import type { Impairment } from '../config/impair.js'
import { VIRTIO_HEADER } from '../dataplane/abi.js'
import { Faults, type FaultsOf } from '../impair/faults.js'
import { complete } from './complete.js'
import { Lost, type WayCounts } from './counts.js'
import type { Holding } from './holding.js'
import type { DetourMemory } from './memory.js'
import { NO_BLOCK, type Output } from './output.js'
import { measure, type WireSize } from './wire-size.js'

/** What all ways share. */
export interface Machine {
  readonly memory: DetourMemory
  readonly holding: Holding
  readonly output: Output
}

export class Path {
  #faults: Faults
  readonly #size: WireSize = { octets: 0, besides: 0, isSuperFrame: false }

  constructor(
    of: FaultsOf,
    settings: Impairment,
    private readonly counts: WayCounts,
    private readonly machine: Machine,
  ) {
    this.#faults = new Faults(of, settings)
  }

  /** From now on; what was taken stays as it is. */
  set(now: number, settings: Impairment): void {
    const gone = Object.keys(this.#faults.settings(now)).map((key) => [key, null] as const)
    this.#faults.change(now, { ...Object.fromEntries(gone), ...settings })
  }

  /** Other faults altogether: other luck, and nothing that went before matters. */
  replace(of: FaultsOf, settings: Impairment): void {
    this.#faults = new Faults(of, settings)
  }

  /**
   * A frame comes, in the arena: it is listed for output or held, once, twice or not at all.
   *
   * @param head where its virtio header is @param length with that @param end where it is to go
   */
  enter(now: number, head: number, length: number, end: number): void {
    const size = this.#size
    measure(this.machine.memory.view, head, length, size)
    const { octets, besides } = size
    const { delivered, deliveries, dropped, reasons } = this.#faults.pass(now, octets, besides)
    if (delivered + dropped > 1) this.counts.copied(length - VIRTIO_HEADER)
    for (let index = 0; index < dropped; index++) {
      this.counts.lost(Lost[reasons[index as 0 | 1]], 1, length - VIRTIO_HEADER)
    }
    for (let index = 0; index < delivered; index++) {
      const { at, bit } = deliveries[index as 0 | 1]
      if (bit >= 0) this.#corrupt(now, at, bit, head, length, end)
      else if (at <= now) this.machine.output.add(end, head, length, NO_BLOCK)
      else this.#hold(at, this.#copy(head, length), length, end)
    }
  }

  /**
   * A super-frame's checksums are yet to be made, and would be right whatever is in it: it is lost instead,
   * as its segments were at the receiver.
   */
  #corrupt(now: number, at: number, bit: number, head: number, length: number, end: number): void {
    if (this.#size.isSuperFrame) return this.counts.lost(Lost.loss, 1, length - VIRTIO_HEADER)
    const block = this.#copy(head, length)
    if (block === NO_BLOCK) return
    const { bytes } = this.machine.memory
    complete(bytes.subarray(block, block + length))
    const octet = block + VIRTIO_HEADER + (bit >> 3)
    bytes[octet] = (bytes[octet] as number) ^ (1 << (bit & 7))
    this.counts.corrupted()
    if (at <= now) this.machine.output.add(end, block, length, block)
    else this.#hold(at, block, length, end)
  }

  #copy(head: number, length: number): number {
    const block = this.machine.holding.copy(head, length)
    if (block === NO_BLOCK) this.counts.lost(Lost.room, 1, length - VIRTIO_HEADER)
    return block
  }

  #hold(at: number, block: number, length: number, end: number): void {
    if (block !== NO_BLOCK)
      this.machine.holding.add({ at, block, length, end, counts: this.counts })
  }
}
