/**
 * The single values of a config, as zod schemas: text that has a form is checked and turned into its
 * canonical form. In this room the message of a schema is not a sentence but what was expected, as
 * a noun phrase: issues.ts makes the sentence.
 */
import * as z from 'zod'
import { InvalidError } from '../error.js'
import {
  formatAddress,
  formatMac,
  formatPrefix,
  isGroupMac,
  isLimitedBroadcast,
  isMulticast,
  isUnspecified,
  isZeroMac,
  networkOf,
  parseAddress,
  parseMac,
  parsePrefix,
} from './address.js'
import { describe } from './describe.js'
import { ACCOUNT_PATTERN, NAME, NAME_PATTERN } from './names.js'

// A config is parsed once or twice in a process: compiling parsers for it takes longer than it saves.
z.config({ jitless: true })

/** drivers/net/tun.c: ETH_MIN_MTU, and MAX_MTU (65,535) less an Ethernet header. */
const MTU_MIN = 68
const MTU_MAX = 65_521

/** In one step: `min()` and `max()` would each copy the schema, at 50 µs at a start. */
export const whole = (
  min: number,
  max: number,
  expected = `a whole number from ${min} to ${max}`,
) => z.int(expected).check(z.gte(min, expected), z.lte(max, expected))

/** Text that YAML may take for something else (`10`, `on`), so it may need quotes. */
export const quoted = (expected: string) =>
  z.string({
    error: ({ input }) =>
      ['number', 'boolean'].includes(typeof input) ? `${expected}, in quotes` : expected,
  })

/** Text that `read` turns into its canonical form; its InvalidError says what was expected. */
export function text<T>(string: z.ZodString, read: (value: string) => T) {
  return string.transform((value, ctx) => {
    try {
      return read(value)
    } catch (error) {
      if (!(error instanceof InvalidError)) throw error
      ctx.issues.push({ code: 'custom', message: error.expected, input: value })
      return z.NEVER
    }
  })
}

export const name = (of = NAME) => quoted(of).regex(NAME_PATTERN, NAME)

const UNICAST_MAC = 'a unicast MAC address such as "02:55:00:00:00:02"'
export const unicastMac = text(quoted(UNICAST_MAC), (value) => {
  const mac = parseMac(value)
  if (!isGroupMac(mac) && !isZeroMac(mac)) return formatMac(mac)
  throw new InvalidError(describe(value), `${UNICAST_MAC} (its first byte even, not all zero)`)
})

const INTERFACE_ADDRESS = 'an address with a prefix length such as "10.55.0.2/24" or "fd55::2/64"'
export const interfaceAddress = text(quoted(INTERFACE_ADDRESS), (value) => {
  const prefix = parsePrefix(value)
  const usable = !isUnspecified(prefix) && !isMulticast(prefix) && !isLimitedBroadcast(prefix)
  if (usable) return formatPrefix(prefix)
  throw new InvalidError(describe(value), 'the address of one host')
})

export const DESTINATION = '"default" or a network such as "10.0.0.0/8" or "fd00::/8"'
export const destination = text(quoted(DESTINATION), (value) => {
  if (value === 'default') return value
  if (!value.includes('/')) throw new InvalidError(describe(value), DESTINATION)
  const prefix = parsePrefix(value)
  const network = formatPrefix(networkOf(prefix))
  // The kernel takes an IPv6 one and clears the bits, and refuses an IPv4 one. One rule is better.
  if (network === formatPrefix(prefix)) return network
  throw new InvalidError(describe(value), `a network, without host bits: "${network}"`)
})

const NETWORK = 'an address or a network such as "10.0.0.2", "fd00::2" or "10.1.0.0/24"'
/** Canonical with its length, `10.0.0.2/32`, so that whoever reads it reads one form. */
export const network = text(quoted(NETWORK), (value) => {
  const prefix = value.includes('/') ? parsePrefix(value) : hostPrefix(value)
  if (isMulticast(prefix) || (isLimitedBroadcast(prefix) && prefix.length === 32)) {
    throw new InvalidError(describe(value), NETWORK)
  }
  const canonical = formatPrefix(networkOf(prefix))
  if (canonical === formatPrefix(prefix)) return canonical
  throw new InvalidError(describe(value), `a network, without host bits: "${canonical}"`)
})

function hostPrefix(text: string) {
  const address = parseAddress(text)
  return { ...address, length: address.bytes.length * 8 }
}

/** Canonical text of one host's address. @param expected a noun phrase with an example */
export const hostAddress = (expected: string) =>
  text(quoted(expected), (value) => {
    const address = parseAddress(value)
    const usable = !isUnspecified(address) && !isMulticast(address) && !isLimitedBroadcast(address)
    if (usable) return formatAddress(address.bytes)
    throw new InvalidError(describe(value), expected)
  })

export const via = hostAddress('a neighbour\'s address such as "10.55.0.1"')

const ACCOUNT = 'a name or a number of a'
export const account = (kind: 'user' | 'group') => {
  const expected = `${ACCOUNT} ${kind}`
  return z.union(
    // 2^32 - 1 means "nobody in particular" to the kernel.
    [quoted(expected).regex(ACCOUNT_PATTERN, expected), whole(0, 2 ** 32 - 2, expected)],
    expected,
  )
}

export const flag = z.boolean('true or false')
export const mtu = whole(MTU_MIN, MTU_MAX).describe('Bytes of IP, without the Ethernet header')
