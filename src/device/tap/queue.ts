/** Opening queues of a TAP. */
import type { Step } from '../error.js'
import type { Native } from '../native.js'

/** IFF_* of linux/if_tun.h. */
export const TAP_FLAGS = {
  TAP: 0x0002,
  MULTI_QUEUE: 0x0100,
  NO_PI: 0x1000,
  VNET_HDR: 0x4000,
  TUN_EXCL: 0x8000,
} as const

/** struct virtio_net_hdr_v1, which the dataplane reads and writes. */
export const VNET_HEADER_SIZE = 12

/** What a TAP's calls fail with, and what to do. */
export const tapHints: Step['hints'] = {
  ENOENT: 'there is no /dev/net/tun: load the module "tun", or give the container that device',
  ENODEV: 'the kernel has no TUN driver: load the module "tun"',
  ENXIO: 'the kernel has no TUN driver: load the module "tun"',
  EACCES: '/dev/net/tun may not be opened by this user',
  EPERM: 'it takes CAP_NET_ADMIN, and CAP_SYS_ADMIN for another namespace: run as root',
}

/** The queues of a device that are open. */
export interface TapQueues {
  /** Each is read by a worker, by which the kernel may send any flow. */
  readonly queues: readonly number[]
  /** What all workers write to; undefined where there is one only, which writes to what it reads. */
  readonly writer: number | undefined
}

/**
 * Opens queues for `count` readers, all or none. Where they are several, what they write to is one more,
 * which is detached. For the kernel sends a flow to the queue that its other direction was last
 * written to (drivers/net/tun.c, tun_flow_update). The two sides of a NAT hash a flow differently, so
 * that the directions would begin at two workers, each would draw the other one to itself, and both
 * would change places, and overtake themselves, time and again. Of what a detached queue writes the
 * kernel takes no note: a flow stays where its hash sends it.
 *
 * @param open opens one; `first` where it may be what makes the device
 */
export function openQueues(
  native: Native,
  count: number,
  open: (first: boolean) => number,
): TapQueues {
  const opened: number[] = []
  try {
    opened.push(open(true))
    if (count === 1) return { queues: opened, writer: undefined }
    while (opened.length <= count) opened.push(open(false))
    const [writer, ...queues] = opened as [number, ...number[]]
    native.tapDetach(writer)
    return { queues, writer }
  } catch (error) {
    for (const each of opened) native.close(each)
    throw error
  }
}

export function closeQueues(native: Native, { queues, writer }: TapQueues): void {
  for (const queue of queues) native.close(queue)
  if (writer !== undefined) native.close(writer)
}
