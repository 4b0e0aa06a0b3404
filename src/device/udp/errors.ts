/** What the network says of datagrams that were sent, and telling it to whoever listens. */
import { formatAddress, parseAddress } from '../../config/address.js'
import { loadNative, type UdpErrorRecord, type UdpQueue, type WatchHandle } from '../native.js'

/** Errors may come at any rate; so often they are looked at, at most. */
const PAUSE_MS = 20

export type UdpErrorListener = (errors: readonly UdpErrorRecord[]) => void

export class UdpErrors {
  readonly #queue: UdpQueue
  readonly #listeners = new Set<UdpErrorListener>()
  #watch: WatchHandle | undefined
  #pause: NodeJS.Timeout | undefined

  constructor(queue: UdpQueue) {
    this.#queue = queue
  }

  /** Those that came since the last call, by whomever: each is told once. At most some hundreds. */
  take(): UdpErrorRecord[] {
    return loadNative()
      .udpErrors(this.#queue.fd)
      .map((error) => ({
        ...error,
        address: canonical(error.address),
        offender: canonical(error.offender),
      }))
  }

  /** Calls back on the event loop, with all that came. @returns what stops it */
  on(listener: UdpErrorListener): () => void {
    this.#listeners.add(listener)
    this.#start()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.close()
    }
  }

  #start(): void {
    if (this.#watch !== undefined || this.#pause !== undefined) return
    this.#watch = loadNative().watch(this.#queue.errors, () => this.#tell())
  }

  #tell(): void {
    this.#stop()
    this.#pause = setTimeout(() => {
      this.#pause = undefined
      this.#start()
    }, PAUSE_MS).unref()
    const errors = this.take()
    if (errors.length === 0) return
    for (const listener of [...this.#listeners]) listener(errors)
  }

  #stop(): void {
    if (this.#watch !== undefined) loadNative().unwatch(this.#watch)
    this.#watch = undefined
  }

  /** Nobody is called any more. Before the queue is closed; again is harmless. */
  close(): void {
    this.#listeners.clear()
    this.#stop()
    clearTimeout(this.#pause)
    this.#pause = undefined
  }
}

/** As addresses are written everywhere (RFC 5952); empty where there is none. */
function canonical(address: string): string {
  return address === '' ? '' : formatAddress(parseAddress(address).bytes)
}
