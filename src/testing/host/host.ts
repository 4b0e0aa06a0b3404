/** A host of the lab, as a test sees it. */
import { formatMac } from '../../config/address.js'
import { whole } from '../../config/whole.js'
import { LinkspanError } from '../../error.js'
import { checkHandler, checkOptions } from '../check-options.js'
import type { Waits } from '../clock/wait.js'
import type { Link } from '../link/link.js'
import type { TcpConnection } from '../tcp/connection.js'
import type { TcpServer } from '../tcp/server.js'
import type { Address } from './network.js'
import { type PingOptions, type PingResult, ping } from './ping.js'
import type { Stack } from './stack.js'
import { type HasAddresses, type Names, resolve, type Target } from './target.js'
import { TcpTransport } from './tcp.js'
import type { ConnectionHandler } from './tcp-handler.js'
import type { ConnectOptions, ListenOptions } from './tcp-options.js'
import { type Hop, type TracerouteOptions, traceroute } from './traceroute.js'
import { Udp } from './udp.js'
import { type DatagramHandler, type SocketHost, UdpSocket } from './udp-socket.js'
import { Protocol } from './wire.js'

/** What a host has of its lab. */
export interface HostLab {
  readonly waits: Waits
  readonly names: Names
  /** @throws LinkspanError code `CLOSED`, also where a restore has gone to before the host */
  mustBeOpen(host: Host): void
  thrown(what: string, error: unknown): void
}

/** What changes the addresses of a host. */
export interface HostAddresses {
  add(address: string, gateway: string | undefined): void
  remove(address: string): void
}

/** What sockets of a host are made of. */
export interface HostParts extends SocketHost {
  readonly tcp: TcpTransport
  /** @throws LinkspanError code `CLOSED` */
  mustBeOpen(): void
  readonly lab: HostLab
}

export class Host implements HasAddresses {
  readonly #stack: Stack
  readonly #lab: HostLab
  readonly #udp: Udp
  readonly #tcp: TcpTransport
  readonly #sockets: HostParts

