/**
 * A tape for several threads, in a ring that they share: who calls holds it for the call, so that calls
 * have one order. Control takes out what was recorded.
 *
 * Words: lock (0, or its holder's number and one), state, head, tail, written, who has joined, reason.
 * Head, tail and written count octets from the beginning, modulo 2^32.
 */
import { Kind } from './entry.js'
import type { Tape } from './tape.js'

const Word = {
  LOCK: 0,
  STATE: 1,
  HEAD: 2,
  TAIL: 3,
  WRITTEN: 4,
  JOINED: 5,
  REASON: 6,
  WHO: 7,
} as const
const HEADER = 64

/** Before the recording begins calls are made one at a time, too, but not recorded. */
const State = { OPENING: 0, RECORDING: 1, OVER: 2 } as const

export const Reason = { STOPPED: 1, FULL: 2, DIED: 3, STARTED: 4 } as const

export class SharedTape implements Tape {
  readonly buffer: SharedArrayBuffer
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly #words: Int32Array
  readonly #size: number
  /** Where the head goes when the call that is under way has returned. */
  #next = 0
  #isRecorded = false

  /** @param of octets of the ring, a power of two; or the buffer that another thread made */
  constructor(of: number | SharedArrayBuffer) {
    this.buffer = typeof of === 'number' ? new SharedArrayBuffer(HEADER + of) : of
    this.#words = new Int32Array(this.buffer, 0, HEADER / 4)
    this.#size = this.buffer.byteLength - HEADER
    this.bytes = new Uint8Array(this.buffer, HEADER)
    this.view = new DataView(this.buffer, HEADER)
  }

  #load(word: number): number {
    return Atomics.load(this.#words, word) >>> 0
  }

  get isOver(): boolean {
    return this.#load(Word.STATE) === State.OVER
  }

  /** Why it is over, and whom that is about; 0: it is not. */
  get reason(): { why: number; who: number } {
    return { why: this.#load(Word.REASON), who: this.#load(Word.WHO) }
  }

  /** How many threads have joined. */
  get joined(): number {
    return this.#load(Word.JOINED)
  }

  join(): void {
    Atomics.add(this.#words, Word.JOINED, 1)
  }

  /** Does something while nobody calls, and begins the recording behind it. */
  open<T>(who: number, task: () => T): T {
    this.#lock(who)
    try {
      const done = task()
      Atomics.compareExchange(this.#words, Word.STATE, State.OPENING, State.RECORDING)
      return done
    } finally {
      this.#unlock()
    }
  }

  /** Does something while nobody calls, and ends the recording behind it. */
  close<T>(who: number, task: () => T): T {
    this.#lock(who)
    try {
      return task()
    } finally {
      // Not before: who finds it over calls without asking.
      this.#end(Reason.STOPPED, who)
      this.#unlock()
    }
  }

  /** A thread has ended, or comes anew: what it does is not recorded, so nothing is any more. */
  lose(worker: number, why: number): void {
    const isHolder = this.#load(Word.LOCK) === worker + 1
    this.#end(why, worker)
    if (!isHolder) return
    // Of the call that it never came back from, what it was given.
    Atomics.store(this.#words, Word.HEAD, this.#load(Word.WRITTEN))
    this.#unlock()
  }

  #end(why: number, who: number): void {
    const before = Atomics.exchange(this.#words, Word.STATE, State.OVER)
    if (before === State.OVER) return
    Atomics.store(this.#words, Word.WHO, who)
    Atomics.store(this.#words, Word.REASON, why)
  }

  begin(who: number, size: () => number): number {
    if (this.isOver) return -1
    this.#lock(who)
    const state = this.#load(Word.STATE)
    this.#isRecorded = state === State.RECORDING
    const at = state === State.OVER ? -1 : this.#reserve(size())
    if (at >= 0) return at
    if (state !== State.OVER) this.#end(Reason.FULL, who)
    this.#unlock()
    return -1
  }

  /** Where so many octets in a row are free. */
  #reserve(octets: number): number {
    const head = this.#load(Word.HEAD)
    const used = (head - this.#load(Word.TAIL)) >>> 0
    const at = head % this.#size
    const left = this.#size - at
    const gap = octets > left ? left : 0
    if (used + gap + octets > this.#size) return -1
    if (gap > 0) {
      this.view.setUint32(at, gap, true)
      this.view.setUint8(at + 4, Kind.GAP)
    }
    this.#next = head + gap + octets
    return gap > 0 ? 0 : at
  }

  written(): void {
    if (this.#isRecorded) Atomics.store(this.#words, Word.WRITTEN, this.#next)
  }

  end(): void {
    if (this.#isRecorded) Atomics.store(this.#words, Word.HEAD, this.#next)
    this.#unlock()
  }

  /** Takes out what is whole, `most` octets and a copy; empty where there is nothing. */
  take(most: number): Uint8Array<ArrayBuffer> {
    const [head, tail] = [this.#load(Word.HEAD), this.#load(Word.TAIL)]
    const at = tail % this.#size
    const length = Math.min((head - tail) >>> 0, this.#size - at, most)
    const taken = new Uint8Array(length)
    taken.set(this.bytes.subarray(at, at + length))
    Atomics.store(this.#words, Word.TAIL, tail + length)
    return taken
  }

  #lock(who: number): void {
    const words = this.#words
    for (;;) {
      const holder = Atomics.compareExchange(words, Word.LOCK, 0, who + 1)
      if (holder === 0) return
      // A moment: a lost wake costs no more than that.
      Atomics.wait(words, Word.LOCK, holder, WAIT_MAX)
    }
  }

  #unlock(): void {
    Atomics.store(this.#words, Word.LOCK, 0)
    Atomics.notify(this.#words, Word.LOCK, 1)
  }
}

/** Milliseconds. */
const WAIT_MAX = 10
