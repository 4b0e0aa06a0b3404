/** Handing a device's descriptors to the workers and taking them back. */
import type { Manager } from '../dataplane/manager.js'
import { loadNative } from '../device/native.js'
import type { Poller } from '../device/native-io.js'
import type { Queue } from '../device/queue.js'

export interface Workers {
  readonly manager: Manager
  readonly pollers: readonly Poller[]
}

/** A queue for every worker to write to; each queue is read by the worker of its number. */
export function connectQueues(workers: Workers, port: number, queues: readonly Queue[]): void {
  const { manager, pollers } = workers
  for (const [worker, { epoll }] of pollers.entries()) {
    const written = queues[worker % queues.length]
    if (!written) continue
    manager.exports.setQueue(worker, port, written.fd, written.kind)
    const read = queues[worker]
    if (read) loadNative().pollerAdd(epoll, read.fd, port)
  }
}

/**
 * To be called before the change of config that frees the descriptors is committed: a worker that
 * has passed that change has not seen them.
 */
export function disconnectQueues(workers: Workers, port: number, queues: readonly Queue[]): void {
  const { manager, pollers } = workers
  for (const [worker, { epoll }] of pollers.entries()) {
    // The kind stays: a worker may have read the descriptor a moment ago, and reads its kind now.
    manager.exports.setQueue(worker, port, -1, queues[0]?.kind ?? 0)
    try {
      if (queues[worker]) loadNative().pollerRemove(epoll, queues[worker].fd)
    } catch {
      // The worker took it out itself when the device failed.
    }
  }
}
