/** What the rules say of a packet: its values on their axes, the first rule that takes it, counted. */
import { Config } from '../config'
import { bump } from '../counter'
import { Axis, axisAt, NO_RULE, ruleAt } from '../filter/axis'
import { classAhead, firstRule, KEY_SIZE, listOf, setKey, setKnown } from '../filter/match'
import { FRAME_SIZE, Fragment, Frame } from '../frame'
import { DIRECTORY, Directory, directory, Worker } from '../memory'
import { LISTED_RULES, RULE_COUNTERS_SIZE, WAYS_MAX } from '../size'
import { touch } from '../table/bucket'
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
  const classes = <usize>load<u32>(block, Worker.CLASSES_AT)
  if (classes != 0) setClasses(keys, classes)
  const rule = firstRule(set, keys, axes)
  if (rule == NO_RULE) return 0
  count(worker, load<u32>(ruleAt(set, rule), 4), load<u32>(frame, Frame.LENGTH))
  return load<u32>(ruleAt(set, rule))
}

/**
 * Finds out the classes of the addresses and ports of packets over IPv4 that are about to be judged, whose
 * descriptors lie from `frame` to `end`, and reads their lists ahead; `judge` goes by those that
 * Worker.CLASSES_AT names. False if that is not worth while. Of what is no such packet, nonsense is noted.
 */
export function approachRules(block: usize, config: usize, frame: usize, end: usize): bool {
  const set = <usize>load<u32>(config, Config.RULES)
  if (set == 0 || load<u32>(set) <= LISTED_RULES) return false
  approachAxis(block, axisAt(set, Axis.SOURCE4), 0, 26, frame, end)
  approachAxis(block, axisAt(set, Axis.DESTINATION4), 4, 30, frame, end)
  approachAxis(block, axisAt(set, Axis.SOURCE_PORT), 8, 34, frame, end)
  approachAxis(block, axisAt(set, Axis.DESTINATION_PORT), 12, 36, frame, end)
  return true
}

/** The same on one axis, whose values are `at` in the frame and whose classes are noted at `offset`. */
function approachAxis(
  block: usize,
  record: usize,
  offset: usize,
  at: usize,
  frame: usize,
  end: usize,
): void {
  const isPort = offset >= 8
  for (let each = frame; each < end; each += FRAME_SIZE) {
    const octets = swap32(load<u32>(<usize>load<u32>(each, Frame.ADDRESS) + at))
    const known = classAhead(record, isPort ? octets >> 16 : octets)
    store<u32>(classesOf(block, each) + offset, known)
  }
  // A loop that only reads has as many misses under way as the processor can.
  for (let each = frame; each < end; each += FRAME_SIZE) {
    touch(listOf(record, load<u32>(classesOf(block, each) + offset)))
  }
}

/** Where the classes of a descriptor are noted: u32 each. */
@inline
export function classesOf(block: usize, frame: usize): usize {
  const index = (frame - (block + Worker.FRAMES)) / FRAME_SIZE
  return block + Worker.CLASSES + ((index & (WAYS_MAX - 1)) << 4)
}

@inline
function setClasses(keys: usize, classes: usize): void {
  setKnown(keys, Axis.SOURCE4, load<u32>(classes))
  setKnown(keys, Axis.DESTINATION4, load<u32>(classes, 4))
  setKnown(keys, Axis.SOURCE_PORT, load<u32>(classes, 8))
  setKnown(keys, Axis.DESTINATION_PORT, load<u32>(classes, 12))
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
