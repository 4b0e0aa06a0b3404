/** NAT and published ports of a config. What hangs together is in check-nat.ts and check-publish.ts. */
import * as z from 'zod'
import { InvalidError } from '../error.js'
import { parseAddress, parsePrefix } from './address.js'
import { describe, quote } from './describe.js'
import { BACKEND, formatEndpoint, LISTEN, parseEndpoint } from './endpoint.js'
import { hostAddress, name, network, quoted, text } from './values.js'

const uplink = name('the name of an uplink').describe('Where the outer network is')

const FROM = 'a mapping with either "bridge" or "prefix"'

export const natFromSchema = z
  .strictObject(
    {
      bridge: name('the name of a bridge').optional().describe('What comes in from this bridge'),
      prefix: network.optional().describe('What comes from these addresses'),
    },
    FROM,
  )
  .superRefine(({ bridge, prefix }, ctx) => {
    if ((bridge === undefined) !== (prefix === undefined)) return
    ctx.addIssue({ code: 'custom', message: FROM })
  })

const SOURCE = 'an address of the uplink, or a list of them'
const source = hostAddress('an address such as "203.0.113.10"')

export const masqueradeSchema = z.strictObject({
  type: z.literal('masquerade').describe('Many hosts behind the addresses of an uplink'),
  from: natFromSchema,
  uplink,
  source: z
    .union(
      [
        source.transform((address) => [address]),
        z
          .array(source, SOURCE)
          .min(1, SOURCE)
          .transform((list) => [...new Set(list)]),
      ],
      SOURCE,
    )
    .optional()
    .describe("What they become; left out: the uplink's own addresses"),
  ports: z
    .enum(['random', 'preserve'], '"random" or "preserve"')
    .default('random')
    .describe('preserve: the source port stays where it is free (RFC 6056 says random)'),
  filtering: z
    .enum(
      ['endpoint-independent', 'address-dependent'],
      '"endpoint-independent" or "address-dependent"',
    )
    .default('address-dependent')
    .describe('Who may answer a mapping: anybody, or who was sent to (RFC 4787 section 5)'),
})

export const staticNatSchema = z
  .strictObject({
    type: z.literal('static').describe('One host behind one outer address, both ways'),
    inside: hostAddress('the address of a host inside, such as "10.55.0.2"'),
    outside: hostAddress('an address of the uplink, such as "203.0.113.20"'),
    uplink,
  })
  .superRefine(({ inside, outside }, ctx) => {
    if (parseAddress(inside).family === parseAddress(outside).family) return
    const message = `an address of the family of ${quote(inside)}`
    ctx.addIssue({ code: 'custom', path: ['outside'], message })
  })

const PREFIX = 'an IPv6 network of 1 to 64 bits, such as "fd55::/48"'

/** RFC 6296: what is translated is the prefix, and 16 bits below it to keep checksums. */
const nptPrefix = text(quoted(PREFIX), (value) => {
  const prefix = parsePrefix(value)
  const fits = prefix.family === 6 && prefix.length >= 1 && prefix.length <= 64
  if (fits) return network.parse(value)
  throw new InvalidError(describe(value), PREFIX)
})

export const nptv6Schema = z
  .strictObject({
    type: z.literal('nptv6').describe('One IPv6 prefix for another, without state (RFC 6296)'),
    inside: nptPrefix,
    outside: nptPrefix,
    uplink,
  })
  .superRefine(({ inside, outside }, ctx) => {
    const { length } = parsePrefix(inside)
    if (parsePrefix(outside).length === length) return
    const message = `a prefix as long as the inner one, /${length}`
    ctx.addIssue({ code: 'custom', path: ['outside'], message })
  })

const NAT = 'a mapping such as { type: masquerade, from: { bridge: lan }, uplink: wan }'
const TYPES = '"masquerade", "static" or "nptv6"'

export const natSchema = z.discriminatedUnion(
  'type',
  [masqueradeSchema, staticNatSchema, nptv6Schema],
  { error: ({ input }) => (typeof input === 'object' ? TYPES : NAT) },
)

const PROTOCOLS = ['tcp', 'udp', 'icmp'] as const
const PROTOCOL = 'a list of "tcp" and "udp", or ["icmp"]'

const listen = text(quoted(LISTEN), (value) => formatEndpoint(parseEndpoint(value, LISTEN)))
const backend = text(quoted(BACKEND), (value) => {
  const endpoint = parseEndpoint(value, BACKEND)
  if (endpoint.address !== undefined) return formatEndpoint(endpoint)
  throw new InvalidError(describe(value), BACKEND)
})

const BACKENDS = 'a list of one address with ports'

export const publishShape = {
  name: name().describe('What it is called, where flows and errors speak of it'),
  listen: listen.describe(`The outer side: ${LISTEN}`),
  to: z
    .array(backend, BACKENDS)
    .min(1, BACKENDS)
    .describe(`Where it goes: ${BACKEND}, as many ports as it listens on`),
  protocol: z
    .array(z.enum(PROTOCOLS, '"tcp", "udp" or "icmp"'), PROTOCOL)
    .min(1, PROTOCOL)
    .transform((list) => PROTOCOLS.filter((protocol) => list.includes(protocol)))
    .default(['tcp'])
    .describe('icmp: echo requests to an address, without ports'),
}

export const publishSchema = z
  .strictObject(
    publishShape,
    'a mapping such as { name: web, listen: "wan:80", to: [10.55.0.2:80] }',
  )
  .superRefine((entry, ctx) => {
    const wrong = (path: (string | number)[], message: string) =>
      ctx.addIssue({ code: 'custom', path, message })
    const { protocol, to } = entry
    const [backend] = to
    if (backend === undefined) return
    if (to.length > 1) return wrong(['to'], `${BACKENDS}: this version has one backend an entry`)
    const icmp = protocol.includes('icmp')
    if (icmp && protocol.length > 1) {
      return wrong(['protocol'], '"icmp" in an entry of its own: it has no ports')
    }
    const outer = parseEndpoint(entry.listen, LISTEN)
    const inner = parseEndpoint(backend, BACKEND)
    for (const [path, { ports }] of [
      [['listen'], outer],
      [['to', 0], inner],
    ] as const) {
      if (icmp && ports !== undefined) wrong([...path], 'no ports: "icmp" has none')
      const example = path[0] === 'listen' ? '"wan:80" or "[2001:db8::1]:80"' : '"[fd55::2]:80"'
      if (!icmp && ports === undefined) wrong([...path], `ports after a colon, as in ${example}`)
    }
    if (outer.family !== undefined && outer.family !== inner.family) {
      wrong(['to', 0], `an address of the family of ${quote(entry.listen)}`)
    }
    if (outer.ports === undefined || inner.ports === undefined) return
    const size = outer.ports.last - outer.ports.first + 1
    if (inner.ports.last - inner.ports.first + 1 === size) return
    wrong(['to', 0], `${size === 1 ? 'one port' : `${size} ports`}, as many as in "listen"`)
  })
