/** Who waits for what: promises of the lab, by name, so that it can say what did not come. */
import { LinkspanError } from '../../error.js'

/** Waits that are named in one message; more are counted. */
const NAMED = 10

export interface Wait<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

interface Pending {
  /** Who, and for what: `host "a" waits for a datagram on UDP port 53`. */
  tell(): string
  /** Left out: a loop over what comes, which makes time move, and ends without an error. */
  readonly reject: ((error: unknown) => void) | undefined
  /** A sleep: it has no end where time has none, and a program is not told. */
  readonly isSleep: boolean
}

export class Waits {
  /** Called when somebody begins to wait. */
  onWait: (() => void) | undefined
  /** Somebody was told of something: what they do about it comes before time moves. */
  woke = false
  readonly #pending = new Set<Pending>()
  readonly #given = new Set<Promise<unknown>>()

  get size(): number {
    return this.#pending.size
  }

  /** @param tell as {@link Pending.tell} has it */
  begin<T>(tell: () => string, kind?: 'loop' | 'sleep'): Wait<T> {
    let resolve: (value: T) => void = () => {}
    let reject: (error: unknown) => void = () => {}
    const promise = new Promise<T>((resolved, rejected) => {
      resolve = resolved
      reject = rejected
    })
    const wait: Wait<T> = {
      promise,
      resolve: (value) => {
        added.end()
        resolve(value)
      },
      reject: (error) => {
        added.end()
        reject(error)
      },
    }
    const added = this.add(tell, kind === 'loop' ? undefined : wait.reject, kind === 'sleep')
    return wait
  }

  /**
   * The same for who keeps the promise.
   *
   * @param reject ends the waiting by an error; left out: as of a loop
   */
  add(tell: () => string, reject?: (error: unknown) => void, isSleep = false): { end(): void } {
    const pending: Pending = { tell, reject, isSleep }
    this.#pending.add(pending)
    this.onWait?.()
    return {
      end: () => {
        if (this.#pending.delete(pending)) this.woke = true
      },
    }
  }

  /**
   * What a program is given in place of the promise that `run` returns: where it waits still when the lab
   * is closed, it is nobody's duty to catch that.
   */
  give<T>(run: () => Promise<T>): Promise<T> {
    const done = () => this.#given.delete(given)
    const given: Promise<T> = new Promise((resolve, reject) => {
      const promise = run()
      promise.then(resolve, reject)
      promise.then(done, done)
    })
    this.#given.add(given)
    return given
  }

  /** What is waited for, a line each. */
  list(): string[] {
    return [...this.#pending].map((pending) => pending.tell())
  }

  /** Ends those that are no loops. @param because of the list of all */
  fail(code: string, because: (all: string) => string): void {
    const all = listed(this.list())
    this.#reject(() => new LinkspanError(code, because(all)))
  }

  /** The same at the end of the lab: nothing of it is to end a program that did not wait for it. */
  close(because: (all: string) => string): void {
    for (const given of this.#given) given.catch(() => {})
    this.#given.clear()
    const all = listed(this.list())
    for (const pending of this.#pending) if (pending.isSleep) this.#pending.delete(pending)
    this.#reject(() => new LinkspanError('CLOSED', because(all)))
  }

  /** Ends those that are no loops with one error; false where there was none. */
  failWith(error: unknown): boolean {
    return this.#reject(() => error)
  }

  #reject(error: () => unknown): boolean {
    const waiting = [...this.#pending].filter(({ reject }) => reject !== undefined)
    for (const pending of waiting) {
      // The end of one may be that of others: a connection's.
      if (this.#pending.delete(pending)) pending.reject?.(error())
    }
    this.woke ||= waiting.length > 0
    return waiting.length > 0
  }
}

function listed(all: readonly string[]): string {
  const named = all.slice(0, NAMED).join('; ')
  return all.length > NAMED ? `${named}; and ${all.length - NAMED} more` : named
}
