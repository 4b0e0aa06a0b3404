/** Names of the lab, asked for as by `dns.lookup`. */
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import { isUnspecified, parseAddress } from '../../config/address.js'
import type { Host, HostParts } from '../host/host.js'
import { LOCALHOST, LOOPBACK } from '../host/loopback.js'
import type { Address } from '../host/network.js'
import { notFound, usageError } from './errors.js'

export interface LookupAddress {
  address: string
  family: number
}

export interface LookupOptions {
  /** 4, 6, or 0: whichever there is. */
  family?: number | 'IPv4' | 'IPv6' | undefined
  /** All addresses in place of the first. */
  all?: boolean | undefined
  /** These change nothing. */
  hints?: number | undefined
  order?: string | undefined
  verbatim?: boolean | undefined
}

export type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string,
  family: number,
) => void
export type LookupAllCallback = (
  error: NodeJS.ErrnoException | null,
  addresses: LookupAddress[],
) => void
type AnyCallback = (...given: unknown[]) => void

/** What `dns.lookup` is, of the lab's names; `util.promisify` works on it too. */
export interface Lookup {
  (hostname: string, callback: LookupCallback): void
  (hostname: string, options: LookupOptions & { all: true }, callback: LookupAllCallback): void
  (hostname: string, options: LookupOptions | number, callback: LookupCallback): void
  (
    hostname: string,
    options: LookupOptions | number,
    callback: (
      error: NodeJS.ErrnoException | null,
      address: string | LookupAddress[],
      family?: number,
    ) => void,
  ): void
}

/**
 * A function like `dns.lookup` that knows the hosts of the lab, as `host` sees them: addresses that it has a
 * way to come first. `localhost` is 127.0.0.1 and ::1 (RFC 6761 6.3). Anybody else is `ENOTFOUND`.
 */
export function lookup(host: Host): Lookup {
  const { parts } = host
  const look = (hostname: string, given: unknown, last?: unknown): void => {
    const callback = (last ?? given) as AnyCallback
    if (typeof callback !== 'function') {
      const text = 'The "callback" argument must be of type function.'
      throw usageError(TypeError, 'ERR_INVALID_ARG_TYPE', text)
    }
    const { family, all } = optionsOf(last === undefined ? {} : given)
    const found = find(parts, hostname, family)
    process.nextTick(() => {
      const [first] = found
      if (first === undefined) callback(notFound(hostname))
      else if (all) callback(null, found)
      else callback(null, first.address, first.family)
    })
  }
  const promised = (hostname: string, options: LookupOptions | number = {}) =>
    new Promise((resolve, reject) => {
      const { all } = optionsOf(options)
      look(hostname, options, (error: unknown, address: unknown, family: unknown) => {
        if (error) reject(error)
        else resolve(all ? address : { address, family })
      })
    })
  return Object.assign(look as Lookup, { [promisify.custom]: promised })
}

function optionsOf(given: unknown): { family: number; all: boolean } {
  const { family, all }: LookupOptions = typeof given === 'object' && given !== null ? given : {}
  const wanted = typeof given === 'number' ? given : (family ?? 0)
  const number = wanted === 'IPv4' ? 4 : wanted === 'IPv6' ? 6 : wanted
  if ([0, 4, 6].includes(number)) return { family: number, all: all === true }
  const text = `The argument 'family' must be one of: 0, 4, 6. Received ${String(wanted)}`
  throw usageError(TypeError, 'ERR_INVALID_ARG_VALUE', text)
}

const loopback = [LOOPBACK[4], LOOPBACK[6]]

/** What is meant by an address where one connects to or sends to: all of them is the host itself, as on Linux. */
export function destinationOf(address: string): string {
  const family = isIP(address)
  const isAll = family !== 0 && isUnspecified(parseAddress(address))
  return isAll ? LOOPBACK[family as 4 | 6].text : address
}

/** Those of a name that fit, as a program of the host would try them. */
export function find(parts: HostParts, hostname: string, family: number): LookupAddress[] {
  const literal = isIP(hostname)
  if (literal !== 0) return [{ address: hostname, family: literal }]
  const { stack, lab } = parts
  const own = hostname === LOCALHOST ? loopback : (lab.names.find(hostname)?.own() ?? [])
  const fitting = own.filter((one) => family === 0 || one.family === family)
  const hasWay = (one: Address) => stack.ipOf(one).hasWay(one)
  return [...fitting.filter(hasWay), ...fitting.filter((one) => !hasWay(one))].map((one) => ({
    address: one.text,
    family: one.family,
  }))
}
