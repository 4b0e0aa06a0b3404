/** Where the network header of a frame is: all that a filter and a checksum need to know. */
import { isTagType } from '../config/tpid.js'

export interface Located {
  /** VID of the outermost tag; undefined if there is none. */
  vid: number | undefined
  /** Of the tags, outermost first, then of what they carry. None of 802.3 frames that have none. */
  etherTypes: readonly number[]
  /** The last of them; behind LLC and SNAP too (RFC 1042). 0: an 802.3 frame without. */
  etherType: number
  /** Of the first octet behind it; beyond the end where the frame is cut. */
  offset: number
}

/** Never fails: of a frame that is cut it says what is there. */
export function locate(frame: Uint8Array): Located {
  const etherTypes: number[] = []
  let vid: number | undefined
  let at = 12
  while (at + 6 <= frame.length && isTagType(u16(frame, at))) {
    etherTypes.push(u16(frame, at))
    vid ??= u16(frame, at + 2) & 0xfff
    at += 4
  }
  const value = at + 2 <= frame.length ? u16(frame, at) : 0
  if (value >= 0x0600) {
    return { vid, etherTypes: [...etherTypes, value], etherType: value, offset: at + 2 }
  }
  const snap = snapType(frame, at + 2)
  if (snap === 0) return { vid, etherTypes, etherType: 0, offset: at + 2 }
  return { vid, etherTypes: [...etherTypes, snap], etherType: snap, offset: at + 10 }
}

/** The EtherType in a SNAP header of OUI 00-00-00 or 00-00-F8 (802.1H), else 0. */
function snapType(frame: Uint8Array, at: number): number {
  if (at + 8 > frame.length) return 0
  const isSnap = u16(frame, at) === 0xaaaa && frame[at + 2] === 3 && u16(frame, at + 3) === 0
  return isSnap && (frame[at + 5] === 0 || frame[at + 5] === 0xf8) ? u16(frame, at + 6) : 0
}

export function u16(frame: Uint8Array, at: number): number {
  return ((frame[at] as number) << 8) | (frame[at + 1] as number)
}
