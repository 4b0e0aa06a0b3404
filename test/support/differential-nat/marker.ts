/** Packets behind a round's: when they are out, so is all that went before. */
import { echo, udp } from './packets.js'
import { type End, EXTERNAL, GATEWAY, MARKER_HOST, MARKER_PORT, NEIGHBORS } from './places.js'

const MARK = Uint8Array.of(0x4d, 0x41, 0x52, 0x4b)

/** One that crosses the router, and one that comes back. */
export function markers(from: End): Uint8Array[] {
  const [source, router] = from === 'inside' ? [MARKER_HOST, GATEWAY] : [NEIGHBORS[1], EXTERNAL]
  const to = from === 'inside' ? ([NEIGHBORS[1], 11] as const) : ([EXTERNAL, MARKER_PORT] as const)
  return [udp([source, 10], to, MARK), echo(source, router, 0x4d41, { sequence: 1, data: MARK })]
}

export function isMarker(frame: Uint8Array): boolean {
  return MARK.every((octet, at) => frame[frame.length - MARK.length + at] === octet)
}
