/** Frames on their way: each in a block of the pool until its time. */

import { VIRTIO_HEADER } from '../dataplane/abi.js'
import { Heap } from '../impair/heap.js'
import { Lost, type WayCounts } from './counts.js'
import type { DetourMemory } from './memory.js'
import { NO_BLOCK, type Output } from './output.js'
import type { FramePool } from './pool.js'

export interface Held {
  /** Milliseconds of the thread's clock. */
  readonly at: number
  readonly block: number
  /** With the virtio header. */
  readonly length: number
  /** The number of the end that it goes to. */
  readonly end: number
  readonly counts: WayCounts
}

interface Ordered extends Held {
  /** Of two at the same time the one that came first goes first. */
  readonly order: number
}

export class Holding {
  readonly #memory: DetourMemory
  readonly #pool: FramePool
  readonly #output: Output
  readonly #heap = new Heap<Ordered>((a, b) => a.at - b.at || a.order - b.order)
  /** Octets of the pool by way. */
  readonly #taken = new Map<WayCounts, number>()
  #order = 0

  constructor(memory: DetourMemory, pool: FramePool, output: Output) {
    this.#memory = memory
    this.#pool = pool
    this.#output = output
  }

  /** When the next one is due; Infinity where none is held. */
  get next(): number {
    return this.#heap.first?.at ?? Number.POSITIVE_INFINITY
  }

  /** Copies a frame into the pool. @returns its block, or NO_BLOCK */
  copy(head: number, length: number): number {
    const block = this.#pool.take(length)
    if (block !== NO_BLOCK) this.#memory.bytes.copyWithin(block, head, head + length)
    return block
  }

  /**
   * Holds a frame in a block. A way may have as much of the pool as is free (dynamic thresholds; Choudhury
   * and Hahne, 1998): one alone has half of it, and always leaves others a share.
   */
  add(held: Held): void {
    const { counts, block, length } = held
    const taken = (this.#taken.get(counts) ?? 0) + this.#pool.sizeOf(length)
    if (taken > this.#pool.free + this.#pool.sizeOf(length)) {
      this.#pool.release(block)
      return counts.lost(Lost.room, 1, length - VIRTIO_HEADER)
    }
    this.#taken.set(counts, taken)
    counts.hold(1)
    this.#heap.push({ ...held, order: this.#order++ })
  }

  /** Lists what is due for output. */
  release(now: number): void {
    while (this.next <= now) this.#list(this.#heap.pop() as Ordered)
  }

  #list({ end, block, length, counts }: Held): void {
    this.#leave(counts, length)
    this.#output.add(end, block, length, block)
  }

  #leave(counts: WayCounts, length: number): void {
    counts.hold(-1)
    const left = (this.#taken.get(counts) ?? 0) - this.#pool.sizeOf(length)
    if (left > 0) this.#taken.set(counts, left)
    else this.#taken.delete(counts)
  }

  /** Lists, in their order, those of some ends that are not due yet. */
  hurry(ends: ReadonlySet<number>): void {
    this.#part(ends, (held) => this.#list(held))
  }

  /** Loses those of some ends. */
  lose(ends: ReadonlySet<number>): void {
    this.#part(ends, ({ counts, block, length }) => {
      this.#leave(counts, length)
      this.#pool.release(block)
      counts.lost(Lost.gone, 1, length - VIRTIO_HEADER)
    })
  }

  #part(ends: ReadonlySet<number>, take: (held: Held) => void): void {
    const stay: Ordered[] = []
    for (let held = this.#heap.pop(); held !== undefined; held = this.#heap.pop()) {
      if (ends.has(held.end)) take(held)
      else stay.push(held)
    }
    for (const held of stay) this.#heap.push(held)
  }
}
