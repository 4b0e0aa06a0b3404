/**
 * Textual addresses: the one place in the project that reads or writes them. What is not in one of the
 * usual forms (address-text.ts) is ip-num's to parse; what it accepts too much of (zone ids) is refused
 * here. Bytes are always in
 * network order. Everything throws {@link InvalidError} (code `INVALID`) on wrong text.
 */
import { IPv4, IPv6 } from 'ip-num'
import { InvalidError } from '../error.js'
import { readGroups, readQuad, writeGroups } from './address-text.js'
import { describe } from './describe.js'

export interface Address {
  family: 4 | 6
  /** 4 or 16 bytes, network order. */
  bytes: Uint8Array
}

/** An address with a prefix length. Host bits are kept: `10.0.0.2/24` is an interface's address. */
export interface Prefix extends Address {
  /** 0 to 32, or 0 to 128. */
  length: number
}

const ADDRESS = 'an IPv4 or IPv6 address such as "10.55.0.2" or "fd55::2"'
const PREFIX = 'an address with a prefix length such as "10.55.0.2/24" or "fd55::2/64"'

/**
 * @param text dotted quad without leading zeros (RFC 6943 3.1.1 strict), or RFC 4291 2.2 text, with
 *   an embedded IPv4 tail if you like. A zone id (RFC 4007 `%eth0`) is refused: it means something
 *   on one host only.
 */
export function parseAddress(text: string): Address {
  if (text.includes('%')) {
    throw new InvalidError(describe(text), 'an address without a zone id (the part from % on)')
  }
  const usual = text.includes(':') ? readGroups(text) : readQuad(text)
  if (usual !== undefined) return { family: usual.length === 4 ? 4 : 6, bytes: usual }
  try {
    return text.includes(':')
      ? { family: 6, bytes: bigEndian(new IPv6(text).getValue(), 16) }
      : { family: 4, bytes: bigEndian(new IPv4(text).getValue(), 4) }
  } catch {
    throw new InvalidError(describe(text), expectedAddress(text))
  }
}

function expectedAddress(text: string): string {
  // '010' is 8 to some parsers and 10 to others (CVE-2021-29921), so it is nothing to us.
  const zeros = /(^|[.:])0\d+(\.|$)/.test(text) && text.includes('.')
  return zeros ? 'an IPv4 address without leading zeros' : ADDRESS
}

function bigEndian(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let i = size - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}

/** @param text `ADDRESS/LENGTH`; the length is decimal, never a netmask */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf('/')
  const digits = slash < 0 ? '' : text.slice(slash + 1)
  if (!/^(0|[1-9]\d{0,2})$/.test(digits)) throw new InvalidError(describe(text), PREFIX)
  const { family, bytes } = parseAddress(text.slice(0, slash))
  const length = Number(digits)
  const longest = bytes.length * 8
  if (length <= longest) return { family, bytes, length }
  throw new InvalidError(describe(text), `a prefix length from 0 to ${longest}`)
}

/** Canonical text: RFC 5952, section 5 included (`::ffff:192.0.2.1`). 4 or 16 bytes. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) throw new InvalidError(`${bytes.length} bytes`, '4 or 16 bytes')
  if (isMapped(bytes)) return `::ffff:${bytes.subarray(12).join('.')}`
  return writeGroups(bytes)
}

export function formatPrefix({ bytes, length }: Pick<Prefix, 'bytes' | 'length'>): string {
  return `${formatAddress(bytes)}/${length}`
}

/** IPv4-mapped, ::ffff:0:0/96 (RFC 4291 2.5.5.2). */
function isMapped(bytes: Uint8Array): boolean {
  return u16(bytes, 10) === 0xffff && bytes.subarray(0, 10).every((byte) => byte === 0)
}

/** The same prefix with its host bits cleared. */
export function networkOf({ family, bytes, length }: Prefix): Prefix {
  const network = bytes.map((byte, i) => byte & maskByte(length, i))
  return { family, bytes: network, length }
}

/** The same prefix with its host bits set: of IPv4 the network's broadcast address (RFC 919). */
export function lastOf({ family, bytes, length }: Prefix): Prefix {
  const last = bytes.map((byte, i) => byte | (~maskByte(length, i) & 0xff))
  return { family, bytes: last, length }
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && `${a.bytes}` === `${b.bytes}`
}

/** Whether the address lies in the prefix; false across families. */
export function contains(prefix: Prefix, address: Address): boolean {
  if (prefix.family !== address.family) return false
  const differing = prefix.bytes.map((byte, i) => byte ^ byteAt(address.bytes, i))
  return differing.every((bits, i) => (bits & maskByte(prefix.length, i)) === 0)
}

