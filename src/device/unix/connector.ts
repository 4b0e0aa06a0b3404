/** The one who listens at a path of theirs: connected to again whenever the connection has ended. */
import { attempt } from '../error.js'
import { loadNative } from '../native.js'
import { checkPath, connecting, socketType, type UnixOptions } from './options.js'
import type { Peers } from './peers.js'

/** Between attempts, ms. */
const INTERVAL = 500

export class Connector implements Peers {
  readonly #options: UnixOptions
  #found: ((fd: number) => void) | undefined
  #retryAt = 0

  constructor(options: UnixOptions) {
    checkPath(options.path)
    this.#options = options
  }

  first(): number {
    return this.#connect()
  }

  seek(found: (fd: number) => void): void {
    this.#found = found
    this.#retryAt = performance.now() + INTERVAL
  }

  look(): void {
    const found = this.#found
    if (!found || performance.now() < this.#retryAt) return
    this.#retryAt = performance.now() + INTERVAL
    let fd: number
    try {
      fd = this.#connect()
    } catch {
      return // not there yet, or not any more
    }
    this.stop()
    found(fd)
  }

  #connect(): number {
    const { path, mode } = this.#options
    const type = socketType(this.#options)
    return attempt(connecting(path, mode), () => loadNative().unixConnect(path, type))
  }

  stop(): void {
    this.#found = undefined
  }

  close(): void {
    this.stop()
  }
}
