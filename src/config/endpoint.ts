/** Where published services listen and are: `wan:8080-8081`, `203.0.113.10:80`, `[2001:db8::10]:80`. */
import { InvalidError } from '../error.js'
import { formatAddress, parseAddress } from './address.js'
import { describe } from './describe.js'
import { NAME_PATTERN } from './names.js'
import { formatPortRange, PORTS, type PortRange, parsePortRange } from './port-range.js'

export interface Endpoint {
  /** Canonical; undefined where the name of an uplink stands. */
  address: string | undefined
  /** Undefined where an address stands. */
  uplink: string | undefined
  family: 4 | 6 | undefined
  ports: PortRange | undefined
}

export const LISTEN =
  'an uplink or an address with ports, such as "wan:8080" or "203.0.113.10:80-81"'
export const BACKEND = 'an address with ports, such as "10.55.0.2:80-81" or "[fd55::2]:80"'

/** @throws InvalidError */
export function parseEndpoint(text: string, expected: string): Endpoint {
  const { host, ports: written } = split(text)
  const ports = written === undefined ? undefined : parsePortRange(written)
  if (written !== undefined && ports === undefined) {
    throw new InvalidError(describe(text), `${PORTS}, after the colon`)
  }
  if (isAddress(host)) {
    const { family, bytes } = parseAddress(host.replace(/^\[(.*)\]$/, '$1'))
    return { address: formatAddress(bytes), uplink: undefined, family, ports }
  }
  if (!NAME_PATTERN.test(host)) throw new InvalidError(describe(text), expected)
  return { address: undefined, uplink: host, family: undefined, ports }
}

/** An IPv6 address needs brackets when ports follow: without them it is all address. */
function split(text: string): { host: string; ports: string | undefined } {
  const bracketed = /^(\[[^\]]*\])(?::(.*))?$/.exec(text)
  if (bracketed) return { host: bracketed[1] ?? '', ports: bracketed[2] }
  const colon = text.lastIndexOf(':')
  if (colon < 0 || isV6(text)) return { host: text, ports: undefined }
  return { host: text.slice(0, colon), ports: text.slice(colon + 1) }
}

function isAddress(host: string): boolean {
  return host.startsWith('[') || /^[\d.]+$/.test(host) || isV6(host)
}

function isV6(text: string): boolean {
  return /^[\da-f.]*:[\da-f.]*:[\da-f:.]*$/i.test(text)
}

/** The text that {@link parseEndpoint} reads as the same. */
export function formatEndpoint({ address, uplink, family, ports }: Endpoint): string {
  const host = uplink ?? (family === 6 && ports !== undefined ? `[${address}]` : `${address}`)
  return ports === undefined ? host : `${host}:${formatPortRange(ports)}`
}
