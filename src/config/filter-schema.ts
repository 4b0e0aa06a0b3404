/** The rules of the filter, as zod schemas. What hangs together across rules is in check-filter.ts. */
import * as z from 'zod'
import { parsePrefix } from './address.js'
import { quote } from './describe.js'
import { icmpTypes, icmpTypesOf } from './icmp-type.js'
import { portList } from './port-range.js'
import { name, network, whole } from './values.js'

const MATCH = 'a mapping with "prefix", "port", "bridge" or "uplink"'
const PLACES = ['port', 'bridge', 'uplink'] as const

/** One side of a rule. */
export const matchSchema = z
  .strictObject(
    {
      prefix: network.optional().describe('An address or a network'),
      port: name('the name of a port').optional().describe('A port of the switch'),
      bridge: name('the name of a bridge').optional(),
      uplink: name('the name of an uplink').optional(),
    },
    MATCH,
  )
  .superRefine((match, ctx) => {
    const given = PLACES.filter((place) => match[place] !== undefined)
    const [first, second] = given
    if (second !== undefined) {
      const message = `no ${quote(second)} beside "${first}": a packet is in one place`
      ctx.addIssue({ code: 'custom', path: [second], message })
    } else if (given.length === 0 && match.prefix === undefined) {
      ctx.addIssue({ code: 'custom', message: MATCH })
    }
  })

/** IANA's numbers of what has a name here. */
export const PROTOCOLS = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 } as const
type Named = keyof typeof PROTOCOLS
const NAMES = Object.keys(PROTOCOLS) as Named[]
const PROTOCOL = '"tcp", "udp", "icmp", "icmpv6", "sctp" or a number from 0 to 255'

const protocol = z.union(
  [
    z.enum(NAMES as [Named, ...Named[]], PROTOCOL),
    whole(0, 255, PROTOCOL).transform(
      (number) => NAMES.find((known) => PROTOCOLS[known] === number) ?? number,
    ),
  ],
  PROTOCOL,
)

const STATES = ['new', 'established', 'related'] as const
const STATE = 'a list of "new", "established" and "related"'

export const ruleShape = {
  name: name().describe('What counters and traces call it'),
  action: z
    .enum(['allow', 'deny', 'reject'], '"allow", "deny" or "reject"')
    .describe('reject: the sender is told so'),
  from: matchSchema.optional().describe('Where it comes from; left out: anywhere'),
  to: matchSchema.optional().describe('Where it goes, after NAT of destinations'),
  protocol: protocol.optional(),
  sourcePort: portList.optional().describe('Of TCP, UDP and SCTP'),
  destinationPort: portList.optional().describe('Of TCP, UDP and SCTP'),
  icmpType: icmpTypes.optional().describe('Numbers or names, of ICMP and ICMPv6'),
  state: z
    .array(z.enum(STATES, '"new", "established" or "related"'), STATE)
    .min(1, STATE)
    .transform((list) => STATES.filter((state) => list.includes(state)))
    .optional()
    .describe('Of the connection; left out: any'),
}

const RULE = 'a mapping such as { name: web, action: allow, to: { port: web } }'

export const ruleSchema = z
  .strictObject(ruleShape, RULE)
  .superRefine((rule, ctx) => {
    const wrong = (path: string[], message: string) =>
      ctx.addIssue({ code: 'custom', path, message })
    for (const key of ['sourcePort', 'destinationPort'] as const) {
      if (rule[key] === undefined || hasPorts(rule.protocol)) continue
      wrong([key], '"protocol: tcp", "udp" or "sctp" beside it')
    }
    checkIcmp(rule, wrong)
    checkFamilies(rule, wrong)
  })
  .transform(({ icmpType, ...rest }) => {
    const numbers = icmpType && (icmpTypesOf(icmpType, rest.protocol) as number[])
    return { ...rest, ...(numbers && { icmpType: numbers }) }
  })

type Written = z.output<z.ZodObject<typeof ruleShape>>
type Wrong = (path: string[], message: string) => void

const hasPorts = (protocol: Written['protocol']) =>
  protocol === 'tcp' || protocol === 'udp' || protocol === 'sctp'

function checkIcmp({ icmpType, protocol }: Written, wrong: Wrong): void {
  if (icmpType === undefined) return
  if (protocol !== 'icmp' && protocol !== 'icmpv6') {
    wrong(['icmpType'], '"protocol: icmp" or "icmpv6" beside it')
  } else if (icmpTypesOf(icmpType, protocol) === undefined) {
    wrong(['icmpType'], `types of "${protocol}"`)
  }
}

function checkFamilies({ from, to, protocol }: Written, wrong: Wrong): void {
  const family = protocol === 'icmp' ? 4 : protocol === 'icmpv6' ? 6 : undefined
  const [source, destination] = [from?.prefix, to?.prefix]
  const of = (prefix: string | undefined) =>
    prefix === undefined ? undefined : parsePrefix(prefix).family
  if (family !== undefined && source !== undefined && of(source) !== family) {
    wrong(['from', 'prefix'], `an IPv${family} one: "protocol" is "${protocol}"`)
  } else if (family !== undefined && destination !== undefined && of(destination) !== family) {
    wrong(['to', 'prefix'], `an IPv${family} one: "protocol" is "${protocol}"`)
  } else if (source !== undefined && destination !== undefined && of(source) !== of(destination)) {
    wrong(['to', 'prefix'], `one of the family of "from", ${quote(source)}`)
  }
}
