/** The maximum segment size that TCP ends tell each other, kept to what fits the way (RFC 9293 section 3.7.1). */
import { Checksum, Fragment, Frame } from '../frame'
import { difference, update } from '../wire/checksum'
import { swap16 } from '../wire/order'
import { TCP } from '../wire/tcp'

const SYN: u32 = 2
const KIND: u32 = 2
const LENGTH: u32 = 4

/**
 * Lowers the MSS option of a SYN to what a packet of `mtu` octets holds; `network` is the octets of
 * its IP header without options. A complete checksum is kept right; a partial one does not cover it yet.
 */
export function clampMss(frame: usize, mtu: u32, network: u32): void {
  if (<u32>load<u8>(frame, Frame.PROTOCOL) != TCP.PROTOCOL) return
  if (<u32>load<u8>(frame, Frame.FRAGMENT) == Fragment.LATER) return
  const segment = <usize>load<u32>(frame, Frame.ADDRESS) + <u32>load<u16>(frame, Frame.L4)
  if ((<u32>load<u8>(segment, 13) & SYN) == 0) return
  const header = <u32>load<u16>(frame, Frame.HEADERS) - <u32>load<u16>(frame, Frame.L4)
  const at = find(segment, header)
  if (at == 0) return
  const most = mtu - network - TCP.HEADER
  const field = segment + at + 2
  if (<u32>swap16(load<u16>(field)) <= most) return
  const partial = <u32>load<u8>(frame, Frame.CHECKSUM) == Checksum.PARTIAL
  if (!partial) {
    const changed = difference(wordsAt(segment, at), lowered(segment, at, most))
    const sum = <u32>load<u16>(segment, TCP.CHECKSUM)
    store<u16>(segment, <u16>update(sum, changed), TCP.CHECKSUM)
  }
  store<u16>(field, swap16(<u16>most))
}

/** Where the option stands in the header, or 0. */
function find(segment: usize, header: u32): u32 {
  let at = TCP.HEADER
  while (at + LENGTH <= header) {
    const kind = <u32>load<u8>(segment + at)
    if (kind == 0) return 0
    if (kind == 1) {
      at++
      continue
    }
    const length = <u32>load<u8>(segment + at, 1)
    if (kind == KIND && length == LENGTH) return at
    if (length < 2) return 0
    at += length
  }
  return 0
}

/** The option's four octets as words of the checksum, which begin at even octets. */
@inline
function wordsAt(segment: usize, at: u32): u64 {
  return aligned(<u64>load<u32>(segment + at), at)
}

@inline
function lowered(segment: usize, at: u32, most: u32): u64 {
  const option = (load<u32>(segment + at) & 0xffff) | ((<u32>swap16(<u16>most)) << 16)
  return aligned(<u64>option, at)
}

@inline
function aligned(option: u64, at: u32): u64 {
  return (at & 1) == 0 ? option : option << 8
}
