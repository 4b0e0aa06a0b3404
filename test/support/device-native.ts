/** What all devices that have descriptors share on a bench. */
import type { Forwarder } from '../../src/dataplane/forwarder.js'
import { loadNative } from '../../src/device/native.js'
import { NativeIo } from '../../src/device/native-io.js'
import type { Queue } from '../../src/device/queue.js'
import { defer } from './cleanup.js'
import { ARENA, type End, type Ends, PORTS, portNumbers } from './device-ends.js'

/** Devices whose queues are descriptors, one each. */
export function nativeEnds(
  forwarder: Forwarder,
  open: (port: number) => { queue: Queue; end: End },
): Ends {
  const native = loadNative()
  const poller = native.pollerCreate()
  defer(() => {
    native.close(poller.epoll)
    native.close(poller.event)
  })
  const ends = portNumbers.map((port) => {
    const { queue, end } = open(port)
    forwarder.exports.setQueue(forwarder.worker, port, queue.fd, queue.kind)
    forwarder.exports.setReader(0, port, queue.fd, forwarder.worker)
    native.pollerAdd(poller.epoll, queue.fd, port)
    return end
  })
  const at = (port: number) => ends[port] as End
  return {
    io: new NativeIo(forwarder, poller, ARENA, PORTS),
    inject: (port, carried) => at(port).inject(carried),
    collect: (port) => at(port).collect(),
    down: (port) => at(port).down(),
    destroy: (port) => at(port).destroy(),
  }
}
