/** The keyed hash by which a flow is found: of its tuple, or of the permit that its mapping gives. */
import { Head } from './head'
import { Kind } from './record'

/** Of a permit no remote port counts: that is the source port, which lies in the lower half. */
const PERMIT_PORTS: u32 = 0xffff0000

/**
 * The keyed hash of a tuple, whose addresses are two of 4 or 16 octets at `addresses`. The bucket comes
 * from its upper half, the tag from its lower.
 */
export function hashOf(
  table: usize,
  wide: bool,
  addresses: usize,
  ports: u32,
  protocol: u32,
  kind: u32,
): u64 {
  const a = load<u64>(table, Head.SEED)
  const b = load<u64>(table, Head.SEED + 8)
  const c = load<u64>(table, Head.SEED + 16)
  // A permit must not hash as a flow does whose remote port is 0.
  const what = protocol | ((kind & Kind.PERMIT) << 8)
  if (!wide) return hashBy(load<u64>(addresses), ports, what, a, b, c)
  return hashWideBy(addresses, ports, what, a, b, c)
}

/** The same over IPv4 for a loop that has read the table's seeds once. */
@inline
export function hashBy(addresses: u64, ports: u32, what: u32, a: u64, b: u64, c: u64): u64 {
  const x = (addresses ^ a) * b
  return finish(x ^ (x >> 32), ports, what, b, c)
}

/** And over IPv6. */
@inline
export function hashWideBy(addresses: usize, ports: u32, what: u32, a: u64, b: u64, c: u64): u64 {
  let x = (load<u64>(addresses) ^ a) * b
  x = stir(x ^ (x >> 32), load<u64>(addresses, 8), b, c)
  x = stir(x, load<u64>(addresses, 16), b, c)
  return finish(stir(x, load<u64>(addresses, 24), b, c), ports, what, b, c)
}

@inline
function finish(x: u64, ports: u32, what: u32, b: u64, c: u64): u64 {
  x = (x ^ (<u64>ports | ((<u64>what) << 32))) * c
  x = (x ^ (x >> 29)) * b
  return x ^ (x >> 32)
}

@inline
function stir(x: u64, word: u64, b: u64, c: u64): u64 {
  x = (x ^ word) * c
  x = (x ^ (x >> 29)) * b
  return x ^ (x >> 32)
}

/** Ports as far as they count for an entry of a kind. */
@inline
export function portsFor(ports: u32, kind: u32): u32 {
  return kind == Kind.PERMIT ? ports & PERMIT_PORTS : ports
}
