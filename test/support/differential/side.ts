/** A switch under comparison, as the test sees it: the far ends of its ports. */
import { loadNative } from '../../../src/device/native.js'
import { QueueKind } from '../../../src/device/queue.js'
import { defer } from '../cleanup.js'
import { ipJson } from '../netns.js'
import { RawQueue } from '../raw-queue.js'

/** What a switch is asked to do between frames. */
export interface Side {
  name: string
  /** One a port, in the order of the layout; the last port is the observer. */
  ends: readonly RawQueue[]
  /** Forgets all learnt MACs. */
  flush(): Promise<unknown>
}

/** The name of a port's interface, the same in both switches. */
export function portName(port: number): string {
  return `p${port}`
}

/**
 * A packet socket on an interface of a namespace, with the VLAN tags that the kernel takes out of
 * what comes in; closed after the test. On a TAP it is the host whose cable the switch holds.
 */
export function openEnd(netns: string, ifname: string): RawQueue {
  const native = loadNative()
  const [link] = ipJson<{ ifindex: number }[]>(netns, 'link', 'show', ifname)
  const { fd: namespaceFd } = native.namespaceOpen(`/run/netns/${netns}`)
  const fd = native.packetOpen(namespaceFd, link?.ifindex ?? 0, 12)
  native.close(namespaceFd)
  defer(() => native.close(fd))
  return new RawQueue({ fd, kind: QueueKind.PACKET })
}
