/** The router of a config: gateways, uplinks, routes, neighbours. What hangs together is in check-router.ts. */
import * as z from 'zod'
import { InvalidError } from '../error.js'
import { formatPrefix, parseAddress, parsePrefix } from './address.js'
import { describe, quote } from './describe.js'
import type { FILE, PROGRAM } from './forms.js'
import { mustBeOfHost } from './host-prefix.js'
import { portImpairSchema } from './port-impair.js'
import {
  DESTINATION,
  destination,
  flag,
  hostAddress,
  mtu,
  name,
  quoted,
  text,
  unicastMac,
  via,
} from './values.js'
import { vlanId } from './vlan.js'

const ADDRESS = 'an address with a prefix length such as "10.55.0.1/24" or "fd55::1/64"'
const ADDRESSES = 'a list of at least one address with its prefix length'

/** An address of the router itself: a host's, in a subnet that has others. */
const routerAddress = text(quoted(ADDRESS), (value) => {
  const prefix = parsePrefix(value)
  mustBeOfHost(prefix, describe(value))
  if (prefix.length === 0) throw new InvalidError(describe(value), 'a prefix length of at least 1')
  return formatPrefix(prefix)
})

const addresses = z
  .array(routerAddress, ADDRESSES)
  .min(1, ADDRESSES)
  .transform((list) => [...new Set(list)])

export const gatewaySchema = z.strictObject(
  {
    addresses: addresses.describe("The router's own on this bridge, of both families"),
    mac: unicastMac.optional().describe("Its MAC; left out: one made of the bridge's name"),
    advertise: flag
      .default(true)
      .describe('Whether router advertisements tell hosts of it and of its IPv6 subnets'),
    vlan: vlanId.optional().describe('On a VLAN-aware bridge: the VLAN it is in; left out: 1'),
  },
  'a mapping such as { addresses: ["10.55.0.1/24"] }',
)

interface Hop {
  to: string
  via?: string | undefined
}

/** `default` as the network that it is. */
function spelledOut<T extends Hop>(route: T): T {
  const { to, via } = route
  if (to !== 'default' || via === undefined) return route
  return { ...route, to: parseAddress(via).family === 4 ? '0.0.0.0/0' : '::/0' }
}

function checkFamilies({ to, via }: Hop, ctx: z.RefinementCtx): void {
  if (to === 'default' || via === undefined) return
  if (parsePrefix(to).family === parseAddress(via).family) return
  const message = `an address of the family of ${quote(to)}`
  ctx.addIssue({ code: 'custom', path: ['via'], message })
}

const EXPLICIT = 'without one, say "0.0.0.0/0" or "::/0" instead of "default"'
const UPLINK_ROUTE = 'a mapping with "to" and maybe "via"'

export const uplinkRouteShape = {
  to: destination.describe(`Where to: ${DESTINATION}`),
  via: via.optional().describe('The next hop; left out: it is on the link'),
}

export const uplinkRouteSchema = z
  .strictObject(uplinkRouteShape, UPLINK_ROUTE)
  .superRefine((route, ctx) => {
    checkFamilies(route, ctx)
    if (route.to !== 'default' || route.via !== undefined) return
    ctx.addIssue({ code: 'custom', path: ['via'], message: `a "via": ${EXPLICIT}` })
  })
  .transform(spelledOut)

export const routeShape = {
  to: destination.describe(`Where to: ${DESTINATION}`),
  via: via.optional().describe('The next hop, in a subnet of a gateway or uplink'),
  unreachable: z
    .literal(true, 'true, or nothing')
    .optional()
    .describe('true: packets there are refused (ICMP unreachable)'),
}

const ROUTE = 'a mapping with "to" and either "via" or "unreachable: true"'

export const routerRouteSchema = z
  .strictObject(routeShape, ROUTE)
  .superRefine((route, ctx) => {
    checkFamilies(route, ctx)
    const { to, via, unreachable } = route
    const wrong = (key: string, message: string) =>
      ctx.addIssue({ code: 'custom', path: [key], message })
    if (via !== undefined && unreachable) wrong('unreachable', 'no "unreachable" beside "via"')
    else if (via === undefined && !unreachable) wrong('via', 'a "via", or "unreachable: true"')
    else if (to === 'default' && unreachable) wrong('to', `a network: ${EXPLICIT}`)
  })
  .transform(spelledOut)

export const neighborShape = {
  bridge: name('the name of a bridge').optional().describe('The bridge whose gateway knows it'),
  uplink: name('the name of an uplink').optional().describe('Or the uplink it is on'),
  address: hostAddress('an address such as "10.55.0.2" or "fd55::2"'),
  mac: unicastMac,
}

const NEIGHBOR = 'a mapping with "bridge" or "uplink", "address" and "mac"'

export const neighborSchema = z.strictObject(neighborShape, NEIGHBOR).superRefine(exactlyOne)

/** Either `bridge` or `uplink`. */
function exactlyOne(
  { bridge, uplink }: { bridge?: string | undefined; uplink?: string | undefined },
  ctx: z.RefinementCtx,
): void {
  if (bridge !== undefined && uplink !== undefined) {
    const message = 'no "uplink" beside "bridge": a neighbour is in one place'
    ctx.addIssue({ code: 'custom', path: ['uplink'], message })
  } else if (bridge === undefined && uplink === undefined) {
    ctx.addIssue({ code: 'custom', message: NEIGHBOR })
  }
}

const UPLINK =
  'a mapping such as { device: { type: tap, name: ls-up }, addresses: [203.0.113.10/24] }'
const ROUTES = 'a list of routes such as { to: default, via: "203.0.113.1" }'

export function uplinkSchema<P extends typeof FILE | typeof PROGRAM>(parts: P) {
  return z.strictObject(
    {
      device: parts.device as P['device'],
      addresses: addresses.describe("The router's own on the outer network, of both families"),
      routes: z.array(uplinkRouteSchema, ROUTES).default([]).describe('What is behind it'),
      mac: unicastMac.optional().describe("The router's MAC; left out: one made of the name"),
      mtu: mtu.optional().describe("Bytes of IP; left out: the device's, else 1500"),
      up: flag.default(true).describe('false: it is there and forwards nothing'),
      impair: portImpairSchema.optional().describe('Delay, loss and other faults of a link'),
    },
    UPLINK,
  )
}
