/** What answers at an external address: a published range, a static address, somebody's external port. */
import { External, externalAt, Nat, NatFlag, Published, publishedAt } from './config'

/** No slot. */
export const NO_SLOT: u32 = 0xffffffff

/** The slot of an external address, or NO_SLOT. */
export function slotOf(rules: usize, wide: bool, address: usize): u32 {
  const count = load<u32>(rules, Nat.EXTERNALS)
  const wanted = load<u32>(address)
  for (let slot: u32 = 0; slot < count; slot++) {
    const external = externalAt(rules, slot)
    if (load<u32>(external) != wanted) continue
    const flags = load<u32>(external, External.FLAGS)
    if ((flags & NatFlag.PRESENT) == 0 || ((flags & NatFlag.WIDE) != 0) != wide) continue
    if (!wide || isAddress(external, address)) return slot
  }
  return NO_SLOT
}

/** The static slot of an inside address that leaves by a domain, or NO_SLOT. */
export function staticSlotOf(rules: usize, wide: bool, address: usize, outFid: u32): u32 {
  const count = load<u32>(rules, Nat.EXTERNALS)
  for (let slot: u32 = 0; slot < count; slot++) {
    const external = externalAt(rules, slot)
    const flags = load<u32>(external, External.FLAGS)
    if ((flags & NatFlag.STATIC) == 0 || ((flags & NatFlag.WIDE) != 0) != wide) continue
    if (load<u32>(external, External.FID) != outFid) continue
    if (load<u32>(external, External.INSIDE) != load<u32>(address)) continue
    if (!wide || isAddress(external + External.INSIDE, address)) return slot
  }
  return NO_SLOT
}

function isAddress(a: usize, b: usize): bool {
  return !v128.any_true(v128.xor(v128.load(a), v128.load(b)))
}

/** The published range that has a port (host order; 0 for protocols without) of a slot; 0 if none. */
export function publishedOf(rules: usize, slot: u32, protocol: u32, port: u32): usize {
  const wanted = orderOf((slot << 8) | protocol, port)
  let low: u32 = 0
  let high = load<u32>(rules, Nat.PUBLISHED)
  while (low < high) {
    const middle = (low + high) >> 1
    const at = publishedAt(rules, middle)
    const order = orderOf(load<u32>(at, Published.KEY), <u32>load<u16>(at, Published.LAST))
    if (order < wanted) low = middle + 1
    else high = middle
  }
  if (low == load<u32>(rules, Nat.PUBLISHED)) return 0
  const found = publishedAt(rules, low)
  const fits =
    load<u32>(found, Published.KEY) == ((slot << 8) | protocol) &&
    <u32>load<u16>(found, Published.FIRST) <= port
  return fits ? found : 0
}

@inline
function orderOf(key: u32, port: u32): u64 {
  return ((<u64>key) << 16) | <u64>port
}

/** The inside port, host order, of a port of a published range. */
@inline
export function insidePortOf(published: usize, port: u32): u32 {
  const offset = port - <u32>load<u16>(published, Published.FIRST)
  return <u32>load<u16>(published, Published.INSIDE_FIRST) + offset
}
