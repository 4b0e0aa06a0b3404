/**
 * What Open vSwitch does otherwise than Linkspan on purpose, taken out of its streams. Each has a line
 * in docs/conformance.md and a test of its own beside the streams, which sees both do what is said.
 */
import { EtherType } from '../frames.js'
import type { Normalise } from './compare.js'
import type { PortLayout } from './layout.js'

/** Drop eligible, in the first octet of a tag's TCI. */
const DEI = 0x10
/** Where the outermost tag's TCI is. */
const TCI = 14

export function ovsNormaliser(layout: readonly PortLayout[]): Normalise {
  const isTunnel = (port: number) => layout[port]?.vlan?.mode === 'tunnel'
  return ({ frame, port, sent }) => {
    const left = tagsOf(frame)
    const came = sent === undefined ? 0 : tagsOf(sent.frame)
    const tunnelled = sent !== undefined && isTunnel(sent.port)
    // The port took off the tag of the frame's own VLAN, and there was a second one behind it.
    const bared = tunnelled ? came > 0 && left <= came : came > 1 && left < came
    if (bared && !isTunnel(port)) return undefined
    const alike = frame.slice()
    for (let at = TCI; at < TCI + 4 * left; at += 4) alike[at] = (alike[at] as number) & ~DEI
    return alike
  }
}

/** 802.1Q tags of a frame. */
export function tagsOf(frame: Uint8Array): number {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  let count = 0
  while (frame.length >= 18 + 4 * count && view.getUint16(12 + 4 * count) === EtherType.VLAN)
    count++
  return count
}
