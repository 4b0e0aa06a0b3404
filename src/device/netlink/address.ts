/** Addresses of interfaces: struct ifaddrmsg and IFA_* (linux/if_addr.h). */
import { formatPrefix, lastOf, parsePrefix } from '../../config/address.js'
import { AF, IFA, IFA_F_NODAD } from './constants.js'
import { type Attribute, decodeAttributes, encodeBody, viewOf } from './message.js'

/** u8 family, u8 prefix length, u8 flags, u8 scope, u32 interface index. */
const HEADER = 8

export interface InterfaceAddress {
  interfaceIndex: number
  /** `10.0.0.1/24`, `fd00::1/64`. */
  address: string
}

function header(family: number, length: number, flags: number, index: number): Uint8Array {
  const bytes = Uint8Array.of(family, length, flags, 0, 0, 0, 0, 0)
  viewOf(bytes).setUint32(4, index, true)
  return bytes
}

export function encodeAddressQuery(): Uint8Array {
  return header(AF.UNSPEC, 0, 0, 0)
}

/**
 * @param text with a prefix length. IPv6 skips duplicate address detection, so that it can be used
 *   at once; IPv4 gets its subnet's broadcast address.
 */
export function encodeAddress(index: number, text: string): Uint8Array {
  const prefix = parsePrefix(text)
  const { family, bytes, length } = prefix
  const attributes: Attribute[] = [
    [IFA.LOCAL, bytes],
    [IFA.ADDRESS, bytes],
  ]
  if (family === 6) return encodeBody(header(AF.INET6, length, IFA_F_NODAD, index), attributes)
  // A /31 has no broadcast address (RFC 3021 2.2).
  if (length < 31) attributes.push([IFA.BROADCAST, lastOf(prefix).bytes])
  return encodeBody(header(AF.INET, length, 0, index), attributes)
}

/** @param payload of RTM_NEWADDR */
export function decodeAddress(payload: Uint8Array): InterfaceAddress {
  const attributes = decodeAttributes(payload.subarray(HEADER))
  // IFA_ADDRESS is the peer on a point-to-point link; IFA_LOCAL is absent for IPv6.
  const bytes = attributes.get(IFA.LOCAL) ?? attributes.get(IFA.ADDRESS) ?? new Uint8Array(4)
  return {
    interfaceIndex: viewOf(payload).getUint32(4, true),
    address: formatPrefix({ bytes, length: payload[1] ?? 0 }),
  }
}
