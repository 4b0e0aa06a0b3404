/** The readable side of a connection, as a byte stream. */
import type { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import type { Tcb } from './tcb.js'
import type { Wait } from './waits.js'

/** What a reader without a buffer of his own is given at most. */
const CHUNK = 1 << 16

/**
 * Nothing is taken from the receive buffer before somebody reads, so that the window follows him. What
 * comes in one instant is given in one piece.
 */
export class Reading {
  readonly stream: ReadableStream<Uint8Array>
  #controller: ReadableByteStreamController | undefined
  #wait: Wait | undefined
  #isDue = false
  /** The stream has ended: nothing more is given. */
  isOver = false
  readonly #deliver = () => this.#due()

  constructor(readonly tcb: Tcb) {
    this.stream = new ReadableStream({
      type: 'bytes',
      start: (controller) => {
        this.#controller = controller
      },
      pull: () => this.#pull(),
      cancel: () => this.#cancel(),
    })
  }

  /** Somebody reads. */
  #pull(): void {
    if (this.#give()) return
    const { ends, context } = this.tcb
    this.#wait ??= context.waits.begin(`data of TCP ${ends.text}`, this.tcb.whenIdle)
  }

  /** Data or the end came. */
  arrived(): void {
    const isWanted = this.#wait !== undefined || this.tcb.receiver.isFinished
    if (this.#isDue || !isWanted) return
    this.#isDue = true
    this.tcb.context.network.clock.after(0, this.#deliver)
  }

  #due(): void {
    this.#isDue = false
    if (!this.isOver && (this.#wait !== undefined || this.tcb.receiver.available === 0))
      this.#give()
  }

  /** @returns whether there was something, or the end */
  #give(): boolean {
    const { receiver } = this.tcb
    const { available } = receiver
    if (available === 0 && !receiver.isFinished) return false
    const controller = this.#controller as ReadableByteStreamController
    if (available === 0) this.#finish(controller)
    else this.#feed(controller, available)
    return true
  }

  #feed(controller: ReadableByteStreamController, available: number): void {
    const { receiver } = this.tcb
    this.#woke()
    const view = controller.byobRequest?.view
    if (view == null) {
      const chunk = new Uint8Array(Math.min(available, CHUNK))
      receiver.read(chunk, 0, chunk.length)
      controller.enqueue(chunk)
    } else {
      const target = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
      const length = Math.min(available, target.length)
      receiver.read(target, 0, length)
      controller.byobRequest?.respond(length)
    }
    this.tcb.consumed()
    if (receiver.available === 0 && receiver.isFinished) this.arrived()
  }

  #finish(controller: ReadableByteStreamController): void {
    this.isOver = true
    this.#woke()
    try {
      controller.close()
    } catch {
      // The last octets are a part of an element of the reader's view: by now that read has failed with a
      // TypeError, as the standard has it, and the stream with it. That concerns nobody but the reader.
    }
    // A reader with a buffer of his own is given it back empty.
    controller.byobRequest?.respond(0)
  }

  #woke(): void {
    this.#wait?.end()
    this.#wait = undefined
    this.tcb.context.waits.woke()
  }

  #cancel(): void {
    this.isOver = true
    this.#wait?.end()
    this.#wait = undefined
    this.tcb.discard()
  }

  fail(error: LinkspanError): void {
    if (this.isOver) return
    this.isOver = true
    this.#woke()
    this.#controller?.error(error)
  }

  /** The network's side is as it was: there may be something for whoever reads now. */
  goesOn(): void {
    const { receiver } = this.tcb
    if (this.#wait !== undefined && (receiver.available > 0 || receiver.isFinished)) this.arrived()
  }

  /** @internal Who waits is the program's. */
  keep(keeper: Keeper): void {
    keeper.values([this.#isDue], (isDue) => {
      this.#isDue = isDue
    })
  }
}
