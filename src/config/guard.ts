/** The addresses that a port may send from: source MAC, IPv4, ARP, IPv6 and neighbour discovery. */
import * as z from 'zod'
import { formatAddress, formatPrefix, linkLocalOf, parsePrefix } from './address.js'
import { network, unicastMac } from './values.js'

/** MACs and addresses that ports are bound to, all ports together (assembly/memory.ts). */
export const BINDINGS_MAX = 8192

const MACS = 'a list of at least one unicast MAC address'
const SOURCES = 'a list of at least one address or network'
const GUARD = '"auto" or a mapping with "macs", "addresses" or both'

const onceEach = (list: string[]) => [...new Set(list)]

const bindings = z
  .strictObject(
    {
      macs: z.array(unicastMac, MACS).min(1, MACS).transform(onceEach).optional(),
      addresses: z.array(network, SOURCES).min(1, SOURCES).transform(onceEach).optional(),
    },
    GUARD,
  )
  .refine(({ macs, addresses }) => macs !== undefined || addresses !== undefined, GUARD)

export const guardSchema = z.union([z.literal('auto', GUARD), bindings], GUARD)

type Written = z.output<typeof guardSchema>

/** What `guard: auto` knows of a device. */
interface Addressed {
  mac?: string | undefined
  addresses?: readonly string[]
}

/**
 * `auto` made explicit: the device's MAC and addresses, and the link-local address that the kernel
 * makes of the MAC when IPv6 is among them, since neighbour discovery needs it. A list is empty when
 * the device says nothing to put there, which check-policy.ts refuses.
 */
export function resolveGuard(guard: Written, { mac, addresses = [] }: Addressed) {
  if (guard !== 'auto') return guard
  const own = addresses.map(parsePrefix)
  const hosts = own.map(({ bytes }) => formatPrefix({ bytes, length: bytes.length * 8 }))
  const six = mac !== undefined && own.some(({ family }) => family === 6)
  const all = six ? [...hosts, `${formatAddress(linkLocalOf(mac))}/128`] : hosts
  return { macs: mac === undefined ? [] : [mac], addresses: onceEach(all) }
}
