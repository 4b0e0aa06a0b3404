// What has to be undone, last first, whatever happens.

export class Cleanup {
  #steps = []

  /** @param {() => unknown} step undoes something; may be asynchronous */
  add(step) {
    this.#steps.push(step)
  }

  /** Undoes all of it. A step that fails does not keep the others from being taken. */
  async run() {
    const failures = []
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      try {
        await step()
      } catch (error) {
        failures.push(error)
      }
    }
    return failures
  }
}
