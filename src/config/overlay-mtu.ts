/** What tunnels leave of the underlay's MTU. */
import type { Bridge, Underlay, Vxlan } from './types.js'
import { vtepFamily } from './vtep.js'

/** UDP, VXLAN and inner Ethernet headers (RFC 7348 section 5). */
const HEADERS = 8 + 8 + 14
/** Of an underlay whose MTU is not known before it is there. */
const UNDERLAY_MTU = 1500

/** Octets between the IP packet of a frame and that of the tunnel around it: X8's 50 and 70. */
export function tunnelOverhead(ipv6: boolean): number {
  return HEADERS + (ipv6 ? 40 : 20)
}

/** The longest IP packet that a tunnel carries in one packet of the underlay; a VTEP never fragments. */
export function innerMtu(underlayMtu: number, ipv6: boolean): number {
  return underlayMtu - tunnelOverhead(ipv6)
}

/** Whether frames of a bridge may travel over IPv6. Without peers, when the underlay has nothing else. */
export function isOverIpv6(
  { peers }: Pick<Vxlan, 'peers'>,
  underlay: Pick<Underlay, 'addresses'> | undefined,
): boolean {
  const own = underlay?.addresses ?? []
  const is6 = (address: string) => vtepFamily(address) === 6
  return own.some(is6) && (peers.some(is6) || own.every(is6))
}

/** The inner MTU of a bridge, where the config says that of the underlay. */
export function statedInnerMtu(
  { vxlan }: Pick<Bridge, 'vxlan'>,
  underlay: Underlay | undefined,
): number | undefined {
  if (vxlan === undefined || underlay === undefined || underlay.mtu === 'auto') return undefined
  return innerMtu(underlay.mtu, isOverIpv6(vxlan, underlay))
}

/** The MTU of what Linkspan makes on a bridge, its gateway too; undefined where nothing decides it. */
export function mtuOn(
  { mtu, vxlan }: Pick<Bridge, 'mtu' | 'vxlan'>,
  underlay: Underlay | undefined,
): number | undefined {
  if (mtu !== undefined || vxlan === undefined) return mtu
  return statedInnerMtu({ vxlan }, underlay) ?? innerMtu(UNDERLAY_MTU, isOverIpv6(vxlan, underlay))
}
