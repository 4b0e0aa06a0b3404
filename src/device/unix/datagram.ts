/**
 * A device whose frames are datagrams. Nobody is connected: whoever may write to its path is heard.
 * One that listens answers whoever sent last; the other kind sends to one path, whoever is there.
 */
import type { Device, DeviceInfo } from '../device.js'
import { attempt } from '../error.js'
import { loadNative } from '../native.js'
import { type Queue, QueueKind } from '../queue.js'
import { type SocketFile, SocketType } from '../socket-path.js'
import { bindAt, checkPath, connecting, listening, type UnixOptions } from './options.js'

export class DatagramDevice implements Device {
  /** Not yet: whatever needs it is segmented and summed for it. */
  readonly offloads = 0
  readonly #mtu: number
  readonly #file: SocketFile
  #queues: readonly Queue[]

  /** @throws DeviceError */
  constructor(options: UnixOptions) {
    const { fd, file } = options.listen ? listen(options) : correspond(options)
    this.#mtu = options.mtu
    this.#file = file
    this.#queues = [{ fd, kind: QueueKind.MESSAGE }]
  }

  get queues(): readonly Queue[] {
    return this.#queues
  }

  info(): DeviceInfo {
    return { mtu: this.#mtu, up: true, carrier: true }
  }

  onLink(): () => void {
    return () => {}
  }

  onGone(): void {}

  look(): undefined {}

  releaseNamespace(): void {}

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
