/** A descriptor that frames are read from and written to, and how (native/abi.h, queue_kind). */
export const QueueKind = {
  TAP: 0,
  PACKET: 1,
  MESSAGE: 2,
  STREAM: 3,
  PAIR: 4,
  PACKET_SHORT: 5,
  UDP: 6,
} as const

export interface Queue {
  readonly fd: number
  /** One of QueueKind. */
  readonly kind: number
}
