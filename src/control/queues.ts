/** Handing a device's descriptors to the workers and taking them back. */
import type { Manager } from '../dataplane/manager.js'
import { loadNative } from '../device/native.js'
import type { Poller } from '../device/native-io.js'

export interface Workers {
  readonly manager: Manager
  readonly pollers: readonly Poller[]
}

/** A queue for every worker to write to; each queue is read by the worker of its number. */
export function connectQueues(workers: Workers, port: number, queues: readonly number[]): void {
  for (const [worker, { epoll }] of workers.pollers.entries()) {
    const { exports } = workers.manager
    exports.setQueue(worker, port, queues[worker % queues.length] as number, 0)
    const queue = queues[worker]
    if (queue !== undefined) loadNative().pollerAdd(epoll, queue, port)
  }
}

/**
 * To be called before the change of config that frees the descriptors is committed: a worker that
 * has passed that change has not seen them.
 */
export function disconnectQueues(workers: Workers, port: number, queues: readonly number[]): void {
  for (const [worker, { epoll }] of workers.pollers.entries()) {
    workers.manager.exports.setQueue(worker, port, -1, 0)
    try {
      if (queues[worker] !== undefined) loadNative().pollerRemove(epoll, queues[worker])
    } catch {
      // The worker took it out itself when the device failed.
    }
  }
}
