/**
 * The Internet checksum (RFC 1071). Sums are of 16-bit words as a little-endian load gives them:
 * one's complement addition does not care, and the result is stored the same way (RFC 1071 2(B)).
 */

/**
 * Sum of `length` octets at `address`, folded to 16 bits, not complemented. An odd last octet is
 * padded with zero. At most 128 KiB: beyond, the 32-bit lanes could overflow.
 */
export function sum(address: usize, length: u32): u32 {
  let total: u64 = 0
  let at = address
  const end = address + length
  if (length >= 64) {
    let a = i32x4.splat(0)
    let b = i32x4.splat(0)
    let c = i32x4.splat(0)
    let d = i32x4.splat(0)
    // Four accumulators: the additions of one round do not wait for each other.
    for (; at + 128 <= end; at += 128) {
      a = i32x4.add(a, i32x4.add(pairs(v128.load(at)), pairs(v128.load(at, 64))))
      b = i32x4.add(b, i32x4.add(pairs(v128.load(at, 16)), pairs(v128.load(at, 80))))
      c = i32x4.add(c, i32x4.add(pairs(v128.load(at, 32)), pairs(v128.load(at, 96))))
      d = i32x4.add(d, i32x4.add(pairs(v128.load(at, 48)), pairs(v128.load(at, 112))))
    }
    for (; at + 16 <= end; at += 16) a = i32x4.add(a, pairs(v128.load(at)))
    total = lanes(i32x4.add(i32x4.add(a, b), i32x4.add(c, d)), at - address)
  }
  for (; at + 4 <= end; at += 4) total += <u64>load<u32>(at)
  if (at + 2 <= end) {
    total += <u64>load<u16>(at)
    at += 2
  }
  if (at < end) total += <u64>load<u8>(at)
  return fold(total)
}

/** Copies `length` octets from `address` to `to`, which do not overlap; returns their `sum`. */
export function copy(to: usize, address: usize, length: u32): u32 {
  let a = i32x4.splat(0)
  let b = i32x4.splat(0)
  let at = address
  const end = address + length
  for (; at + 128 <= end; at += 128, to += 128) {
    const s = v128.load(at)
    const t = v128.load(at, 16)
    const u = v128.load(at, 32)
    const v = v128.load(at, 48)
    v128.store(to, s)
    v128.store(to, t, 16)
    v128.store(to, u, 32)
    v128.store(to, v, 48)
    a = i32x4.add(a, i32x4.add(pairs(s), pairs(t)))
    b = i32x4.add(b, i32x4.add(pairs(u), pairs(v)))
    const w = v128.load(at, 64)
    const x = v128.load(at, 80)
    const y = v128.load(at, 96)
    const z = v128.load(at, 112)
    v128.store(to, w, 64)
    v128.store(to, x, 80)
    v128.store(to, y, 96)
    v128.store(to, z, 112)
    a = i32x4.add(a, i32x4.add(pairs(w), pairs(x)))
    b = i32x4.add(b, i32x4.add(pairs(y), pairs(z)))
  }
  for (; at + 16 <= end; at += 16, to += 16) {
    const w = v128.load(at)
    v128.store(to, w)
    a = i32x4.add(a, pairs(w))
  }
  let total = lanes(i32x4.add(a, b), at - address)
  for (; at + 4 <= end; at += 4, to += 4) {
    const words = load<u32>(at)
    store<u32>(to, words)
    total += <u64>words
  }
  if (at + 2 <= end) {
    const word = load<u16>(at)
    store<u16>(to, word)
    total += <u64>word
    at += 2
    to += 2
  }
  if (at < end) {
    store<u8>(to, load<u8>(at))
    total += <u64>load<u8>(at)
  }
  return fold(total)
}

/** Added to a word it makes what is unsigned signed: 32,768 less. */
const BIAS: u16 = 0x8000

/**
 * Sums of two neighbouring words, 65,536 less than that. Processors multiply and add signed words in one
 * instruction; for unsigned ones they need three.
 */
@inline
function pairs(words: v128): v128 {
  return i32x4.dot_i16x8_s(v128.xor(words, i16x8.splat(BIAS)), i16x8.splat(1))
}

/** Adds the lanes of a sum of `pairs` of `length` octets. */
@inline
function lanes(v: v128, length: usize): u64 {
  const signed =
    <i64>i32x4.extract_lane(v, 0) +
    <i64>i32x4.extract_lane(v, 1) +
    <i64>i32x4.extract_lane(v, 2) +
    <i64>i32x4.extract_lane(v, 3)
  return <u64>signed + (<u64>length >> 1) * <u64>BIAS
}

/** Folds the carries of a sum of 16- and 32-bit words into 16 bits. */
@inline
export function fold(total: u64): u32 {
  let folded = (total & 0xffffffff) + (total >> 32)
  folded = (folded & 0xffff) + (folded >> 16)
  folded = (folded & 0xffff) + (folded >> 16)
  folded = (folded & 0xffff) + (folded >> 16)
  return <u32>folded
}

/**
 * Completes a partial checksum over the `length` octets at `start`: the 16-bit field at offset
 * `field` holds the folded sum of the pseudo-header and takes part in the sum of the rest.
 * `zeroIsNone`: UDP, which sends a computed zero as 0xffff (RFC 768).
 */
export function complete(start: usize, length: u32, field: u32, zeroIsNone: bool): void {
  let checksum = ~sum(start, length) & 0xffff
  if (checksum == 0 && zeroIsNone) checksum = 0xffff
  store<u16>(start + field, <u16>checksum)
}

/**
 * What a checksum changes by when words whose sum was `from` are replaced by words whose sum is `to`
 * (RFC 1624 section 3): to be given to `update`. Sums may be of any number of words, unfolded.
 */
@inline
export function difference(from: u64, to: u64): u64 {
  return <u64>fold(to) + <u64>(~fold(from) & 0xffff)
}

/** A complete checksum after a `difference` of what it covers (RFC 1624 equation 3). */
@inline
export function update(checksum: u32, difference: u64): u32 {
  return ~fold(<u64>(~checksum & 0xffff) + difference) & 0xffff
}

/** The same after one that is less than 2^20, as a folded one or the sum of a few words is: fewer steps. */
@inline
export function updateSmall(checksum: u32, difference: u32): u32 {
  const sum = (~checksum & 0xffff) + difference
  const folded = (sum & 0xffff) + (sum >> 16)
  return ~((folded & 0xffff) + (folded >> 16)) & 0xffff
}

/**
 * The sum in the field of a partial checksum, which is folded and not complemented, after a
 * `difference` of the pseudo-header.
 */
@inline
export function updatePartial(sum: u32, difference: u64): u32 {
  return fold(<u64>sum + difference)
}
