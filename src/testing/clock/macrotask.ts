/**
 * A turn of the event loop behind all that the program still does: its microtasks, and where there are
 * immediates (Node), these, with those that they ask for in turn.
 *
 * Node's `setImmediate` is taken as it was when the lab was loaded, since fake timers stall it later. Where
 * there is none, or it was faked before, a message to ourselves does; `setTimeout` takes a millisecond.
 */

interface NodeGlobals {
  setImmediate?: ((run: () => void) => unknown) & { clock?: unknown }
  process?: { getActiveResourcesInfo?: () => string[] }
}

/** Rounds of the event loop that a turn waits for immediates: a program may ask for them without end. */
const ROUNDS = 100

const { setImmediate: immediate, process } = globalThis as unknown as NodeGlobals

/** Asks for one call after the present one; the process stays until then. */
interface Way {
  ask(): void
  close(): void
}

export class Macrotask {
  readonly #way: Way
  #asked = false

  /** @param faked true: `setImmediate` is no use */
  constructor(run: () => void, faked = immediate === undefined || immediate.clock !== undefined) {
    const due = () => {
      this.#asked = false
      run()
    }
    this.#way = faked ? new Messages(due) : new Immediates(due)
  }

  /** Has `run` called once, soon; the process stays until then. */
  ask(): void {
    if (this.#asked) return
    this.#asked = true
    this.#way.ask()
  }

  close(): void {
    this.#way.close()
  }
}

class Immediates implements Way {
  #rounds = 0
  #isClosed = false
  readonly #round = () => this.#again()

  constructor(readonly due: () => void) {}

  ask(): void {
    this.#rounds = 0
    immediate?.(this.#round)
  }

  #again(): void {
    if (this.#isClosed) return
    if (++this.#rounds < ROUNDS && othersWait()) immediate?.(this.#round)
    else this.due()
  }

  close(): void {
    this.#isClosed = true
  }
}

/** Immediates of the program are to come; where that cannot be known, it is not waited for them. */
const othersWait = (): boolean => process?.getActiveResourcesInfo?.().includes('Immediate') ?? false

/** Ports of Node's keep a process alive while they are `ref`ed; those of browsers know nothing of it. */
interface MaybeNodePort {
  ref?: () => void
  unref?: () => void
}

class Messages implements Way {
  readonly #channel = new MessageChannel()
  readonly #port = this.#channel.port1 as unknown as MaybeNodePort

  constructor(due: () => void) {
    this.#channel.port1.onmessage = () => {
      this.#port.unref?.()
      due()
    }
    this.#port.unref?.()
  }

  ask(): void {
    this.#port.ref?.()
    this.#channel.port2.postMessage(undefined)
  }

  close(): void {
    this.#channel.port1.close()
  }
}
