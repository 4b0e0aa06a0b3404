/** Random packets as most are: whole datagrams and segments. */
import { Flag, type Ip, tcp, udp } from './nat-packets.js'
import type { Random } from './random.js'

/** A datagram, or a segment of few sequence numbers and now and then other flags, from and to these MACs. */
export function usualFrame(
  random: Random,
  ends: Parameters<typeof udp>[0],
  [to, from]: readonly [Uint8Array, Uint8Array],
  more: Partial<Ip>,
  { datagram, data }: { datagram: boolean; data: number },
): Uint8Array {
  const flags = random.chance(0.75) ? Flag.ACK : random.below(32)
  const numbers = { sequence: random.below(3) * 50, acknowledgement: random.below(3) * 50 }
  const frame = datagram ? udp(ends, more, data) : tcp(ends, { flags, ...numbers, data }, more)
  frame.set(to, 0)
  frame.set(from, 6)
  return frame
}
