/** What sources tell comes from other hosts: it is checked here, once, and made canonical. */
import {
  formatAddress,
  formatMac,
  isGroupMac,
  isLimitedBroadcast,
  isMulticast,
  isUnspecified,
  isZeroMac,
  parseAddress,
  parseMac,
} from '../../config/address.js'
import { describe } from '../../config/describe.js'
import { checkVtep } from '../../config/vtep.js'
import { InvalidError } from '../../error.js'
import type { DirectoryEndpoint, DirectoryPeer } from './directory.js'

const VNI_MAX = 2 ** 24 - 1
/** More than any station has; who says more is broken or means harm. */
const ADDRESSES_MAX = 256
/** Printed to terminals: nothing but letters, digits and signs. */
const HOST = /^[\x21-\x7e]{1,253}$/

/** @throws InvalidError */
export function canonicalPeer({ vni, vtep, host }: DirectoryPeer): DirectoryPeer {
  const peer = { vni: checkVni(vni), vtep: checkVtep(vtep) }
  if (host === undefined) return Object.freeze(peer)
  if (HOST.test(host)) return Object.freeze({ ...peer, host })
  throw new InvalidError(describe(host), 'the name of a host, of 1 to 253 ASCII characters')
}

/** @throws InvalidError */
export function canonicalEndpoint(of: DirectoryEndpoint): DirectoryEndpoint {
  const { addresses } = of
  if (addresses.length > ADDRESSES_MAX) {
    throw new InvalidError(`${addresses.length} addresses`, `at most ${ADDRESSES_MAX}`)
  }
  const own = [...new Set(addresses.map(checkHost))].sort()
  return Object.freeze({
    vni: checkVni(of.vni),
    mac: checkMac(of.mac),
    addresses: Object.freeze(own),
    vtep: checkVtep(of.vtep),
  })
}

export function checkVni(vni: number): number {
  if (Number.isInteger(vni) && vni >= 0 && vni <= VNI_MAX) return vni
  throw new InvalidError(describe(vni), `a whole number from 0 to ${VNI_MAX}`)
}

export function checkMac(text: string): string {
  const mac = parseMac(text)
  if (!isGroupMac(mac) && !isZeroMac(mac)) return formatMac(mac)
  throw new InvalidError(describe(text), 'the MAC of a station')
}

function checkHost(text: string): string {
  const address = parseAddress(text)
  const usable = !isUnspecified(address) && !isMulticast(address) && !isLimitedBroadcast(address)
  if (usable) return formatAddress(address.bytes)
  throw new InvalidError(describe(text), 'the address of one host')
}
