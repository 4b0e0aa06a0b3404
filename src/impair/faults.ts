/**
 * One direction of a link: for every frame that enters, when it comes out, how often and with which
 * bit changed, or why it does not. Pure: no clock, no frames, and the same calls give the same
 * answers on every engine. The order in which faults apply is in the README.
 */
import {
  checkImpairment,
  type Impairment,
  type ImpairmentPatch,
  mergeImpairment,
  parseImpairment,
  parseImpairmentPatch,
} from '../config/impair.js'
import { same } from '../config/plain.js'
import type { Keeper } from '../memento/keeper.js'
import { Bursts } from './bursts.js'
import { Dice } from './dice.js'
import { Draws } from './draws.js'
import type { Seed } from './luck.js'
import { isClean, type Odds, planOf } from './plan.js'
import { type Change, Schedule } from './schedule.js'
import { Transmitter } from './transmitter.js'

/** Why a frame did not come out. */
export type FaultDrop = 'down' | 'mtu' | 'queue' | 'loss'

/** One of the frames that come out. */
export interface Delivery {
  /** Milliseconds; never before the frame entered. */
  at: number
  /** The bit that is changed, counted from the frame's first octet and its lowest bit, or -1. */
  bit: number
}

/**
 * What becomes of a frame. There is one a direction, written anew by every call: take what is needed
 * before the next. `delivered + dropped` is 1, or 2 of a frame that was duplicated.
 */
export interface Verdict {
  /** How many of `deliveries` count: 0, 1 or 2. */
  delivered: number
  readonly deliveries: readonly [Delivery, Delivery]
  /** How many of `reasons` count. */
  dropped: number
  readonly reasons: readonly [FaultDrop, FaultDrop]
}

/** Whose luck it is. Directions that differ in one of these have nothing in common. */
export interface FaultsOf {
  seed: Seed
  link: string
  direction: string
}

/** IEEE 802.3: addresses and EtherType. */
const ETHERNET = 14
const CLEAN = planOf({})

