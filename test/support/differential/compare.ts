/** The same frames through two switches, and what comes out compared port by port. */
import { PATIENCE } from '../until.js'
import type { PortLayout } from './layout.js'
import { isMarker, marker } from './marker.js'
import { describeDifference } from './report.js'
import type { Side } from './side.js'
import type { Sent } from './stream.js'

/** What a port put out, oldest first. */
export type Outputs = Uint8Array[][]

export interface Comparison {
  layout: readonly PortLayout[]
  /** Linkspan first. */
  sides: readonly [Side, Side]
  /** Named in a failure, so that it can be replayed. */
  seed: number
  normalise?: Normalise
}

/** A frame that left by `port`, and what was sent for it, if that can be told. */
export interface Left {
  frame: Uint8Array
  port: number
  sent: Sent | undefined
}

/** Makes alike what may differ, on both sides; undefined where the frame is to be left out. */
export type Normalise = (left: Left) => Uint8Array | undefined

/** How often frames went where: a comparison of nothing would be equal too. */
export interface Seen {
  frames: number
  nowhere: number
  one: number
  several: number
}

/** Time given to what is still under way before a difference is one, in ms. */
const GRACE = 300

export class Comparer {
  readonly seen: Seen = { frames: 0, nowhere: 0, one: 0, several: 0 }
  readonly #given: Comparison

  constructor(given: Comparison) {
    this.#given = given
  }

  /** Sends a batch to both and compares; throws with the difference. */
  async run(batch: readonly Sent[]): Promise<void> {
    const { sides, seed, layout } = this.#given
    const outputs = await this.exchange(batch)
    const comparable = () =>
      outputs.map((each) => this.#comparable(each, batch)) as [string[][], string[][]]
    let both = comparable()
    if (!same(...both)) {
      await this.settle(outputs)
      both = comparable()
    }
    if (!same(...both)) {
      const names = sides.map(({ name }) => name)
      throw new Error(describeDifference({ seed, layout, batch, names, outputs: both }))
    }
    this.#count(batch, both[0])
  }

  /** Sends a batch to both. @returns what came out of each, as it is */
  async exchange(batch: readonly Sent[]): Promise<Outputs[]> {
    const { sides, layout } = this.#given
    const markers = this.#markers(batch)
    for (const { ends } of sides) {
      for (const { port, frame } of [...batch, ...markers]) send(ends[port], frame)
    }
    const outputs = sides.map(() => layout.map((): Uint8Array[] => []))
    await this.#collect(outputs, markers.length)
    return outputs
  }

  /** Waits for what may still be under way. */
  async settle(outputs: Outputs[]): Promise<void> {
    await new Promise((done) => setTimeout(done, GRACE))
    for (const [side, own] of outputs.entries()) this.#read(side, own)
  }

  /** Those of the ports that a batch comes in by. */
  #markers(batch: readonly Sent[]): Sent[] {
    const ports = new Set(batch.map(({ port }) => port))
    return [...ports].map((port) => marker(this.#given.layout, port))
  }

  /** Reads until all markers are out on both sides. */
  async #collect(outputs: Outputs[], markers: number): Promise<void> {
    const { sides } = this.#given
    const missing = sides.map(() => markers)
    const end = performance.now() + PATIENCE
    for (let turn = 0; missing.some((count) => count > 0); turn++) {
      for (const side of sides.keys()) {
        const own = outputs[side] as Outputs
        missing[side] = (missing[side] as number) - this.#read(side, own)
      }
      if (performance.now() > end) {
        const left = sides.map(({ name }, side) => `${name} ${missing[side]}`).join(', ')
        throw new Error(`seed ${this.#given.seed}: markers that never came out: ${left}`)
      }
      await new Promise((done) => (turn < 20 ? setImmediate(done) : setTimeout(done, 1)))
    }
    // What went to ports that were read before the last marker's.
    for (const side of sides.keys()) this.#read(side, outputs[side] as Outputs)
  }

  /** Takes what came out. @returns how many markers */
  #read(side: number, outputs: Outputs): number {
    let markers = 0
    for (const [port, end] of (this.#given.sides[side] as Side).ends.entries()) {
      for (const { frame } of end.take()) {
        if (isMarker(frame)) markers++
        else outputs[port]?.push(frame)
      }
    }
    return markers
  }

  /** A port's frames as text, by source: order holds within a flow only (IEEE 802.1D-2004 6.3.3). */
  #comparable(outputs: Outputs, batch: readonly Sent[]): string[][] {
    const { normalise = ({ frame }) => frame } = this.#given
    const origins = new Map(batch.map((sent) => [identityOf(sent.frame), sent]))
    return outputs.map((frames, port) =>
      frames
        .flatMap((frame) => normalise({ frame, port, sent: origins.get(identityOf(frame)) }) ?? [])
        .map(hexOf)
        .sort((a, b) => compareText(a.slice(12, 24), b.slice(12, 24))),
    )
  }

  #count(batch: readonly Sent[], outputs: string[][]): void {
    const { seen } = this
    const copies = new Map<string, number>()
    for (const hex of outputs.flat()) {
      const identity = identityOf(Buffer.from(hex, 'hex'))
      copies.set(identity, (copies.get(identity) ?? 0) + 1)
    }
    seen.frames += batch.length
    for (const { frame } of batch) {
      const times = copies.get(identityOf(frame)) ?? 0
      seen[times === 0 ? 'nowhere' : times === 1 ? 'one' : 'several']++
    }
  }
}

/** What no tag changes and no other frame of a batch has: addresses and the last octets. */
export function identityOf(frame: Uint8Array): string {
  return hexOf(frame.subarray(0, 12)) + hexOf(frame.subarray(-4))
}

export function hexOf(frame: Uint8Array): string {
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('hex')
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function same(one: string[][], other: string[][]): boolean {
  return one.every((frames, port) => {
    const others = other[port] as string[]
    return frames.length === others.length && frames.every((frame, at) => frame === others[at])
  })
}

function send(end: Side['ends'][number] | undefined, frame: Uint8Array): void {
  const errno = end?.send(frame)
  if (errno !== 0)
    throw new Error(`a frame of ${frame.length} octets was not taken: errno ${errno}`)
}
