/**
 * What the first packets of flows over IPv4 are about to touch, read ahead: the counter of their host, the
 * chain of their inside endpoint, the cell of its external port and the buckets of the answers. All of it
 * follows from the packet, the rule and the time, as far as nobody else has the port; where it turns out
 * otherwise, what was read ahead was read in vain.
 */
import { bucketOf } from '../flow/bucket'
import { hashBy, portsFor } from '../flow/hash'
import { Head } from '../flow/head'
import { counterOf } from '../flow/host'
import { cellOf, chainOf, endpointOf, hasPorts, mappingAt } from '../flow/mapping'
import { Kind } from '../flow/record'
import { FRAME_SIZE, Frame } from '../frame'
import { touch } from '../table/bucket'
import { Ethernet } from '../wire/ethernet'
import { swap16 } from '../wire/order'
import { External, externalAt, NatFlag, Source } from './config'
import { likelyPort, NO_PORT, slotFor } from './source'

/** Where a descriptor that was not parsed yet keeps what is to be read. */
namespace Ahead {
  export const ANSWER: usize = Frame.L3
  export const HOST: usize = Frame.PORTS
  export const PERMIT: usize = Frame.FRAGMENT
  export const CELL: usize = Frame.OUT_FID
  export const CHAIN: usize = Frame.TRACK
}

/**
 * Of the descriptors from `frame` to `end` those whose FLOW is 0 and whose TRACK is not are of such packets,
 * without IP options. `rule` is the source rule that they meet, or 0.
 */
export function approachFirst(
  table: usize,
  rules: usize,
  rule: usize,
  frame: usize,
  end: usize,
  tick: u32,
): void {
  for (let at = frame; at < end; at += FRAME_SIZE) {
    if (isFirst(at)) foresee(table, rules, rule, at, tick)
  }
  // Loops that only read have as many misses under way as the processor can.
  for (let at = frame; at < end; at += FRAME_SIZE) {
    if (!isFirst(at)) continue
    touch(<usize>load<u32>(at, Ahead.CHAIN))
    touch(<usize>load<u32>(at, Ahead.HOST))
    touch(<usize>load<u32>(at, Ahead.CELL))
    touch(<usize>load<u32>(at, Ahead.ANSWER))
    touch(<usize>load<u32>(at, Ahead.PERMIT))
  }
  if (rule == 0) return
  for (let at = frame; at < end; at += FRAME_SIZE) {
    if (!isFirst(at)) continue
    const number = load<u32>(<usize>load<u32>(at, Ahead.CHAIN))
    if (number != 0) touch(mappingAt(table, number - 1))
  }
}

@inline
function isFirst(frame: usize): bool {
  return load<u32>(frame, Frame.FLOW) == 0 && load<u32>(frame, Frame.TRACK) != 0
}

/** Notes what a packet is about to touch. */
function foresee(table: usize, rules: usize, rule: usize, frame: usize, tick: u32): void {
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + Ethernet.HEADER
  const protocol = <u32>load<u8>(packet, 9)
  const host = counterOf(table, false, packet + 12)
  let addresses = load<u64>(packet, 12)
  let ports = load<u32>(packet, 20)
  let cell = host
  let permitted = false
  if (rule != 0) {
    const endpoint = endpointOf(table, packet + 12, ports & 0xffff, protocol)
    store<u32>(frame, <u32>chainOf(table, endpoint), Ahead.CHAIN)
    const slot = slotFor(table, false, rule, packet + 12)
    const flags = load<u32>(rule, Source.FLAGS)
    const port = likelyPort(rule, endpoint, <u32>swap16(<u16>ports), protocol, flags, tick)
    if (port != NO_PORT && hasPorts(table, slot)) {
      cell = mappingAt(table, cellOf(slot, protocol, port))
      const external = <u64>load<u32>(externalAt(rules, slot), External.ADDRESS)
      addresses = external | ((addresses >> 32) << 32)
      ports = (ports & 0xffff0000) | <u32>swap16(<u16>port)
      permitted = (flags & NatFlag.OPEN) == 0
    }
  }
  addresses = rotl<u64>(addresses, 32)
  ports = rotl<u32>(ports, 16)
  const answer = bucketFor(table, addresses, ports, protocol)
  let permit = answer
  if (permitted) {
    const ported = portsFor(ports, Kind.PERMIT)
    permit = bucketFor(table, addresses, ported, protocol | (Kind.PERMIT << 8))
  }
  store<u32>(frame, <u32>answer, Ahead.ANSWER)
  store<u32>(frame, <u32>host, Ahead.HOST)
  store<u32>(frame, <u32>permit, Ahead.PERMIT)
  store<u32>(frame, <u32>cell, Ahead.CELL)
}

function bucketFor(table: usize, addresses: u64, ports: u32, what: u32): usize {
  const a = load<u64>(table, Head.SEED)
  const b = load<u64>(table, Head.SEED + 8)
  const c = load<u64>(table, Head.SEED + 16)
  return bucketOf(table, hashBy(addresses, ports, what, a, b, c))
}
