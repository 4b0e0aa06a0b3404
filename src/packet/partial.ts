/**
 * Checksums that a sender has left to its network card (Linux: CHECKSUM_PARTIAL), where only the frame
 * itself is at hand: the field holds the sum of the pseudo-header, and the card would add the rest.
 */
import { checksumOf, pseudoSum, sumOf } from './checksum.js'
import { locate, u16 } from './locate.js'

const TCP = 6
const UDP = 17
/** Hop-by-hop and destination options (RFC 8200 4.3, 4.6): the pseudo-header does not know of them. */
const OPTIONS: ReadonlySet<number> = new Set([0, 60])

interface Segment {
  protocol: number
  start: number
  end: number
  addresses: Uint8Array
}

/**
 * Completes, in place, the TCP or UDP checksum of a frame that has the pseudo-header's sum instead. One
 * that has that sum and is right stays as it is: the sums are the same then. What is cut off, a
 * fragment or inside a tunnel is left alone.
 */
export function completePartial(frame: Uint8Array): void {
  const segment = findSegment(frame)
  if (!segment) return
  const { protocol, start, end, addresses } = segment
  const field = start + (protocol === TCP ? 16 : 6)
  if (field + 2 > end || end > frame.length) return
  if (u16(frame, field) !== pseudoSum(addresses, protocol, end - start)) return
  const sum = checksumOf(sumOf(frame, start, end))
  // 0 would say that UDP has none (RFC 768); to others it is the same number.
  frame.set(sum === 0 ? [0xff, 0xff] : [sum >>> 8, sum & 0xff], field)
}

function findSegment(frame: Uint8Array): Segment | undefined {
  const { etherType, offset } = locate(frame)
  const found =
    etherType === 0x0800
      ? inIpv4(frame, offset)
      : etherType === 0x86dd
        ? inIpv6(frame, offset)
        : undefined
  return found && (found.protocol === TCP || found.protocol === UDP) ? found : undefined
}

/** More fragments, or an offset (RFC 791 3.1). */
const FRAGMENT = 0x3fff

function inIpv4(frame: Uint8Array, at: number): Segment | undefined {
  if (at + 20 > frame.length || (u16(frame, at + 6) & FRAGMENT) !== 0) return undefined
  const total = u16(frame, at + 2)
  return {
    protocol: frame[at + 9] as number,
    start: at + ((frame[at] as number) & 0xf) * 4,
    // 0: a super-frame that is longer than the field can say.
    end: total === 0 ? frame.length : at + total,
    addresses: frame.subarray(at + 12, at + 20),
  }
}

function inIpv6(frame: Uint8Array, at: number): Segment | undefined {
  if (at + 40 > frame.length) return undefined
  const length = u16(frame, at + 4)
  const end = length === 0 ? frame.length : at + 40 + length
  let protocol = frame[at + 6] as number
  let start = at + 40
  while (OPTIONS.has(protocol) && start + 2 <= frame.length) {
    protocol = frame[start] as number
    start += ((frame[start + 1] as number) + 1) * 8
  }
  return { protocol, start, end, addresses: frame.subarray(at + 8, at + 40) }
}
