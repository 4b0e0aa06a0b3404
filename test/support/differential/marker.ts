/**
 * Markers: frames behind a port's others that come out at one known port, which says that the others
 * were handled, wherever they went. Their MACs have static entries, so that policy does not stop them.
 */
import { EtherType, ethernet, station, type Tag } from '../frames.js'
import { OBSERVER, type PortLayout, VLANS } from './layout.js'
import type { Sent } from './stream.js'

/** Fifth octet of the MACs that markers go to: no station has it. */
const TARGET = 0xf0

/** The MAC that markers of a port come from. */
export function markerSource(port: number): Uint8Array {
  return station(0xf100 + port)
}

/** Where the markers that come in by a port come out: at the observer, and the observer's own at port 0. */
export function markerTarget(port: number): { port: number; mac: Uint8Array } {
  const target = port === OBSERVER ? 0 : OBSERVER
  return { port: target, mac: station((TARGET << 8) | target) }
}

/** The VLAN in which a port sends its markers: the observer is in all, and port 0 chooses for it. */
export function markerVlan(layout: readonly PortLayout[], port: number): number | undefined {
  const vlan = layout[port === OBSERVER ? 0 : port]?.vlan
  if (vlan?.mode !== 'trunk') return vlan?.vid
  return vlan.tagged === 'all' ? VLANS[0] : (vlan.tagged[0] ?? vlan.native)
}

export function marker(layout: readonly PortLayout[], port: number): Sent {
  const vlan = layout[port]?.vlan
  const vid = markerVlan(layout, port)
  const tags: Tag[] = vlan?.mode === 'trunk' && vid !== vlan.native ? [{ vid: vid as number }] : []
  const { mac } = markerTarget(port)
  const frame = ethernet(mac, markerSource(port), EtherType.LOCAL, new Uint8Array(46), tags)
  return { port, frame }
}

export function isMarker(frame: Uint8Array): boolean {
  return frame[0] === 0x02 && frame[4] === TARGET
}
