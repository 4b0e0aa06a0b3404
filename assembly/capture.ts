/**
 * Captures: copies of the frames that come in and go out, for control to write to a file. A ring per
 * worker, bounded: what does not fit is counted, never waited for. Up to 32 captures run at once,
 * each with a filter; a frame is copied once for all that want it. With none running, one word is
 * looked at a burst.
 *
 * A ring: 0 head u32 (written by the worker), 8 lost u64, 64 tail u32 (written by the reader), records
 * from 128 on. Head and tail count octets and wrap at 2^32. A record, a multiple of 8 octets:
 *    0 size u32   4 captures u32, a bit each (0: padding)   8 port u32   12 direction u8, drop reason u8
 *   16 length u32   20 captured u32   24 time f64 ms   32 the frame's first `captured` octets
 */
import { bump } from './counter'
import { FRAME_SIZE, Frame } from './frame'
import { DIRECTORY, Directory, directory, Worker } from './memory'
import { CAPTURE_DATA, CAPTURE_SIZE } from './size'
import { TRANSMIT_SIZE } from './transmit'
import { destinationOf, Ethernet, EtherType, sourceOf } from './wire/ethernet'
import { swap16 } from './wire/order'
import { payloadOf } from './wire/payload'
import { Virtio } from './wire/virtio'
import { tagAt, tciOf, Vlan } from './wire/vlan'

const HEAD: usize = 0
const LOST: usize = 8
const TAIL: usize = 64
const DATA: usize = 128
const RECORD: u32 = 32
/** Octets that a filter may look at: tags, SNAP headers and addresses, however little is kept. */
const LOOKED_AT: u32 = 160

export const CAPTURES_MAX: u32 = 32
const FILTER_SIZE: usize = 64

/**
 * A filter: 0 wants u32, 4 port u32, 8 mac u64, 16 etherType u32, 20 vlan u32, 24 version u32 (4 or 6),
 * 28 prefix length u32, 32 address 16 octets, 48 most octets of a frame u32.
 */
export namespace Wants {
  export const RECEIVED: u32 = 1
  export const TRANSMITTED: u32 = 2
  export const DROPPED: u32 = 4
  export const PORT: u32 = 8
  export const MAC: u32 = 16
  export const ETHER_TYPE: u32 = 32
  export const VLAN: u32 = 64
  export const ADDRESS: u32 = 128
}

@inline
function filterOf(which: u32): usize {
  return DIRECTORY + Directory.FILTERS + <usize>which * FILTER_SIZE
}

@inline
function ringOf(worker: u32): usize {
  return directory(Directory.CAPTURES) + <usize>worker * CAPTURE_SIZE
}

/** Offers what a call of the packet path received, from frame `first` to `next`, and what it sent. */
export function capture(
  worker: u32,
  block: usize,
  first: u32,
  next: u32,
  entries: u32,
  now: f64,
): void {
  const ring = ringOf(worker)
  for (let index = first; index < next; index++) {
    offerReceived(ring, block + Worker.FRAMES + <usize>index * FRAME_SIZE, now)
  }
  for (let index: u32 = 0; index < entries; index++) {
    offerSent(ring, block + Worker.TRANSMIT + <usize>index * TRANSMIT_SIZE, now)
  }
}

function offerReceived(ring: usize, frame: usize, now: f64): void {
  const port = <u32>load<u16>(frame, Frame.PORT)
  const reason = <u32>load<u8>(frame, Frame.DROP)
  const wanted = whoWants(port, reason == 0 ? Wants.RECEIVED : Wants.RECEIVED | Wants.DROPPED)
  if (wanted == 0) return
  const record = begin(ring, wanted, load<u32>(frame, Frame.LENGTH))
  if (record == 0) return
  // It lies as it came: nothing is put in place of its tag while there is a capture.
  memory.copy(record + RECORD, <usize>load<u32>(frame, Frame.ADDRESS), load<u32>(record, 20))
  finish(ring, record, wanted, port, 1 | (reason << 8), now)
}

function offerSent(ring: usize, entry: usize, now: f64): void {
  const ports = <usize>load<u32>(entry, 16)
  const count = load<u32>(entry, 20)
  const except = load<u32>(entry, 24)
  for (let index: u32 = 0; index < count; index++) {
    const port = load<u32>(ports + ((<usize>index) << 2))
    if (port == except) continue
    const wanted = whoWants(port, Wants.TRANSMITTED)
    if (wanted != 0) copySent(ring, entry, wanted, port, now)
  }
}

