/** UDP queues at the two ends of a wire. */
import { loadNative, type UdpQueue, type UdpSockets } from '../../src/device/native.js'
import { defer } from './cleanup.js'
import { ip as bytesOf } from './ip.js'
import { ip, namespace } from './netns.js'

export interface Wire {
  /** Namespaces whose `eth0` are the two ends of a wire: `ends[0]` has 10.9.0.1 and fd09::1. */
  ends: [string, string]
}

/** The address of an end of the wire. */
export function addressOf(version: 4 | 6, end: 0 | 1): string {
  return version === 4 ? `10.9.0.${end + 1}` : `fd09::${end + 1}`
}

export function wire(mtu = 1500): Wire {
  const [a, b] = [namespace(), namespace()]
  ip('-n', a, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', b)
  for (const [end, netns] of [a, b].entries()) {
    ip('-n', netns, 'link', 'set', 'eth0', 'mtu', String(mtu), 'up')
    ip('-n', netns, 'link', 'set', 'lo', 'up')
    for (const [version, length] of [
      [4, 24],
      [6, 64],
    ] as const) {
      const address = `${addressOf(version, end as 0 | 1)}/${length}`
      ip('-n', netns, 'address', 'add', address, 'dev', 'eth0', ...(version === 6 ? ['nodad'] : []))
    }
  }
  return { ends: [a, b] }
}

/** A queue in a namespace, closed after the test unless it is closed before. */
export function udpQueue(
  netns: string,
  address: string,
  port: number,
  options: UdpSockets = {},
): UdpQueue & { close: () => void } {
  const native = loadNative()
  const { fd: namespaceFd } = native.namespaceOpen(`/run/netns/${netns}`)
  try {
    const queue = native.udpOpen(namespaceFd, bytesOf(address), port, options)
    let open = true
    const close = () => {
      if (open) native.close(queue.fd)
      open = false
    }
    defer(close)
    return { ...queue, close }
  } finally {
    native.close(namespaceFd)
  }
}
