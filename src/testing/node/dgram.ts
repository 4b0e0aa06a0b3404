/** A `dgram.Socket` of a lab's host. */
import type * as dgram from 'node:dgram'
import { isIP } from 'node:net'
import type { LinkspanError } from '../../error.js'
import { addressOf } from '../host/address.js'
import type { Datagram } from '../host/datagram.js'
import type { Host, HostParts } from '../host/host.js'
import { LOOPBACK } from '../host/loopback.js'
import { UdpSocket } from '../host/udp-socket.js'
import { bindArguments, type DatagramCallback, sendArguments } from './dgram-arguments.js'
import { isGroup } from './dgram-groups.js'
import { DatagramMembership } from './dgram-membership.js'
import { nodeError, notFound, portOf, sendError, systemError, usageError } from './errors.js'
import { Listening } from './listening.js'
import { destinationOf, find } from './lookup.js'
import { Program } from './program.js'

export type DatagramSocketType = 'udp4' | 'udp6'

export interface LabDatagramSocketOptions {
  type: DatagramSocketType
  signal?: AbortSignal | undefined
  /** A port of a host has one socket: these change nothing. */
  reuseAddr?: boolean | undefined
  reusePort?: boolean | undefined
  ipv6Only?: boolean | undefined
  recvBufferSize?: number | undefined
  sendBufferSize?: number | undefined
}

export interface RemoteInfo {
  address: string
  family: 'IPv4' | 'IPv6'
  port: number
  size: number
}

interface Peer {
  address: string
  port: number
}

const ANY = { udp4: '0.0.0.0', udp6: '::' } as const

export class LabDatagramSocket extends DatagramMembership implements AsyncDisposable {
  readonly type: DatagramSocketType
  readonly #host: Host
  readonly #parts: HostParts
  readonly #program: Program
  readonly #listening: Listening
  #socket: UdpSocket | undefined
  #address = ''
  #peer: Peer | undefined
  #isClosed = false
  #isClient = false

  /** @internal Use `createSocket`. */
  constructor(host: Host, { type, signal }: LabDatagramSocketOptions) {
    super()
    if (type !== 'udp4' && type !== 'udp6') {
      const text = 'Bad socket type specified. Valid types are: udp4, udp6'
      throw usageError(TypeError, 'ERR_SOCKET_BAD_TYPE', text)
    }
    this.type = type
    this.#host = host
    this.#parts = host.parts
    this.#program = new Program(this.#parts, 'LabDatagramSocket', () => this.#what)
    const tell = () => `host "${host.name}" waits for a datagram on UDP port ${this.#socket?.port}`
    this.#listening = new Listening(host.parts.waits, tell, (error) => this.#idle(error))
    if (signal?.aborted) this.close()
    else signal?.addEventListener('abort', () => this.#isClosed || this.close(), { once: true })
  }

  get #what(): string {
    return `host "${this.#host.name}", UDP port ${this.#socket?.port ?? 0}`
  }

