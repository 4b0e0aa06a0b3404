/** Which frames a test means. */
import { formatAddress, parseAddress } from '../../config/address.js'
import { describe, oneOf } from '../../config/describe.js'
import { InvalidError } from '../../error.js'
import type { HasAddresses } from '../host/target.js'
import type { Hop, Journey } from '../seeing/journey.js'
import { decode } from '../seeing/text.js'
import type { LabView } from '../view.js'
import { type Counted, hostName } from './what.js'

const PROTOCOLS = ['arp', 'ipv4', 'ipv6', 'icmp', 'icmpv6', 'tcp', 'udp'] as const

/** All that is said must hold, of the frame as it was where it came out, or was lost. */
export interface FrameMatch extends Counted {
  /** Who sent it first; also where NAT has changed it since. */
  from?: HasAddresses | string
  /** Whom it came to; of what was lost, whose MAC or address it was sent to. */
  to?: HasAddresses | string
  protocol?: (typeof PROTOCOLS)[number]
  /** The destination port. */
  port?: number
  sourcePort?: number
  /** IP addresses; of ARP the sender's and the target's. */
  source?: string
  destination?: string
  /** What is in its line, or what matches it: see `decode`. */
  text?: string | RegExp
}

export const FRAME_KEYS = [
  ...['from', 'to', 'protocol', 'port', 'sourcePort', 'source', 'destination', 'text', 'times'],
]

/** A frame where it came out or was lost, and its way there. */
export interface FoundFrame {
  readonly hop: Hop
  readonly journey: Journey
}

/** Tests a frame for all but `to`, which is said by where it is. */
export type FrameTest = (found: FoundFrame) => boolean

/** @throws LinkspanError `INVALID` or `NOT_FOUND` for what cannot be meant */
export function frameTest(what: FrameMatch, view: LabView, matcher: string): FrameTest {
  const { protocol, port, sourcePort, text } = what
  const from = hostName(what.from, view, matcher)
  if (protocol !== undefined && !PROTOCOLS.includes(protocol)) {
    throw new InvalidError(`${matcher}: protocol: ${describe(protocol)}`, oneOf(PROTOCOLS))
  }
  checkPort(port, 'port', matcher)
  checkPort(sourcePort, 'sourcePort', matcher)
  if (text !== undefined && typeof text !== 'string' && !(text instanceof RegExp)) {
    throw new InvalidError(`${matcher}: text: ${describe(text)}`, 'text or a RegExp')
  }
  const [source, destination] = [what.source, what.destination].map(usual)
  return ({ hop: { packet, octets }, journey }) =>
    isOr(from, journey.from) &&
    isOr(port, packet.destinationPort) &&
    isOr(sourcePort, packet.sourcePort) &&
    isOr(source, packet.source) &&
    isOr(destination, packet.destination) &&
    (protocol === undefined || packet.protocols.includes(protocol)) &&
    (text === undefined || isIn(text, decode(octets)))
}

/** An address as it is always written. */
const usual = (text: string | undefined) => text && formatAddress(parseAddress(text).bytes)

const isOr = (wanted: unknown, found: unknown) => wanted === undefined || wanted === found

function isIn(text: string | RegExp, line: string): boolean {
  return typeof text === 'string' ? line.includes(text) : line.search(text) >= 0
}

export function checkPort(port: unknown, key: string, matcher: string): void {
  if (port === undefined) return
  if (Number.isInteger(port) && (port as number) >= 0 && (port as number) <= 65_535) return
  throw new InvalidError(`${matcher}: ${key}: ${describe(port)}`, 'a port, 0 to 65535')
}

/** Every frame that a test holds for. */
export function framesIn(
  journeys: readonly Journey[],
  isWanted: (found: FoundFrame) => boolean,
): FoundFrame[] {
  return journeys.flatMap((journey) =>
    journey.hops.map((hop) => ({ hop, journey })).filter(isWanted),
  )
}

const GROUP = 1

/** Whether it came to the host of the link, for it: what is flooded past it does not count. */
export function isDelivered({ hop }: FoundFrame, { hosts }: LabView): boolean {
  const host = hosts.get(hop.link ?? '')
  if (host === undefined || hop.direction !== 'in' || hop.lost !== null) return false
  return ((hop.octets[0] ?? 0) & GROUP) === GROUP || hop.packet.destinationMac === host.mac
}

/** Whether it was sent to a host: to its MAC, or to one of its addresses. */
export function isFor({ hop: { packet } }: FoundFrame, name: string, { hosts }: LabView): boolean {
  const host = hosts.get(name)
  if (host === undefined) return false
  return packet.destinationMac === host.mac || host.addresses.includes(packet.destination ?? '')
}