function copySent(ring: usize, entry: usize, wanted: u32, port: u32, now: f64): void {
  const head = <usize>load<u32>(entry) + Virtio.HEADER
  const headLength = load<u32>(entry, 4) - <u32>Virtio.HEADER
  const record = begin(ring, wanted, headLength + load<u32>(entry, 12))
  if (record == 0) return
  const captured = load<u32>(record, 20)
  const ofHead = min(headLength, captured)
  memory.copy(record + RECORD, head, ofHead)
  memory.copy(record + RECORD + ofHead, <usize>load<u32>(entry, 8), captured - ofHead)
  finish(ring, record, wanted, port, 2, now)
}

/** The captures that may want a frame of this port, a bit each; `kind` is of Wants. */
function whoWants(port: u32, kind: u32): u32 {
  const active = load<u32>(DIRECTORY, Directory.CAPTURING)
  let wanted: u32 = 0
  for (let which: u32 = 0; which < CAPTURES_MAX; which++) {
    if (((active >> which) & 1) == 0) continue
    const filter = filterOf(which)
    const wants = load<u32>(filter)
    if ((wants & kind) == 0) continue
    if ((wants & Wants.PORT) != 0 && load<u32>(filter, 4) != port) continue
    wanted |= 1 << which
  }
  return wanted
}

/** The most octets that any of some captures keeps. */
function mostOf(captures: u32): u32 {
  let most: u32 = 0
  for (let which: u32 = 0; which < CAPTURES_MAX; which++) {
    if (((captures >> which) & 1) != 0) most = max(most, load<u32>(filterOf(which), 48))
  }
  return most
}

/** Finds room for a record; 0, and the loss counted, if there is none. Sets its lengths. */
function begin(ring: usize, wanted: u32, length: u32): usize {
  const captured = min(max(mostOf(wanted), LOOKED_AT), length)
  const size = (RECORD + captured + 7) & ~7
  let head = load<u32>(ring, HEAD)
  const left = CAPTURE_DATA - (head & (CAPTURE_DATA - 1))
  // A record lies in one piece: the end of the ring is padded where it does not fit.
  const padding = left < size ? left : 0
  const used = head - atomic.load<u32>(ring, TAIL)
  if (used + padding + size > CAPTURE_DATA) {
    bump(ring + LOST, 1)
    return 0
  }
  if (padding != 0) {
    const pad = ring + DATA + <usize>(head & (CAPTURE_DATA - 1))
    store<u32>(pad, padding)
    store<u32>(pad, 0, 4)
    head += padding
    atomic.store<u32>(ring, head, HEAD)
  }
  const record = ring + DATA + <usize>(head & (CAPTURE_DATA - 1))
  store<u32>(record, size)
  store<u32>(record, length, 16)
  store<u32>(record, captured, 20)
  return record
}

/** Leaves the record to the reader if a filter lets the frame through. */
function finish(ring: usize, record: usize, wanted: u32, port: u32, kind: u32, now: f64): void {
  const captured = load<u32>(record, 20)
  let matched: u32 = 0
  for (let which: u32 = 0; which < CAPTURES_MAX; which++) {
    const bit: u32 = 1 << which
    if ((wanted & bit) != 0 && matches(filterOf(which), record + RECORD, captured)) matched |= bit
  }
  if (matched == 0) return
  const kept = min(mostOf(matched), captured)
  store<u32>(record, (RECORD + kept + 7) & ~7)
  store<u32>(record, kept, 20)
  store<u32>(record, matched, 4)
  store<u32>(record, port, 8)
  store<u32>(record, kind, 12)
  store<f64>(record, now, 24)
  atomic.store<u32>(ring, load<u32>(ring, HEAD) + load<u32>(record), HEAD)
}

