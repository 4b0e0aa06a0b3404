/** Clients that connect to a path of ours. While one is served, the next ones wait. */
import { attempt } from '../error.js'
import { loadNative, type WatchHandle } from '../native.js'
import type { SocketFile } from '../socket-path.js'
import { bindAt, listening, socketType, type UnixOptions } from './options.js'
import type { Peers } from './peers.js'

export class Listener implements Peers {
  readonly absence: string
  readonly #fd: number
  readonly #type: number
  readonly #file: SocketFile
  #watch: WatchHandle | undefined
  #closed = false

  constructor(options: UnixOptions) {
    const { path } = options
    this.#type = socketType(options)
    this.absence = `no client is connected to ${path}`
    const bound = bindAt(path, () =>
      attempt(listening(path), () => loadNative().unixListen(path, this.#type)),
    )
    this.#fd = bound.fd
    this.#file = bound.file
  }

  first(): undefined {}

  seek(found: (fd: number) => void): void {
    const native = loadNative()
    this.stop()
    this.#watch = native.watch(this.#fd, () => {
      const client = native.unixAccept(this.#fd, this.#type)
      if (client < 0) return
      this.stop()
      found(client)
    })
  }

  look(): void {}

  stop(): void {
    if (this.#watch) loadNative().unwatch(this.#watch)
    this.#watch = undefined
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.stop()
    this.#file.remove()
    loadNative().close(this.#fd)
  }
}