/** Byte `index` of the netmask of `length` bits. */
function maskByte(length: number, index: number): number {
  const bits = Math.min(8, Math.max(0, length - index * 8))
  return (0xff00 >> bits) & 0xff
}

export function isUnspecified({ bytes }: Address): boolean {
  return bytes.every((byte) => byte === 0)
}

/** 224.0.0.0/4 (RFC 5771) and ff00::/8 (RFC 4291 2.7). */
export function isMulticast({ family, bytes }: Address): boolean {
  return family === 4 ? byteAt(bytes, 0) >> 4 === 0xe : bytes[0] === 0xff
}

/** 127.0.0.0/8 (RFC 1122 3.2.1.3) and ::1 (RFC 4291 2.5.3). */
export function isLoopback({ family, bytes }: Address): boolean {
  return isLoopbackAt(bytes, 0, family)
}

/** The same of an address that stands in a packet. */
export function isLoopbackAt(bytes: Uint8Array, at: number, family: 4 | 6): boolean {
  if (family === 4) return bytes[at] === 127
  for (let octet = 0; octet < 15; octet++) if (bytes[at + octet] !== 0) return false
  return bytes[at + 15] === 1
}

/** fe80::/10 (RFC 4291 2.5.6); IPv4 has none that matters here. */
export function isLinkLocal({ family, bytes }: Address): boolean {
  return family === 6 && u16(bytes, 0) >> 6 === 0xfe80 >> 6
}

/** fe80::/64 with the modified EUI-64 of a MAC (RFC 4291 2.5.6 and appendix A). */
export function linkLocalOf(mac: string): Uint8Array {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = parseMac(mac)
  return Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f)
}

/** 255.255.255.255 (RFC 919). */
export function isLimitedBroadcast({ family, bytes }: Address): boolean {
  return family === 4 && bytes.every((byte) => byte === 0xff)
}

/** A MAC as two numbers for a WASM call: `[bytes 0-1, bytes 2-5]`, each big-endian, unsigned. */
export type MacPair = readonly [high16: number, low32: number]

const MAC = 'a MAC address such as "02:55:00:00:00:02"'

/** @param text six pairs of hex digits, all joined by `:` or all by `-` (IEEE 802) @returns 6 bytes */
export function parseMac(text: string): Uint8Array {
  if (!/^[\da-f]{2}([:-])[\da-f]{2}(\1[\da-f]{2}){4}$/i.test(text)) {
    throw new InvalidError(describe(text), MAC)
  }
  const mac = new Uint8Array(6)
  for (let at = 0; at < 6; at++) mac[at] = Number.parseInt(text.slice(at * 3, at * 3 + 2), 16)
  return mac
}

/** Each octet as two digits: a directory has a hundred thousand MACs. */
const DIGITS = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'))

/** Lower case, joined by `:`, as the kernel's tools write it. */
export function formatMac(mac: Uint8Array | MacPair): string {
  const bytes = mac instanceof Uint8Array ? mac : pairToMac(mac)
  if (bytes.length !== 6) throw new InvalidError(`${bytes.length} bytes`, '6 bytes')
  let text = DIGITS[byteAt(bytes, 0)] as string
  for (let at = 1; at < 6; at++) text += `:${DIGITS[byteAt(bytes, at)]}`
  return text
}

/** @param mac 6 bytes */
export function macToPair(mac: Uint8Array): MacPair {
  if (mac.length !== 6) throw new InvalidError(`${mac.length} bytes`, '6 bytes')
  return [u16(mac, 0), u16(mac, 2) * 0x10000 + u16(mac, 4)]
}

/** Bits above the low 16 and 32 are ignored, so a sign that WASM's i32 gave is harmless. */
export function pairToMac([high16, low32]: MacPair): Uint8Array {
  const mac = new Uint8Array(6)
  const view = new DataView(mac.buffer)
  view.setUint16(0, high16)
  view.setUint32(2, low32)
  return mac
}

/** The I/G bit (IEEE 802-2014 8.2.2): multicast or broadcast. */
export function isGroupMac(mac: Uint8Array): boolean {
  return (byteAt(mac, 0) & 1) === 1
}

export function isZeroMac(mac: Uint8Array): boolean {
  return mac.every((byte) => byte === 0)
}

function u16(bytes: Uint8Array, offset: number): number {
  return (byteAt(bytes, offset) << 8) | byteAt(bytes, offset + 1)
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0
}
