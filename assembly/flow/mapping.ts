/**
 * External ports: which inside endpoint each of them stands for (RFC 4787 section 4). An external
 * address has two rows of 65,536 cells, one of TCP and one of UDP and ICMP echo, and the cell of a port
 * lies at its number: so the look-up from outside needs no search, and a port is taken by one exchange.
 * From inside, cells are on chains by the hash of the endpoint they stand for.
 *
 *    0 references u32 (flows that use it; 0: free)   4 next u32 (cell number + 1)
 *    8 port u16 (inside, as on the wire)   10 protocol u8   11 flags u8   12 inside address, 4 or 16
 *
 * A cell is taken before it is filled, and says READY when it is. It is linked, unlinked and counted
 * under the lock of its chain.
 */
import { MAPPING_SIZE, MAPPING6_SIZE, MAPPINGS } from '../size'
import { Head, isWide, scramble } from './head'
import { lock, lockOf, unlock } from './lock'
import { copyAddress } from './record'

export namespace Mapping {
  export const REFERENCES: usize = 0
  export const NEXT: usize = 4
  export const PORT: usize = 8
  export const PROTOCOL: usize = 10
  export const FLAGS: usize = 11
  export const ADDRESS: usize = 12
}

export namespace MappingFlag {
  export const READY: u32 = 1
  /** Lets in whoever knows the port, not only addresses that were sent to (RFC 4787 section 5). */
  export const OPEN: u32 = 2
}

const TCP: u32 = 6
/** Cells looked at in a chain; what another worker just moved ends the walk. */
const CHAIN_MAX: u32 = 4096

/**
 * The number of the cell of an external port (host order). Slots of IPv4 are even, those of IPv6 odd:
 * each family counts its own rows.
 */
@inline
export function cellOf(slot: u32, protocol: u32, port: u32): u32 {
  return (slot >> 1) * MAPPINGS + (protocol == TCP ? 0 : 65_536) + port
}

/** True for a slot that has cells. */
@inline
export function hasPorts(table: usize, slot: u32): bool {
  return slot >> 1 < load<u32>(table, Head.MAPPED)
}

@inline
export function portOf(cell: u32): u32 {
  return cell & 0xffff
}

/** The address of a cell. */
@inline
export function mappingAt(table: usize, cell: u32): usize {
  const size = isWide(table) ? MAPPING6_SIZE : MAPPING_SIZE
  return <usize>load<u32>(table, Head.MAPPINGS) + <usize>cell * size
}

/** The keyed hash of an inside endpoint; `port` as on the wire. */
export function endpointOf(table: usize, address: usize, port: u32, protocol: u32): u64 {
  let x = load<u64>(table, Head.SEED + 16) ^ (<u64>port | ((<u64>protocol) << 16))
  if (isWide(table)) {
    x = scramble(x ^ load<u64>(address)) ^ load<u64>(address + 8)
  } else x ^= (<u64>load<u32>(address)) << 32
  return scramble(x)
}

/** The head of the chain of an inside endpoint, by its hash. */
@inline
export function chainOf(table: usize, endpoint: u64): usize {
  const index = <u32>(endpoint >> 32) & load<u32>(table, Head.CHAINS_MASK)
  return <usize>load<u32>(table, Head.CHAINS) + ((<usize>index) << 2)
}

/** The lock of a chain. */
@inline
export function lockOfChain(chain: usize): usize {
  return lockOf(chain << 4)
}

/** True if two addresses of the table's family are the same. */
export function sameAddress(table: usize, a: usize, b: usize): bool {
  if (!isWide(table)) return load<u32>(a) == load<u32>(b)
  return load<u64>(a) == load<u64>(b) && load<u64>(a + 8) == load<u64>(b + 8)
}

/** The cell of an inside endpoint on an external address, plus 1; 0 if it has none. Under the lock. */
export function findMapping(
  table: usize,
  chain: usize,
  slot: u32,
  address: usize,
  port: u32,
  protocol: u32,
): u32 {
  let number = load<u32>(chain)
  for (let steps: u32 = 0; number != 0 && steps < CHAIN_MAX; steps++) {
    const mapping = mappingAt(table, number - 1)
    const same =
      <u32>load<u16>(mapping, Mapping.PORT) == port &&
      <u32>load<u8>(mapping, Mapping.PROTOCOL) == protocol &&
      (number - 1) / MAPPINGS == slot >> 1
    if (same && sameAddress(table, mapping + Mapping.ADDRESS, address)) return number
    number = load<u32>(mapping, Mapping.NEXT)
  }
  return 0
}

