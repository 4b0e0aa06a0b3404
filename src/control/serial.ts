/** One thing at a time: what is asked for meanwhile waits for its turn. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs the task when all before it have ended, however they ended. */
  run<T>(task: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(task)
    this.#last = turn.catch(() => {})
    return turn
  }
}
