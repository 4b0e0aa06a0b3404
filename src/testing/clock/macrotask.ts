/**
 * A turn of the event loop behind all microtasks. Neither `setTimeout`, which takes a millisecond, nor
 * `setImmediate`, which stalls under fake timers: a message to ourselves.
 */

/** Ports of Node's keep a process alive while they are `ref`ed; those of browsers know nothing of it. */
interface MaybeNodePort {
  ref?: () => void
  unref?: () => void
}

export class Macrotask {
  readonly #channel = new MessageChannel()
  #asked = false

  constructor(run: () => void) {
    const { port1 } = this.#channel
    port1.onmessage = () => {
      this.#asked = false
      this.#port.unref?.()
      run()
    }
    this.#port.unref?.()
  }

  get #port(): MaybeNodePort {
    return this.#channel.port1 as unknown as MaybeNodePort
  }

  /** Has `run` called once, soon; the process stays until then. */
  ask(): void {
    if (this.#asked) return
    this.#asked = true
    this.#port.ref?.()
    this.#channel.port2.postMessage(undefined)
  }

  close(): void {
    this.#channel.port1.close()
  }
}
