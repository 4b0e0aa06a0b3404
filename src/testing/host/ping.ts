/** Echo requests, and what became of them. */
import { whole } from '../../config/whole.js'
import type { Keeper } from '../../memento/keeper.js'
import { checkOptions } from '../check-options.js'
import type { Timer } from '../clock/clock.js'
import type { Waits } from '../clock/wait.js'
import { type Duration, milliseconds } from '../time.js'
import type { Echoes } from './icmp.js'
import type { Address, Arrival, Failure, FailureReason } from './network.js'
import type { Stack } from './stack.js'

export interface PingOptions {
  /** How many; 1 if left out. */
  count?: number
  /** Between two of them; '1s' if left out. */
  interval?: Duration
  /** Octets of data, 0 to 65,507; 56 if left out. */
  size?: number
  /** TTL or hop limit, 1 to 255; 64 if left out. */
  ttl?: number
  /** How long to wait for an answer to the last one; '5s' if left out. */
  timeout?: Duration
  /** true: routers are to tell what is too long for the way, and not to cut it. */
  dontFragment?: boolean
}

export interface PingReply {
  /** From 0. */
  sequence: number
  from: string
  ttl: number
  /** Milliseconds. */
  rtt: number
}

/** What the network said of a request. */
export interface PingError {
  sequence: number
  reason: FailureReason
  /** Who said it: a router, the other host, or the host itself. */
  from: string
  /** With `too-big`: what would fit, octets of IP. */
  mtu?: number
}

export interface PingResult {
  /** The address that was asked. */
  to: string
  sent: number
  /** Answers, each counted once. */
  received: number
  /** Requests that nobody answered. */
  lost: number
  /** Answers that came once more. */
  duplicates: number
  /** Milliseconds; undefined without an answer. */
  rtt: { min: number; average: number; max: number } | undefined
  replies: PingReply[]
  errors: PingError[]
}

interface Settings {
  count: number
  interval: number
  size: number
  timeout: number
  ttl: number
  dontFragment: boolean
}

const KEYS = ['count', 'interval', 'size', 'ttl', 'timeout', 'dontFragment']
const COUNT_MAX = 65_536
const SIZE_MAX = 65_507

/** @throws InvalidError */
function settingsOf(options: PingOptions): Settings {
  checkOptions(options, KEYS, 'a ping')
  const { count = 1, interval = 1000, size = 56, ttl = 64, timeout = 5000 } = options
  const { dontFragment = false } = options
  return {
    count: whole(count, 'a number of requests', 1, COUNT_MAX),
    interval: milliseconds(interval),
    size: whole(size, 'a size in octets', 0, SIZE_MAX),
    ttl: whole(ttl, 'a TTL', 1, 255),
    timeout: milliseconds(timeout),
    dontFragment,
  }
}

/** Sends echo requests; resolves when all are answered or given up. */
export async function ping(
  stack: Stack,
  waits: Waits,
  to: Address,
  options: PingOptions = {},
): Promise<PingResult> {
  const series = new Series(stack, to, settingsOf(options))
  const wait = waits.begin<PingResult>(() => `host "${stack.name}" pings ${to.text}`)
  try {
    series.begin(wait.resolve)
  } catch (error) {
    series.end()
    wait.reject(error)
  }
  return wait.promise
}

class Series implements Echoes {
  readonly #way: readonly [from: Address, to: Address]
  readonly #sentAt: number[] = []
  readonly #open = new Set<number>()
  readonly #result: PingResult
  #identifier = 0
  #timer: Timer | undefined
  #done: (result: PingResult) => void = () => {}

  constructor(
    private readonly stack: Stack,
    to: Address,
    private readonly settings: Settings,
  ) {
    this.#way = [stack.sourceFor(to), to]
    const none = { sent: 0, received: 0, lost: 0, duplicates: 0, rtt: undefined }
    this.#result = { to: to.text, ...none, replies: [], errors: [] }
  }

  begin(done: (result: PingResult) => void): void {
    this.#done = done
    this.#identifier = this.stack.icmp.open(this)
    this.#send()
  }

  /** Nothing of it is left. */
  end(): void {
    this.#timer?.cancel()
    this.stack.icmp.release(this.#identifier)
  }

  #send(): void {
    const { icmp, clock } = this.stack
    const { size, count, interval, timeout } = this.settings
    const sequence = this.#result.sent++
    this.#sentAt.push(clock.now)
    this.#open.add(sequence)
    icmp.echo(this.#way, this.#identifier, sequence, size, this.settings)
    const isLast = this.#result.sent === count
    this.#timer = clock.after(
      isLast ? timeout : interval,
      isLast ? () => this.#finish() : () => this.#send(),
    )
  }

  answered(sequence: number, { from, ttl }: Arrival): void {
    const sentAt = this.#sentAt[sequence]
    if (sentAt === undefined) return
    if (!this.#open.delete(sequence)) {
      this.#result.duplicates++
      return
    }
    const rtt = this.stack.clock.now - sentAt
    this.#result.replies.push({ sequence, from: from.text, ttl, rtt })
    this.#look()
  }

  failed(sequence: number, { reason, from, mtu }: Failure): void {
    if (!this.#open.delete(sequence)) return
    const said = mtu === undefined ? {} : { mtu }
    this.#result.errors.push({ sequence, reason, from: from.text, ...said })
    this.#look()
  }

  #look(): void {
    if (this.#open.size === 0 && this.#result.sent === this.settings.count) this.#finish()
  }

  #finish(): void {
    this.end()
    const { replies, sent } = this.#result
    this.#result.received = replies.length
    this.#result.lost = sent - replies.length
    if (replies.length > 0) this.#result.rtt = statistics(replies)
    // A copy: whoever goes back to before this end goes on with the other.
    this.#done({ ...this.#result, replies: [...replies], errors: [...this.#result.errors] })
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.list(this.#sentAt)
    keeper.set(this.#open)
    keeper.record(this.#result)
    keeper.list(this.#result.replies)
    keeper.list(this.#result.errors)
    keeper.handles([this.#timer], (timer) => {
      this.#timer = timer
    })
    keeper.values([this.#identifier], (identifier) => {
      this.#identifier = identifier
    })
  }
}

function statistics(replies: readonly PingReply[]): { min: number; average: number; max: number } {
  let [min, max, sum] = [Infinity, 0, 0]
  for (const { rtt } of replies) {
    min = Math.min(min, rtt)
    max = Math.max(max, rtt)
    sum += rtt
  }
  return { min, average: sum / replies.length, max }
}
