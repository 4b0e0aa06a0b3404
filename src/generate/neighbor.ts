/** Asking for the MAC of an address: ARP (RFC 826) and neighbour discovery (RFC 4861). */
import type { Address } from '../config/address.js'
import { type BuiltTag, buildFrame } from '../packet/build.js'
import { checksumOf, pseudoSum, sumOf } from '../packet/checksum.js'

export interface Asker {
  mac: Uint8Array
  address: Address
  tags: readonly BuiltTag[]
}

/** The frame that asks all, or (ND) those who may have the address. */
export function questionFor(target: Address, { mac, address, tags }: Asker): Uint8Array {
  const options = { sourceMac: mac, tags }
  if (target.family === 4) {
    const source = { address, port: 0 }
    const destination = { address: target, port: 0 }
    const length = 60 + tags.length * 4
    return buildFrame({ protocol: 'arp', source, destination }, { ...options, length })
  }
  return solicitation(target.bytes, address.bytes, mac, tags)
}

const SOLICITATION = 135
const ADVERTISEMENT = 136
const TARGET_LINK_ADDRESS = 2

/** RFC 4861 4.3, with the source link-layer address option, to the solicited-node group. */
function solicitation(
  target: Uint8Array,
  source: Uint8Array,
  mac: Uint8Array,
  tags: readonly BuiltTag[],
): Uint8Array {
  const group = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...target.subarray(13))
  const message = Uint8Array.of(SOLICITATION, 0, 0, 0, 0, 0, 0, 0, ...target, 1, 1, ...mac)
  const seed = pseudoSum(Uint8Array.of(...source, ...group), 58, message.length)
  new DataView(message.buffer).setUint16(2, checksumOf(seed + sumOf(message)))
  const ip = [0x60, 0, 0, 0, 0, message.length, 58, 255, ...source, ...group]
  const tagOctets = tags.flatMap(({ vid, priority = 0, type = 0x8100 }) => {
    return [type >> 8, type & 0xff, (priority << 5) | (vid >> 8), vid & 0xff]
  })
  const to = [0x33, 0x33, 0xff, ...target.subarray(13)]
  return Uint8Array.of(...to, ...mac, ...tagOctets, 0x86, 0xdd, ...ip, ...message)
}

/** The MAC that a frame says an address has; undefined in any other frame. */
export function answerIn(frame: Uint8Array, target: Address): Uint8Array | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  let at = 12
  while (at + 6 <= frame.length && [0x8100, 0x88a8].includes(view.getUint16(at))) at += 4
  if (at + 2 > frame.length) return undefined
  const type = view.getUint16(at)
  const packet = frame.subarray(at + 2)
  if (type === 0x0806 && target.family === 4) return arpAnswer(packet, target.bytes)
  return type === 0x86dd && target.family === 6 ? advertised(packet, target.bytes) : undefined
}

function arpAnswer(packet: Uint8Array, target: Uint8Array): Uint8Array | undefined {
  if (packet.length < 28 || packet[7] !== 2) return undefined
  return same(packet.subarray(14, 18), target) ? packet.slice(8, 14) : undefined
}

/** RFC 4861 4.4. */
function advertised(packet: Uint8Array, target: Uint8Array): Uint8Array | undefined {
  const message = packet.subarray(40)
  const is = packet[6] === 58 && packet[7] === 255 && message[0] === ADVERTISEMENT
  if (!is || message.length < 24 || !same(message.subarray(8, 24), target)) return undefined
  for (let at = 24; at + 8 <= message.length; at += (message[at + 1] as number) * 8) {
    if (message[at] === TARGET_LINK_ADDRESS) return message.slice(at + 2, at + 8)
    if (message[at + 1] === 0) return undefined
  }
  return undefined
}

const same = (one: Uint8Array, other: Uint8Array) => one.every((octet, at) => octet === other[at])
