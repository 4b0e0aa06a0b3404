/** A TCP connection, as user code has it. */
import type { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import type { Address } from '../host/network.js'
import type { Ends } from './errors.js'
import { Reading } from './reading.js'
import type { TcbEvents, TcpState } from './states.js'
import type { Tcb } from './tcb.js'
import { Deferred } from './waits.js'
import { Writing } from './writing.js'

/** Of one connection; octets and milliseconds. */
export interface TcpStatistics {
  state: TcpState
  /** Of payload, acknowledged by the other end. */
  octetsAcknowledged: number
  /** Of payload, in order. */
  octetsReceived: number
  segmentsSent: number
  segmentsReceived: number
  timeouts: number
  fastRecoveries: number
  /** Smoothed; undefined before it was measured. */
  roundTrip: number | undefined
  retransmissionTimeout: number
  congestionWindow: number
  /** Infinite before anything was lost. */
  slowStartThreshold: number
  /** Of payload and options. */
  mss: number
  /** What was written and is not yet sent. */
  unsent: number
  /** What came and is not yet read. */
  unread: number
}

export class TcpConnection implements AsyncDisposable {
  readonly #tcb: Tcb
  readonly #ends: Ends
  readonly #reading: Reading
  readonly #writing: Writing
  readonly #opened: Deferred<void>
  #closed: Deferred<void>
  #failure: LinkspanError | undefined

  /** @internal connections come of `TcpStack.connect` and of servers */
  constructor(tcb: Tcb) {
    const { waits } = tcb.context
    this.#tcb = tcb
    this.#ends = tcb.ends
    this.#opened = new Deferred(waits)
    this.#closed = new Deferred(waits)
    this.#reading = new Reading(tcb)
    this.#writing = new Writing(tcb)
    tcb.events = this.#events()
    // One that was accepted is open, and its other end may have said all it has to say.
    if (tcb.state !== 'CLOSED') this.#opened.resolve()
    else this.#opened.awaited(`TCP ${tcb.ends.text} to open`, (error) => tcb.abort(error))
    this.#reading.arrived()
  }

  #events(): TcbEvents {
    return {
      opened: () => this.#opened.resolve(),
      readable: () => this.#reading.arrived(),
      writable: () => this.#writing.progress(),
      finished: () => {
        this.#writing.progress()
        this.#closed.resolve()
      },
      failed: (error) => this.#failed(error),
      keep: (keeper) => this.#keep(keeper),
      mark: () => this.#mark(),
      goesOn: () => this.#reading.goesOn(),
    }
  }

  #keep(keeper: Keeper): void {
    keeper.part(this.#reading)
    keeper.part(this.#writing)
  }

  #mark(): () => boolean {
    const side = () => [
      this.#failure,
      this.#closed.isSettled,
      this.#reading.isOver,
      ...this.#writing.progressed(),
    ]
    const then = side()
    return () => side().every((each, at) => each === then[at])
  }

  #failed(error: LinkspanError): void {
    this.#failure = error
    this.#opened.reject(error)
    this.#reading.fail(error)
    this.#writing.fail(error)
    this.#closed.reject(error)
  }

  /** What the other end sends. It may send until its window is full; that follows who reads here. */
  get readable(): ReadableStream<Uint8Array> {
    return this.#reading.stream
  }

  /**
   * To the other end. A write is done when the send buffer has it, `close` (half of the connection's
   * end: the other end may still send) when all of it and the end are acknowledged.
   */
  get writable(): WritableStream<Uint8Array> {
    return this.#writing.stream
  }

  /** @throws LinkspanError `REFUSED`, `TIMEOUT`, `UNREACHABLE`, `ABORTED` … */
  get opened(): Promise<void> {
    return this.#opened.promise
  }

  /**
   * Both directions have ended, and both ends know it. TIME-WAIT goes on behind it.
   *
   * @throws LinkspanError `RESET`, `TIMEOUT`, `ABORTED` …; `IDLE`: nothing is under way that could end
   *   it; the connection stays as it is, and who asks again waits again
   */
  get closed(): Promise<void> {
    const closed = this.#closed
    if (closed.isSettled) return closed.promise
    this.#tcb.endAwaited()
    const idle = (error: LinkspanError) => {
      this.#closed = new Deferred(this.#tcb.context.waits)
      closed.reject(error)
    }
    closed.awaited(`the end of TCP ${this.#ends.text}`, this.#tcb.isServed ? undefined : idle)
    return closed.promise
  }

  /** What ended it where it did not end well: what its streams and promises are rejected with. */
  get failure(): LinkspanError | undefined {
    return this.#failure
  }

  get localAddress(): Address {
    return this.#ends.localAddress
  }

  get localPort(): number {
    return this.#ends.localPort
  }

  get remoteAddress(): Address {
    return this.#ends.remoteAddress
  }

  get remotePort(): number {
    return this.#ends.remotePort
  }

  /**
   * Gives the connection up at once: the other end is sent a RST, what was not acknowledged is lost,
   * and whoever waits here is given the error.
   */
  abort(reason?: LinkspanError): void {
    this.#tcb.abort(reason ?? this.#ends.error('ABORTED', 'this end gave it up'))
  }

  /** Writes no more, reads no more, and waits for the end. Streams that are locked are left alone. */
  async close(): Promise<void> {
    if (!this.writable.locked) this.writable.close().catch(() => {})
    if (!this.readable.locked) this.readable.cancel().catch(() => {})
    await this.closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  statistics(): TcpStatistics {
    const { state, sender, receiver, output, segmentsReceived } = this.#tcb
    const { flight, congestion, timeout } = sender
    return {
      state,
      octetsAcknowledged: sender.octetsAcknowledged,
      octetsReceived: receiver.octets,
      segmentsSent: output.segments,
      segmentsReceived,
      timeouts: flight.timeouts,
      fastRecoveries: flight.fastRecoveries,
      roundTrip: timeout.roundTrip,
      retransmissionTimeout: timeout.timeout,
      congestionWindow: congestion.window,
      slowStartThreshold: congestion.threshold,
      mss: sender.mss,
      unsent: sender.unsent,
      unread: receiver.available,
    }
  }
}
