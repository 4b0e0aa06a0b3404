/** VXLAN datagrams octet by octet (RFC 7348 5), as the tests' own VTEPs send and read them. */

import { parseAddress } from '../../src/config/address.js'
import { formatHex } from '../../src/packet/hex.js'
import { fold, internetSum } from './checksum.js'
import { EtherType, ethernet, join, UDP, word, ZERO_MAC } from './frames.js'
import type { Offloaded } from './rig.js'
import { DATA_VALID, Gso, NOTHING } from './virtio.js'

export interface OuterOptions {
  from?: string
  to?: string
  sourcePort?: number
  destinationPort?: number
  vni?: number
  /** All eight octets, instead of what `vni` makes of them. */
  header?: readonly number[]
  tos?: number
  ttl?: number
}

export interface Outer {
  version: 4 | 6
  from: string
  to: string
  tos: number
  ttl: number
  /** IPv4's DF and identification; undefined over IPv6. */
  fragment: number | undefined
  sourcePort: number
  destinationPort: number
  checksum: number
  vxlan: Uint8Array
  vni: number
  inner: Uint8Array
}

const LOCAL = '192.0.2.1'
const REMOTE = '192.0.2.2'

/** What stands before inner frames: flags, reserved, VNI, reserved. */
export function vxlanHeader(vni: number): number[] {
  return [0x08, 0, 0, 0, (vni >>> 16) & 0xff, (vni >>> 8) & 0xff, vni & 0xff, 0]
}

/** A datagram from a VTEP, as a device of the underlay hands it over. */
export function datagram(inner: Uint8Array, given: OuterOptions = {}): Offloaded {
  return run([inner], given)
}

/** A run of datagrams in one, of which all but the last are equally long. */
export function run(inner: readonly Uint8Array[], given: OuterOptions = {}): Offloaded {
  const { vni = 42, header = vxlanHeader(vni) } = given
  const parts = inner.map((frame) => join(header, frame))
  return runOf(parts, given)
}

/** The same of UDP payloads. */
export function runOf(parts: readonly Uint8Array[], given: OuterOptions = {}): Offloaded {
  const payload = join(...parts)
  const frame = outer(payload, given)
  const size = parts[0]?.length ?? 0
  if (parts.length < 2) return { header: { ...NOTHING, flags: DATA_VALID }, frame }
  const header = { ...NOTHING, flags: DATA_VALID, gsoType: Gso.UDP_L4, gsoSize: size }
  return { header: { ...header, headerLength: frame.length - payload.length }, frame }
}

function outer(payload: Uint8Array, given: OuterOptions): Uint8Array {
  const { from = REMOTE, to = LOCAL, sourcePort = 50_000, destinationPort = 4789 } = given
  const { tos = 0, ttl = 64 } = given
  const length = 8 + payload.length
  const udp = join(word(sourcePort), word(destinationPort), word(length), [0, 0], payload)
  const addresses = [...parseAddress(from).bytes, ...parseAddress(to).bytes]
  if (addresses.length === 32) {
    const start = [0x60 | (tos >> 4), (tos & 15) << 4, 0, 0, ...word(length), UDP, ttl]
    return ethernet(ZERO_MAC, ZERO_MAC, EtherType.IPV6, join(start, addresses, udp))
  }
  const start = [0x45, tos, ...word(20 + length), 0, 0, 0x40, 0, ttl, UDP, 0, 0]
  const head = join(start, addresses)
  head.set(word(~fold(internetSum(head)) & 0xffff), 10)
  return ethernet(ZERO_MAC, ZERO_MAC, EtherType.IPV4, join(head, udp))
}

/** Reads a datagram that is to leave; throws where its lengths or its IPv4 checksum are wrong. */
export function readDatagram(frame: Uint8Array): Outer {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const type = view.getUint16(12)
  const version = type === EtherType.IPV4 ? 4 : 6
  if (version === 6 && type !== EtherType.IPV6) throw new Error(`EtherType ${type.toString(16)}`)
  const l4 = 14 + (version === 4 ? 20 : 40)
  const total = version === 4 ? view.getUint16(16) : 40 + view.getUint16(18)
  if (14 + total !== frame.length) throw new Error(`IP says ${total} of ${frame.length - 14}`)
  if (version === 4 && fold(internetSum(frame, 14, 34)) !== 0xffff) throw new Error('IP checksum')
  if (view.getUint16(l4 + 4) !== frame.length - l4) throw new Error('UDP length')
  const address = (at: number) => formatAt(frame, at, version)
  const traffic = version === 4 ? view.getUint8(15) : (view.getUint16(14) >> 4) & 0xff
  const vxlan = frame.slice(l4 + 8, l4 + 16)
  return {
    version,
    from: address(version === 4 ? 26 : 22),
    to: address(version === 4 ? 30 : 38),
    tos: traffic,
    ttl: view.getUint8(version === 4 ? 22 : 21),
    fragment: version === 4 ? view.getUint32(18) : undefined,
    sourcePort: view.getUint16(l4),
    destinationPort: view.getUint16(l4 + 2),
    checksum: view.getUint16(l4 + 6),
    vxlan,
    vni: view.getUint32(l4 + 12) >>> 8,
    inner: frame.slice(l4 + 16),
  }
}

function formatAt(frame: Uint8Array, at: number, version: 4 | 6): string {
  const bytes = frame.slice(at, at + (version === 4 ? 4 : 16))
  return version === 4 ? bytes.join('.') : formatHex(bytes)
}
