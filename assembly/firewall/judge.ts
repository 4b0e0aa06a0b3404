/** What the rules say of a packet: its values on their axes, the first rule that takes it, counted. */
import { Config } from '../config'
import { bump } from '../counter'
import { Axis, NO_RULE, ruleAt } from '../filter/axis'
import { firstRule, KEY_SIZE, setKey } from '../filter/match'
import { Fragment, Frame } from '../frame'
import { DIRECTORY, Directory, directory, Worker } from '../memory'
import { RULE_COUNTERS_SIZE } from '../size'
import { EtherType } from '../wire/ethernet'
import { swap16, swap32 } from '../wire/order'
import { SCTP } from '../wire/sctp'
import { TCP } from '../wire/tcp'
import { UDP } from '../wire/udp'

const VERSION4: u32 = ~((1 << Axis.SOURCE6) | (1 << Axis.DESTINATION6))
const VERSION6: u32 = ~((1 << Axis.SOURCE4) | (1 << Axis.DESTINATION4))
/** A later fragment has no ports and no ICMP type: rules that ask for them take it by the rest. */
const PORTLESS: u32 = ~(
  (1 << Axis.SOURCE_PORT) |
  (1 << Axis.DESTINATION_PORT) |
  (1 << Axis.ICMP_TYPE)
)

/**
 * The action of the first rule that takes a packet that was parsed, 0 if none does; counts it.
 * `outPort` is NOWHERE, and `outFid` where it goes.
 */
export function judge(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  state: u32,
  outPort: u32,
  outFid: u32,
): u32 {
  const set = <usize>load<u32>(config, Config.RULES)
  if (set == 0) return 0
  const keys = block + Worker.SCRATCH
  setKey(keys, Axis.IN_PORT, <u32>load<u16>(frame, Frame.PORT))
  setKey(keys, Axis.OUT_PORT, outPort)
  setKey(keys, Axis.IN_DOMAIN, <u32>load<u16>(frame, Frame.FID))
  setKey(keys, Axis.OUT_DOMAIN, outFid)
  setKey(keys, Axis.STATE, state)
  setKey(keys, Axis.PROTOCOL, <u32>load<u8>(frame, Frame.PROTOCOL))
  setKey(keys, Axis.ICMP_TYPE, <u32>load<u8>(frame, Frame.ICMP_TYPE))
  setPorts(keys, frame)
  let axes = setAddresses(keys, frame)
  if (<u32>load<u8>(frame, Frame.FRAGMENT) == Fragment.LATER) axes &= PORTLESS
  const rule = firstRule(set, keys, axes)
  if (rule == NO_RULE) return 0
  count(worker, load<u32>(ruleAt(set, rule), 4), load<u32>(frame, Frame.LENGTH))
  return load<u32>(ruleAt(set, rule))
}

@inline
function setPorts(keys: usize, frame: usize): void {
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  const has = protocol == TCP.PROTOCOL || protocol == UDP.PROTOCOL || protocol == SCTP.PROTOCOL
  const ports = has ? load<u32>(frame, Frame.PORTS) : 0
  setKey(keys, Axis.SOURCE_PORT, <u32>swap16(<u16>ports))
  setKey(keys, Axis.DESTINATION_PORT, <u32>swap16(<u16>(ports >> 16)))
}

/** Returns the axes that count for the packet's version. */
function setAddresses(keys: usize, frame: usize): u32 {
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + <u32>load<u16>(frame, Frame.L3)
  if (<u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4) {
    setKey(keys, Axis.VERSION, 4)
    setKey(keys, Axis.SOURCE4, swap32(load<u32>(packet, 12)))
    setKey(keys, Axis.DESTINATION4, swap32(load<u32>(packet, 16)))
    return VERSION4
  }
  setKey(keys, Axis.VERSION, 6)
  setKey128(keys, Axis.SOURCE6, packet + 8)
  setKey128(keys, Axis.DESTINATION6, packet + 24)
  return VERSION6
}

@inline
function setKey128(keys: usize, axis: u32, address: usize): void {
  const key = keys + <usize>axis * KEY_SIZE
  store<u64>(key, bswap<u64>(load<u64>(address)))
  store<u64>(key, bswap<u64>(load<u64>(address, 8)), 8)
}

@inline
function countersOfRule(worker: u32, slot: u32): usize {
  const index = <usize>(worker * load<u32>(DIRECTORY, Directory.MAX_RULES) + slot)
  return directory(Directory.RULE_COUNTERS) + index * <usize>RULE_COUNTERS_SIZE
}

@inline
function count(worker: u32, slot: u32, octets: u32): void {
  const counters = countersOfRule(worker, slot)
  bump(counters, 1)
  bump(counters + 8, octets)
}

/** A rule's counter by its slot, all workers together: 0 packets, 1 octets. */
export function ruleCounter(slot: u32, which: u32): f64 {
  let total: u64 = 0
  const workers = load<u32>(DIRECTORY, Directory.MAX_WORKERS)
  if (slot >= load<u32>(DIRECTORY, Directory.MAX_RULES)) return 0
  for (let worker: u32 = 0; worker <= workers; worker++) {
    total += load<u64>(countersOfRule(worker, slot) + ((<usize>which) << 3))
  }
  return <f64>total
}

/** Forgets the counters of a slot, which another rule is to have. */
export function resetRule(slot: u32): void {
  const workers = load<u32>(DIRECTORY, Directory.MAX_WORKERS)
  for (let worker: u32 = 0; worker <= workers; worker++) {
    memory.fill(countersOfRule(worker, slot), 0, <usize>RULE_COUNTERS_SIZE)
  }
}
