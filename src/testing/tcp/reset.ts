/** The answer to a segment that belongs to nothing (RFC 9293 3.10.7.1). */
import type { Address } from '../host/network.js'
import type { Context } from './context.js'
import { put16, put32 } from './octets.js'
import { pass } from './pass.js'
import { ACK, HEADER, RST, type Segment } from './segment.js'

export function answerByReset(
  context: Context,
  segment: Segment,
  from: Address,
  to: Address,
): void {
  const bytes = context.buffers.take(HEADER)
  put16(bytes, 0, segment.destinationPort)
  put16(bytes, 2, segment.sourcePort)
  bytes[12] = HEADER << 2
  if ((segment.flags & ACK) !== 0) {
    put32(bytes, 4, segment.acknowledgment)
    bytes[13] = RST
  } else {
    put32(bytes, 8, (segment.sequence + segment.extent) >>> 0)
    bytes[13] = RST | ACK
  }
  context.counters.resetsSent++
  pass(context, to, from, bytes)
}
