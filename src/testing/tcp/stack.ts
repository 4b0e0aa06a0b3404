/** The TCP of one host. */
import { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import type { Address, Network } from '../host/network.js'
import { arrive } from './arrival.js'
import { SegmentBuffers } from './buffers.js'
import { TcpConnection } from './connection.js'
import type { Context } from './context.js'
import { newCounters, type TcpCounters } from './counters.js'
import { Ends } from './errors.js'
import { u16 } from './octets.js'
import { concerns, errorText, type PathError } from './path-error.js'
import { ephemeralPort, isPort } from './ports.js'
import { answerByReset } from './reset.js'
import { keepConnections } from './rewind.js'
import { ACK, RST, Segment, SYN } from './segment.js'
import { Sequences } from './sequences.js'
import { BACKLOG, type ListenOptions, TcpServer } from './server.js'
import { type TcpOptions, tcpSettings } from './settings.js'
import { noProgram, type TcbEvents } from './states.js'
import { ConnectionTable, isSame } from './table.js'
import { Tcb } from './tcb.js'
import { noWaits, type Waits } from './waits.js'

export interface TcpStackOptions {
  /** The host's name, for messages. */
  host?: string
  waits?: Waits
  /** Of every connection, unless `listen` or `connect` say otherwise. */
  defaults?: TcpOptions
}

export interface ConnectOptions extends TcpOptions {
  localAddress?: Address
  /** Left out: one of the dynamic ones that is free (RFC 6335 6). */
  localPort?: number
}

/** Of a connection that does not exist yet. */
const silent: TcbEvents = {
  opened() {},
  readable() {},
  writable() {},
  finished() {},
  failed() {},
  ...noProgram,
}

export class TcpStack {
  readonly counters: TcpCounters = newCounters()
  readonly #table = new ConnectionTable()
  readonly #servers = new Map<number, TcpServer[]>()
  readonly #segment = new Segment()
  readonly #context: Context
  #isClosed = false

  constructor(
    readonly network: Network,
    readonly options: TcpStackOptions = {},
  ) {
    this.#context = {
      network,
      waits: options.waits ?? noWaits,
      counters: this.counters,
      buffers: new SegmentBuffers(network.headroom ?? 0, network.copies ?? false),
      sequences: new Sequences(network),
      host: options.host ?? '',
      isSending: false,
      opened: (tcb) => this.#table.add(tcb),
      released: (tcb) => this.#table.remove(tcb),
      closed: (server) => this.#remove(server),
    }
  }

  /** Connections in any state, TIME-WAIT included. */
  get connections(): number {
    return this.#table.size
  }

  /**
   * Takes connections on a port.
   *
   * @param port 1 to 65535; 0: a dynamic one that is free
   * @throws LinkspanError codes `INVALID`, `EXISTS`: somebody listens there already, `CLOSED`
   */
  listen(port: number, options: ListenOptions = {}): TcpServer {
    this.#checkOpen()
    const { address, backlog = BACKLOG, ...rest } = options
    const settings = tcpSettings(['address', 'backlog'], this.options.defaults, rest)
    if (!Number.isInteger(backlog) || backlog < 1) {
      throw this.#error('INVALID', `a backlog of ${backlog}; expected 1 or more`)
    }
    const chosen = port === 0 ? this.#freePort((each) => !this.#servers.has(each)) : port
    this.#checkPort(chosen)
    const others = this.#servers.get(chosen) ?? []
    if (others.some((other) => clashes(other.address, address))) {
      const what = `port ${chosen} is in use: close the server that listens there, or take another port`
      throw this.#error('EXISTS', what)
    }
    const server = new TcpServer(this.#context, chosen, address, settings, backlog)
    this.#servers.set(chosen, [...others, server])
    return server
  }

  /**
   * Opens a connection; its `opened` tells what became of it. What is written before is sent then.
   *
   * @throws LinkspanError codes `INVALID`, `UNREACHABLE`, `EXISTS`: that connection is there already,
   *   `LIMIT`: no port is free, `CLOSED`
   */
  connect(to: Address, port: number, options: ConnectOptions = {}): TcpConnection {
    return this.open(to, port, options, (tcb) => new TcpConnection(tcb))
  }

  /**
   * The same for who puts something else than a `TcpConnection` around it.
   *
   * @param take is given what opens, and sets its `events`
   */
  open<T>(to: Address, port: number, options: ConnectOptions, take: (tcb: Tcb) => T): T {
    this.#checkOpen()
    const { localAddress, localPort, ...rest } = options
    const settings = tcpSettings(['localAddress', 'localPort'], this.options.defaults, rest)
    this.#checkPort(port)
    const from = localAddress ?? this.network.sourceFor(to)
    const isFree = (each: number) =>
      this.#table.find(from, each, to, port) === undefined && !this.#listens(from, each)
    const chosen = localPort ?? this.#freePort(isFree)
    this.#checkPort(chosen)
    const ends = new Ends(from, chosen, to, port, this.#context.host)
    if (this.#table.find(from, chosen, to, port) !== undefined) {
      throw ends.error('EXISTS', 'this connection is there already: take another local port')
    }
    const tcb: Tcb = new Tcb(this.#context, ends, settings, silent)
    const taken = take(tcb)
    tcb.connect()
    return taken
  }

  /**
   * A segment came in; its checksum is right (`isChecksumRight`). Never throws for what is in it. The
   * octets are the caller's again afterwards.
   *
   * @throws LinkspanError code `INVALID`: from within `Network.send`, in the middle of other work
   */
  receive(bytes: Uint8Array, from: Address, to: Address): void {
    const segment = this.#segment
    if (this.#context.isSending) {
      throw this.#error('INVALID', 'a segment came from within Network.send; pass it on later')
    }
    this.counters.segmentsReceived++
    if (this.#isClosed) return
    if (!segment.read(bytes)) {
      this.counters.drops.malformed++
      return
    }
    const { sourcePort, destinationPort } = segment
    const tcb = this.#table.find(to, destinationPort, from, sourcePort)
    if (tcb === undefined) this.#first(segment, from, to)
    else if (isOpening(segment) && tcb.makeWay(segment)) this.#first(segment, from, to)
    else if (!arrive(tcb, segment)) this.#refuse(segment, from, to)
  }

  /** Of no connection (RFC 9293 3.10.7.1, 3.10.7.2). */
  #first(segment: Segment, from: Address, to: Address): void {
    const { drops } = this.counters
    const server = this.#listens(to, segment.destinationPort)
    if (server === undefined || (segment.flags & (RST | ACK)) !== 0) {
      drops.closed++
      this.#refuse(segment, from, to)
    } else if ((segment.flags & SYN) === 0) {
      drops.unacceptable++
    } else {
      const { destinationPort, sourcePort } = segment
      const ends = new Ends(to, destinationPort, from, sourcePort, this.#context.host)
      if (!server.begin(ends, segment)) drops.backlog++
    }
  }

  #refuse(segment: Segment, from: Address, to: Address): void {
    if ((segment.flags & RST) === 0) answerByReset(this.#context, segment, from, to)
  }

  /** Who listens there; on that very address rather than on all. */
  #listens(address: Address, port: number): TcpServer | undefined {
    const servers = this.#servers.get(port)
    if (servers === undefined) return undefined
    return (
      servers.find((server) => server.address !== undefined && isSame(server.address, address)) ??
      servers.find((server) => server.address === undefined)
    )
  }

  /** An ICMP error about a segment of this host came in. Never throws for what is in it. */
  error(error: PathError): void {
    const { quoted, from, to } = error
    const tcb =
      quoted.length < 8 ? undefined : this.#table.find(from, u16(quoted, 0), to, u16(quoted, 2))
    if (tcb === undefined || !concerns(tcb, quoted)) {
      this.counters.drops.errors++
    } else if (error.kind === 'too-big') {
      tcb.overdue()
      tcb.sender.push()
    } else {
      tcb.told(...errorText(error, tcb.ends.remote))
    }
  }

  /** Aborts all connections and closes all servers. */
  close(): void {
    if (this.#isClosed) return
    for (const server of [...this.#servers.values()].flat()) server.close()
    for (const tcb of this.#table.all()) {
      // What serves it goes no further: an error would have nobody to catch it.
      if (tcb.state === 'TIME-WAIT' || tcb.isServed) tcb.forget()
      else tcb.abort(tcb.ends.error('CLOSED', 'the host was closed'))
    }
    this.#isClosed = true
  }

  #remove(server: TcpServer): void {
    const left = (this.#servers.get(server.port) ?? []).filter((each) => each !== server)
    if (left.length === 0) this.#servers.delete(server.port)
    else this.#servers.set(server.port, left)
  }

  #checkOpen(): void {
    if (this.#isClosed) throw this.#error('CLOSED', 'the host was closed')
  }

  #checkPort(port: number): void {
    if (isPort(port)) return
    throw this.#error('INVALID', `found port ${port}; expected a whole number from 1 to 65535`)
  }

  #freePort(isFree: (port: number) => boolean): number {
    const port = ephemeralPort(this.network.random(), isFree)
    if (port !== undefined) return port
    throw this.#error('LIMIT', 'all dynamic ports are in use: close connections, or name a port')
  }

  #error(code: string, what: string): LinkspanError {
    const { host } = this.#context
    return new LinkspanError(code, `TCP${host === '' ? '' : ` of ${host}`}: ${what}`)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.record(this.counters)
    keeper.record(this.counters.drops)
    const then = new Set([...this.#servers.values()].flat())
    keeper.before(() => {
      const now = [...this.#servers.values()].flat()
      for (const server of now) if (!then.has(server)) server.restored()
    })
    keeper.map(this.#servers)
    for (const server of then) keeper.part(server)
    keeper.values([this.#isClosed], (isClosed) => {
      this.#isClosed = isClosed
    })
    keeper.part(this.#context.sequences)
    keepConnections(keeper, this.#table)
  }
}

/** Two servers would take the same connections. */
const clashes = (a: Address | undefined, b: Address | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && isSame(a, b))

const isOpening = ({ flags }: Segment): boolean => (flags & (SYN | ACK | RST)) === SYN
