/** For what a server, or a datagram socket, lets time pass, unless it was `unref`ed: whoever may come, or an answer. */
import type { LinkspanError } from '../../error.js'
import type { Waits } from '../clock/wait.js'

export class Listening {
  #isOpen = false
  #isRefed = true
  #wait: { end(): void } | undefined
  /** Of what was sent, what may be answered still. */
  #unanswered = 0

  /**
   * @param tell who waits for what, as `Waits.add` has it
   * @param unanswered is told why no answer can come
   */
  constructor(
    private readonly waits: Waits,
    private readonly tell: () => string,
    private readonly unanswered?: (error: LinkspanError) => void,
  ) {}

  open(isOpen: boolean): void {
    this.#isOpen = isOpen
    this.#update()
  }

  ref(isRefed: boolean): void {
    this.#isRefed = isRefed
    this.#update()
  }

  /** It waits for an answer, for one more. */
  asked(): void {
    this.#count(this.#unanswered + 1)
  }

  answered(): void {
    this.#count(Math.max(0, this.#unanswered - 1))
  }

  #count(unanswered: number): void {
    const isOther = this.#unanswered > 0 !== unanswered > 0
    this.#unanswered = unanswered
    if (!isOther) return
    this.#wait?.end()
    this.#wait = undefined
    this.#update()
  }

  #update(): void {
    const isAwaited = this.#isRefed && this.#isOpen
    if (isAwaited === (this.#wait !== undefined)) return
    this.#wait?.end()
    this.#wait = isAwaited ? this.#add() : undefined
  }

  #add(): { end(): void } {
    if (this.#unanswered === 0) return this.waits.add(this.tell)
    return this.waits.add(this.tell, (error) => this.#failed(error as LinkspanError), 'patient')
  }

  #failed(error: LinkspanError): void {
    this.#count(0)
    this.unanswered?.(error)
  }
}
