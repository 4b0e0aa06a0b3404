/** A host's addresses for itself (RFC 1122 3.2.1.3, RFC 4291 2.5.3): they mean something in the host only. */
import { addressOf } from './address.js'
import { u32 } from './wire.js'

/** What a host calls itself (RFC 6761 6.3). */
export const LOCALHOST = 'localhost'

/** What `localhost` is (RFC 6761 6.3), and where packets to a loopback address come from. */
export const LOOPBACK = { 4: addressOf('127.0.0.1'), 6: addressOf('::1') } as const

/** Whether an address is one: 127.0.0.0/8 or ::1. */
export function isLoopback(bytes: Uint8Array, at: number, family: 4 | 6): boolean {
  if (family === 4) return bytes[at] === 127
  return (
    u32(bytes, at + 12) === 1 &&
    u32(bytes, at) === 0 &&
    u32(bytes, at + 4) === 0 &&
    u32(bytes, at + 8) === 0
  )
}
