/** What the two SYNs agree on. */
import type { Address, Network } from '../host/network.js'
import { LARGEST_SCALE } from './options.js'
import type { Offer } from './output.js'
import { HEADER, type Segment } from './segment.js'
import type { TcpSettings } from './settings.js'

const IP_HEADER = { 4: 20, 6: 40 } as const
/** Of somebody who does not say (RFC 9293 3.7.1, RFC 8200 8.3). */
const DEFAULT_MSS = { 4: 536, 6: 1220 } as const
/** Less would leave no room for options. */
const LEAST_MSS = 64

/** Octets of payload and options for which a path has room. */
export function pathMss(network: Network, to: Address): number {
  return Math.max(LEAST_MSS, network.mtuTo(to) - IP_HEADER[to.family] - HEADER)
}

export const peerMss = (segment: Segment, { family }: Address): number =>
  segment.mss === 0 ? DEFAULT_MSS[family] : Math.max(LEAST_MSS, segment.mss)

/** What this end would like. */
export function offerOf(settings: TcpSettings, mss: number): Offer {
  return {
    mss: Math.min(mss, settings.mss ?? mss),
    windowScale: settings.windowScale ? scaleFor(settings.receiveBuffer) : -1,
    sack: settings.sack,
    timestamps: settings.timestamps,
  }
}

/** The least shift by which a buffer fits into the field. */
function scaleFor(buffer: number): number {
  let scale = 0
  while (scale < LARGEST_SCALE && buffer >>> scale > 0xffff) scale++
  return scale
}

/** What of an offer the other end's SYN wants too. */
export function agreed(offer: Offer, segment: Segment): Offer {
  return {
    mss: offer.mss,
    windowScale: segment.windowScale < 0 ? -1 : offer.windowScale,
    sack: offer.sack && segment.sackPermitted,
    timestamps: offer.timestamps && segment.hasTimestamps,
  }
}