  get #family(): 4 | 6 {
    return this.type === 'udp4' ? 4 : 6
  }

  /** As of `node:dgram`; what is wrong with port or address is told by the event `error`. */
  bind(...given: unknown[]): this {
    this.#open()
    const [{ port, address = ANY[this.type] }, callback] = bindArguments(given)
    if (this.#socket !== undefined) {
      throw usageError(Error, 'ERR_SOCKET_ALREADY_BOUND', 'Socket is already bound')
    }
    if (callback) this.once('listening', callback)
    try {
      this.#bind(port, address)
    } catch (error) {
      const told = nodeError(error, 'bind', { address, port })
      process.nextTick(() => this.emit('error', told))
      return this
    }
    process.nextTick(() => this.#isClosed || this.emit('listening'))
    return this
  }

  #bind(port: number, name: string): void {
    const { stack, udp } = this.#parts
    this.#parts.mustBeOpen()
    const address = name === ANY[this.type] ? name : addressOf(this.#find(name)).text
    if (isIP(address) !== this.#family) throw systemError('EINVAL', 'bind', { address, port })
    const isOwn = address === ANY[this.type] || stack.ownAddress(address) !== undefined
    if (!isOwn && !isGroup(address)) throw systemError('EADDRNOTAVAIL', 'bind', { address, port })
    const socket = new UdpSocket(this.#parts, port || udp.freePort(), (each) => this.#came(each))
    socket.onFailure = (error) => this.#failed(error)
    this.#address = address
    this.#socket = socket
    this.#listening.open(true)
  }

  #find(name: string): string {
    const [found] = find(this.#parts, name, this.#family)
    if (found === undefined) throw notFound(name)
    return found.address
  }

  /** Called in an event of its own; what it throws is told to the lab. */
  #came({ from, port, to, data }: Datagram): void {
    const isIpv6 = from.includes(':')
    // As Linux: who is bound to an address does not hear what goes to groups, or to all.
    const isMeant = this.#address === ANY[this.type] || this.#address === to
    const isPeers = !this.#peer || (this.#peer.address === from && this.#peer.port === port)
    if (isIpv6 !== (this.type === 'udp6') || !isMeant || !isPeers) return
    if (!this.groups.hears(to, from)) return
    const family = isIpv6 ? 'IPv6' : 'IPv4'
    const remote: RemoteInfo = { address: from, family, port, size: data.length }
    this.#listening.answered()
    this.#program.run(() => this.emit('message', Buffer.from(data), remote))
  }

  /** It may be that it wants no answer: an error that nobody takes would end it. */
  #idle(error: LinkspanError): void {
    if (error.code !== 'IDLE' || this.listenerCount('error') === 0) return
    this.#program.tell(() => this.#isClosed || this.emit('error', error))
  }

  /** As Linux: only who is connected is told what the network says. */
  #failed(error: LinkspanError): void {
    if (this.#peer === undefined) return
    const told = nodeError(error, 'recvmsg')
    this.#program.tell(() => this.#isClosed || this.emit('error', told))
  }

  /** As of `node:dgram`, all forms. @throws TypeError, RangeError, Error with Node's codes */
  send(...given: unknown[]): void {
    this.#open()
    const sending = sendArguments(given, this.#peer !== undefined)
    const { data, callback } = sending
    const { port, address = 'localhost' } = this.#peer ?? sending
    this.#begin()
    let text = address
    try {
      text = destinationOf(this.#find(address))
      this.#mayReach(text, port as number)
    } catch (error) {
      return this.#unsent(error, callback)
    }
    const socket = this.#socket as UdpSocket | undefined
    const ttl = isGroup(text) ? this.groupTtl : this.ttl
    if (this.#isClient) this.#listening.asked()
    const loops = this.groupLoops || !isGroup(text)
    const from = this.#sourceFor(text)
    const sent = socket?.send(text, port as number, data, { ttl, loops, ...(from && { from }) })
    sent?.then(
      () => callback?.(null, data.length),
      (error) => this.#unsent(sendError(error, { address: text, port: port as number }), callback),
    )
  }

  /** The address that it is bound to, or that its groups are reached from; undefined: whichever fits. */
  #sourceFor(text: string): string | undefined {
    if (this.#address !== ANY[this.type]) return this.#address
    return isGroup(text) && this.groupsInside ? LOOPBACK[this.#family].text : undefined
  }

  /** Who sends without a port of his own is a client. */
  #begin(): void {
    if (this.#socket !== undefined) return
    this.bind()
    this.#isClient = true
  }

  #mayReach(text: string, port: number): void {
    const address = addressOf(text)
    const isAll = this.#parts.stack.ipOf(address).isBroadcast(address.bytes)
    if (isAll && !this.mayBroadcast) throw systemError('EACCES', 'send', { address: text, port })
    if (address.family === this.#family) return
    throw systemError('EINVAL', 'send', { address: text, port })
  }

  #unsent(error: unknown, callback: DatagramCallback | undefined): void {
    process.nextTick(() => {
      if (callback) callback(error as Error, 0)
      else if (!this.#isClosed) this.emit('error', error)
    })
  }

  /** Datagrams go to that one and come from it only; `(port, [address,] [callback])`. */
  connect(...given: unknown[]): void {
    this.#open()
    const [port, ...others] = given
    const name = others.find((one) => typeof one === 'string') as string | undefined
    const callback = others.find((one) => typeof one === 'function') as
      | ((e?: Error) => void)
      | undefined
    const peerPort = portOf(port, 'Port', 1)
    if (this.#peer !== undefined) {
      throw usageError(Error, 'ERR_SOCKET_DGRAM_IS_CONNECTED', 'Already connected')
    }
    try {
      const address = destinationOf(this.#find(name || 'localhost'))
      this.#peer = { address, port: peerPort }
      this.#begin()
    } catch (error) {
      process.nextTick(() => (callback ? callback(error as Error) : this.emit('error', error)))
      return
    }
    if (callback) this.once('connect', callback)
    process.nextTick(() => this.#isClosed || this.emit('connect'))
  }

  disconnect(): void {
    this.remoteAddress()
    this.#peer = undefined
  }

  /** @throws Error `ERR_SOCKET_DGRAM_NOT_CONNECTED` */
  remoteAddress(): { address: string; family: string; port: number } {
    this.#open()
    if (this.#peer !== undefined) return { ...this.#peer, family: `IPv${this.#family}` }
    throw usageError(Error, 'ERR_SOCKET_DGRAM_NOT_CONNECTED', 'Not connected')
  }

  /** @throws Error `EBADF`: it is not bound */
  address(): { address: string; family: string; port: number } {
    this.#open()
    if (this.#socket === undefined) throw systemError('EBADF', 'getsockname')
    return { address: this.#address, family: `IPv${this.#family}`, port: this.#socket.port }
  }

  close(callback?: () => void): this {
    this.#open()
    if (callback) this.once('close', callback)
    this.#isClosed = true
    this.#socket?.close()
    this.#listening.open(false)
    process.nextTick(() => this.emit('close'))
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) this.close()
  }

  #open(): void {
    if (!this.#isClosed) return
    throw usageError(Error, 'ERR_SOCKET_DGRAM_NOT_RUNNING', 'Not running')
  }

  /** @internal */
  protected override bound(): UdpSocket {
    this.#open()
    if (this.#socket === undefined) this.bind()
    return this.#socket as UdpSocket
  }

  /** @internal */
  protected override mustBeBound(syscall: string): void {
    this.#open()
    if (this.#socket === undefined) throw systemError('EBADF', syscall)
  }

  /** Time passes for what it may hear; unless `unref`ed. */
  ref(): this {
    this.#listening.ref(true)
    return this
  }

  unref(): this {
    this.#listening.ref(false)
    return this
  }
}

/** What code that takes a `dgram.Socket` takes, by its type too. */
export type NodeDatagramSocket = LabDatagramSocket & dgram.Socket

/** As `dgram.createSocket`, on a host of the lab. */
export function createSocket(
  host: Host,
  options: DatagramSocketType | LabDatagramSocketOptions,
  handler?: (data: Buffer, remote: RemoteInfo) => void,
): NodeDatagramSocket {
  const given = typeof options === 'object' ? options : { type: options }
  const socket = new LabDatagramSocket(host, given)
  if (handler) socket.on('message', handler)
  return socket as unknown as NodeDatagramSocket
}
