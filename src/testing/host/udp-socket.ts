/** A UDP socket of a host: datagrams out, and those that came in, in order. */
import { describe } from '../../config/describe.js'
import { whole } from '../../config/whole.js'
import { InvalidError, LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import { checkOptions } from '../check-options.js'
import type { Wait, Waits } from '../clock/wait.js'
import { whoStillWait } from '../restored.js'
import { type Duration, milliseconds } from '../time.js'
import { addressOf } from './address.js'
import { Datagram, type DatagramError } from './datagram.js'
import type { Address, Arrival, Failure } from './network.js'
import { onRejection } from './rejection.js'
import type { Stack } from './stack.js'
import type { Target } from './target.js'
import { UDP_CHECKSUM, type Udp, udpSegment } from './udp.js'
import { groupMac, Protocol, u16 } from './wire.js'

/** Datagrams that wait for a program; what comes on top is dropped, and counted. */
const QUEUE = 4096
const ERRORS = 64
const DATA_MAX = { 4: 65_507, 6: 65_527 } as const

const utf8 = new TextEncoder()

export interface UdpSendOptions {
  /** TTL or hop limit, 1 to 255; left out: 64, to a group 1. */
  ttl?: number
  /** false: what goes to a group or to everybody does not come to sockets of the host itself. */
  loops?: boolean
  /** @internal An address of the host. */
  from?: string
}

export type DatagramHandler = (datagram: Datagram, socket: UdpSocket) => void

/** What a socket has of its host. */
export interface SocketHost {
  readonly stack: Stack
  readonly waits: Waits
  readonly udp: Udp
  resolve(target: Target): Address
  /** What a handler threw, with what it was a handler of. */
  thrown(what: string, error: unknown): void
}

interface Waiting {
  readonly wait: Wait<Datagram | undefined>
  readonly isLoop: boolean
}

export class UdpSocket {
  /** What the network said, the newest last; of an own port, also `receive` says it. */
  readonly errors: DatagramError[] = []
  /** Datagrams that came while too many waited already. */
  dropped = 0
  /** @internal Is told what the network said in place of `receive`. */
  onFailure: ((failure: LinkspanError) => void) | undefined
  readonly #queue: Datagram[] = []
  readonly #waiting: Waiting[] = []
  readonly #groups: Uint8Array[] = []
  #failure: LinkspanError | undefined
  #closed = false

  /** @internal Use `host.udp()`. */
  constructor(
    private readonly host: SocketHost,
    readonly port: number,
    private readonly handler: DatagramHandler | undefined,
  ) {
    host.udp.bind(port, this)
  }

  get #who(): string {
    return `host "${this.host.stack.name}"`
  }

  /**
   * Sends a datagram. It is on its way when this resolves; that it arrives nobody knows.
   *
   * @param to a host, its name, an address, a group, or a broadcast address
   * @throws LinkspanError `UNREACHABLE` where there is no way, `NOT_FOUND`, `CLOSED`, `INVALID`
   */
  async send(
    to: Target,
    port: number,
    data: Uint8Array | string,
    options: UdpSendOptions = {},
  ): Promise<void> {
    this.#open()
    checkOptions(options, ['ttl', 'from', 'loops'], 'send')
    const { ttl, from, loops = true } = options
    whole(port, 'a UDP port', 1, 65_535)
    const { stack } = this.host
    const address = this.host.resolve(to)
    const octets = octetsOf(data, DATA_MAX[address.family])
    const segment = udpSegment(this.port, port, octets)
    const hops = ttl ?? (groupMac(address.bytes) ? 1 : 64)
    const asked = from === undefined ? undefined : stack.ownAddress(from)
    const way = [asked ?? stack.sourceFor(address), address] as const
    const settings = { ttl: whole(hops, 'a TTL', 1, 255), loops }
    stack.sendWith(settings, Protocol.UDP, way, segment, UDP_CHECKSUM)
  }

  /**
   * The next datagram.
   *
   * @throws LinkspanError `TIMEOUT`; `REFUSED` or `UNREACHABLE` where the network says that one sent
   *   before did not arrive; `CLOSED`; `IDLE` where nothing can come
   */
  receive(options: { timeout?: Duration } = {}): Promise<Datagram> {
    return this.host.waits.give(() => this.#receive(options))
  }

  async #receive(options: { timeout?: Duration }): Promise<Datagram> {
    this.#open()
    checkOptions(options, ['timeout'], 'receive')
    const { timeout } = options
    const datagram = this.#queue.shift()
    if (datagram) return datagram
    if (this.#failure) throw this.#takeFailure()
    const ms = timeout === undefined ? undefined : milliseconds(timeout)
    const wait = this.#wait(false)
    const timer =
      ms === undefined
        ? undefined
        : this.host.stack.clock.after(ms, () => wait.reject(this.#late(ms)))
    try {
      return (await wait.promise) as Datagram
    } finally {
      timer?.cancel()
      const at = this.#waiting.findIndex((one) => one.wait === wait)
      if (at >= 0) this.#waiting.splice(at, 1)
    }
  }

  #late(ms: number): LinkspanError {
    return new LinkspanError(
      'TIMEOUT',
      `${this.#who}: no datagram on UDP port ${this.port} in ${ms} ms`,
    )
  }

  #wait(isLoop: boolean): Wait<Datagram | undefined> {
    const tell = () => `${this.#who} waits for a datagram on UDP port ${this.port}`
    const wait = this.host.waits.begin<Datagram | undefined>(tell, isLoop ? 'loop' : undefined)
    this.#waiting.push({ wait, isLoop })
    return wait
  }

  /** Datagrams as they come, until the socket or the lab is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Datagram, void, undefined> {
    for (;;) {
      if (this.#closed) return
      const datagram = this.#queue.shift() ?? (await this.#wait(true).promise)
      if (datagram === undefined) return
      yield datagram
    }
  }

  /** Takes in what is sent to a group, such as "224.0.0.251" or "ff02::fb", by the host itself too. */
  join(group: string): void {
    this.#open()
    const bytes = groupOf(group)
    this.host.stack.join(bytes)
    this.#groups.push(bytes)
  }
  leave(group: string): void {
    const bytes = groupOf(group)
    const at = this.#groups.findIndex((one) => `${one}` === `${bytes}`)
    if (at < 0) return
    this.#groups.splice(at, 1)
    this.host.stack.leave(bytes)
  }

  /** @internal */
  arrived({ from, to, ttl, segment }: Arrival, data: Uint8Array): void {
    const datagram = new Datagram(from.text, u16(segment, 0), to.text, data, ttl, this)
    if (this.handler) {
      // Behind all that the same event does: a handler that throws leaves nothing half done.
      this.host.stack.clock.after(0, () => this.#handle(datagram))
      return
    }
    const next = this.#waiting.shift()
    if (next) next.wait.resolve(datagram)
    else if (this.#queue.length < QUEUE) this.#queue.push(datagram)
    else this.dropped++
  }

  #handle(datagram: Datagram): void {
    if (this.#closed) return
    const what = `${this.#who}, UDP port ${this.port}`
    try {
      // A handler may well be an async function: what it rejects with is told too.
      onRejection(this.handler?.(datagram, this), (error) => this.host.thrown(what, error))
    } catch (error) {
      this.host.thrown(what, error)
    }
    this.host.waits.woke = true
  }

  /** @internal */
  failed({ reason, from, destination, segment }: Failure): void {
    const [to, port] = [destination.text, u16(segment, 2)]
    if (this.errors.length === ERRORS) this.errors.shift()
    this.errors.push({ reason, from: from.text, to, port })
    const said = `${from.text} says ${reason}`
    const code = reason === 'port-unreachable' ? 'REFUSED' : 'UNREACHABLE'
    const text = `${this.#who}: a datagram to UDP port ${port} of ${to} did not arrive: ${said}`
    const failure = new LinkspanError(code, text)
    if (this.onFailure !== undefined) return this.onFailure(failure)
    this.#failure = failure
    const at = this.#waiting.findIndex(({ isLoop }) => !isLoop)
    if (at >= 0) this.#waiting.splice(at, 1)[0]?.wait.reject(this.#takeFailure())
  }

  #takeFailure(): LinkspanError | undefined {
    const failure = this.#failure
    this.#failure = undefined
    return failure
  }

  /** Gives the port back. Loops over it end; who waits in `receive` gets an error. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.host.udp.release(this.port)
    for (const group of this.#groups.splice(0)) this.host.stack.leave(group)
    for (const { wait, isLoop } of this.#waiting.splice(0)) {
      if (isLoop) wait.resolve(undefined)
      else wait.reject(this.#gone())
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #open(): void {
    if (this.#closed) throw this.#gone()
  }

  #gone(): LinkspanError {
    const what = `the socket on UDP port ${this.port} was closed`
    return new LinkspanError('CLOSED', `${this.#who}: ${what}`)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.list(this.errors)
    keeper.list(this.#queue)
    keeper.list(this.#groups)
    keeper.values([this.dropped, this.#closed, this.#failure], (...kept) => {
      ;[this.dropped, this.#closed, this.#failure] = kept
    })

    const then = [...this.#waiting]
    keeper.handles([], () => whoStillWait(this.#waiting, then))
  }
}

function octetsOf(data: unknown, most: number): Uint8Array {
  if (typeof data !== 'string' && !ArrayBuffer.isView(data)) {
    throw new InvalidError(describe(data), 'data: a Uint8Array or a string')
  }
  const octets =
    typeof data === 'string'
      ? utf8.encode(data)
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  if (octets.length <= most) return octets
  throw new InvalidError(`${octets.length} octets`, `a datagram of at most ${most}`)
}

function groupOf(text: string): Uint8Array {
  const { bytes } = addressOf(text)
  if (groupMac(bytes)) return bytes
  throw new InvalidError(describe(text), 'a multicast group such as "224.0.0.251" or "ff02::fb"')
}
