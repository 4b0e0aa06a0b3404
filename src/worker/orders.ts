/** What control asks of workers, in memory that they look at every turn. */

const HEAD = 2

export class Orders {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array

  /** @param of a buffer that another thread made, or how many workers there may be */
  constructor(of: SharedArrayBuffer | number) {
    this.buffer = typeof of === 'number' ? new SharedArrayBuffer(4 * (HEAD + of)) : of
    this.#words = new Int32Array(this.buffer)
  }

  /** Microseconds that a wait may look for frames before it sleeps. */
  get spin(): number {
    return Atomics.load(this.#words, 0)
  }
  set spin(microseconds: number) {
    Atomics.store(this.#words, 0, microseconds)
  }

  /** Letters that control has sent to workers so far: who finds more than it has read reads its own. */
  get letters(): number {
    return Atomics.load(this.#words, 1)
  }
  countLetter(): void {
    Atomics.add(this.#words, 1, 1)
  }

  /** Whether a worker is to end, at the end of the burst that it is in. */
  stops(worker: number): boolean {
    return Atomics.load(this.#words, HEAD + worker) !== 0
  }
  setStop(worker: number, stop: boolean): void {
    Atomics.store(this.#words, HEAD + worker, stop ? 1 : 0)
  }
}
