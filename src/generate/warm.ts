/**
 * Runs all that is run for every frame until it is compiled: what comes first in a run would else be slow,
 * and be counted as the latency of what is measured.
 */
import { Filler } from './filler.js'
import { Recorder } from './recorder.js'
import { Sender, type Transmitter } from './sender.js'
import type { Stream } from './stream.js'

/** Enough for the optimizing compiler, on any machine that was tried. */
const FRAMES = 30_000
const BATCH = 64
/** Flows and templates of a rehearsal: it takes little memory. */
const FLOWS_MAX = 1024
const TEMPLATES_MAX = 64

export function warmUp(stream: Stream): void {
  const templates = stream.templates.slice(0, TEMPLATES_MAX)
  const like = { ...stream, templates, flows: Math.min(stream.flows, FLOWS_MAX) }
  const filler = new Filler(like, 0)
  const longest = templates.reduce((most, { frame }) => Math.max(most, frame.length), 0)
  const memory = new ArrayBuffer((longest + 64) & ~7)
  const recorder = new Recorder(like, memory)
  const transmitter = new Rehearsal(filler, recorder, new Uint8Array(memory, 2))
  const timing = { kind: 'rate', interval: 10 } as const
  const sending = { timing, count: FRAMES, duration: Infinity, batch: BATCH }
  const sender = new Sender(filler, transmitter, sending, like)
  while (sender.turn()) transmitter.now += 500
}

/** Hands every frame straight to a recorder. */
class Rehearsal implements Transmitter {
  now = 1e12
  readonly #filler: Filler
  readonly #recorder: Recorder
  readonly #place: Uint8Array

  constructor(filler: Filler, recorder: Recorder, place: Uint8Array) {
    this.#filler = filler
    this.#recorder = recorder
    this.#place = place
  }

  wait(deadline: number): void {
    if (deadline > this.now) this.now = deadline
  }

  send(count: number): number {
    for (let slot = 0; slot < count; slot++) {
      const { length } = this.#filler.copy(slot, this.#place)
      this.#recorder.record(2, length, this.now + 1000)
    }
    return count
  }
}
