/** Routes: struct rtmsg and RTA_* (linux/rtnetlink.h). */
import {
  formatAddress,
  formatPrefix,
  networkOf,
  type Prefix,
  parseAddress,
  parsePrefix,
} from '../../config/address.js'
import { InvalidError } from '../../error.js'
import { AF, RT_SCOPE, RT_TABLE_MAIN, RTA, RTN_UNICAST, RTPROT_STATIC } from './constants.js'
import { type Attribute, decodeAttributes, encodeBody, readU32, u32 } from './message.js'

/** u8 family, destination length, source length, TOS, table, protocol, scope, type; u32 flags. */
const HEADER = 12

export interface Route {
  /** A prefix, or `default`. */
  to: string
  /** The next hop; absent where the destination is on the link. */
  via?: string
  interfaceIndex: number
}

export interface RouteEntry extends Route {
  family: 4 | 6
  table: number
}

/** A request for the routes of all families. */
export function encodeRouteQuery(): Uint8Array {
  return new Uint8Array(HEADER)
}

export function encodeRoute({ to, via, interfaceIndex }: Route): Uint8Array {
  const gateway = via === undefined ? undefined : parseAddress(via)
  const target = targetOf(to, gateway?.family ?? 4)
  if (gateway !== undefined && gateway.family !== target.family) {
    throw new InvalidError(`a route to ${to} via ${via}`, 'a next hop of the same IP version')
  }
  const attributes: Attribute[] = [[RTA.OIF, u32(interfaceIndex)]]
  if (target.length > 0) attributes.push([RTA.DST, target.bytes])
  if (gateway !== undefined) attributes.push([RTA.GATEWAY, gateway.bytes])
  const family = target.family === 4 ? AF.INET : AF.INET6
  // The kernel refuses an IPv4 route without a next hop in the scope of the universe.
  const scope = gateway === undefined && target.family === 4 ? RT_SCOPE.LINK : RT_SCOPE.UNIVERSE
  const fixed = [family, target.length, 0, 0, RT_TABLE_MAIN, RTPROT_STATIC, scope, RTN_UNICAST]
  return encodeBody(Uint8Array.from([...fixed, 0, 0, 0, 0]), attributes)
}

/** `default` is the default of the next hop's IP version. The kernel wants no host bits. */
function targetOf(to: string, family: 4 | 6): Prefix {
  if (to !== 'default') return networkOf(parsePrefix(to))
  return { family, bytes: new Uint8Array(family === 4 ? 4 : 16), length: 0 }
}

/** @param payload of RTM_NEWROUTE */
export function decodeRoute(payload: Uint8Array): RouteEntry {
  const [protocolFamily = 0, length = 0, , , table = 0] = payload
  const attributes = decodeAttributes(payload.subarray(HEADER))
  const family = protocolFamily === AF.INET ? 4 : 6
  const bytes = attributes.get(RTA.DST) ?? new Uint8Array(family === 4 ? 4 : 16)
  const gateway = attributes.get(RTA.GATEWAY)
  return {
    family,
    to: length === 0 ? 'default' : formatPrefix({ bytes, length }),
    ...(gateway === undefined ? {} : { via: formatAddress(gateway) }),
    interfaceIndex: readU32(attributes.get(RTA.OIF)),
    table: readU32(attributes.get(RTA.TABLE), table),
  }
}

/** Whether a route of a dump is one of IPv4 or IPv6: multicast routing has families of its own. */
export function isRoute(payload: Uint8Array): boolean {
  return payload.length >= HEADER && (payload[0] === AF.INET || payload[0] === AF.INET6)
}
