/** How a lab learns that user code waits, and that it was woken. */
import type { LinkspanError } from '../../error.js'

export interface Wait {
  /** What was waited for has come, or never will. */
  end(): void
}

export interface Waits {
  /**
   * User code waits from now on.
   *
   * @param what it waits for, as a noun phrase: `data of TCP a (10.55.0.1:49152) to 10.55.0.2:80`
   * @param fail ends the waiting by an error: nothing can come any more; left out: it goes on, as that of
   *   a server for whoever comes
   */
  begin(what: string, fail?: (error: LinkspanError) => void): Wait
  /** A promise was settled or a stream was fed: user code is about to run. */
  woke(): void
}

const nothing: Wait = { end() {} }

/** For a stack outside of a lab. */
export const noWaits: Waits = { begin: () => nothing, woke() {} }

/** A promise that is settled from outside, that tells the lab, and that is nobody's duty to catch. */
export class Deferred<T> {
  readonly promise: Promise<T>
  #settle: { resolve: (value: T) => void; reject: (error: unknown) => void } | undefined
  #wait: Wait | undefined

  constructor(readonly waits: Waits) {
    this.promise = new Promise<T>((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.promise.catch(() => {})
  }

  get isSettled(): boolean {
    return this.#settle === undefined
  }

  /** Somebody waits for it. */
  awaited(what: string, fail?: (error: LinkspanError) => void): void {
    if (!this.isSettled) this.#wait ??= this.waits.begin(what, fail)
  }

  resolve(value: T): void {
    this.#end()?.resolve(value)
  }

  reject(error: unknown): void {
    this.#end()?.reject(error)
  }

  #end() {
    const settle = this.#settle
    this.#settle = undefined
    this.#wait?.end()
    if (settle !== undefined) this.waits.woke()
    return settle
  }
}