/** Takes a free cell; false if it is not. */
@inline
export function claim(mapping: usize): bool {
  if (load<u32>(mapping) != 0) return false
  return atomic.cmpxchg<u32>(mapping, 0, 1) == 0
}

/** Fills a cell that was taken and puts it on its chain. Under the lock. */
export function establish(
  table: usize,
  chain: usize,
  cell: u32,
  address: usize,
  port: u32,
  protocol: u32,
  flags: u32,
): void {
  const mapping = mappingAt(table, cell)
  store<u16>(mapping, <u16>port, Mapping.PORT)
  store<u8>(mapping, <u8>protocol, Mapping.PROTOCOL)
  copyAddress(mapping + Mapping.ADDRESS, address, isWide(table))
  store<u32>(mapping, load<u32>(chain), Mapping.NEXT)
  atomic.store<u8>(mapping, <u8>(flags | MappingFlag.READY), Mapping.FLAGS)
  store<u32>(chain, cell + 1)
}

/** PORT, PROTOCOL and FLAGS of a cell, in one word; 0 of one that is not READY. */
@inline
export function standsFor(mapping: usize): u32 {
  const word = atomic.load<u32>(mapping, Mapping.PORT)
  return ((word >> 24) & MappingFlag.READY) != 0 ? word : 0
}

@inline
export function isOpen(mapping: usize): bool {
  return (<u32>load<u8>(mapping, Mapping.FLAGS) & MappingFlag.OPEN) != 0
}

@inline
function chainOfMapping(table: usize, mapping: usize): usize {
  const port = <u32>load<u16>(mapping, Mapping.PORT)
  const protocol = <u32>load<u8>(mapping, Mapping.PROTOCOL)
  return chainOf(table, endpointOf(table, mapping + Mapping.ADDRESS, port, protocol))
}

/** Counts one more flow of a cell that was met from outside; false if it is not the inside endpoint's by now. */
export function retain(
  table: usize,
  cell: u32,
  address: usize,
  port: u32,
  protocol: u32,
  owner: u32,
): bool {
  const mapping = mappingAt(table, cell)
  const word = lockOfChain(chainOf(table, endpointOf(table, address, port, protocol)))
  if (!lock(word, owner)) return false
  // READY is written last, and what it stands beside stays so under this lock.
  const wanted = port | (protocol << 16) | (MappingFlag.READY << 24)
  const has = atomic.load<u32>(mapping, Mapping.PORT) & ~(MappingFlag.OPEN << 24)
  const same = has == wanted && sameAddress(table, mapping + Mapping.ADDRESS, address)
  if (same) atomic.add<u32>(mapping, 1)
  unlock(word)
  return same
}

/** Counts one flow less; with the last one the port is free. False if the lock was not to be had. */
export function release(table: usize, cell: u32, owner: u32): bool {
  const mapping = mappingAt(table, cell)
  const chain = chainOfMapping(table, mapping)
  const word = lockOfChain(chain)
  if (!lock(word, owner)) return false
  if (load<u32>(mapping) > 1) atomic.sub<u32>(mapping, 1)
  else {
    unlink(table, chain, cell)
    store<u8>(mapping, 0, Mapping.FLAGS)
    atomic.store<u32>(mapping, 0)
  }
  unlock(word)
  return true
}

function unlink(table: usize, chain: usize, cell: u32): void {
  let at = chain
  for (let steps: u32 = 0; steps < CHAIN_MAX; steps++) {
    const number = load<u32>(at)
    if (number == 0) return
    const mapping = mappingAt(table, number - 1)
    if (number == cell + 1) {
      atomic.store<u32>(at, load<u32>(mapping, Mapping.NEXT))
      return
    }
    at = mapping + Mapping.NEXT
  }
}
