/** A flow as a person writes it: `tcp 10.55.0.2:40000 10.55.0.3:5432`. */
import { type Address, parseAddress } from '../config/address.js'
import { describe, oneOf } from '../config/describe.js'
import { InvalidError, LinkspanError } from '../error.js'

const PROTOCOLS = ['tcp', 'udp', 'icmp', 'arp'] as const

export type FlowProtocol = (typeof PROTOCOLS)[number]

export interface Endpoint {
  address: Address
  /** 0 where the protocol has none. */
  port: number
}

export interface Flow {
  protocol: FlowProtocol
  source: Endpoint
  destination: Endpoint
}

/**
 * @param words protocol, source, destination: `ADDRESS:PORT` or `[ADDRESS]:PORT` for TCP and UDP,
 *   else `ADDRESS`. ICMP between IPv6 addresses is ICMPv6.
 * @throws LinkspanError code `INVALID`
 */
export function parseFlow(words: readonly string[]): Flow {
  const [protocol, from, to, ...rest] = words
  if (protocol === undefined || from === undefined || to === undefined || rest.length > 0) {
    const example = '"tcp 10.55.0.2:40000 10.55.0.3:5432"'
    throw new InvalidError(
      describe(words.join(' ')),
      `protocol, source and destination: ${example}`,
    )
  }
  if (!isProtocol(protocol)) throw new InvalidError(describe(protocol), oneOf(PROTOCOLS))
  const source = parseEndpoint(protocol, from)
  const destination = parseEndpoint(protocol, to)
  if (source.address.family !== destination.address.family) {
    throw new LinkspanError(
      'INVALID',
      `${describe(from)} and ${describe(to)} are not of one family`,
    )
  }
  if (protocol === 'arp' && source.address.family === 6) {
    throw new InvalidError(describe(from), 'an IPv4 address: ARP is of IPv4 only')
  }
  return { protocol, source, destination }
}

const isProtocol = (text: string): text is FlowProtocol =>
  (PROTOCOLS as readonly string[]).includes(text)

function parseEndpoint(protocol: FlowProtocol, text: string): Endpoint {
  if (protocol === 'icmp' || protocol === 'arp') return { address: parseAddress(text), port: 0 }
  const found = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(found?.[3] ?? Number.NaN)
  if (!found || !(port <= 0xffff)) {
    const examples = '"10.55.0.2:5432" or "[fd55::2]:5432"'
    throw new InvalidError(describe(text), `an address and a port, 0 to 65535: ${examples}`)
  }
  return { address: parseAddress(found[1] ?? found[2] ?? ''), port }
}
