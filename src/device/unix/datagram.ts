/**
 * A device whose frames are datagrams. One that listens hears whoever may write to its path, and
 * answers whoever sent last; the other kind is connected to one path, and to whoever is there.
 */
import type { Device, DeviceInfo, DeviceLinkEvent } from '../device.js'
import { attempt } from '../error.js'
import { loadNative } from '../native.js'
import { type Queue, QueueKind } from '../queue.js'
import { type SocketFile, SocketType } from '../socket-path.js'
import { bindAt, checkPath, connecting, listening, type UnixOptions } from './options.js'

/** Between looks whether somebody, or somebody else, is at the other path, ms. */
const INTERVAL = 500

export class DatagramDevice implements Device {
  /** Whatever a frame leaves to be done is done before it is sent. */
  readonly offloads = 0
  readonly coalesce = true
  readonly #options: UnixOptions
  readonly #file: SocketFile
  readonly #listeners = new Set<(event: DeviceLinkEvent) => void>()
  #queues: readonly Queue[]
  #reached = true
  #lookAt = 0

  /** @throws DeviceError */
  constructor(options: UnixOptions) {
    const { fd, file } = options.listen ? listen(options) : correspond(options)
    this.#options = options
    this.#file = file
    this.#queues = [{ fd, kind: QueueKind.MESSAGE }]
  }

  get queues(): readonly Queue[] {
    return this.#queues
  }

  info(): DeviceInfo {
    const { mtu, path } = this.#options
    const why = this.#reached ? undefined : `nobody is at ${path} any more`
    return { mtu, up: true, carrier: this.#reached, why }
  }

  onLink(callback: (event: DeviceLinkEvent) => void): () => void {
    this.#listeners.add(callback)
    return () => this.#listeners.delete(callback)
  }

  onGone(): void {}

  /** A program that ended does not say so, and one that comes back under its path is another. */
  look(): undefined {
    const { listen, path, mtu } = this.#options
    const [queue] = this.#queues
    if (listen || !queue || performance.now() < this.#lookAt) return
    this.#lookAt = performance.now() + INTERVAL
    const up = loadNative().unixReach(queue.fd, path) === 0
    if (up === this.#reached) return
    this.#reached = up
    for (const listener of [...this.#listeners]) listener({ up, mtu, deleted: false })
  }

  releaseNamespace(): void {
    this.#listeners.clear()
  }

  close(): void {
    const queues = this.#queues
    this.#queues = []
    if (queues.length > 0) this.#file.remove()
    for (const { fd } of queues) loadNative().close(fd)
  }
}

function listen({ path }: UnixOptions) {
  return bindAt(path, () =>
    attempt(listening(path), () => loadNative().unixListen(path, SocketType.DGRAM)),
  )
}

function correspond({ path, local, mode }: UnixOptions) {
  checkPath(path)
  if (local === undefined) throw new TypeError('a datagram socket that does not listen needs local')
  return bindAt(local, () => {
    try {
      return loadNative().unixCorrespond(local, path)
    } catch (error) {
      // Either path may be what is wrong: the call says which.
      const { syscall } = error as { syscall?: string }
      const step = syscall === 'bind' ? listening(local) : connecting(path, mode)
      return attempt(step, () => {
        throw error
      })
    }
  })
}
