/** Whom a program means: a host, its name, or an address. */
import { describe, oneOf, quote } from '../../config/describe.js'
import { InvalidError, LinkspanError } from '../../error.js'
import { addressOf } from './address.js'
import { LOCALHOST, LOOPBACK } from './loopback.js'
import type { Address } from './network.js'
import type { Stack } from './stack.js'

/** Something with addresses and a name: a host. */
export interface HasAddresses {
  readonly name: string
  readonly addresses: readonly string[]
  /** @internal The same, not as text. */
  own(): readonly Address[]
}

/** A host, the name of one, or an address as text. */
export type Target = HasAddresses | string

/** What hosts of the lab are called. */
export interface Names {
  find(name: string): HasAddresses | undefined
  list(): string[]
}

const LOOKS_LIKE_ADDRESS = /^[\d.]+$|:/

/**
 * The address of a target as a host would use it: the first one that it has a way to.
 *
 * @throws LinkspanError `NOT_FOUND`, `UNREACHABLE` or `INVALID`
 */
export function resolve(stack: Stack, names: Names, target: Target): Address {
  if (typeof target === 'string' && LOOKS_LIKE_ADDRESS.test(target)) return addressOf(target)
  if (target === LOCALHOST) return LOOPBACK[4]
  const host = typeof target === 'string' ? names.find(target) : target
  if (host === undefined) throw unknown(target as string, names)
  if (typeof host?.own !== 'function') {
    throw new InvalidError(describe(target), 'a host, its name, or an address')
  }
  if (typeof target !== 'string' && names.find(host.name) !== host) {
    throw new LinkspanError('NOT_FOUND', `host ${quote(host.name)} is of another lab`)
  }
  const addresses = host.own()
  const [first] = addresses
  if (first === undefined) {
    const problem = `host ${quote(host.name)} has no address yet`
    throw new LinkspanError('UNREACHABLE', `${problem}: wait for its router, or give it one`)
  }
  if (addresses.length === 1) return first
  return addresses.find((address) => stack.ipOf(address).hasWay(address)) ?? first
}

function unknown(name: string, names: Names): LinkspanError {
  const list = names.list()
  const known = list.length === 0 ? 'the lab has none' : `expected ${oneOf(list)}`
  return new LinkspanError('NOT_FOUND', `no host of the lab is called ${quote(name)}; ${known}`)
}