export class Faults {
  readonly #verdict: { delivered: number; dropped: number } & {
    deliveries: [Delivery, Delivery]
    reasons: [FaultDrop, FaultDrop]
  } = {
    delivered: 0,
    // Numbers with a fraction from the start: V8 then writes them in place.
    deliveries: [
      { at: Number.NaN, bit: -1 },
      { at: Number.NaN, bit: -1 },
    ],
    dropped: 0,
    reasons: ['loss', 'loss'],
  }
  readonly #of: FaultsOf
  readonly #schedule = new Schedule()
  #luck: LinkLuck | undefined
  #transmitter: Transmitter | undefined
  #settings: Impairment = {}
  #plan = CLEAN
  #clean = true
  /** How likely the present frame is lost. */
  readonly #loss: Odds = { below: Number.NaN, tied: Number.NaN }
  /** The number of the last frame, from 1, modulo 2^32, and frames since one went out of order. */
  #frames = 0
  #ordered = 0
  /** When the last frame comes out of those that keep the order. */
  #last = Number.NEGATIVE_INFINITY

  /** @param settings an ImpairmentInput @throws ConfigError */
  constructor(of: FaultsOf, settings?: unknown) {
    this.#of = of
    if (settings !== undefined) this.#set(parseImpairment(settings, placeOf(of)))
  }

  /** What holds at `now`. */
  settings(now: number): Impairment {
    if (now >= this.#schedule.next) this.#catchUp(now)
    return this.#settings
  }

  /**
   * Changes what is given and leaves the rest; null takes a setting away. What is under way stays as
   * it is.
   *
   * @throws ConfigError; then nothing has changed
   */
  change(now: number, settings: ImpairmentPatch): void {
    const place = placeOf(this.#of)
    const change = parseImpairmentPatch(settings, place)
    this.#set(checkImpairment(mergeImpairment(this.settings(now), change), place))
  }

  /**
   * Changes at times of the clock, in ascending order; replaces the schedule that was. No timer is
   * needed: a change shows when a frame enters, or somebody asks for the settings.
   *
   * @throws ConfigError; then nothing has changed
   */
  schedule(now: number, changes: readonly Change[]): void {
    this.#schedule.replace(changes, this.settings(now), placeOf(this.#of))
  }

  /**
   * A frame enters.
   *
   * @param now milliseconds, never less than at the call before
   * @param octets of the frame, without FCS
   * @param header how many of them are the Ethernet header, 18 with a VLAN tag: MTUs do not count it
   * @param number the frame's, which its luck hangs on; left out: one more than that of the call before
   */
  pass(
    now: number,
    octets: number,
    header: number = ETHERNET,
    number: number = this.#frames + 1,
  ): Verdict {
    if (now >= this.#schedule.next) this.#catchUp(now)
    this.#frames = number | 0
    const verdict = this.#verdict
    verdict.dropped = 0
    if (this.#clean) {
      const delivery = verdict.deliveries[0]
      delivery.at = Math.max(now, this.#last)
      delivery.bit = -1
      verdict.delivered = 1
      return verdict
    }
    verdict.delivered = 0
    this.#impair(now, octets, header)
    return verdict
  }

  #impair(now: number, octets: number, header: number): void {
    const n = this.#frames
    const plan = this.#plan
    const luck = this.#lucky()
    const loss = this.#loss
    loss.below = plan.bursts === undefined ? plan.loss.below : luck.bursts.next(n, plan.bursts)
    loss.tied = plan.loss.tied
    const outOfOrder = this.#isOutOfOrder(n, luck.reorder)
    luck.frames.throw(n, octets, plan, loss)
    this.#enter(now, octets, header, luck.frames, outOfOrder)
    if (!luck.duplicate.happens(n, plan.duplicate)) return
    luck.copies.throw(n, octets, plan, loss)
    this.#enter(now, octets, header, luck.copies, false)
  }

  #enter(now: number, octets: number, header: number, dice: Dice, outOfOrder: boolean): void {
    const plan = this.#plan
    if (!plan.up) return this.#drop('down')
    if (octets - header > plan.mtu) return this.#drop('mtu')
    const transmitter = plan.octetTime === 0 ? undefined : this.#transmitter
    const sent = transmitter === undefined ? now : transmitter.take(now, octets, plan)
    if (sent < 0) return this.#drop('queue')
    if (dice.lost) return this.#drop('loss')
    const delivery = this.#verdict.deliveries[this.#verdict.delivered++ as 0 | 1]
    delivery.at = this.#arrival(sent, octets * plan.octetTime, dice.shift, outOfOrder)
    delivery.bit = dice.bit
  }

  #arrival(sent: number, time: number, shift: number, outOfOrder: boolean): number {
    const { delay, late, free } = this.#plan
    if (outOfOrder && late < 0) return sent
    const usual = sent + Math.max(0, delay + shift)
    if (outOfOrder) return usual + late
    // Whoever would overtake comes right behind: no sooner than its bits can follow at the rate.
    const behind = this.#last + time
    this.#last = Math.max(usual, free ? this.#last : behind)
    return free ? usual : this.#last
  }

  /** As netem: once enough frames have kept the order, each may be the one that does not. */
  #isOutOfOrder(n: number, draws: Draws): boolean {
    const { reorder, gap } = this.#plan
    if (!draws.happens(n, reorder)) this.#ordered++
    else if (this.#ordered < gap - 1) this.#ordered++
    else {
      this.#ordered = 0
      return true
    }
    return false
  }

  #drop(reason: FaultDrop): void {
    this.#verdict.reasons[this.#verdict.dropped++ as 0 | 1] = reason
  }

  #catchUp(now: number): void {
    this.#set(this.#schedule.apply(this.#settings, now))
  }

  #set(settings: Impairment): void {
    const { loss, reorder } = this.#settings
    if (!same(loss, settings.loss)) this.#luck?.bursts.reset()
    if (!same(reorder, settings.reorder)) this.#ordered = 0
    this.#settings = settings
    this.#plan = planOf(settings)
    this.#clean = isClean(this.#plan)
    // It stays when the rate goes: what it was given is under way, and a rate may come back.
    if (this.#plan.octetTime > 0) this.#transmitter ??= new Transmitter()
  }

  /** Made when it is first needed: most links of a large lab have no faults. */
  #lucky(): LinkLuck {
    this.#luck ??= luckOf(this.#of)
    return this.#luck
  }

  /** What the frame in hand is told is taken before the next: it is no state. */
  keep(keeper: Keeper): void {
    keeper.part(this.#schedule)
    keeper.part(this.#transmitter)
    for (const luck of Object.values(this.#luck ?? {})) keeper.part(luck)
    keeper.handles([this.#luck, this.#transmitter, this.#plan], (luck, transmitter, plan) => {
      this.#luck = luck
      this.#transmitter = transmitter
      this.#plan = plan
    })
    keeper.values([this.#settings, this.#clean], (settings, clean) => {
      this.#settings = settings
      this.#clean = clean
    })
    keeper.values([this.#frames, this.#ordered, this.#last], (frames, ordered, last) => {
      this.#frames = frames
      this.#ordered = ordered
      this.#last = last
    })
  }
}

type LinkLuck = ReturnType<typeof luckOf>

/** A source of luck for every fault: that there is one more changes nothing for the others. */
function luckOf({ seed, link, direction }: FaultsOf) {
  const names = ['link', link, direction]
  return {
    frames: new Dice(seed, ...names, 'frame'),
    copies: new Dice(seed, ...names, 'copy'),
    duplicate: new Draws(seed, ...names, 'duplicate'),
    reorder: new Draws(seed, ...names, 'reorder'),
    bursts: new Bursts(seed, ...names, 'bursts'),
  }
}

const placeOf = ({ link, direction }: FaultsOf) => ['links', link, direction]
