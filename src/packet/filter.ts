/** Which frames a capture keeps. All that a filter has must hold. */
import { type Prefix, parseAddress, parseMac, parsePrefix } from '../config/address.js'
import { describe, oneOf } from '../config/describe.js'
import { InvalidError, LinkspanError } from '../error.js'
import type { Direction } from './capture/types.js'
import { etherTypeNumbers } from './dissect/names.js'
import { locate, u16 } from './locate.js'

export interface CaptureFilter {
  /** Name of a port of the switch. */
  port?: string
  /** Source or destination, 6 octets. */
  mac?: Uint8Array
  /** Of the frame or of one of its tags. */
  etherType?: number
  /** Source or destination of IPv4 and IPv6, sender or target of ARP; not of what is in a tunnel. */
  address?: Prefix
  /** The VLAN that the frame is in: 1 to 4094. */
  vlan?: number
  direction?: Direction
}

/** What is known of a frame besides its octets. */
export interface FrameContext {
  port?: string
  direction?: Direction
  /** The VLAN that the switch put the frame in; left out: its outermost tag says. */
  vlan?: number | undefined
}

/** The filter's options of the command line and of the API, as they were written. */
export type FilterWords = Partial<Record<keyof CaptureFilter, string>>

const ETHERTYPE = `an EtherType such as "0x0800", 0x0600 to 0xffff, or ${oneOf(Object.keys(etherTypeNumbers))}`

/** @throws LinkspanError that names the option */
export function parseFilter(words: FilterWords): CaptureFilter {
  const filter: CaptureFilter = {}
  for (const key of Object.keys(words) as (keyof CaptureFilter)[]) {
    const text = words[key]
    if (text !== undefined) Object.assign(filter, { [key]: parsePart(key, text) })
  }
  return filter
}

const parsers = {
  port: (text: string) => text,
  mac: parseMac,
  etherType: parseEtherType,
  address: parseAddressOrPrefix,
  vlan: parseVlan,
  direction: parseDirection,
} as const

function parsePart(key: keyof CaptureFilter, text: string): unknown {
  if (!Object.hasOwn(parsers, key)) {
    const expected = oneOf(Object.keys(parsers))
    throw new LinkspanError('INVALID', `filter: found ${describe(key)}; expected ${expected}`)
  }
  try {
    return parsers[key](text)
  } catch (error) {
    if (!(error instanceof LinkspanError)) throw error
    throw new LinkspanError(error.code, `filter: ${key}: ${error.message}`, { cause: error })
  }
}

function parseEtherType(text: string): number {
  const named = text.toLowerCase()
  if (Object.hasOwn(etherTypeNumbers, named)) return etherTypeNumbers[named] as number
  const value = /^0x[\da-f]{1,4}$/.test(named) ? Number(named) : 0
  if (value < 0x0600) throw new InvalidError(describe(text), ETHERTYPE)
  return value
}

function parseAddressOrPrefix(text: string): Prefix {
  if (text.includes('/')) return parsePrefix(text)
  const address = parseAddress(text)
  return { ...address, length: address.bytes.length * 8 }
}

function parseVlan(text: string): number {
  const vlan = /^[1-9]\d{0,3}$/.test(text) ? Number(text) : 0
  if (vlan < 1 || vlan > 4094) throw new InvalidError(describe(text), 'a VLAN, 1 to 4094')
  return vlan
}

function parseDirection(text: string): Direction | undefined {
  if (text === 'both') return undefined
  if (text === 'receive' || text === 'transmit') return text
  throw new InvalidError(describe(text), oneOf(['receive', 'transmit', 'both']))
}

/** Whether a frame is one that the filter keeps. */
export function matches(
  { port, mac, etherType, address, vlan, direction }: CaptureFilter,
  frame: Uint8Array,
  context: FrameContext = {},
): boolean {
  if (port !== undefined && context.port !== port) return false
  if (direction !== undefined && context.direction !== direction) return false
  if (mac && !hasAt(frame, 0, mac) && !hasAt(frame, 6, mac)) return false
  if (etherType === undefined && vlan === undefined && !address) return true
  const found = locate(frame)
  if (etherType !== undefined && !found.etherTypes.includes(etherType)) return false
  if (vlan !== undefined && (context.vlan ?? found.vid) !== vlan) return false
  return !address || hasAddress(frame, found.etherType, found.offset, address)
}

function hasAt(frame: Uint8Array, at: number, octets: Uint8Array): boolean {
  return at + octets.length <= frame.length && octets.every((octet, i) => frame[at + i] === octet)
}

/** Offsets of the two addresses from the network header's start, and their length. */
const placesOf: ReadonlyMap<number, readonly [first: number, second: number, octets: number]> =
  new Map([
    [0x0800, [12, 16, 4]],
    [0x0806, [14, 24, 4]],
    [0x86dd, [8, 24, 16]],
  ])

function hasAddress(frame: Uint8Array, etherType: number, offset: number, prefix: Prefix): boolean {
  const places = placesOf.get(etherType)
  if (!places || places[2] !== prefix.bytes.length) return false
  if (!isSound(frame, etherType, offset)) return false
  return isIn(frame, offset + places[0], prefix) || isIn(frame, offset + places[1], prefix)
}

/** Whether the header is what the EtherType says: a version, or ARP of IPv4 on Ethernet. */
function isSound(frame: Uint8Array, etherType: number, offset: number): boolean {
  if (offset + 8 > frame.length) return false
  const version = (frame[offset] as number) >>> 4
  if (etherType === 0x0800) return version === 4
  if (etherType === 0x86dd) return version === 6
  return u16(frame, offset + 2) === 0x0800 && u16(frame, offset + 4) === 0x0604
}

function isIn(frame: Uint8Array, at: number, { bytes, length }: Prefix): boolean {
  if (at + bytes.length > frame.length) return false
  const whole = length >>> 3
  for (let i = 0; i < whole; i++) if (frame[at + i] !== bytes[i]) return false
  const rest = length & 7
  if (rest === 0) return true
  const differing = (frame[at + whole] as number) ^ (bytes[whole] as number)
  return differing >>> (8 - rest) === 0
}
