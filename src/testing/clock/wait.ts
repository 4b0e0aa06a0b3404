/** Who waits for what: promises of the lab, by name, so that it can say what did not come. */
import { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import { restored } from '../restored.js'

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
  readonly kind: WaitKind | undefined
}

/**
 * - `loop` over what comes: it ends without an error.
 * - `sleep`: it has no end where time has none, and a program is not told.
 * - `patient`: it may be that it waits for nothing in particular, as a socket that is always read from.
 * - `owned`: who waits at a restore is told by whom it waits for.
 */
export type WaitKind = 'loop' | 'sleep' | 'patient' | 'owned'

export class Waits {
  /** Called when somebody begins to wait. */
  onWait: (() => void) | undefined
  /** Somebody was told of something: what they do about it comes before time moves. */
  woke = false
  readonly #pending = new Set<Pending>()
  readonly #given = new Set<Promise<unknown>>()
  #answers = 0

  get size(): number {
    return this.#pending.size
  }

  /** Those that wait for an answer: all but loops. */
  get answers(): number {
    return this.#answers
  }

  /** @param tell as {@link Pending.tell} has it */
  begin<T>(tell: () => string, kind?: WaitKind): Wait<T> {
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
    const added = this.add(tell, kind === 'loop' ? undefined : wait.reject, kind)
    return wait
  }

  /**
   * The same for who keeps the promise.
   *
   * @param reject ends the waiting by an error; left out: as of a loop
   */
  add(tell: () => string, reject?: (error: unknown) => void, kind?: WaitKind): { end(): void } {
    const pending: Pending = { tell, reject, kind }
    this.#pending.add(pending)
    this.#count(pending, 1)
    this.onWait?.()
    return {
      end: () => {
        if (this.#remove(pending)) this.woke = true
      },
    }
  }

  #remove(pending: Pending): boolean {
    const wasThere = this.#pending.delete(pending)
    if (wasThere) this.#count(pending, -1)
    return wasThere
  }

  #count({ reject }: Pending, by: number): void {
    if (reject !== undefined) this.#answers += by
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

  /** The same in one line; where there are many, the first of them. */
  get names(): string {
    return listed(this.list())
  }

  /**
   * Ends those that are no loops.
   *
   * @param because of the list of all
   * @param isOver also those that are patient
   * @returns whether there are some that are patient still
   */
  fail(code: string, because: (all: string) => string, isOver: boolean): boolean {
    const all = this.names
    this.#reject(
      () => new LinkspanError(code, because(all)),
      ({ kind }) => isOver || kind !== 'patient',
    )
    return this.#answers > 0
  }

  /** The same at the end of the lab: nothing of it is to end a program that did not wait for it. */
  close(because: (all: string) => string): void {
    for (const given of this.#given) given.catch(() => {})
    this.#given.clear()
    const all = this.names
    for (const pending of this.#pending) if (pending.kind === 'sleep') this.#remove(pending)
    this.#reject(() => new LinkspanError('CLOSED', because(all)))
  }

  /** Ends those that are no loops with one error; false where it may be that none says so to the test. */
  failWith(error: unknown): boolean {
    return this.#reject(() => error).some(({ kind }) => kind !== 'patient')
  }

  #reject(error: () => unknown, isMeant: (pending: Pending) => boolean = () => true): Pending[] {
    const waiting = [...this.#pending].filter((each) => each.reject !== undefined && isMeant(each))
    for (const pending of waiting) {
      // The end of one may be that of others: a connection's.
      if (this.#remove(pending)) pending.reject?.(error())
    }
    this.woke ||= waiting.length > 0
    return waiting
  }

  /**
   * Who has begun to wait since is told, unless it is a loop; who waited then and does so still goes on. A wait that
   * has ended since stays ended: there is nobody any more who waits.
   *
   * @internal
   */
  keep(keeper: Keeper): void {
    const [then, given] = [new Set(this.#pending), new Set(this.#given)]
    keeper.before(() => {
      // As at the lab's end: it is nobody's duty to catch what he does not wait for.
      for (const each of this.#given) if (!given.has(each)) each.catch(() => {})
      const since = [...this.#pending].filter((each) => !then.has(each) && each.kind !== 'owned')
      for (const pending of since) {
        if (pending.reject && this.#remove(pending)) pending.reject(restored(pending.tell()))
      }
      this.woke = true
    })
  }
}

function listed(all: readonly string[]): string {
  const named = all.slice(0, NAMED).join('; ')
  return all.length > NAMED ? `${named}; and ${all.length - NAMED} more` : named
}
