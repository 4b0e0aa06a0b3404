/** How full the sockets of a device are. */
import type { ReceiveQueue } from './device.js'
import { loadNative } from './native.js'
import type { Queue } from './queue.js'

/** Of open sockets: the fullest of them. */
export function receiveQueueOf(queues: readonly Queue[]): ReceiveQueue {
  const all = queues.map(({ fd }) => loadNative().receiveQueue(fd))
  const fullest = all.reduce((most, one) => (one.used > most.used ? one : most))
  return { unit: 'bytes', ...fullest }
}
