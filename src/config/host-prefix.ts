/** Addresses that a host may have in its network. */
import { InvalidError } from '../error.js'
import {
  formatPrefix,
  isLimitedBroadcast,
  isLoopback,
  isMulticast,
  isUnspecified,
  lastOf,
  networkOf,
  type Prefix,
  sameAddress,
} from './address.js'

/**
 * Refuses what no single host can have: a group, a loopback address, a network's own address or its broadcast.
 *
 * @param found what was written, for the error
 * @throws InvalidError
 */
export function mustBeOfHost(prefix: Prefix, found: string): void {
  if (
    isUnspecified(prefix) ||
    isMulticast(prefix) ||
    isLimitedBroadcast(prefix) ||
    isLoopback(prefix)
  ) {
    throw new InvalidError(found, 'the address of one host')
  }
  if (!isOfAll(prefix)) return
  throw new InvalidError(found, `the address of a host in ${formatPrefix(networkOf(prefix))}`)
}

/** A subnet's own address or its broadcast address (RFC 1122 3.3.6; RFC 4291 2.6.1 for IPv6). */
function isOfAll(prefix: Prefix): boolean {
  const { family, bytes, length } = prefix
  if (length >= bytes.length * 8 - 1) return false
  if (sameAddress(prefix, networkOf(prefix))) return true
  return family === 4 && sameAddress(prefix, lastOf(prefix))
}
