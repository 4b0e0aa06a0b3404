/** Static FDB entries that both switches are given: where markers come from and go, and of stations. */
import { station } from '../frames.js'
import type { Random } from '../random.js'
import { PORTS, type PortLayout } from './layout.js'
import { markerSource, markerTarget, markerVlan } from './marker.js'

export interface FixedEntry {
  port: number
  mac: Uint8Array
  /** Undefined on a bridge that is not VLAN-aware. */
  vid: number | undefined
  /** False: left out in the kernel, where a static entry moves then. Linkspan's never do. */
  sticky?: boolean
}

export function macText(mac: Uint8Array): string {
  return Array.from(mac, (octet) => octet.toString(16).padStart(2, '0')).join(':')
}

/** Stations of the streams (stream.ts) that have a place by hand, one in each domain. */
const PLACED = [1, 2, 3, 4]

export function placedStations(layout: readonly PortLayout[], random: Random): FixedEntry[] {
  return PLACED.map((number) => {
    const port = random.below(PORTS)
    return { port, mac: station(number), vid: markerVlan(layout, port) }
  })
}

/** A locked port lets a marker in only from a known source; to its target it is never flooded. */
export function markerEntries(layout: readonly PortLayout[]): FixedEntry[] {
  const entries = layout.flatMap((_, port) => {
    const vid = markerVlan(layout, port)
    return [
      { port, mac: markerSource(port), vid },
      { ...markerTarget(port), vid },
    ]
  })
  return [...new Map(entries.map((entry) => [`${entry.vid} ${entry.mac}`, entry])).values()]
}