function matches(filter: usize, frame: usize, length: u32): bool {
  const wants = load<u32>(filter)
  if (wants < Wants.MAC) return true
  if (length < Ethernet.HEADER) return false
  if ((wants & Wants.MAC) != 0) {
    const mac = load<u64>(filter, 8)
    if (sourceOf(frame) != mac && destinationOf(frame) != mac) return false
  }
  if ((wants & Wants.VLAN) != 0) {
    const tag = length < Vlan.HEADER ? 0 : tagAt(frame)
    const type = <u32>swap16(<u16>tag)
    const tagged = type == EtherType.VLAN || type == EtherType.QINQ
    if (!tagged || (tciOf(tag) & Vlan.VID_MASK) != load<u32>(filter, 20)) return false
  }
  if ((wants & (Wants.ETHER_TYPE | Wants.ADDRESS)) == 0) return true
  const payload = payloadOf(frame, length)
  if ((wants & Wants.ETHER_TYPE) != 0 && payload >> 16 != load<u32>(filter, 16)) return false
  return (wants & Wants.ADDRESS) == 0 || hasAddress(filter, frame, length, payload)
}

/** True if the IP source or destination, or an address that ARP speaks of, lies in the prefix. */
function hasAddress(filter: usize, frame: usize, length: u32, payload: u32): bool {
  const type = payload >> 16
  const at = payload & 0xffff
  const version6 = load<u32>(filter, 24) == 6
  if (version6) {
    if (type != EtherType.IPV6 || at + 40 > length) return false
    return inPrefix(filter, frame + at + 8) || inPrefix(filter, frame + at + 24)
  }
  if (type == EtherType.IPV4) {
    return (
      at + 20 <= length && (inPrefix(filter, frame + at + 12) || inPrefix(filter, frame + at + 16))
    )
  }
  if (type != EtherType.ARP || at + 28 > length) return false
  return inPrefix(filter, frame + at + 14) || inPrefix(filter, frame + at + 24)
}

function inPrefix(filter: usize, address: usize): bool {
  let bits = load<u32>(filter, 28)
  let at: usize = 0
  for (; bits >= 8; bits -= 8, at++) {
    if (load<u8>(filter + at, 32) != load<u8>(address + at)) return false
  }
  return bits == 0 || <u32>(load<u8>(filter + at, 32) ^ load<u8>(address + at)) >> (8 - bits) == 0
}

/**
 * Starts capture `which` (0 to 31), or changes its filter: `wants` says which of the rest are asked
 * for. The address is four words as a load of its octets gives them.
 */
export function captureStart(
  which: u32,
  wants: u32,
  port: u32,
  macHigh: u32,
  macLow: u32,
  etherType: u32,
  vlan: u32,
  snapLength: u32,
): void {
  const filter = filterOf(which)
  store<u32>(filter, wants)
  store<u32>(filter, port, 4)
  store<u64>(filter, bswap<u64>(((<u64>macHigh) << 32) | <u64>macLow) >> 16, 8)
  store<u32>(filter, etherType, 16)
  store<u32>(filter, vlan, 20)
  store<u32>(filter, snapLength, 48)
  atomic.or<u32>(DIRECTORY, 1 << which, Directory.CAPTURING)
}

/** Sets the address that a capture asks for, before it is started: IP version, prefix, octets as words. */
export function captureAddress(
  which: u32,
  version: u32,
  prefix: u32,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
): void {
  const filter = filterOf(which)
  store<u32>(filter, version, 24)
  store<u32>(filter, prefix, 28)
  store<u32>(filter, a, 32)
  store<u32>(filter, b, 36)
  store<u32>(filter, c, 40)
  store<u32>(filter, d, 44)
}

export function captureStop(which: u32): void {
  atomic.and<u32>(DIRECTORY, ~(1 << which), Directory.CAPTURING)
}

/** Address of the oldest record of `worker`, or 0. One reader only. */
export function captureNext(worker: u32): usize {
  const ring = ringOf(worker)
  while (true) {
    const tail = load<u32>(ring, TAIL)
    if (tail == atomic.load<u32>(ring, HEAD)) return 0
    const record = ring + DATA + <usize>(tail & (CAPTURE_DATA - 1))
    if (load<u32>(record, 4) != 0) return record
    atomic.store<u32>(ring, tail + load<u32>(record), TAIL)
  }
}

/** Gives the record's room back. */
export function captureDone(worker: u32): void {
  const ring = ringOf(worker)
  const tail = load<u32>(ring, TAIL)
  const record = ring + DATA + <usize>(tail & (CAPTURE_DATA - 1))
  atomic.store<u32>(ring, tail + load<u32>(record), TAIL)
}

/** Frames that did not fit the ring. */
export function capturesLost(worker: u32): f64 {
  return <f64>atomic.load<u64>(ringOf(worker), LOST)
}
