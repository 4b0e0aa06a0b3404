/** A frame that a capture has seen. */
import type { Direction } from '../link/settings.js'

export interface CapturedFrame {
  /** Milliseconds of the lab's clock, to the nanosecond. */
  readonly time: number
  /** The link that it passed, or by which it came to the switch that dropped it; null: no link of the lab. */
  readonly link: string | null
  /** `out`: from the link's host (or the router, on the link of an uplink); `in`: to it. */
  readonly direction: Direction
  /** The switch that dropped it; null where it passed the link, or was lost on it. */
  readonly switch: string | null
  /** Why it came no further: `loss`, `queue` … of a link, or a switch's drop reason; null where it did. */
  readonly lost: string | null
  /** From the destination MAC on, without FCS. */
  readonly octets: Uint8Array
}

/** Why a frame came no further, as a sentence ends; nothing where it did. */
export function lossText({ lost, switch: by, link }: CapturedFrame): string {
  if (lost === null) return ''
  return by === null ? `lost on link ${link}: ${lost}` : `dropped by ${by}: ${lost}`
}
