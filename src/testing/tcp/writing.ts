/** The writable side of a connection, as a stream of octets. */
import type { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import { Filling } from './filling.js'
import type { Tcb } from './tcb.js'
import { Deferred } from './waits.js'

/**
 * What is written is copied to the send buffer. A write is done when all of it is there, `close` when
 * the other end has acknowledged everything, the end included.
 */
export class Writing {
  readonly stream: WritableStream<Uint8Array>
  #controller: WritableStreamDefaultController | undefined
  readonly #filling: Filling
  #written: Deferred<void> | undefined
  #closed: Deferred<void> | undefined
  #isOver = false

  constructor(readonly tcb: Tcb) {
    const { highWaterMark } = tcb.settings
    this.#filling = new Filling(tcb)
    this.stream = new WritableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        write: (chunk) => this.#write(chunk),
        close: () => this.#close(),
        abort: (reason) => this.#abort(reason),
      },
      { highWaterMark, size: (chunk) => chunk?.byteLength ?? 0 },
    )
  }

  #write(chunk: unknown): Promise<void> | undefined {
    const bytes = octetsOf(chunk)
    if (bytes === undefined) {
      const what = `found a chunk that is ${typeof chunk}; expected a Uint8Array`
      const error = this.tcb.ends.error('INVALID', what)
      this.tcb.abort(error)
      throw error
    }
    if (this.#filling.put(bytes)) return undefined
    this.#written = new Deferred(this.tcb.context.waits)
    const what = `room to write to TCP ${this.tcb.ends.text}`
    this.#written.awaited(what, (error) => this.tcb.abort(error))
    return this.#written.promise
  }

  /** Data were acknowledged, and are sent by the caller. */
  progress(): void {
    if (this.#filling.progress()) this.#written?.resolve()
    if (this.tcb.sender.isFinished) this.#finished()
  }

  #close(): Promise<void> {
    const { context, ends } = this.tcb
    this.#closed = new Deferred(context.waits)
    const what = `an acknowledgment of all data and the end of TCP ${ends.text}`
    this.#closed.awaited(what, (error) => this.tcb.abort(error))
    this.tcb.finish()
    return this.#closed.promise
  }

  #finished(): void {
    this.#isOver = true
    this.#closed?.resolve()
  }

  #abort(reason: unknown): void {
    const why = reason instanceof Error ? `: ${reason.message}` : ''
    this.#isOver = true
    this.tcb.abort(this.tcb.ends.error('ABORTED', `this end gave it up${why}`))
  }

  fail(error: LinkspanError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#filling.drop()
    this.#written?.reject(error)
    this.#closed?.reject(error)
    this.#controller?.error(error)
  }

  /** What of it a program would have to do again: what waits for room, and the end. */
  progressed(): readonly unknown[] {
    return [this.#filling.pending, this.#closed, this.#isOver]
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#filling)
  }
}

function octetsOf(chunk: unknown): Uint8Array | undefined {
  if (chunk instanceof Uint8Array) return chunk
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk)
  if (!ArrayBuffer.isView(chunk)) return undefined
  return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}
