/** A clock that moves from event to event, and lets user code run where it was woken. */
import type { Clock, Timer } from '../../src/testing/clock/clock.js'
import { Macrotask } from '../../src/testing/clock/macrotask.js'
import type { Wait, Waits } from '../../src/testing/tcp/waits.js'

interface Event {
  at: number
  number: number
  run: (() => void) | undefined
  background: boolean
}

export class VirtualClock implements Clock, Waits {
  now = 0
  readonly #heap: Event[] = []
  #number = 0
  #woke = false
  /** What somebody waits for now. */
  readonly waiting = new Set<string>()

  after(ms: number, run: () => void, kind?: 'background'): Timer {
    if (!(ms >= 0)) throw new Error(`a timer of ${ms} ms`)
    const background = kind === 'background'
    const event: Event = { at: this.now + ms, number: this.#number++, run, background }
    this.#push(event)
    return {
      cancel: () => {
        event.run = undefined
      },
    }
  }

  begin(what: string): Wait {
    this.waiting.add(what)
    return { end: () => this.waiting.delete(what) }
  }

  woke(): void {
    this.#woke = true
  }

  /** Events that are yet to come. */
  get pending(): number {
    return this.#heap.filter(({ run }) => run !== undefined).length
  }

  /** Of those, what is under way. */
  get underWay(): number {
    return this.#heap.filter(({ run, background }) => run !== undefined && !background).length
  }

  /** Runs events until the promise is settled. @throws if nothing is left that could settle it */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settled = () => {
      isSettled = true
    }
    promise.then(settled, settled)
    await macrotask()
    while (!isSettled) {
      if (!this.#step(Number.POSITIVE_INFINITY)) {
        throw new Error(`nothing can come any more; waiting: ${[...this.waiting].join(', ')}`)
      }
      if (!this.#woke) continue
      this.#woke = false
      await macrotask()
    }
    return promise
  }

  /** Runs the events of so many milliseconds. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms
    await macrotask()
    while (this.#step(end)) {
      if (this.#woke) await macrotask()
      this.#woke = false
    }
    if (Number.isFinite(end)) this.now = end
  }

  /** Runs whatever is left, and says when it ended. */
  async drain(): Promise<number> {
    await this.advance(Number.POSITIVE_INFINITY)
    return this.now
  }

  /** @returns whether there was an event until `end` */
  #step(end: number): boolean {
    for (let event = this.#heap[0]; event !== undefined; event = this.#heap[0]) {
      if (event.run !== undefined && event.at > end) return false
      this.#pop()
      if (event.run === undefined) continue
      this.now = event.at
      const { run } = event
      event.run = undefined
      run()
      return true
    }
    return false
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (!isBefore(event, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

const isBefore = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.number < b.number)

/** All microtasks run before it. */
const macrotask = () =>
  new Promise<void>((resolve) => {
    waiting.push(resolve)
    turn.ask()
  })
const waiting: (() => void)[] = []
const turn = new Macrotask(() => {
  for (const goOn of waiting.splice(0)) goOn()
})
