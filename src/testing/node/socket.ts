/** A `net.Socket` of a lab's host: code that takes one does not see the difference. */
import type * as net from 'node:net'
import { isIP } from 'node:net'
import type { LinkspanError } from '../../error.js'
import type { Host, HostParts } from '../host/host.js'
import type { Ends } from '../tcp/errors.js'
import type { Tcb } from '../tcp/tcb.js'
import { Timer } from '../tcp/timer.js'
import { nodeError, systemError, thrownError, usageError } from './errors.js'
import { destinationOf, lookup } from './lookup.js'
import { Program } from './program.js'
import {
  type ConnectArguments,
  type Connecting,
  connectArguments,
  type LabSocketOptions,
  tcpOptionsOf,
  timeoutOf,
} from './socket-options.js'
import { LabSocketPlaces } from './socket-places.js'
import { writeAgain, writeNoMore } from './socket-writes.js'
import { TcpEnd } from './tcp-end.js'

/** Linux: silence before the first question, where nothing else was said. */
const KEEP_ALIVE = 7_200_000

interface AcceptedOptions extends LabSocketOptions {
  pauseOnConnect?: boolean | undefined
}

type Done = (error?: Error | null) => void

export class LabSocket extends LabSocketPlaces {
  bytesRead = 0
  /** Milliseconds of the lab's clock, as `setTimeout` was told. */
  timeout: number | undefined
  readonly autoSelectFamilyAttemptedAddresses: string[] = []
  readonly #host: Host
  readonly #parts: HostParts
  readonly #program: Program
  readonly #silence: Timer
  #end: TcpEnd | undefined
  #dispatched = 0
  #isRefed = true
  #isReset = false
  #keepAlive: number | undefined
  #noDelay = false

  /** @param host whose socket it is */
  constructor(host: Host, options?: LabSocketOptions)
  /** @internal Of a connection that is open. */
  constructor(host: Host, options: AcceptedOptions, accepted: Tcb)
  constructor(host: Host, options: AcceptedOptions = {}, accepted?: Tcb) {
    const { allowHalfOpen = false, signal, highWaterMark, pauseOnConnect } = options
    super({
      allowHalfOpen,
      emitClose: false,
      ...(signal && { signal }),
      ...(highWaterMark !== undefined && { highWaterMark }),
    })
    this.#host = host
    this.#parts = host.parts
    this.#program = new Program(this.#parts, 'LabSocket', () => this.#what)
    const { clock } = this.#parts.stack
    this.#silence = new Timer(clock, () => this.#program.run(() => this.emit('timeout')), 'limit')
    this.on('end', () => allowHalfOpen || writeNoMore(this))
    if (accepted === undefined) return
    this.#end = new TcpEnd(accepted, this.#program, this.#owner(), true)
    if (pauseOnConnect) this.pause()
    else this.read(0)
  }

  /** @internal */
  protected override get ends(): Ends | undefined {
    return this.#end?.tcb.ends
  }

