/** One direction of a link that does something to frames, and what it did. */
import { type FaultDrop, Faults, type FaultsOf, type Verdict } from '../../impair/faults.js'
import type { Keeper } from '../../memento/keeper.js'
import type { Timeline } from '../clock/timeline.js'
import { ETHERNET, u16 } from '../host/wire.js'

/** Takes a frame, whose octets are good for the call only. */
export type Sink = (frame: Uint8Array) => void

/** Why a frame did not come out; `partition`: see `lab.partition`. */
export type LinkDrop = FaultDrop | 'partition'

/** Whether a frame is from somebody who is not to be heard at this end. */
export type Cut = (frame: Uint8Array) => boolean

/** EtherType of a VLAN tag (IEEE 802.1Q), and its octets. */
const TAG = { type: 0x8100, length: 4 } as const

export class Way {
  readonly faults: Faults
  cuts: readonly Cut[] = []
  readonly drops: Record<LinkDrop, number> = { loss: 0, queue: 0, mtu: 0, down: 0, partition: 0 }
  /** Copies that were made. */
  duplicated = 0
  /** Frames that come out with a bit changed. */
  corrupted = 0
  #underWay = 0
  #verdict: Verdict | undefined

  constructor(
    of: FaultsOf,
    private readonly clock: Timeline,
    private readonly sink: Sink,
  ) {
    this.faults = new Faults(of)
  }

  /**
   * A frame enters; returns why nothing of it comes out. Else it is to be carried, before the next.
   *
   * @param number of the frame in this direction, from 1 on, also of those that went before this was made
   */
  enter(frame: Uint8Array, number: number): LinkDrop | undefined {
    for (const cut of this.cuts) {
      if (!cut(frame)) continue
      this.drops.partition++
      return 'partition'
    }
    const verdict = this.faults.pass(this.clock.now, frame.length, headerOf(frame), number)
    this.#verdict = verdict
    const { delivered, dropped, reasons } = verdict
    if (delivered + dropped > 1) this.duplicated++
    for (let index = 0; index < dropped; index++) this.drops[reasons[index as 0 | 1]]++
    return delivered === 0 ? reasons[0] : undefined
  }

  /** Why a frame that entered now would surely be lost. */
  obstacle(frame: Uint8Array): LinkDrop | undefined {
    if (this.cuts.some((cut) => cut(frame))) return 'partition'
    const { up, mtu, loss } = this.faults.settings(this.clock.now)
    if (up === false) return 'down'
    if (mtu !== undefined && frame.length - headerOf(frame) > mtu) return 'mtu'
    return loss && 'probability' in loss && loss.probability === 1 ? 'loss' : undefined
  }

  /** Carries the frame that has entered. */
  carry(frame: Uint8Array): void {
    const { delivered, deliveries } = this.#verdict as Verdict
    const { at, bit } = deliveries[0]
    const isPlain = delivered === 1 && bit < 0
    // Who is under way at this instant goes first.
    if (isPlain && at <= this.clock.now && this.#underWay === 0) return this.sink(frame)
    for (let index = 0; index < delivered; index++) {
      const delivery = deliveries[index as 0 | 1]
      this.#deliver(frame.slice(), delivery.at, delivery.bit)
    }
  }

  #deliver(copy: Uint8Array, at: number, bit: number): void {
    if (bit >= 0) {
      this.corrupted++
      copy[bit >>> 3] = (copy[bit >>> 3] as number) ^ (1 << (bit & 7))
    }
    this.#underWay++
    this.clock.at(at, () => {
      this.#underWay--
      this.sink(copy)
    })
  }

  /** The verdict on the frame in hand is no state: it is carried before the next enters. */
  keep(keeper: Keeper): void {
    keeper.part(this.faults)
    keeper.record(this.drops)
    keeper.handles([this.cuts], (cuts) => {
      this.cuts = cuts
    })
    keeper.values([this.duplicated, this.corrupted, this.#underWay], (...kept) => {
      ;[this.duplicated, this.corrupted, this.#underWay] = kept
    })
  }
}

function headerOf(frame: Uint8Array): number {
  return frame.length > ETHERNET && u16(frame, 12) === TAG.type ? ETHERNET + TAG.length : ETHERNET
}
