/**
 * A flow: both its directions, 64 octets over IPv4, a cache line, and 128 over IPv6.
 *
 *    0 incarnation u16   2 flags u16   4 protocol u8   5 state u8   6 slot u8   7 scales u8
 *    8 seen u32 (ticks)   12 created u32 (ticks; of a free record: the next free one)
 *   16 inFid u16   18 outFid u16   20 inPort u16   22 outPort u16
 *   24 window 2 x u16, see tcp.ts
 *   28 frames u32 (the low 32 bits of 40)   32 octets u64 (56 bits; above: the high 8 of the frames)
 *   40 original tuple   52|76 reply tuple: addresses source and destination, u16 ports likewise
 *      112 over IPv6: TCP's 2 x { end u32, limit u32 }, see tcp.ts
 *
 * Over IPv4 TCP's stand elsewhere, 16 octets a flow: what other protocols do touches one line.
 *
 * A tuple is what the packets of its direction say when they come in, as the octets on the wire lie:
 * the original's destination is the address that was called, the reply's the one that was translated
 * to. What leaves in one direction is the other's tuple turned round.
 *
 * A reference is the record's number (from 1), shifted left by two, and a Kind. Readers take no lock:
 * who has compared a tuple and read what is to become of the packet asks `isSame` whether the record is
 * still that flow's. A change of state that is made in the instant in which another worker evicts the
 * flow and fills its record anew can reach that new flow, or the record while it is free: it shifts a
 * window, a state or a time stamp, never an address, and no list is kept in a word that packets write.
 * Who takes or gives something for a flow names its incarnation (`raiseOnce`).
 */
import { FLOW_SIZE, SIDES_SIZE } from '../size'
import { Head } from './head'

export namespace Flow {
  export const INCARNATION: usize = 0
  export const FLAGS: usize = 2
  export const PROTOCOL: usize = 4
  export const STATE: usize = 5
  /** The external address that it holds a port of. */
  export const SLOT: usize = 6
  export const SCALES: usize = 7
  export const SEEN: usize = 8
  export const CREATED: usize = 12
  /** Nobody writes CREATED but who has just taken the record: it is safe from those who come too late. */
  export const NEXT: usize = 12
  export const IN_FID: usize = 16
  export const OUT_FID: usize = 18
  export const IN_PORT: usize = 20
  export const OUT_PORT: usize = 22
  export const WINDOWS: usize = 24
  export const FRAMES: usize = 28
  export const OCTETS: usize = 32
  export const TUPLES: usize = 40
  /** Over IPv6 only: see `sidesOf`. */
  export const SIDES: usize = 112
}

/** No port, in IN_PORT and OUT_PORT. */
export const NO_PORT: u32 = 0xffff

export namespace FlowFlag {
  /** Being taken out: by whoever set this. */
  export const DEAD: u32 = 1
  /** The tuples are not each other turned round. */
  export const TRANSLATED: u32 = 2
  /** It holds an external port (mapping.ts). */
  export const MAPPED: u32 = 4
  export const SOURCE_NAT: u32 = 8
  export const DESTINATION_NAT: u32 = 16
  /** Only the original direction keeps it alive (RFC 4787 REQ-6), or only the reply's. */
  export const ONE_WAY: u32 = 32
  export const INWARD: u32 = 64
  /** Its entry lets the remote address in (RFC 4787 section 5). */
  export const PERMIT: u32 = 128
  /** TCP was met on its way: of such a one no window is known. */
  export const LOOSE: u32 = 256
  /** Both sides opened it (RFC 9293 section 3.5). */
  export const SIMULTANEOUS: u32 = 512
  /** The first FIN came from who was called. */
  export const CLOSED_BY_REPLY: u32 = 1024
  /** A filter rule allowed it: it passes between isolated ports too. */
  export const LINK: u32 = 2048
  /** Its external port is known to let in whoever knows it: no remote address needs an entry. */
  export const OPEN: u32 = 4096
  /** It was filled: a record that was never used has not even DEAD. */
  export const FILLED: u32 = 8192
}

/** What an entry of the index is to a flow. */
export namespace Kind {
  export const ORIGINAL: u32 = 0
  export const REPLY: u32 = 1
  /** Any remote port of the reply direction. */
  export const PERMIT: u32 = 2
}

@inline
export function recordOf(table: usize, reference: u32): usize {
  const records = <usize>load<u32>(table, Head.RECORDS)
  return recordBy(records, <usize>load<u32>(table, Head.RECORD_SIZE), reference)
}

