/** TCP as a transport of a host: the pure one of `tcp/`, joined to the host's stack and the lab's waits. */
import { oneOf, quote } from '../../config/describe.js'
import { InvalidError, LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import type { Waits } from '../clock/wait.js'
import { TcpConnection } from '../tcp/connection.js'
import type { PathErrorKind } from '../tcp/path-error.js'
import type { TcpServer } from '../tcp/server.js'
import * as tcp from '../tcp/stack.js'
import type { Tcb } from '../tcp/tcb.js'
import { mustBeLoss } from './loss.js'
import type { Address, Arrival, Failure, FailureReason, Network, Transport } from './network.js'
import type { Stack } from './stack.js'
import { type ConnectionHandler, ConnectionHandlers } from './tcp-handler.js'
import type { ConnectOptions, ListenOptions } from './tcp-options.js'
import { tcpWaits } from './tcp-waits.js'

/** What a transport for TCP has of its host. */
export interface TcpHost {
  readonly stack: Stack
  readonly waits: Waits
  /** What a handler threw, with what it was a handler of. */
  thrown(what: string, error: unknown): void
}

export class TcpTransport implements Transport {
  readonly #stack: Stack
  readonly #tcp: tcp.TcpStack
  readonly #handlers: ConnectionHandlers
  /** A segment is on its way down: what comes back by the same call has to wait. */
  #isSending = false

  constructor(host: TcpHost) {
    const { stack, waits } = host
    this.#stack = stack
    this.#handlers = new ConnectionHandlers(host)
    this.#tcp = new tcp.TcpStack(this.#network(), {
      host: stack.name,
      waits: tcpWaits(`host ${quote(stack.name)}`, waits),
    })
  }

  #network(): Network {
    const stack = this.#stack
    return {
      clock: stack.clock,
      copies: true,
      random: () => stack.random(),
      sourceFor: (to) => stack.sourceFor(to),
      mtuTo: (to) => stack.mtuTo(to),
      send: (protocol, from, to, segment, checksumAt) => {
        this.#isSending = true
        try {
          stack.send(protocol, from, to, segment, checksumAt)
        } catch (error) {
          mustBeLoss(error)
        } finally {
          this.#isSending = false
        }
      },
    }
  }

  listen(
    port: number,
    { address, ...options }: ListenOptions,
    handler: ConnectionHandler | undefined,
  ): TcpServer {
    const own = address === undefined ? undefined : this.#own(address)
    const server = this.#tcp.listen(port, { ...options, ...(own && { address: own }) })
    if (handler) this.#handlers.serve(server, handler)
    return server
  }

  /** Resolves when it is open. */
  async connect(to: Address, port: number, options: ConnectOptions): Promise<TcpConnection> {
    const connection = this.open(to, port, options, (tcb) => new TcpConnection(tcb))
    await connection.opened
    return connection
  }

  /** @param take as of {@link tcp.TcpStack.open} */
  open<T>(
    to: Address,
    port: number,
    { localAddress, ...options }: ConnectOptions,
    take: (tcb: Tcb) => T,
  ): T {
    const own = localAddress === undefined ? undefined : this.#own(localAddress)
    if (own) this.#mustFit(own, to)
    return this.#tcp.open(to, port, { ...options, ...(own && { localAddress: own }) }, take)
  }

  #mustFit(own: Address, to: Address): void {
    this.#stack.ipOf(to).checkSource(own, to)
    if (own.family === to.family) return
    const host = `host ${quote(this.#stack.name)}`
    throw new InvalidError(
      `${own.text} as the address that ${host} connects to ${to.text} from`,
      'one of its family',
    )
  }

  #own(text: string): Address {
    const found = this.#stack.ownAddress(text)
    if (found) return found
    const { own, name } = this.#stack
    const has = own.length === 0 ? 'it has none' : `expected ${oneOf(own.map((one) => one.text))}`
    const problem = `host ${quote(name)} has no address ${quote(text)}`
    throw new LinkspanError('INVALID', `${problem}; ${has}`)
  }

  receive({ from, to, segment }: Arrival): boolean {
    // RFC 1122 4.2.3.10: what is sent to everybody or to a group is not for TCP.
    if (!this.#stack.ipOf(to).isHere(to.bytes)) return true
    if (this.#isSending) {
      const copy = segment.slice()
      this.#stack.clock.after(0, () => this.#tcp.receive(copy, from, to))
    } else this.#tcp.receive(segment, from, to)
    return true
  }

  failed({ reason, source, destination, segment, from }: Failure): void {
    const kind = kindOf(reason)
    if (kind === undefined) return
    const error = { kind, from: source, to: destination, by: from, quoted: segment }
    if (this.#isSending) {
      const quoted = segment.slice()
      this.#stack.clock.after(0, () => this.#tcp.error({ ...error, quoted }))
    } else this.#tcp.error(error)
  }

  close(): void {
    this.#tcp.close()
  }

  keep(keeper: Keeper): void {
    keeper.part(this.#tcp)
  }
}

/** TCP sends no fragments: that some did not arrive concerns somebody else's. */
const kindOf = (reason: FailureReason): PathErrorKind | undefined =>
  reason === 'reassembly-time-exceeded' ? undefined : reason
