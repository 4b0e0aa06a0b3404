/** Clients that connect to a path of ours. While one is served, the next ones wait. */
import { attempt } from '../error.js'
import { loadNative, type WatchHandle } from '../native.js'
import type { SocketFile } from '../socket-path.js'
import { bindAt, listening, socketType, type UnixOptions } from './options.js'
import type { Peers } from './peers.js'

export class Listener implements Peers {
  readonly #fd: number
  readonly #type: number
  readonly #file: SocketFile
  #found: ((fd: number) => void) | undefined
  #watch: WatchHandle | undefined
  #closed = false

  constructor(options: UnixOptions) {
    const { path } = options
    this.#type = socketType(options)
    const bound = bindAt(path, () =>
      attempt(listening(path), () => loadNative().unixListen(path, this.#type)),
    )
    this.#fd = bound.fd
    this.#file = bound.file
  }

  first(): undefined {}

  seek(found: (fd: number) => void): void {
    this.stop()
    this.#found = found
    this.#watch = loadNative().watch(this.#fd, () => this.#accept(found))
  }

  #accept(found: (fd: number) => void): void {
    let client: number
    try {
      client = loadNative().unixAccept(this.#fd, this.#type)
    } catch {
      // No descriptors left (EMFILE, ENFILE): he waits until `look`, since he would be told of at once.
      this.#unwatch()
      return
    }
    if (client < 0) return
    this.stop()
    found(client)
  }

  look(): void {
    if (this.#found && !this.#watch) this.seek(this.#found)
  }

  #unwatch(): void {
    if (this.#watch) loadNative().unwatch(this.#watch)
    this.#watch = undefined
  }

  stop(): void {
    this.#found = undefined
    this.#unwatch()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.stop()
    this.#file.remove()
    loadNative().close(this.#fd)
  }
}
