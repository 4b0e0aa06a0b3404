/** ARP (RFC 826): who has an IPv4 address. */
import { isSame } from './address.js'
import type { Neighbors } from './neighbors.js'
import { BROADCAST_MAC, copy, ETHERNET, EtherType, FRAME_MIN, setU16, u16, u32 } from './wire.js'

/** Offsets in a frame: the message is behind the Ethernet header. */
const Arp = {
  HARDWARE: 14,
  PROTOCOL: 16,
  LENGTHS: 18,
  OPERATION: 20,
  SENDER_MAC: 22,
  SENDER: 28,
  TARGET_MAC: 32,
  TARGET: 38,
  END: 42,
} as const

const REQUEST = 1
const REPLY = 2
/** Ethernet addresses of 6 octets, IPv4 ones of 4. */
const LENGTHS = 0x0604

export interface ArpHost {
  readonly mac: Uint8Array
  readonly neighbors: Neighbors
  /** Whether an address in a frame is ours. */
  isOwn(bytes: Uint8Array, at: number): boolean
  /** Sends a frame; the octets may be used again when it returns. */
  transmit(frame: Uint8Array): void
}

/** Reads a frame whose EtherType is ARP's. */
export function receiveArp(host: ArpHost, frame: Uint8Array): void {
  if (frame.length < Arp.END) return
  const isForUs = host.isOwn(frame, Arp.TARGET)
  // What others ask each other is most of what comes.
  if (!isForUs && u32(frame, Arp.SENDER) !== u32(frame, Arp.TARGET)) {
    if (u16(frame, Arp.OPERATION) === REQUEST) return refresh(host, frame)
  }
  if (u16(frame, Arp.PROTOCOL) !== EtherType.IPV4 || u16(frame, Arp.LENGTHS) !== LENGTHS) return
  if (u32(frame, Arp.SENDER) !== 0) {
    host.neighbors.learn(frame, Arp.SENDER, Arp.SENDER_MAC, isForUs)
  }
  if (isForUs && u16(frame, Arp.OPERATION) === REQUEST) reply(host, frame)
}

/** RFC 826: whoever is in the table is brought up to date, whomever they ask for. */
function refresh(host: ArpHost, frame: Uint8Array): void {
  if (u16(frame, Arp.LENGTHS) === LENGTHS) {
    host.neighbors.learn(frame, Arp.SENDER, Arp.SENDER_MAC, false)
  }
}

const message = new Uint8Array(FRAME_MIN)

/** Into memory that is used again. */
function compose(host: ArpHost, operation: number, to: Uint8Array, toAt: number): void {
  message.fill(0)
  copy(to, toAt, 6, message, 0)
  message.set(host.mac, 6)
  setU16(message, ETHERNET - 2, EtherType.ARP)
  setU16(message, Arp.HARDWARE, 1)
  setU16(message, Arp.PROTOCOL, EtherType.IPV4)
  setU16(message, Arp.LENGTHS, LENGTHS)
  setU16(message, Arp.OPERATION, operation)
  message.set(host.mac, Arp.SENDER_MAC)
}

function reply(host: ArpHost, request: Uint8Array): void {
  compose(host, REPLY, request, Arp.SENDER_MAC)
  copy(request, Arp.TARGET, 4, message, Arp.SENDER)
  copy(request, Arp.SENDER_MAC, 10, message, Arp.TARGET_MAC)
  host.transmit(message)
}

/** Asks everybody on the link for an address. */
export function requestArp(host: ArpHost, from: Uint8Array, target: Uint8Array): void {
  if (!isSame(from, target)) ask(host, from, target)
}

/** Tells everybody on the link who has an address now (RFC 5227 2.3). */
export function announceArp(host: ArpHost, address: Uint8Array): void {
  ask(host, address, address)
}

function ask(host: ArpHost, from: Uint8Array, target: Uint8Array): void {
  compose(host, REQUEST, BROADCAST_MAC, 0)
  copy(from, 0, 4, message, Arp.SENDER)
  copy(target, 0, 4, message, Arp.TARGET)
  host.transmit(message)
}
