/** A port on which connections are taken. */
import { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import type { Address } from '../host/network.js'
import { restored, whoStillWait } from '../restored.js'
import { TcpConnection } from './connection.js'
import type { Context } from './context.js'
import { type Ends, endText } from './errors.js'
import type { Segment } from './segment.js'
import type { TcpOptions, TcpSettings } from './settings.js'
import { noProgram, type TcbEvents } from './states.js'
import { Tcb } from './tcb.js'
import { Deferred } from './waits.js'

export interface ListenOptions extends TcpOptions {
  /** Of the host's own; left out: all. */
  address?: Address
  /** Connections that are opening or wait to be accepted; further SYNs are dropped; 511, as Node's. */
  backlog?: number
}

export const BACKLOG = 511

/** A connection that nobody has accepted yet. It is told of nothing but its beginning and end. */
class Pending implements TcbEvents {
  tcb: Tcb | undefined
  isOpen = false

  constructor(
    readonly ready: () => void,
    readonly gone: () => void,
  ) {}

  opened(): void {
    this.isOpen = true
    this.ready()
  }

  readable(): void {}
  writable(): void {}
  finished(): void {}

  failed(): void {
    this.gone()
  }

  keep(keeper: Keeper): void {
    keeper.values([this.isOpen], (isOpen) => {
      this.isOpen = isOpen
    })
  }

  readonly mark = noProgram.mark
  readonly goesOn = noProgram.goesOn
}

interface Accepting {
  readonly next: Deferred<TcpConnection | undefined>
  /** It waits as long as the server is there. */
  readonly isLoop: boolean
}

export class TcpServer implements AsyncIterable<TcpConnection>, AsyncDisposable {
  /** Opening, or open and waiting. */
  readonly #pending = new Set<Pending>()
  readonly #accepting: Accepting[] = []
  #isClosed = false
  readonly #text: string
  /**
   * @internal Takes the connections, each in an event of its own, in place of `accept` and loops. Who does
   * sets their `events`, and looks for what came before.
   */
  onOpened: ((tcb: Tcb) => void) | undefined

  /** @internal servers come of `TcpStack.listen` */
  constructor(
    readonly context: Context,
    readonly port: number,
    /** Undefined: all of the host's. */
    readonly address: Address | undefined,
    /** @internal */
    readonly settings: TcpSettings,
    readonly backlog: number,
  ) {
    const place = address === undefined ? `port ${port}` : endText(address, port)
    this.#text = context.host === '' ? place : `${place} of ${context.host}`
  }

  /** @internal a SYN has come. @returns false where there is no room */
  begin(ends: Ends, segment: Segment): boolean {
    if (this.#pending.size >= this.backlog) return false
    const pending: Pending = new Pending(
      () => this.#opened(),
      () => this.#pending.delete(pending),
    )
    // Options of one may change.
    pending.tcb = new Tcb(this.context, ends, { ...this.settings }, pending)
    this.#pending.add(pending)
    pending.tcb.answer(segment)
    return true
  }

  #opened(): void {
    if (this.onOpened !== undefined) this.context.network.clock.after(0, () => this.#hand())
    else {
      const first = this.#accepting.shift()
      first?.next.resolve(this.#take(first.isLoop))
    }
  }

  #hand(): void {
    const tcb = this.#first()
    if (tcb !== undefined) this.onOpened?.(tcb)
  }

  /** @param isServed as of {@link Tcb.isServed} */
  #take(isServed: boolean): TcpConnection | undefined {
    const tcb = this.#first()
    if (tcb === undefined) return undefined
    tcb.isServed = isServed
    return new TcpConnection(tcb)
  }

  #first(): Tcb | undefined {
    for (const pending of this.#pending) {
      if (!pending.isOpen || pending.tcb === undefined) continue
      this.#pending.delete(pending)
      return pending.tcb
    }
    return undefined
  }

  /**
   * The next connection, open.
   *
   * @throws LinkspanError code `CLOSED`: the server was closed
   */
  accept(): Promise<TcpConnection> {
    const accepted = this.#accept()
    // Nobody's duty to catch, as everything that waits here.
    accepted.catch(() => {})
    return accepted
  }

  async #accept(): Promise<TcpConnection> {
    const connection = await this.#next(false)
    if (connection !== undefined) return connection
    throw new LinkspanError('CLOSED', `TCP ${this.#text}: the server was closed`)
  }

  #next(isLoop: boolean): Promise<TcpConnection | undefined> {
    if (this.onOpened !== undefined) {
      const what = 'a handler takes the connections: listen without one to accept them'
      throw new LinkspanError('INVALID', `TCP ${this.#text}: ${what}`)
    }
    const ready = this.#take(isLoop)
    if (this.#isClosed || ready !== undefined) return Promise.resolve(ready)
    const next = new Deferred<TcpConnection | undefined>(this.context.waits)
    const accepting = { next, isLoop }
    this.#accepting.push(accepting)
    const fail = (error: LinkspanError) => {
      const index = this.#accepting.indexOf(accepting)
      if (index >= 0) this.#accepting.splice(index, 1)
      next.reject(error)
    }
    next.awaited(`a connection to TCP ${this.#text}`, isLoop ? undefined : fail)
    return next.promise
  }

  /** Connections as they come, until the server is closed. */
  [Symbol.asyncIterator](): AsyncIterator<TcpConnection, undefined> {
    return {
      next: async () => {
        const value = await this.#next(true)
        return value === undefined ? { done: true, value } : { done: false, value }
      },
      return: async () => ({ done: true, value: undefined }),
    }
  }

  /** Takes no more connections, and resets those that nobody has accepted. Others go on. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.context.closed(this)
    for (const { tcb } of [...this.#pending]) {
      tcb?.abort(tcb.ends.error('CLOSED', 'the server was closed'))
    }
    for (const waiting of this.#accepting.splice(0)) waiting.next.resolve(undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  /** @internal The lab goes back to before it. */
  restored(): void {
    this.#tell(() => true)
    this.close()
  }

  /** Tells of a restore whoever waits in `accept`. */
  #tell(which: (one: Accepting) => boolean): void {
    for (const one of this.#accepting.filter((each) => !each.isLoop && which(each))) {
      one.next.reject(restored(`TCP ${this.#text}`))
    }
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.set(this.#pending, ({ tcb }) => keeper.part(tcb))
    keeper.values([this.#isClosed], (isClosed) => {
      this.#isClosed = isClosed
    })

    const then = [...this.#accepting]
    keeper.before(() => this.#tell((each) => !then.includes(each)))
    keeper.handles([], () => whoStillWait(this.#accepting, then))
  }
}
