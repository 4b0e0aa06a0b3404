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
  /** A loop over what comes: it makes time move, and ends without an error. */
  readonly isLoop: boolean
  reject(error: unknown): void
}

export class Waits {
  /** Called when somebody begins to wait. */
  onWait: (() => void) | undefined
  /** Somebody was told of something: what they do about it comes before time moves. */
  woke = false
  readonly #pending = new Set<Pending>()

  get size(): number {
    return this.#pending.size
  }

  /** @param tell as {@link Pending.tell} has it */
  begin<T>(tell: () => string, isLoop = false): Wait<T> {
    let resolve: (value: T) => void = () => {}
    let reject: (error: unknown) => void = () => {}
    const promise = new Promise<T>((resolved, rejected) => {
      resolve = resolved
      reject = rejected
    })
    const end = () => {
      if (this.#pending.delete(pending)) this.woke = true
    }
    const wait: Wait<T> = {
      promise,
      resolve: (value) => {
        end()
        resolve(value)
      },
      reject: (error) => {
        end()
        reject(error)
      },
    }
    const pending: Pending = { tell, isLoop, reject: wait.reject }
    this.#pending.add(pending)
    this.onWait?.()
    return wait
  }

  /** What is waited for, a line each. */
  list(): string[] {
    return [...this.#pending].map((pending) => pending.tell())
  }

  /** Ends those that are no loops. @param because of the list of all */
  fail(code: string, because: (all: string) => string): void {
    const all = listed(this.list())
    for (const pending of [...this.#pending]) {
      if (!pending.isLoop) pending.reject(new LinkspanError(code, because(all)))
    }
  }

  /** Ends those that are no loops with one error; false where there was none. */
  failWith(error: unknown): boolean {
    const waiting = [...this.#pending].filter(({ isLoop }) => !isLoop)
    for (const pending of waiting) pending.reject(error)
    return waiting.length > 0
  }
}

function listed(all: readonly string[]): string {
  const named = all.slice(0, NAMED).join('; ')
  return all.length > NAMED ? `${named}; and ${all.length - NAMED} more` : named
}
