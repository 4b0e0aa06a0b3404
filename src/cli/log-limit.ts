/** Keeps a log readable when the same thing happens again and again. */

/** So many of a kind are let through … */
const BURST = 5
/** … in so many milliseconds; what was left out is counted and told at the end of them. */
export const WINDOW = 10_000

interface Kind {
  passed: number
  leftOut: number
  timer: NodeJS.Timeout
}

/** @param tell called at the end of a window in which something of a kind was left out */
export class LogLimit<T> {
  readonly #kinds = new Map<string, Kind>()
  readonly #last = new Map<string, T>()
  readonly #tell: (last: T, leftOut: number) => void

  constructor(tell: (last: T, leftOut: number) => void) {
    this.#tell = tell
  }

  /** Whether one more of a kind may be written; if not, it is counted. */
  admit(kind: string, event: T): boolean {
    const known = this.#kinds.get(kind)
    if (known === undefined) {
      const timer = setTimeout(() => this.#end(kind), WINDOW)
      timer.unref()
      this.#kinds.set(kind, { passed: 1, leftOut: 0, timer })
      return true
    }
    if (known.passed < BURST) {
      known.passed++
      return true
    }
    known.leftOut++
    this.#last.set(kind, event)
    return false
  }

  #end(kind: string): void {
    const { leftOut = 0, timer } = this.#kinds.get(kind) ?? {}
    const last = this.#last.get(kind)
    clearTimeout(timer)
    this.#kinds.delete(kind)
    this.#last.delete(kind)
    if (leftOut > 0) this.#tell(last as T, leftOut)
  }

  /** Tells now what is still to be told. */
  flush(): void {
    for (const kind of [...this.#kinds.keys()]) this.#end(kind)
  }
}
