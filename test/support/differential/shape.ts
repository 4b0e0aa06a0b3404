/** Frames by their tags alone, for tests that say what each of two switches does with one frame. */
import { EtherType } from '../frames.js'
import type { Outputs } from './compare.js'
import { portName } from './side.js'

/**
 * `untagged`, or the tags from outside: VID and priority, `d` if drop eligible, `s` if of 802.1ad.
 * `30.0/40.5d` is VLAN 30 with priority 0 around VLAN 40 with priority 5, drop eligible.
 */
export function shapeOf(frame: Uint8Array): string {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const tags: string[] = []
  for (let at = 12; at + 6 <= frame.length; at += 4) {
    const type = view.getUint16(at)
    if (type !== EtherType.VLAN && type !== EtherType.QINQ) break
    const tci = view.getUint16(at + 2)
    const marks = `${tci & 0x1000 ? 'd' : ''}${type === EtherType.QINQ ? 's' : ''}`
    tags.push(`${tci & 0xfff}.${tci >>> 13}${marks}`)
  }
  return tags.join('/') || 'untagged'
}

/** By port; ports that put out nothing are left out. */
export type Shapes = Record<string, string>

/** The shapes that each port put out. */
export function shapesOf(outputs: Outputs): Shapes {
  const all = outputs.map(
    (frames, port) => [portName(port), frames.map(shapeOf).join(' ')] as const,
  )
  return Object.fromEntries(all.filter(([, shapes]) => shapes !== ''))
}
