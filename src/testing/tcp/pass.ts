/** How a segment leaves. */
import type { Address } from '../host/network.js'
import type { Context } from './context.js'
import { CHECKSUM, PROTOCOL } from './segment.js'

/** Gives a segment to the network, which must not give one back before it returns. */
export function pass(context: Context, from: Address, to: Address, bytes: Uint8Array): void {
  context.counters.segmentsSent++
  context.isSending = true
  try {
    context.network.send(PROTOCOL, from, to, bytes, CHECKSUM)
  } finally {
    context.isSending = false
  }
}
