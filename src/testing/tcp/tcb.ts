/**
 * One end of a connection (RFC 9293 3.3.1: the transmission control block) and its states. What a
 * segment means for them is in `arrival.ts`.
 *
 * ```
 * SYN-SENT ────┬─> ESTABLISHED ──close──> FIN-WAIT-1 ──ACK──> FIN-WAIT-2 ──FIN──> TIME-WAIT ──2 MSL──> CLOSED
 * SYN-RECEIVED ┘       │FIN                   └────FIN──> CLOSING ────ACK────────────┘
 *                      └─> CLOSE-WAIT ──close──> LAST-ACK ──ACK──> CLOSED
 * ```
 */
import type { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import { Challenges } from './challenges.js'
import type { Context } from './context.js'
import type { Ends } from './errors.js'
import { agreed, offerOf, pathMss, peerMss } from './handshake.js'
import { KeepAlive } from './keep-alive.js'
import { type Offer, Output } from './output.js'
import { Receiver } from './receiver.js'
import { ACK, type Segment } from './segment.js'
import { Sender, type SenderOwner } from './sender.js'
import type { TcpSettings } from './settings.js'
import type { TcbEvents, TcpState } from './states.js'
import { Timer } from './timer.js'
import { Timestamps } from './timestamps.js'

export class Tcb implements SenderOwner {
  state: TcpState = 'CLOSED'
  readonly sender: Sender
  readonly receiver: Receiver
  readonly output: Output
  readonly timestamps: Timestamps
  #keepAlive: KeepAlive | undefined
  /** TIME-WAIT, in the background; or FIN-WAIT-2 where nobody reads, so too unless its end is awaited. */
  readonly #rest: Timer
  #offer: Offer
  #peerMss = Number.POSITIVE_INFINITY
  /** What the network said last about our packets. */
  #rumour = ''
  readonly #challenges = new Challenges()
  segmentsReceived = 0
  /** A server's loop or handler has it: it waits for the other end as long as there is a network. */
  isServed = false

  constructor(
    readonly context: Context,
    readonly ends: Ends,
    readonly settings: TcpSettings,
    public events: TcbEvents,
  ) {
    const { network } = context
    this.receiver = new Receiver(settings.receiveBuffer)
    const { sequences } = context
    this.timestamps = new Timestamps(network.clock, sequences.stampOffset(ends))
    const initial = sequences.initial(ends)
    this.output = new Output(context, ends, initial, this.receiver, this.timestamps)
    this.sender = new Sender(this.output, settings, this)
    this.#offer = offerOf(settings, pathMss(network, ends.remoteAddress))
    this.#rest = new Timer(network.clock, () => this.#rested(), 'background')
    this.keepAlive(settings.keepAlive)
  }

  /** Asks the other end after that silence, ms, whether it is there; undefined: not any more. */
  keepAlive(after: number | undefined): void {
    this.#keepAlive?.stop()
    this.#keepAlive = undefined
    if (after === undefined) return
    this.#keepAlive = new KeepAlive(
      this.context.network.clock,
      after,
      () => this.output.send(this.sender.acknowledged - 1, ACK),
      (ms) => this.#end(this.ends.error('TIMEOUT', `no sign of life for ${seconds(ms)}`)),
    )
    if (this.state !== 'CLOSED' && this.state !== 'SYN-SENT') this.#keepAlive.heard()
  }

  /** Active open. */
  connect(): void {
    this.state = 'SYN-SENT'
    this.context.opened(this)
    this.sender.open()
  }

  /** Passive open, by a SYN; or simultaneous, by one that came instead of an answer. */
  answer(segment: Segment): void {
    this.#agree(segment)
    const isFirst = this.state === 'CLOSED'
    this.state = 'SYN-RECEIVED'
    if (!isFirst) return this.sendSyn()
    this.context.opened(this)
    this.sender.open()
  }

  /** The other end's SYN says what it is able to do. */
  #agree(segment: Segment): void {
    this.receiver.synchronize(segment.sequence)
    this.#offer = agreed(this.#offer, segment)
    this.#peerMss = peerMss(segment, this.ends.remoteAddress)
    this.output.sack = this.#offer.sack
    this.sender.flight.isSelective = this.#offer.sack
    this.timestamps.enabled = this.#offer.timestamps
    this.timestamps.note(segment)
    if (this.#offer.windowScale >= 0) {
      this.receiver.scale = this.#offer.windowScale
      this.sender.window.scale = segment.windowScale
    }
    this.overdue()
  }

  /** The other end's SYN with an ACK has come. */
  synchronize(segment: Segment): void {
    this.#agree(segment)
    this.sender.take(segment, 0)
    this.establish()
    this.output.position = this.sender.next
    if (this.receiver.owesAck || this.sender.next === 1) this.output.acknowledge()
    this.events.opened()
  }

  /** Our SYN is acknowledged. It is for the caller to tell of that, behind its answer. */
  establish(): void {
    this.state = this.sender.isFinishing ? 'FIN-WAIT-1' : 'ESTABLISHED'
    this.#keepAlive?.heard()
    this.sender.push()
  }

  sendSyn(): void {
    this.output.synchronize(this.#offer)
  }

  /** Takes over what is known of the path's MTU. */
  overdue(): void {
    const { network } = this.context
    const mss = Math.min(this.#peerMss, pathMss(network, this.ends.remoteAddress))
    if (mss !== this.sender.mss) this.sender.resize(mss)
  }

  room(): void {
    this.events.writable()
  }

  expired(what: string): void {
    const { remote } = this.ends
    const { synRetries, userTimeout, stallTimeout } = this.settings
    const told = this.#rumour === '' ? '' : `; the network said: ${this.#rumour}`
    if (what === 'the SYN') {
      const tries = `${synRetries + 1} ${synRetries === 0 ? 'try' : 'tries'}`
      const hint = 'is it there, and is there a way to it and back?'
      this.#end(
        this.ends.error('TIMEOUT', `no answer from ${remote} after ${tries}: ${hint}${told}`),
      )
    } else if (what === 'a window that was shut') {
      const text = `${remote} has not read for ${seconds(stallTimeout)}: its window is shut`
      this.abort(this.ends.error('TIMEOUT', text))
    } else {
      const text = `no acknowledgment of ${what} for ${seconds(userTimeout)}${told}`
      this.abort(this.ends.error('TIMEOUT', text))
    }
  }

  /** A segment of this connection came. */
  heard(): void {
    this.segmentsReceived++
    if (this.state !== 'TIME-WAIT') this.#keepAlive?.heard()
  }

  /** Says where we are to somebody who may not know it, or may not be the other end (RFC 5961). */
  challenge(segment: Segment): void {
    const { now } = this.context.network.clock
    if (segment.extent === 0 && !this.#challenges.take(now)) return
    this.context.counters.challengeAcks++
    this.output.acknowledge()
  }

  /** Nothing more will be written. */
  finish(): void {
    if (this.sender.isFinishing || this.state === 'CLOSED') return
    if (this.state === 'ESTABLISHED') this.state = 'FIN-WAIT-1'
    else if (this.state === 'CLOSE-WAIT') this.state = 'LAST-ACK'
    this.sender.finish()
  }

  /** Our FIN is acknowledged. */
  finishKnown(): void {
    if (this.state === 'FIN-WAIT-1') {
      this.state = 'FIN-WAIT-2'
      this.#leave()
    } else if (this.state === 'CLOSING') this.timeWait()
    else if (this.state === 'LAST-ACK') this.#end(undefined)
  }

  /** The other end's FIN, and all before it, has come. */
  finishHeard(): void {
    if (this.state === 'ESTABLISHED') this.state = 'CLOSE-WAIT'
    else if (this.state === 'FIN-WAIT-1') this.state = 'CLOSING'
    else if (this.state === 'FIN-WAIT-2') this.timeWait()
  }

  /** Stays for two segments' lives, so that late ones find somebody who knows them (RFC 9293 3.6.1). */
  timeWait(): void {
    const isFirst = this.state !== 'TIME-WAIT'
    this.state = 'TIME-WAIT'
    this.sender.stop()
    this.#keepAlive?.stop()
    this.#rest.become('background')
    this.#rest.set(2 * this.settings.msl)
    if (isFirst) this.events.finished()
  }

  /** Nobody reads any more: what comes is thrown away. */
  discard(): void {
    this.receiver.discard()
    this.consumed()
    this.#leave()
  }

  /** Where nobody reads or writes, an other end that never closes is not waited for for ever. */
  #leave(): void {
    if (this.state === 'FIN-WAIT-2' && this.receiver.isDiscarding)
      this.#rest.set(2 * this.settings.msl)
  }

  /** Somebody waits for the end: time passes until an other end that never closes is given up. */
  endAwaited(): void {
    this.#rest.become()
  }

  /** The reader has made room. */
  consumed(): void {
    if (this.state !== 'CLOSED' && this.state !== 'TIME-WAIT' && this.receiver.updateDue) {
      this.output.acknowledge()
    }
  }

  #rested(): void {
    if (this.state === 'FIN-WAIT-2') this.events.finished()
    this.#close()
  }

  /** The network says something about a packet of ours (RFC 5927, RFC 5461). */
  told(code: 'REFUSED' | 'UNREACHABLE', what: string): void {
    this.#rumour = what
    if (this.state === 'SYN-SENT') this.#end(this.ends.error(code, what))
  }

  /** Gives the connection up, and tells the other end. */
  abort(error: LinkspanError): void {
    const isKnown = this.state !== 'SYN-SENT' && this.state !== 'TIME-WAIT'
    if (this.state === 'CLOSED') return
    if (isKnown) this.output.reset(this.sender.next)
    this.#end(error)
  }

  /** What ends a wait for the other end where nothing can come any more. */
  get whenIdle(): ((error: LinkspanError) => void) | undefined {
    return this.isServed ? undefined : (error) => this.abort(error)
  }

  /** A new connection wants the place of one that only waits for late segments (RFC 9293 3.10.7.4). */
  makeWay(segment: Segment): boolean {
    const isNew =
      this.receiver.position(segment.sequence) > this.receiver.next ||
      this.timestamps.isNewer(segment) // RFC 6191
    if (this.state !== 'TIME-WAIT' || !isNew) return false
    this.#close()
    return true
  }

  /** The host is gone, or the program's side of it is; nobody is told. */
  forget(): void {
    this.#close()
  }

  /** The lab goes back to before it, or to when its streams were others. The other end is not told. */
  restored(): void {
    this.#end(this.ends.restored())
  }

  /** The other end gave it up. */
  wasReset(): void {
    if (this.state === 'TIME-WAIT') return this.#close()
    const { remote } = this.ends
    const isOpening = this.state === 'SYN-SENT' || this.state === 'SYN-RECEIVED'
    this.#end(
      isOpening
        ? this.ends.error('REFUSED', `refused: nothing listens on ${remote}`)
        : this.ends.error('RESET', `${remote} reset the connection`),
    )
  }

  /** It is over, by an error or well. */
  #end(error: LinkspanError | undefined): void {
    if (this.state === 'CLOSED') return
    const hasFinished = this.state === 'TIME-WAIT'
    this.#close()
    if (hasFinished) return
    if (error === undefined) this.events.finished()
    else this.events.failed(error)
  }

  #close(): void {
    if (this.state !== 'CLOSED') this.context.sequences.used(this.sender.next + 1)
    this.state = 'CLOSED'
    this.sender.stop()
    this.output.stop()
    this.#rest.stop()
    this.#keepAlive?.stop()
    this.context.released(this)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.sender)
    keeper.part(this.receiver)
    keeper.part(this.output)
    keeper.part(this.timestamps)
    keeper.part(this.#challenges)
    keeper.part(this.#keepAlive)
    keeper.part(this.#rest)
    this.events.keep(keeper)
    keeper.handles([this.events, this.#keepAlive], (events, keepAlive) => {
      this.events = events
      this.#keepAlive = keepAlive
    })
    keeper.values([this.settings.noDelay], (noDelay) => {
      this.settings.noDelay = noDelay
    })
    keeper.values([this.state, this.#offer, this.#peerMss, this.#rumour], (...kept) => {
      ;[this.state, this.#offer, this.#peerMss, this.#rumour] = kept
    })
    keeper.values([this.segmentsReceived, this.isServed], (...kept) => {
      ;[this.segmentsReceived, this.isServed] = kept
    })
  }
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`
