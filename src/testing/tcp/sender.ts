/**
 * The send side of a connection: what was written waits to be sent and to be acknowledged. Positions
 * count from our SYN, which is 0; data begin at 1, the FIN follows the last of them.
 */

import type { Keeper } from '../../memento/keeper.js'
import { Congestion } from './congestion.js'
import { Flight } from './flight.js'
import type { Output } from './output.js'
import { Ring } from './ring.js'
import { RetransmissionTimeout } from './rto.js'
import { ACK, distance, FIN, PSH, type Segment } from './segment.js'
import { SendWindow } from './send-window.js'
import type { TcpSettings } from './settings.js'
import { Timer } from './timer.js'

/** What a sender tells its connection. */
export interface SenderOwner {
  /** The SYN was not answered in time. */
  sendSyn(): void
  /** It waited for too long: `what` for. */
  expired(what: string): void
  /** Nothing was acknowledged in time: has the path changed? */
  overdue(): void
  /** There may be room for more. */
  room(): void
}

export class Sender {
  readonly #ring = new Ring()
  /** What is acknowledged ends here. */
  acknowledged = 0
  /** What was sent ends here. */
  next = 0
  /** What was written ends here. */
  #end = 1
  isFinishing = false
  #isStopped = false
  readonly window = new SendWindow()
  /** Octets of payload and options that a segment may have. */
  mss = 536
  readonly timeout: RetransmissionTimeout
  readonly congestion: Congestion
  readonly flight: Flight
  readonly #timer: Timer
  #isHeldByCongestion = false
  #backedOff = 0
  /** When something was acknowledged last, or what waits now began to wait. */
  #progressAt = 0
  #sentAt = 0
  #heardAt = 0
  #probe = 0
  #stalledAt = -1

  constructor(
    readonly output: Output,
    readonly settings: TcpSettings,
    readonly owner: SenderOwner,
  ) {
    this.timeout = new RetransmissionTimeout(settings.minimumTimeout, settings.maximumTimeout)
    this.congestion = new Congestion(this.mss)
    this.flight = new Flight(this.congestion, this.timeout)
    this.#timer = new Timer(output.context.network.clock, () => this.#rang())
  }

