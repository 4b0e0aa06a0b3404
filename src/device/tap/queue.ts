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

/** All or none. The first may have flags of its own: IFF_TUN_EXCL fits the first only. */
export function openQueues(native: Native, flags: readonly number[], open: QueueOpener): number[] {
  const queues: number[] = []
  try {
    for (const each of flags) queues.push(open(each))
    return queues
  } catch (error) {
    closeQueues(native, queues)
    throw error
  }
}

export type QueueOpener = (flags: number) => number

export function closeQueues(native: Native, queues: readonly number[]): void {
  for (const queue of queues) native.close(queue)
}
