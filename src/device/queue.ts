/** How frames are read from a descriptor and written to it (native/abi.h, queue_kind). */
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
  /** Where frames are read from, and written to unless there is a `writer`. */
  readonly fd: number
  readonly writer?: number
  /** One of QueueKind. */
  readonly kind: number
}
