/** For what a server, or a bound socket, lets time pass: whoever may come, unless it was `unref`ed. */
import type { Waits } from '../clock/wait.js'

export class Listening {
  #isOpen = false
  #isRefed = true
  #wait: { end(): void } | undefined

  /** @param tell who waits for what, as `Waits.add` has it */
  constructor(
    private readonly waits: Waits,
    private readonly tell: () => string,
  ) {}

  open(isOpen: boolean): void {
    this.#isOpen = isOpen
    this.#update()
  }

  ref(isRefed: boolean): void {
    this.#isRefed = isRefed
    this.#update()
  }

  #update(): void {
    const isAwaited = this.#isRefed && this.#isOpen
    if (isAwaited === (this.#wait !== undefined)) return
    this.#wait?.end()
    this.#wait = isAwaited ? this.waits.add(this.tell) : undefined
  }
}
