/** What a device may hand over unfinished: partial checksums and super-frames. */
import type { Native } from './native.js'

/** Bits of a device's offloads. */
export const Offload = {
  /** Partial checksums (VIRTIO_NET_HDR_F_NEEDS_CSUM). */
  CSUM: 1,
  /** TCP super-frames over IPv4. */
  TSO4: 2,
  /** TCP super-frames over IPv6. */
  TSO6: 4,
  /** TCP super-frames with ECN's CWR set. */
  ECN: 8,
  /** UDP super-frames over both: the kernel takes its two bits only as a pair. */
  USO: 16,
} as const

/** TUN_F_* (linux/if_tun.h) of each bit. */
const TUN_F: readonly (readonly [bit: number, mask: number])[] = [
  [Offload.CSUM, 0x01],
  [Offload.TSO4, 0x02],
  [Offload.TSO6, 0x04],
  [Offload.ECN, 0x08],
  [Offload.USO, 0x20 | 0x40],
]

/** Without these three together the path is not worth its headers; the rest is tried apart. */
const mandatory = Offload.CSUM | Offload.TSO4 | Offload.TSO6
const optional = [Offload.ECN, Offload.USO]

/** Sets exactly these, for the whole device. Throws EINVAL where the kernel does not know one. */
export function setTapOffloads(native: Native, fd: number, offloads: number): void {
  const bits = TUN_F.filter(([bit]) => (offloads & bit) !== 0)
  native.tapSetOffload(
    fd,
    bits.reduce((mask, [, value]) => mask | value, 0),
  )
}

/** All that the kernel takes. Leaves the device with that. */
export function probeTapOffloads(native: Native, fd: number): number {
  const takes = (offloads: number) => isTaken(native, fd, offloads)
  let taken: number = [mandatory, Offload.CSUM, 0].find(takes) ?? 0
  if (taken !== mandatory) return taken
  for (const bit of optional) if (takes(taken | bit)) taken |= bit
  setTapOffloads(native, fd, taken)
  return taken
}

function isTaken(native: Native, fd: number, offloads: number): boolean {
  try {
    setTapOffloads(native, fd, offloads)
    return true
  } catch (error) {
    if ((error as { code?: string }).code === 'EINVAL') return false
    throw error
  }
}
