/**
 * One end of a connection as a socket of Node's has it: what it reads and writes, how it is closed, and
 * whether time passes for it.
 *
 * A socket waits while it opens, is read from, or has no room for what was written, unless it was `unref`ed:
 * Node itself says so of those that nobody waits for, such as those of an agent's pool. A server's waits as
 * a loop does, a client's as somebody who may wait for nothing in particular.
 */

import type { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import { Filling } from '../tcp/filling.js'
import type { TcbEvents } from '../tcp/states.js'
import type { Tcb } from '../tcp/tcb.js'
import type { Program } from './program.js'

/** What a socket is given at most at a time, as by libuv. */
const CHUNK = 1 << 16

export interface EndOwner {
  connected(): void
  /** @returns whether more is wanted */
  data(chunk: Buffer): boolean
  /** The other end sends no more. */
  ended(): void
  failed(error: LinkspanError): void
  /** Octets went in or out. */
  active(): void
}

export class TcpEnd implements TcbEvents {
  readonly #filling: Filling
  #written: (() => void) | undefined
  #isWanted = false
  #isDue = false
  #hasEnded = false
  /** The program has closed it; so many octets had come by then. */
  #closedAt: number | undefined
  #isOver = false
  #isRefed = true
  #isOpening: boolean
  #wait: { end(): void } | undefined

  constructor(
    readonly tcb: Tcb,
    private readonly program: Program,
    private readonly owner: EndOwner,
    private readonly isServed: boolean,
  ) {
    this.#filling = new Filling(tcb)
    this.#isOpening = !isServed
    tcb.events = this
    this.#update()
  }

  // What it waits for until it is told, time passes for.
  opened(): void {
    this.#isOpening = false
    const { stack } = this.program.parts
    const { remoteAddress } = this.tcb.ends
    const tell = () =>
      this.#tell(() => {
        this.owner.connected()
        this.#update()
      })
    // On one host the server hears of it first, as in life: its side is told when our ACK has come.
    if (stack.ipOf(remoteAddress).isHere(remoteAddress.bytes)) stack.clock.after(0, tell)
    else tell()
  }

  /** Behind what was told before, unless the program has closed it by then. */
  #tell(run: () => void): void {
    this.program.tell(() => {
      if (this.#closedAt === undefined) run()
    })
  }

  /** Wants data, or the end. */
  read(): void {
    this.#isWanted = true
    this.#due()
    this.#update()
  }

  readable(): void {
    const { receiver } = this.tcb
    if (this.#closedAt === undefined) this.#due()
    // As of a socket that was closed: nobody is there for it any more (RFC 9293 3.6.1).
    else if (receiver.octets > this.#closedAt) this.reset()
  }

  /** What comes in one instant is handed over at once. */
  #due(): void {
    const { receiver } = this.tcb
    const isThere = receiver.available > 0 || (receiver.isFinished && !this.#hasEnded)
    if (this.#isDue || !this.#isWanted || !isThere) return
    this.#isDue = true
    this.program.tell(() => {
      this.#isDue = false
      if (!this.#isOver) this.#deliver()
    })
  }

  #deliver(): void {
    const { tcb, owner } = this
    const { receiver } = tcb
    while (this.#isWanted && this.#closedAt === undefined && receiver.available > 0) {
      const chunk = Buffer.allocUnsafe(Math.min(receiver.available, CHUNK))
      receiver.read(chunk, 0, chunk.length)
      tcb.consumed()
      owner.active()
      this.#isWanted = owner.data(chunk)
    }
    if (this.#isWanted && receiver.available === 0 && receiver.isFinished && !this.#hasEnded) {
      this.#hasEnded = true
      this.#isWanted = false
      owner.ended()
    }
    this.#update()
  }

  /** @param done is called when the send buffer has all of it: at once, or in an event */
  write(bytes: Uint8Array, done: () => void): void {
    this.owner.active()
    if (this.#filling.put(bytes)) return done()
    this.#written = done
    this.#update()
  }

  writable(): void {
    if (!this.#filling.progress()) return
    const done = this.#written
    this.#written = undefined
    this.#tell(() => {
      this.owner.active()
      done?.()
      this.#update()
    })
  }

  get isWriting(): boolean {
    return this.#written !== undefined
  }

  /** Nothing more will be written. */
  finish(): void {
    this.tcb.finish()
  }

  finished(): void {}

  failed(error: LinkspanError): void {
    this.#isOver = true
    if (this.#closedAt !== undefined) return
    // No event comes any more when the lab is closed, or goes back to before it.
    if (error.code === 'CLOSED' || error.code === 'RESTORED') this.owner.failed(error)
    else this.#tell(() => this.owner.failed(error))
  }

  /** As `close` of a file descriptor: what was written still goes, what was not read is a reset. */
  close(): void {
    if (this.#closedAt !== undefined) return
    const { tcb } = this
    const { receiver, state } = tcb
    this.#closedAt = receiver.octets
    this.#filling.drop()
    this.#update()
    if (state === 'CLOSED') return
    if (state === 'SYN-SENT' || receiver.available > 0) this.reset()
    else {
      tcb.finish()
      tcb.discard()
    }
  }

  /** Gives the connection up, and tells the other end. */
  reset(): void {
    this.#closedAt ??= this.tcb.receiver.octets
    this.tcb.abort(this.tcb.ends.error('ABORTED', 'this end gave it up'))
  }

  /** Time passes for it, or not. */
  ref(isRefed: boolean): void {
    this.#isRefed = isRefed
    this.#update()
  }

  get #awaited(): string | undefined {
    if (!this.#isRefed || this.#closedAt !== undefined) return undefined
    const { ends } = this.tcb
    if (this.#isOpening) return `TCP ${ends.text} to open`
    if (this.#written !== undefined) return `room to write to TCP ${ends.text}`
    return this.#isWanted ? `data of TCP ${ends.text}` : undefined
  }

  #update(): void {
    const isAwaited = this.#awaited !== undefined
    if (isAwaited === (this.#wait !== undefined)) return
    this.#wait?.end()
    this.#wait = undefined
    if (!isAwaited) return
    const { parts } = this.program
    const tell = () => `host "${parts.stack.name}" waits for ${this.#awaited}`
    const fail = (error: unknown) => this.#givenUp(error as LinkspanError)
    this.#wait = parts.waits.add(tell, this.isServed ? undefined : fail, 'patient')
  }

  #givenUp(error: LinkspanError): void {
    this.#wait = undefined
    this.tcb.abort(error)
    this.#update()
  }

  /** @internal What the network's side is told of; the rest is a program's. */
  keep(keeper: Keeper): void {
    keeper.part(this.#filling)
    keeper.handles([this.#isDue, this.#isOpening], (isDue, isOpening) => {
      this.#isDue = isDue
      this.#isOpening = isOpening
    })
  }

  /** @internal A stream that has ended, or waits for room, cannot be put back. */
  mark(): () => boolean {
    const side = () => [
      ...[this.#hasEnded, this.#closedAt, this.#isOver, this.#isOpening],
      ...[this.#filling.pending, this.#written],
    ]
    const then = side()
    return () => side().every((each, at) => each === then[at])
  }

  /** @internal */
  goesOn(): void {
    this.#due()
    this.#update()
  }
}