@inline
export function recordBy(records: usize, size: usize, reference: u32): usize {
  return records + <usize>((reference >> 2) - 1) * size
}

/** What TCP knows of both sides of a flow, see tcp.ts. */
@inline
export function sidesOf(table: usize, wide: bool, record: usize): usize {
  if (wide) return record + Flow.SIDES
  const records = <usize>load<u32>(table, Head.RECORDS)
  return <usize>load<u32>(table, Head.SIDES) + (record - records) / (FLOW_SIZE / SIDES_SIZE)
}

/** The address of a flow's tuple of kind ORIGINAL or REPLY. */
@inline
export function tupleOf(record: usize, wide: bool, kind: u32): usize {
  return record + Flow.TUPLES + <usize>kind * tupleSize(wide)
}

@inline
export function tupleSize(wide: bool): usize {
  return addressesSize(wide) + 4
}

/** Octets of two addresses. */
@inline
export function addressesSize(wide: bool): usize {
  return wide ? 32 : 8
}

@inline
export function portsOf(tuple: usize, wide: bool): u32 {
  return load<u32>(tuple + addressesSize(wide))
}

@inline
export function setPorts(tuple: usize, wide: bool, ports: u32): void {
  store<u32>(tuple + addressesSize(wide), ports)
}

export function copyAddresses(to: usize, from: usize, wide: bool): void {
  store<u64>(to, load<u64>(from))
  if (!wide) return
  v128.store(to, v128.load(from))
  v128.store(to, v128.load(from, 16), 16)
}

/** Copies one address of 4 or 16 octets. */
@inline
export function copyAddress(to: usize, from: usize, wide: bool): void {
  if (wide) v128.store(to, v128.load(from))
  else store<u32>(to, load<u32>(from))
}

/** Writes the tuple of the packets that answer those of `from`. */
export function turn(to: usize, from: usize, wide: bool): void {
  setPorts(to, wide, rotl<u32>(portsOf(from, wide), 16))
  if (!wide) {
    store<u64>(to, rotl<u64>(load<u64>(from), 32))
    return
  }
  const source = v128.load(from)
  v128.store(to, v128.load(from, 16))
  v128.store(to, source, 16)
}

/** True if two tuples are the same. */
export function sameTuple(a: usize, b: usize, wide: bool): bool {
  if (portsOf(a, wide) != portsOf(b, wide)) return false
  return sameAddresses(a, b, wide)
}

export function sameAddresses(a: usize, b: usize, wide: bool): bool {
  if (load<u64>(a) != load<u64>(b)) return false
  return !wide || sameWide(a, b)
}

@inline
export function sameWide(a: usize, b: usize): bool {
  const low = v128.xor(v128.load(a), v128.load(b))
  return !v128.any_true(v128.or(low, v128.xor(v128.load(a, 16), v128.load(b, 16))))
}

@inline
export function flagsOf(record: usize): u32 {
  return <u32>load<u16>(record, Flow.FLAGS)
}

@inline
export function raise(record: usize, flag: u32): void {
  atomic.or<u16>(record, <u16>flag, Flow.FLAGS)
}

/**
 * Raises a flag of the flow of that incarnation, for which the caller answers then: false if it has it
 * already, is being ended, or is another by now. Incarnation and flags are one word.
 */
export function raiseOnce(record: usize, incarnation: u32, flag: u32): bool {
  const set = (flag | FlowFlag.DEAD) << 16
  while (true) {
    const word = atomic.load<u32>(record)
    if ((word & (set | 0xffff)) != incarnation) return false
    if (atomic.cmpxchg<u32>(record, word, word | (flag << 16)) == word) return true
  }
}

@inline
export function incarnationOf(record: usize): u32 {
  return <u32>atomic.load<u16>(record, Flow.INCARNATION)
}

/** True if the record is that flow's still. */
@inline
export function isSame(record: usize, incarnation: u32): bool {
  return incarnationOf(record) == incarnation
}

/** Counts frames of a flow. Workers that do so in one moment may lose one another's. */
@inline
export function count(record: usize, frames: u32, octets: u32): void {
  const before = load<u32>(record, Flow.FRAMES)
  let total = load<u64>(record, Flow.OCTETS) + <u64>octets
  if (before + frames < before) total += (<u64>1) << 56
  store<u32>(record, before + frames, Flow.FRAMES)
  store<u64>(record, total, Flow.OCTETS)
}
