/** The frames of the in-process demo: ARP (RFC 826) and ICMP echo (RFC 792), octet by octet. */
import { parseAddress, parseMac } from '../config/address.js'

export interface Station {
  name: string
  mac: string
  address: string
}

const BROADCAST = 'ff:ff:ff:ff:ff:ff'
const NOBODY = '00:00:00:00:00:00'
const [ETHERTYPE_IPV4, ETHERTYPE_ARP] = [0x0800, 0x0806]

function frame(to: string, from: string, type: number, ...payload: Iterable<number>[]): Uint8Array {
  const body = payload.flatMap((part) => [...part])
  return Uint8Array.from([...parseMac(to), ...parseMac(from), ...word(type), ...body])
}

/** Network order. */
const word = (value: number) => [value >>> 8, value & 0xff]
const bytesOf = (address: string) => parseAddress(address).bytes

/** Who has `to`'s address? */
export function arpRequest(from: Station, to: Station): Uint8Array {
  return arp(BROADCAST, from, { ...to, mac: NOBODY }, 1)
}

export function arpReply(from: Station, to: Station): Uint8Array {
  return arp(to.mac, from, to, 2)
}

function arp(receiver: string, sender: Station, target: Station, operation: number): Uint8Array {
  const head = [...word(1), ...word(ETHERTYPE_IPV4), 6, 4, ...word(operation)]
  const pair = [sender, target].map(({ mac, address }) => [...parseMac(mac), ...bytesOf(address)])
  return frame(receiver, sender.mac, ETHERTYPE_ARP, head, ...pair)
}

export const [ECHO_REQUEST, ECHO_REPLY] = [8, 0]

/** An ICMP echo with 32 octets of data. */
export function echo(from: Station, to: Station, type: number): Uint8Array {
  const icmp = [type, 0, 0, 0, ...word(1), ...word(1), ...new Array<number>(32).fill(0x61)]
  const ip = [0x45, 0, ...word(20 + icmp.length), ...word(0), ...word(0), 64, 1, 0, 0]
  const header = [...ip, ...bytesOf(from.address), ...bytesOf(to.address)]
  return frame(to.mac, from.mac, ETHERTYPE_IPV4, summed(header, 10), summed(icmp, 2))
}

/** The octets with their internet checksum (RFC 1071) at `at`. */
function summed(octets: readonly number[], at: number): number[] {
  const sum = octets.reduce((all, octet, i) => all + (i % 2 === 0 ? octet << 8 : octet), 0)
  const folded = (sum & 0xffff) + (sum >>> 16)
  return octets.toSpliced(at, 2, ...word(~((folded & 0xffff) + (folded >>> 16)) & 0xffff))
}
