/** A host's addresses for itself (RFC 1122 3.2.1.3, RFC 4291 2.5.3): they mean something in the host only. */
import { addressOf } from './address.js'

/** What a host calls itself (RFC 6761 6.3). */
export const LOCALHOST = 'localhost'

/** What `localhost` is (RFC 6761 6.3), and where packets to a loopback address come from. */
export const LOOPBACK = { 4: addressOf('127.0.0.1'), 6: addressOf('::1') } as const
