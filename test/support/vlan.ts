/** VLAN tags in frames: put in, taken out, read. */
import { formatHex } from '../../src/packet/hex.js'
import { EtherType, join, word } from './frames.js'
import type { Offloaded } from './rig.js'

/** PCP, DEI and VID as a tag carries them (IEEE 802.1Q 9.6). */
export function tci(vid: number, pcp = 0, dei = 0): number {
  return (pcp << 13) | (dei << 12) | vid
}

/** The frame with a tag before its EtherType. */
export function push(frame: Uint8Array, control: number, type: number = EtherType.VLAN) {
  return join(frame.subarray(0, 12), word(type), word(control), frame.subarray(12))
}

/** The same for a frame with an offload header, whose offsets grow with the tag. */
export function pushOffloaded({ header, frame }: Offloaded, control: number, type?: number) {
  const grown = (offset: number) => (offset === 0 ? 0 : offset + 4)
  return {
    frame: push(frame, control, type),
    header: {
      ...header,
      headerLength: grown(header.headerLength),
      checksumStart: grown(header.checksumStart),
    },
  }
}

/** The frame without its outermost tag. */
export function pop(frame: Uint8Array): Uint8Array {
  return join(frame.subarray(0, 12), frame.subarray(16))
}

/** All tags of a frame, outermost first, as `8100.2003`. */
export function tagsOf(frame: Uint8Array): string[] {
  const found: string[] = []
  for (let at = 12; at + 4 <= frame.length; at += 4) {
    const hex = formatHex(frame.subarray(at, at + 4))
    if (!['8100', '88a8'].includes(hex.slice(0, 4))) break
    found.push(`${hex.slice(0, 4)}.${hex.slice(4)}`)
  }
  return found
}
