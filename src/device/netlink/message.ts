/**
 * Netlink messages and attributes (RFC 3549 2.2 and 2.3.3, linux/netlink.h). Netlink is in the
 * byte order of the machine, which is little-endian wherever the addon is built.
 *
 *   u32 length (header included) | u16 type | u16 flags | u32 sequence | u32 port id | payload
 *   u16 length (header included) | u16 type | value
 *
 * both padded to 4 bytes.
 */
import { LinkspanError } from '../../error.js'

const MESSAGE_HEADER = 16
const ATTRIBUTE_HEADER = 4
/** NLA_F_NESTED and NLA_F_NET_BYTEORDER are not part of an attribute's type. */
const TYPE_MASK = 0x3fff

export interface Message {
  type: number
  flags: number
  sequence: number
  payload: Uint8Array
}

/** An attribute to send: its type, and its value or the attributes nested in it. */
export type Attribute = readonly [type: number, value: Uint8Array]

/** What was received, by type: the value without its padding. */
export type Attributes = ReadonlyMap<number, Uint8Array>

const aligned = (length: number) => (length + 3) & ~3

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

export function encodeMessage({ type, flags, sequence, payload }: Message): Uint8Array {
  const bytes = new Uint8Array(aligned(MESSAGE_HEADER + payload.length))
  const view = viewOf(bytes)
  view.setUint32(0, MESSAGE_HEADER + payload.length, true)
  view.setUint16(4, type, true)
  view.setUint16(6, flags, true)
  view.setUint32(8, sequence, true)
  bytes.set(payload, MESSAGE_HEADER)
  return bytes
}

/** The messages of one datagram, as views of it. Throws when a length does not fit. */
export function decodeMessages(datagram: Uint8Array): Message[] {
  const view = viewOf(datagram)
  const messages: Message[] = []
  for (let at = 0; at < datagram.length; ) {
    const length = datagram.length - at < MESSAGE_HEADER ? 0 : view.getUint32(at, true)
    if (length < MESSAGE_HEADER || at + length > datagram.length) throw malformed('message', at)
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      payload: datagram.subarray(at + MESSAGE_HEADER, at + length),
    })
    at += aligned(length)
  }
  return messages
}

/** A family's fixed header with attributes behind it. */
export function encodeBody(header: Uint8Array, attributes: readonly Attribute[]): Uint8Array {
  const size = attributes.reduce((sum, [, value]) => sum + aligned(value.length + 4), 0)
  const bytes = new Uint8Array(aligned(header.length) + size)
  const view = viewOf(bytes)
  bytes.set(header)
  let at = aligned(header.length)
  for (const [type, value] of attributes) {
    view.setUint16(at, ATTRIBUTE_HEADER + value.length, true)
    view.setUint16(at + 2, type, true)
    bytes.set(value, at + ATTRIBUTE_HEADER)
    at += aligned(ATTRIBUTE_HEADER + value.length)
  }
  return bytes
}

/** @param bytes attributes only, or the value of one that nests others */
export function decodeAttributes(bytes: Uint8Array): Attributes {
  const view = viewOf(bytes)
  const attributes = new Map<number, Uint8Array>()
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.length - at < ATTRIBUTE_HEADER ? 0 : view.getUint16(at, true)
    if (length < ATTRIBUTE_HEADER || at + length > bytes.length) throw malformed('attribute', at)
    const value = bytes.subarray(at + ATTRIBUTE_HEADER, at + length)
    attributes.set(view.getUint16(at + 2, true) & TYPE_MASK, value)
    at += aligned(length)
  }
  return attributes
}

function malformed(what: string, at: number): LinkspanError {
  return new LinkspanError('DEVICE', `rtnetlink: the length of the ${what} at byte ${at} is wrong`)
}

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  viewOf(bytes).setUint32(0, value, true)
  return bytes
}

/** NUL-terminated, as the kernel wants names. */
export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`)
}

/** An absent attribute, or one shorter than a number, reads as the fallback. */
export function readU32(value: Uint8Array | undefined, fallback = 0): number {
  return value !== undefined && value.length >= 4 ? viewOf(value).getUint32(0, true) : fallback
}

export function readU8(value: Uint8Array | undefined, fallback = 0): number {
  return value?.[0] ?? fallback
}

export function readCString(value: Uint8Array | undefined): string {
  if (value === undefined) return ''
  const end = value.indexOf(0)
  return new TextDecoder().decode(end < 0 ? value : value.subarray(0, end))
}
