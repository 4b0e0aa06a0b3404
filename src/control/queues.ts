/** Handing the descriptors of a port's devices to the workers, taking them back, closing them. */
import type { Device } from '../device/device.js'
import { loadNative } from '../device/native.js'
import type { Queue } from '../device/queue.js'
import type { PortHost } from './port-host.js'

export class PortQueues {
  /** Resolves when every device that was given to `close` so far is closed. */
  closed: Promise<void> = Promise.resolve()
  readonly #host: PortHost
  readonly #port: number
  readonly #complain: (error: Error) => void

  /** @param port its number @param complain is told what went wrong, which nobody waits for */
  constructor(host: PortHost, port: number, complain: (error: Error) => void) {
    this.#host = host
    this.#port = port
    this.#complain = complain
  }

  /** Gives the workers queues to write to and to read. */
  connect(queues: readonly Queue[]): void {
    this.lend(queues)
    this.listen(queues)
  }

  /** A queue for every worker to write to. */
  lend(queues: readonly Queue[]): void {
    const { manager, pollers } = this.#host
    for (const worker of pollers.keys()) {
      const written = queues[worker % queues.length]
      if (!written) continue
      const { fd, kind, writer } = written
      manager.exports.setQueue(worker, this.#port, writer ?? fd, kind)
    }
  }

  /** Each queue is read by the worker of its number, from now on. */
  listen(queues: readonly Queue[]): void {
    const { manager, pollers } = this.#host
    for (const [worker, { epoll }] of pollers.entries()) {
      const read = queues[worker]
      if (!read) continue
      manager.exports.setReader(worker, this.#port, read.fd)
      loadNative().pollerAdd(epoll, read.fd, this.#port)
    }
  }

  /**
   * To be called before the change of config that frees the descriptors is committed: a worker that
   * has passed that change has not seen them.
   */
  disconnect(queues: readonly Queue[]): void {
    const { manager, pollers } = this.#host
    for (const [worker, { epoll }] of pollers.entries()) {
      // The kind stays: a worker may have read the descriptor a moment ago, and reads its kind now.
      manager.exports.setQueue(worker, this.#port, -1, queues[0]?.kind ?? 0)
      manager.exports.setReader(worker, this.#port, -1)
      try {
        if (queues[worker]) loadNative().pollerRemove(epoll, queues[worker].fd)
      } catch {
        // The worker took it out itself when the device failed.
      }
    }
  }

  /**
   * A device has other queues. Resolves when no worker uses the queues before any more. The new ones
   * are handed over when what was told with them is in force: that the port is up.
   *
   * @param isOurs whether the device is the port's at that moment
   */
  async change(device: Device, before: readonly Queue[], isOurs: () => boolean): Promise<void> {
    try {
      const { queues } = device
      if (isOurs()) this.disconnect(before)
      await this.#host.settle()
      // They may have gone again meanwhile.
      if (isOurs() && device.queues === queues) this.connect(queues)
    } catch (error) {
      this.#complain(error as Error)
    }
  }

  /** Closes a device when no worker can be using it any more. @param grace milliseconds on top */
  close(device: Device, grace: number): Promise<void> {
    const close = async () => {
      await this.#host.settle()
      if (grace > 0) await new Promise((resolve) => setTimeout(resolve, grace))
      device.close()
    }
    this.closed = this.closed.then(close).catch(this.#complain)
    return this.closed
  }
}
