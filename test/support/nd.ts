/** Neighbour discovery, octet by octet (RFC 4861 section 4). */

import { formatAddress } from '../../src/config/address.js'
import { formatHex } from '../../src/packet/hex.js'
import { join } from './frames.js'
import { framed, ICMPV6, ip, ipPacket, macText, readIp, sealed } from './ip.js'

export interface NdMessage {
  /** MACs of the frame. */
  to: Uint8Array
  from: Uint8Array
  source: string
  destination: string
  hops?: number
  code?: number
  /** Kind and MAC. */
  option?: readonly [kind: number, mac: Uint8Array]
  /** Behind all, as it is. */
  tail?: readonly number[]
}

function message(given: NdMessage, type: number, body: Uint8Array): Uint8Array {
  const { source, destination, hops = 255, code = 0, option, tail = [], to, from } = given
  const options = option ? [option[0], 1, ...option[1]] : []
  const bytes = join([type, code, 0, 0], body, options, tail)
  const payload = sealed({ source, destination, protocol: ICMPV6 }, bytes, 2)
  return framed(to, from, ipPacket({ source, destination, protocol: ICMPV6, payload, hops }))
}

export function solicitation(given: NdMessage & { target: string }): Uint8Array {
  return message(given, 135, join([0, 0, 0, 0], ip(given.target)))
}

export function advertisement(given: NdMessage & { target: string; flags: number }): Uint8Array {
  return message(given, 136, join([given.flags, 0, 0, 0], ip(given.target)))
}

export function routerSolicitation(given: NdMessage): Uint8Array {
  return message(given, 133, Uint8Array.of(0, 0, 0, 0))
}

/** The group of a solicited node, and its MAC. */
export function solicitedNode(address: string): { group: string; groupMac: Uint8Array } {
  const [a = 0, b = 0, c = 0] = ip(address).slice(13)
  const group = formatAddress(join(ip('ff02::1:ff00:0').slice(0, 13), [a, b, c]))
  return { group, groupMac: Uint8Array.of(0x33, 0x33, 0xff, a, b, c) }
}

export interface ReadNd {
  type: number
  flags: number
  target: string
  source: string
  destination: string
  to: string
  from: string
  hops: number
  /** Kind and value in hexadecimal. */
  options: Record<number, string>
  payload: Uint8Array
}

/** The neighbour discovery message of a frame, its checksum and lengths verified. */
export function readNd(frame: Uint8Array): ReadNd | undefined {
  const read = readIp(frame)
  const type = read?.payload[0] ?? 0
  if (read?.protocol !== ICMPV6 || type < 133 || type > 137) return undefined
  const { payload, source, destination, to, from, hops } = read
  const start = type === 133 ? 8 : type === 134 ? 16 : 24
  const options: Record<number, string> = {}
  for (let at = start; at < payload.length; ) {
    const size = (payload[at + 1] as number) * 8
    options[payload[at] as number] = formatHex(payload.slice(at + 2, at + size))
    at += size
  }
  const target = type >= 135 ? formatAddress(payload.slice(8, 24)) : ''
  const flags = payload[4] as number
  return { type, flags, target, source, destination, to, from, hops, options, payload }
}

export function hex(mac: Uint8Array): string {
  return macText(mac).replaceAll(':', '')
}
