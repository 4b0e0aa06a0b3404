/** What a change goes back to unless it is confirmed in time. */
export class Confirmation<T> {
  before: T | undefined
  until: Date | undefined
  #timer: NodeJS.Timeout | undefined

  /** @param time milliseconds @returns when `expire` is called, unless `take` is before */
  start(before: T, time: number, expire: () => void): Date {
    this.before = before
    this.until = new Date(Date.now() + time)
    this.#timer = setTimeout(expire, time)
    return this.until
  }

  /** Ends the wait. @returns what was to be gone back to; undefined when nothing waited */
  take(): T | undefined {
    const { before } = this
    clearTimeout(this.#timer)
    this.before = undefined
    this.until = undefined
    return before
  }
}
