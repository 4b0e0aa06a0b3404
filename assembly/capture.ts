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
import { CAPTURES_MAX, filterOf, matches, mostOf, Wants, whoWants } from './capture/filter'
import { latched, portRecord } from './config'
import { bump } from './counter'
import { FRAME_SIZE, Frame } from './frame'
import { Directory, directory, Worker } from './memory'
import { CAPTURE_DATA, CAPTURE_SIZE } from './size'
import { TRANSMIT_SIZE } from './transmit'
import { Tunnel, tunnelOf } from './tunnel'
import { Virtio } from './wire/virtio'

const HEAD: usize = 0
const LOST: usize = 8
const TAIL: usize = 64
const DATA: usize = 128
const RECORD: u32 = 32
/** Octets that a filter may look at: tags, SNAP headers and addresses, however little is kept. */
const LOOKED_AT: u32 = 160

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
    const entry = block + Worker.TRANSMIT + <usize>index * TRANSMIT_SIZE
    offerSent(ring, entry, now)
    if (load<u32>(entry, 28) != 0) offerInner(ring, block, entry, now)
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

/** Offers the datagrams of a burst of the underlay, as they came: `count` of them, by `port`. */
export function captureDatagrams(worker: u32, block: usize, port: u32, count: u32, now: f64): void {
  const ring = ringOf(worker)
  for (let index: u32 = 0; index < count; index++) {
    const wanted = whoWants(port, Wants.RECEIVED)
    if (wanted == 0) return
    const received = load<u64>(block + Worker.RECEIVED + ((<usize>index) << 3))
    const record = begin(ring, wanted, <u32>(received >> 32))
    if (record == 0) return
    memory.copy(record + RECORD, <usize>(<u32>received), load<u32>(record, 20))
    finish(ring, record, wanted, port, 1, now)
  }
}

/** Offers the frame in a datagram that was sent, as what left by its tunnel. */
function offerInner(ring: usize, block: usize, entry: usize, now: f64): void {
  const port = load<u32>(entry, 28) - 1
  const wanted = whoWants(port, Wants.TRANSMITTED)
  if (wanted == 0) return
  const tunnel = tunnelOf(portRecord(latched(block), port))
  copySent(ring, entry, <u32>load<u8>(tunnel, Tunnel.OUTER), wanted, port, now)
}

function offerSent(ring: usize, entry: usize, now: f64): void {
  const ports = <usize>load<u32>(entry, 16)
  const count = load<u32>(entry, 20)
  const except = load<u32>(entry, 24)
  for (let index: u32 = 0; index < count; index++) {
    const port = load<u32>(ports + ((<usize>index) << 2))
    if (port == except) continue
    const wanted = whoWants(port, Wants.TRANSMITTED)
    if (wanted != 0) copySent(ring, entry, 0, wanted, port, now)
  }
}

/** Copies what was sent, from `skipped` octets behind the virtio-net header on. */
function copySent(ring: usize, entry: usize, skipped: u32, wanted: u32, port: u32, now: f64): void {
  const head = <usize>load<u32>(entry) + Virtio.HEADER + skipped
  const headLength = load<u32>(entry, 4) - <u32>Virtio.HEADER - skipped
  const record = begin(ring, wanted, headLength + load<u32>(entry, 12))
  if (record == 0) return
  const captured = load<u32>(record, 20)
  const ofHead = min(headLength, captured)
  memory.copy(record + RECORD, head, ofHead)
  memory.copy(record + RECORD + ofHead, <usize>load<u32>(entry, 8), captured - ofHead)
  finish(ring, record, wanted, port, 2, now)
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