  get #now(): number {
    return this.#timer.clock.now
  }

  /** The SYN goes out. */
  open(): void {
    this.next = 1
    this.#progressAt = this.#now
    this.flight.sent(1, this.#now)
    this.#timer.set(this.timeout.timeout)
    this.owner.sendSyn()
  }

  /** Octets that may be written now. */
  get room(): number {
    return this.settings.sendBuffer - (this.#end - Math.max(1, this.acknowledged))
  }

  /** Takes octets, not more than there is room for; `push` sends them. */
  write(bytes: Uint8Array, from: number, to: number): void {
    this.#ring.reserve(Math.max(1, this.acknowledged), this.#end + to - from)
    this.#ring.write(this.#end, bytes, from, to)
    this.#end += to - from
  }

  /** Nothing follows: a FIN goes after what was written. */
  finish(): void {
    this.isFinishing = true
    this.push()
  }

  /** Whether our FIN is acknowledged. */
  get isFinished(): boolean {
    return this.isFinishing && this.acknowledged > this.#end
  }

  /** The other end can take segments of another size: payload and options, octets. */
  resize(mss: number): void {
    const isSmaller = mss < this.mss
    this.mss = mss
    this.flight.mss = mss
    this.congestion.resize(mss, this.next <= 1)
    if (!isSmaller || this.next === this.acknowledged) return
    // What is under way is too big for the path, and none of it a sign of congestion.
    this.flight.allLost(this.acknowledged, this.next)
  }

  #position(acknowledgment: number): number {
    return this.acknowledged + distance(acknowledgment, this.#sequence(this.acknowledged))
  }

  #sequence(position: number): number {
    return (this.output.initial + position) >>> 0
  }

  /** Whether a segment acknowledges what may be acknowledged (RFC 5961 5.2). */
  isAcceptable(acknowledgment: number): boolean {
    const position = this.#position(acknowledgment)
    return position <= this.next && position >= this.acknowledged - this.window.largest
  }

  /** Takes an acceptable ACK. @param sequence the segment's, as the receiver's position */
  take(segment: Segment, sequence: number): void {
    const position = this.#position(segment.acknowledgment)
    const hadEdge = this.window.edge
    this.#heardAt = this.#now
    if (position < this.acknowledged) return
    const isNew = position > this.acknowledged
    if (isNew) this.#advance(segment, position)
    this.window.take(segment, sequence, position)
    this.#readSack(segment, isNew || hadEdge !== this.window.edge)
  }

  #advance(segment: Segment, position: number): void {
    const octets = position - this.acknowledged
    const echo = segment.hasTimestamps ? segment.timestampEcho : 0
    this.flight.acknowledged(position, this.acknowledged, this.next, this.#now)
    this.flight.measure(position, this.next, this.output.timestamps.since(echo), this.#now)
    if (!this.flight.isRecoveringFast && this.#isHeldByCongestion) {
      this.congestion.acknowledged(octets)
    }
    this.#isHeldByCongestion = false
    this.acknowledged = position
    this.#backedOff = 0
    this.#progressAt = this.#now
    if (this.next > position) this.#timer.set(this.timeout.timeout)
    else this.#timer.rest()
    this.owner.room()
  }

  #readSack(segment: Segment, isNews: boolean): void {
    if (this.next === this.acknowledged) return
    if (this.output.sack) {
      let isNew = false
      for (let index = 0; index < segment.sackCount; index += 2) {
        const start = this.#position(segment.sack[index] as number)
        const end = this.#position(segment.sack[index + 1] as number)
        if (start <= this.acknowledged || end <= start || end > this.next) continue
        if (this.flight.board.arrived(start, end)) isNew = true
      }
      if (isNew) this.flight.duplicate(this.acknowledged, this.next)
      return
    }
    // RFC 5681 2: nothing but that something has come out of turn.
    if (isNews || segment.extent > 0) return
    this.flight.duplicate(this.acknowledged, this.next)
  }

  /** Sends what may be sent; sees to it that something happens if nothing can be. */
  push(): void {
    if (this.acknowledged === 0 || this.#isStopped) return
    if (this.next === this.acknowledged && this.next <= this.#end) this.#wakeUp()
    while (this.#resend() || this.#sendNext(false)) {}
    this.output.position = this.next
    this.#keepTime()
  }

  /** Nothing is under way. */
  #wakeUp(): void {
    if (this.#now - this.#sentAt > this.timeout.timeout) this.congestion.idle()
    this.#progressAt = this.#now
  }

  #keepTime(): void {
    if (this.next > this.acknowledged) {
      this.#probe = 0
      this.#stalledAt = -1
      if (!this.#timer.isSet) this.#timer.set(this.timeout.timeout)
    } else if (!this.hasMore) {
      this.#timer.stop()
    } else if (!this.#timer.isSet) {
      // The window is shut, or too small to be worth it.
      if (this.#stalledAt < 0) this.#stalledAt = this.#heardAt = this.#now
      if (this.#probe === 0) this.#probe = this.timeout.timeout
      this.#timer.set(this.#probe)
    }
  }

  /** Whether something was never sent. */
  get hasMore(): boolean {
    return this.next < this.#end || (this.isFinishing && this.next === this.#end)
  }

  /** Of what was written; SYN and FIN are no octets. */
  get octetsAcknowledged(): number {
    return Math.max(0, Math.min(this.acknowledged, this.#end) - 1)
  }

  get unsent(): number {
    return Math.max(0, this.#end - this.next)
  }

  /** Sends the next of what is lost. */
  #resend(): boolean {
    const { board } = this.flight
    const at = board.nextLost(this.acknowledged)
    if (at < 0) return false
    const size = this.mss - this.output.optionOctets
    const length = Math.min(size, board.holeEnd(at, this.next) - at, Math.max(0, this.#end - at))
    const underWay = board.underWay(this.acknowledged, this.next)
    const isFirst = at === this.acknowledged && this.flight.isFresh
    if (underWay > 0 && underWay + length > this.congestion.window && !isFirst) {
      this.#isHeldByCongestion = true
      return false
    }
    const hasFin = this.next > this.#end && at + length === this.#end
    this.#transmit(at, length, hasFin)
    const end = at + length + (hasFin ? 1 : 0)
    this.flight.resent(end, this.next, at === this.acknowledged, this.#now)
    this.output.context.counters.retransmissions++
    return true
  }

  /** @param forced though it is small */
  #sendNext(forced: boolean): boolean {
    if (!this.hasMore) return false
    const size = this.mss - this.output.optionOctets
    const room = this.window.edge - this.next
    const length = Math.max(0, Math.min(this.#end - this.next, size, room))
    const hasFin = this.isFinishing && this.next + length === this.#end && room > length
    if (length === 0 && !hasFin) return false
    if (!forced && !this.#isWorthIt(length, size, hasFin)) return false
    const underWay = this.flight.board.underWay(this.acknowledged, this.next)
    if (underWay > 0 && underWay + length > this.congestion.window) {
      this.#isHeldByCongestion = true
      return false
    }
    const from = this.next
    this.next += length + (hasFin ? 1 : 0)
    this.flight.sent(this.next, this.#now)
    this.#transmit(from, length, hasFin)
    return true
  }

  /** RFC 9293 3.8.6.2.1 (silly windows) and 3.7.4 (Nagle). */
  #isWorthIt(length: number, size: number, hasFin: boolean): boolean {
    if (length === size || hasFin) return true
    if (this.next + length < this.#end) return length >= this.window.largest / 2
    return this.settings.noDelay || this.next === this.acknowledged
  }

  #transmit(at: number, length: number, hasFin: boolean): void {
    const isLast = at + length === this.#end && length > 0
    this.#sentAt = this.#now
    this.output.send(at, ACK | (isLast ? PSH : 0) | (hasFin ? FIN : 0), length, this.#ring)
  }

  #rang(): void {
    if (this.acknowledged === 0) this.#synTimedOut()
    else if (this.next === this.acknowledged) this.#persist()
    else this.#timedOut()
  }

  #synTimedOut(): void {
    if (this.#backedOff++ >= this.settings.synRetries) return this.owner.expired('the SYN')
    this.timeout.backOff()
    this.flight.forgetTime()
    this.#timer.set(this.timeout.timeout)
    this.owner.sendSyn()
  }

  #timedOut(): void {
    if (this.#now - this.#progressAt >= this.settings.userTimeout) {
      return this.owner.expired(`${this.next - this.acknowledged} octets of data`)
    }
    this.owner.overdue()
    this.flight.timedOut(this.acknowledged, this.next, this.#backedOff++ > 0)
    this.push()
  }

  /** Asks whether the window is still shut (RFC 9293 3.8.6.1): by an old octet, as most do. */
  #persist(): void {
    if (this.#now - this.#heardAt >= this.settings.userTimeout) {
      return this.owner.expired('a question for the window')
    }
    if (this.#now - this.#stalledAt >= this.settings.stallTimeout) {
      return this.owner.expired('a window that was shut')
    }
    if (!this.#sendNext(true)) this.output.send(this.acknowledged - 1, ACK)
    this.#probe = Math.min(2 * this.#probe, this.settings.maximumTimeout)
    this.push()
  }

  /** The connection is over: nothing will be sent. */
  stop(): void {
    this.#isStopped = true
    this.#timer.stop()
    this.#ring.clear()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#ring)
    keeper.part(this.window)
    keeper.part(this.flight)
    keeper.part(this.#timer)
    keeper.values([this.acknowledged, this.next, this.#end, this.mss], (...kept) => {
      ;[this.acknowledged, this.next, this.#end, this.mss] = kept
    })
    keeper.values([this.isFinishing, this.#isStopped, this.#isHeldByCongestion], (...kept) => {
      ;[this.isFinishing, this.#isStopped, this.#isHeldByCongestion] = kept
    })
    keeper.values([this.#backedOff, this.#progressAt, this.#sentAt, this.#heardAt], (...kept) => {
      ;[this.#backedOff, this.#progressAt, this.#sentAt, this.#heardAt] = kept
    })
    keeper.values([this.#probe, this.#stalledAt], (...kept) => {
      ;[this.#probe, this.#stalledAt] = kept
    })
  }
}