  /** @internal Use `lab.host()`. */
  constructor(
    readonly name: string,
    /** Its cable: what becomes of frames on it. */
    readonly link: Link,
    stack: Stack,
    lab: HostLab,
    private readonly addressing: HostAddresses,
  ) {
    this.#stack = stack
    this.#lab = lab
    this.#udp = new Udp(`host "${name}"`, () => stack.random())
    stack.plug(Protocol.UDP, this.#udp)
    const thrown = (what: string, error: unknown) => lab.thrown(what, error)
    this.#tcp = new TcpTransport({ stack, waits: lab.waits, thrown })
    stack.plug(Protocol.TCP, this.#tcp)
    this.#sockets = {
      stack,
      waits: lab.waits,
      udp: this.#udp,
      resolve: (target) => this.#resolve(target),
      thrown,
      tcp: this.#tcp,
      mustBeOpen: () => lab.mustBeOpen(this),
      lab,
    }
  }

  /** @internal For sockets of another shape: those of `linkspan/testing/node`. */
  get parts(): HostParts {
    return this.#sockets
  }

  get mac(): string {
    return formatMac(this.#stack.mac)
  }

  /** Its addresses, without link-local ones, which mean nothing elsewhere. */
  get addresses(): string[] {
    return this.own().map(({ text }) => text)
  }

  /** @internal */
  own(): readonly Address[] {
    return this.#stack.own
  }

  /** @internal Whom it would give a packet to; undefined: everybody, or a group. @throws `UNREACHABLE` */
  hopTo(from: Address, to: Address): Uint8Array | undefined {
    const ip = this.#stack.ipOf(to)
    ip.checkSource(from, to)
    if (!ip.isHere(to.bytes)) return ip.hopTo(to)
    const problem = `host "${this.name}" has ${to.text} itself`
    throw new LinkspanError('UNREACHABLE', `${problem}: no frame leaves it for that`)
  }

  /**
   * Takes an address, as a DHCP client does that has a lease.
   *
   * @param address with its prefix length, `10.55.0.9/24`
   * @param gateway where packets to other networks go from now on; left out: where they went
   * @throws LinkspanError `EXISTS` where somebody has the address, `INVALID`
   */
  addAddress(address: string, { gateway }: { gateway?: string } = {}): void {
    this.#lab.mustBeOpen(this)
    this.addressing.add(address, gateway)
  }

  /**
   * Gives an address back; without another one in its network, the gateway there is none any more.
   *
   * @param address without a prefix length @throws LinkspanError code `NOT_FOUND`
   */
  removeAddress(address: string): void {
    this.#lab.mustBeOpen(this)
    this.addressing.remove(address)
  }

  #resolve(target: Target): Address {
    this.#lab.mustBeOpen(this)
    return resolve(this.#stack, this.#lab.names, target)
  }

  /**
   * Sends echo requests. That some are lost, or all, is a result.
   *
   * @param to a host, its name, or an address
   * @throws LinkspanError `NOT_FOUND`, or `UNREACHABLE` where the host has no way to it at all
   */
  ping(to: Target, options: PingOptions = {}): Promise<PingResult> {
    const { waits } = this.#lab
    return waits.give(async () => ping(this.#stack, waits, this.#resolve(to), options))
  }

  /** The routers on the way to a host, nearest first, and the host, where it answers. */
  async traceroute(to: Target, options: TracerouteOptions = {}): Promise<Hop[]> {
    checkOptions(options, ['most', 'timeout'], 'a traceroute')
    const { most = 30, timeout = '5s' } = options
    const address = this.#resolve(to)
    const one = (ttl: number) => ping(this.#stack, this.#lab.waits, address, { ttl, timeout })
    return traceroute(one, whole(most, 'a number of hops', 1, 255))
  }

  /**
   * Opens a UDP socket.
   *
   * @param port left out: one that is free
   * @param handler is given every datagram, in place of `receive` and loops; what it throws fails
   *   whatever the test waits for
   * @throws LinkspanError code `EXISTS` where the port is taken
   */
  udp(port?: number, handler?: DatagramHandler): UdpSocket {
    this.#lab.mustBeOpen(this)
    const own = port === undefined ? this.#udp.freePort() : whole(port, 'a UDP port', 1, 65_535)
    checkHandler(handler, `UDP port ${own} of host "${this.name}"`)
    return new UdpSocket(this.#sockets, own, handler)
  }

  /**
   * Takes TCP connections on a port.
   *
   * @param port 0: one that is free
   * @param handler is given every connection, in place of `accept` and loops; what it throws fails whatever
   *   the test waits for, unless it is that the connection broke
   * @throws LinkspanError code `EXISTS` where somebody listens there
   */
  listen(port: number, handler?: ConnectionHandler): TcpServer
  listen(port: number, options?: ListenOptions, handler?: ConnectionHandler): TcpServer
  listen(
    port: number,
    first: ListenOptions | ConnectionHandler = {},
    second?: ConnectionHandler,
  ): TcpServer {
    this.#lab.mustBeOpen(this)
    const [options, handler] = typeof first === 'function' ? [{}, first] : [first, second]
    checkHandler(handler, `TCP port ${port} of host "${this.name}"`)
    return this.#tcp.listen(port, options, handler)
  }

  /**
   * Opens a TCP connection; resolves when it is open.
   *
   * @param to a host, its name, or an address
   * @throws LinkspanError `REFUSED` where nobody listens, `TIMEOUT`, `UNREACHABLE`, `NOT_FOUND`
   */
  connect(to: Target, port: number, options: ConnectOptions = {}): Promise<TcpConnection> {
    return this.#lab.waits.give(async () => this.#tcp.connect(this.#resolve(to), port, options))
  }
}