  get #what(): string {
    return `host "${this.#host.name}", TCP ${this.ends?.text ?? 'socket'}`
  }

  #owner() {
    return {
      connected: () => this.#connected(),
      data: (chunk: Buffer) => {
        this.bytesRead += chunk.length
        return this.push(chunk)
      },
      ended: () => {
        this.push(null)
        // Where nobody reads, nor is there anything to read.
        if (this.readableLength === 0) this.read(0)
      },
      failed: (error: LinkspanError) => this.#failed(error),
      active: () => this.#active(),
    }
  }

  /** As `socket.connect` of `node:net`. @throws TypeError, RangeError with Node's codes */
  connect(...given: ConnectArguments): this {
    const [options, connected] = connectArguments(given)
    if (this.destroyed) this.#anew()
    if (this.connecting || this.#end !== undefined) {
      throw usageError(Error, 'EISCONN', 'the socket is connected: close it, or make another one')
    }
    if (connected) this.once('connect', connected)
    this.connecting = true
    this.#noDelay ||= options.noDelay === true
    if (options.timeout) this.setTimeout(options.timeout)
    if (options.keepAlive) this.setKeepAlive(true, options.keepAliveInitialDelay)
    if (isIP(options.host) === 0) this.#lookup(options)
    else this.#open(options, options.host)
    return this
  }

  /** What was closed may connect again. */
  #anew(): void {
    // As Node's own sockets have it, although streams do not tell of it.
    const stream = this as unknown as { _undestroy(): void }
    stream._undestroy()
    writeAgain(this)
    this.#end = undefined
    this.#isReset = false
    this.#dispatched = 0
    this.bytesRead = 0
  }

  #lookup(options: Connecting): void {
    const { family = 0, host } = options
    const look = options.lookup ?? lookup(this.#host)
    look(host, { family }, (error, address, found) => {
      if (this.destroyed) return
      this.emit('lookup', error, address, found, host)
      if (error) this.destroy(error)
      else this.#open(options, address)
    })
  }

  #open(options: Connecting, asked: string): void {
    const { port, localAddress, localPort } = options
    const address = destinationOf(asked)
    const { tcp, resolve, stack } = this.#parts
    try {
      if (localAddress && isIP(localAddress) !== isIP(address)) {
        throw systemError('EINVAL', 'bind', { address: localAddress, port: localPort ?? 0 })
      }
      if (localAddress && stack.ownAddress(localAddress) === undefined) {
        const place = { address: localAddress, port: localPort ?? 0 }
        throw systemError('EADDRNOTAVAIL', 'bind', place)
      }
      const settings = { ...tcpOptionsOf(options), noDelay: this.#noDelay }
      this.#end = tcp.open(resolve(address), port, settings, (tcb) => {
        return new TcpEnd(tcb, this.#program, this.#owner(), false)
      })
      this.#end.ref(this.#isRefed)
    } catch (error) {
      this.destroy(thrownError(error, 'connect', { address, port }))
    }
  }

  #connected(): void {
    this.connecting = false
    this.#applyKeepAlive()
    this.#active()
    this.emit('connect')
    this.emit('ready')
    if (!this.isPaused()) this.read(0)
  }

  #failed(error: LinkspanError): void {
    const { remoteAddress, remotePort } = this.#endOf.tcb.ends
    const place = { address: remoteAddress.text, port: remotePort }
    if (error.code === 'CLOSED') this.destroy()
    else if (this.connecting) this.destroy(nodeError(error, 'connect', place))
    else this.destroy(nodeError(error, this.#endOf.isWriting ? 'write' : 'read'))
  }

  get #endOf(): TcpEnd {
    return this.#end as TcpEnd
  }

  override _read(): void {
    if (this.connecting) this.once('connect', () => this._read())
    else this.#end?.read()
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: Done): void {
    if (this.#isDone(done, () => this._write(chunk, _, done))) return
    this.#endOf.write(chunk, () => {
      this.#dispatched += chunk.length
      done()
    })
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done)
  }

  override _final(done: Done): void {
    if (this.connecting) this.once('connect', () => this._final(done))
    else {
      this.#end?.finish()
      done()
    }
  }

  /** Not open: what is asked for is done when it is, or never. */
  #isDone(done: Done, again: () => void): boolean {
    if (this.connecting) this.once('connect', again)
    else if (this.#end !== undefined) return false
    else done(usageError(Error, 'ERR_SOCKET_CLOSED', 'Socket is closed'))
    return true
  }

  override _destroy(error: Error | null, done: Done): void {
    this.connecting = false
    this.#silence.stop()
    if (this.#isReset) this.#end?.reset()
    this.#end?.close()
    done(error)
    process.nextTick(() => this.emit('close', error !== null))
  }

  /** Ends it, and destroys it when what was written is on its way. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  /** Closes it by a RST. */
  resetAndDestroy(): this {
    if (this.connecting) this.once('connect', () => this.resetAndDestroy())
    else if (this.#end === undefined) {
      this.destroy(usageError(Error, 'ERR_SOCKET_CLOSED', 'Socket is closed'))
    } else {
      this.#isReset = true
      this.destroy()
    }
    return this
  }

  /** Emits `timeout` after so many milliseconds of the lab's clock without octets; 0: never. */
  setTimeout(ms: number, callback?: () => void): this {
    if (this.destroyed) return this
    this.timeout = timeoutOf(ms)
    if (callback) this[ms === 0 ? 'removeListener' : 'once']('timeout', callback)
    if (ms === 0) this.#silence.stop()
    this.#active()
    return this
  }

  #active(): void {
    if (this.timeout && !this.destroyed) this.#silence.set(this.timeout)
  }

  /** Asks a silent other end whether it is there. */
  setKeepAlive(enable = false, initialDelay = 0): this {
    this.#keepAlive = enable ? initialDelay || KEEP_ALIVE : undefined
    if (!this.connecting) this.#applyKeepAlive()
    return this
  }

  #applyKeepAlive(): void {
    if (!this.destroyed) this.#end?.tcb.keepAlive(this.#keepAlive)
  }

  /** True: small segments do not wait for others to be acknowledged. */
  setNoDelay(noDelay = true): this {
    this.#noDelay = noDelay
    if (this.#end === undefined) return this
    this.#end.tcb.settings.noDelay = noDelay
    if (!this.connecting && !this.destroyed) this.#end.tcb.sender.push()
    return this
  }

  /** Somebody waits for it: time passes, and it is told `IDLE` where nothing can come. So unless `unref`ed. */
  ref(): this {
    return this.#ref(true)
  }

  unref(): this {
    return this.#ref(false)
  }

  #ref(isRefed: boolean): this {
    this.#isRefed = isRefed
    this.#end?.ref(isRefed)
    return this
  }

  get bytesWritten(): number {
    return this.#dispatched + this.writableLength
  }
}

/** What code that takes a `net.Socket` takes, by its type too. */
export type NodeSocket = LabSocket & net.Socket

/** As `net.connect`, from a host of the lab. */
export function connect(host: Host, ...given: ConnectArguments): NodeSocket {
  const [options] = connectArguments(given)
  return new LabSocket(host, options).connect(...given) as NodeSocket
}
