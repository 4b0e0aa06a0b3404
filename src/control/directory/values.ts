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

declare const checked: unique symbol
/** What was checked and made canonical here: it need not be again. */
export type Canonical<T> = T & { readonly [checked]: true }

/** @throws InvalidError */
export function canonicalPeer({ vni, vtep, host }: DirectoryPeer): Canonical<DirectoryPeer> {
  const peer = { vni: checkVni(vni), vtep: canonicalVtep(vtep) }
  if (host === undefined) return Object.freeze(peer) as Canonical<DirectoryPeer>
  if (HOST.test(host)) return Object.freeze({ ...peer, host }) as Canonical<DirectoryPeer>
  throw new InvalidError(describe(host), 'the name of a host, of 1 to 253 ASCII characters')
}

/** @throws InvalidError */
export function canonicalEndpoint(of: DirectoryEndpoint): Canonical<DirectoryEndpoint> {
  const { addresses } = of
  if (addresses.length > ADDRESSES_MAX) {
    throw new InvalidError(`${addresses.length} addresses`, `at most ${ADDRESSES_MAX}`)
  }
  const own = addresses.map(checkHost)
  const endpoint = {
    vni: checkVni(of.vni),
    mac: checkMac(of.mac),
    addresses: Object.freeze(own.length > 1 ? [...new Set(own)].sort() : own),
    vtep: canonicalVtep(of.vtep),
  }
  return Object.freeze(endpoint) as Canonical<DirectoryEndpoint>
}

/** VTEPs that were told of lately: each is that of thousands of endpoints, and one text for all of them. */
const vteps = new Map<string, string>()
const VTEPS_MAX = 4096

function canonicalVtep(text: string): string {
  const known = vteps.get(text)
  if (known !== undefined) return known
  const vtep = checkVtep(text)
  if (vteps.size === VTEPS_MAX) vteps.clear()
  vteps.set(text, vtep)
  return vtep
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
