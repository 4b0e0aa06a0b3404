/** The checksum of a segment (RFC 9293 3.1). */
import { fold, pseudoSum, sumOf } from '../../packet/checksum.js'
import type { Address } from '../host/network.js'
import { PROTOCOL } from './segment.js'

const pair = { 4: new Uint8Array(8), 6: new Uint8Array(32) } as const

/** Whether it is right. `TcpStack.receive` relies on its caller to have asked. */
export function isChecksumRight(segment: Uint8Array, from: Address, to: Address): boolean {
  const addresses = pair[from.family]
  addresses.set(from.bytes)
  addresses.set(to.bytes, from.bytes.length)
  return fold(pseudoSum(addresses, PROTOCOL, segment.length) + sumOf(segment)) === 0xffff
}
