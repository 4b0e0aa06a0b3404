/**
 * The shortest way through the router: of packets whose like went the short way (shortcut.ts) in the same era
 * (paths.ts). It goes by what the device left of a frame, not by its descriptor, which need not be there yet; so
 * only on ports whose frames lie as they were received. What stops it finds the frame as it came, and goes
 * the other ways, which this one agrees with in all it does.
 */
import { PortFlag, PortRecord, portRecord } from '../config'
import { countersOf, countTransmitted } from '../counter'
import { sendFitting } from '../egress/form'
import { asksOfKnown } from '../firewall'
import { capacityOf, countOf, tableOf } from '../flow/head'
import { count as countPacket, Flow, portsOf, sidesOf, tupleOf } from '../flow/record'
import { tickOf } from '../flow/state'
import { follow as followTcp } from '../flow/tcp'
import { FRAME_SIZE, Frame } from '../frame'
import { DIRECTORY, Directory, directory, Worker } from '../memory'
import { numbersAt, takeMore } from '../nat/identify'
import { interfaceMac, NO_MAC } from '../router/interface'
import { COUNTERS_SIZE, PATHS_FLOWS } from '../size'
import { TRANSMIT_SIZE } from '../transmit'
import { updateSmall } from '../wire/checksum'
import { destinationOf } from '../wire/ethernet'
import { IPv4 } from '../wire/ipv4'
import { swap16 } from '../wire/order'
import * as tcp from '../wire/tcp'
import { TCP } from '../wire/tcp'
import { UDP } from '../wire/udp'
import { approach, detoursAt, FOUND_SIZE, foundAt, foundEnd, hopOf } from './found'
import { Hop, stateNow } from './hops'
import { eraOf, KEEPS, Path, placeOf, REPLIES } from './paths'
import { roomIn, valueOf } from './shortcut'
import { L3, L4 } from './usual'

/** What a port must not have for what comes in by it to go this way. */
const DETOUR: u32 =
  PortFlag.DOOR |
  PortFlag.TUNNEL |
  PortFlag.ADMIT_TAGGED |
  PortFlag.ADMIT_UNTAGGED |
  PortFlag.LOCKED |
  PortFlag.POLICE_RECEIVE |
  PortFlag.MIRROR_RECEIVE |
  PortFlag.MIRROR_TARGET |
  PortFlag.OVERLAY |
  PortFlag.COALESCE
/** What comes in by a port without these is refused. */
const FORWARDS: u32 = PortFlag.PRESENT | PortFlag.UP

/** Why the loop stopped: the packet goes another way, its connection is to follow it, or it needs a number. */
namespace Stop {
  export const DETOUR: u32 = 0
  export const SEGMENT: u32 = 1
  export const NUMBER: u32 = 2
}

/**
 * Handles frames as they were received, from number `first` of the burst on, before `count`, for as long as
 * they go this way. Leaves the number of the first that does not in Worker.NEXT, and in DETOURS up to which
 * they do not; returns the number of transmit entries, which may be up to WAYS_MAX more than there is room for
 * to begin one: these were looked for when there was, and what is reserved is more.
 */
export function express(
  worker: u32,
  block: usize,
  config: usize,
  first: u32,
  count: u32,
  entries: u32,
  now: f64,
): u32 {
  store<u32>(block, first, Worker.NEXT)
  const port = load<u32>(block, Worker.PORT)
  const era = openEra(worker, block, config, port, now)
  const room = roomIn(block)
  store<u32>(block, u32.MAX_VALUE, Worker.DETOURS)
  if (era == 0 || entries >= room) return entries
  const mac = interfaceMac(config, load<u32>(portRecord(config, port), PortRecord.FID))
  store<u32>(block, first + 1, Worker.DETOURS)
  const received = block + Worker.RECEIVED + ((<usize>first) << 3)
  if (destinationOf(<usize>load<u32>(received)) != mac) return entries
  const last = min(count, first + room - entries)
  let next = first
  while (next < last) {
    if (next >= load<u32>(block, Worker.FOUND_TO)) approach(worker, block, next, last, mac)
    const done = runAll(worker, block, next, entries, era)
    entries += done
    next += done
    if (next >= load<u32>(block, Worker.FOUND_TO)) continue
    const detours = detoursAt(foundAt(block, next), foundEnd(block), era)
    store<u32>(block, next + detours, Worker.DETOURS)
    store<u32>(block, next, Worker.NEXT)
    return entries
  }
  store<u32>(block, 0, Worker.DETOURS)
  store<u32>(block, next, Worker.NEXT)
  return entries
}

/** Opens the era of a burst on `port`, in which paths are noted and gone by; 0 if they are not. */
function openEra(worker: u32, block: usize, config: usize, port: u32, now: f64): u32 {
  store<u32>(block, 0, Worker.ERA)
  const record = portRecord(config, port)
  const flags = load<u32>(record, PortRecord.FLAGS)
  const fid = load<u32>(record, PortRecord.FID)
  if ((flags & (DETOUR | FORWARDS)) != FORWARDS || interfaceMac(config, fid) == NO_MAC) return 0
  if (load<u32>(DIRECTORY, Directory.CAPTURING) != 0 || asksOfKnown(config)) return 0
  const table = tableOf(false)
  if (capacityOf(table) == 0 || countOf(table) > PATHS_FLOWS) return 0
  const state = stateNow(block)
  const value = valueOf(port, flags, fid, now)
  const era = eraOf(worker, block, port | (fid << 16), state, value, tickOf(now))
  store<u32>(block, era, Worker.ERA)
  store<u64>(block, state, Worker.ERA_STATE)
  return era
}

/**
 * The loop over what was found from frame number `index` on, and what it stops for. Returns how many went
 * this way.
 */
function runAll(worker: u32, block: usize, index: u32, entries: u32, era: u32): u32 {
  const begin = foundAt(block, index)
  const end = foundEnd(block)
  const list = block + Worker.TRANSMIT + <usize>entries * TRANSMIT_SIZE
  const counters = countersOf(worker, 0)
  const identity = directory(Directory.IDENTITY)
  let followed: usize = 0
  let at = begin
  while (true) {
    const entry = list + (at - begin) * (TRANSMIT_SIZE / FOUND_SIZE)
    at = run(at, end, entry, block, era, counters, identity, followed)
    if (at >= end) break
    const why = load<u32>(block, Worker.STOPPED)
    if (why == Stop.NUMBER) {
      const number = load<u32>(<usize>load<u32>(at, 4), Path.NUMBER) >> 16
      takeMore(numbersAt(block, number), number, 1)
    } else if (why == Stop.SEGMENT) {
      follow(block, at, index + <u32>(at - begin) / <u32>FOUND_SIZE)
      followed = at
    } else break
  }
  return <u32>(at - begin) / <u32>FOUND_SIZE
}

/** Lets a connection follow a segment, which is frame number `index`. */
function follow(block: usize, at: usize, index: u32): void {
  const record = <usize>load<u32>(at)
  const frame = block + Worker.FRAMES + <usize>index * FRAME_SIZE
  const segment = <usize>load<u32>(at, 8) + L4
  // All that is asked of the descriptor.
  store<u32>(frame, load<u32>(at, 12), Frame.LENGTH)
  store<u16>(frame, <u16>(L4 + tcp.dataOffsetOf(segment)), Frame.HEADERS)
  const which = (load<u32>(at, 4) >> REPLIES) & 1
  followTcp(record, sidesOf(tableOf(false), false, record), which, frame, segment)
}

/**
 * A loop without calls, for the reason that ../shortcut.ts gives, over what was found from `at` to `end`, with
 * transmit entries from `entry` on. `followed` is where a segment is that its connection has followed.
 * Returns where it stopped.
 */
function run(
  at: usize,
  end: usize,
  entry: usize,
  block: usize,
  era: u32,
  counters: usize,
  identity: usize,
  followed: usize,
): usize {
  let stop = Stop.DETOUR
  let last: u32 = u32.MAX_VALUE
  let frames: u32 = 0
  let octets: u32 = 0
  for (; at < end; at += FOUND_SIZE, entry += TRANSMIT_SIZE) {
    const record = <usize>load<u32>(at)
    const path = <usize>load<u32>(at, 4)
    if (record == 0) break
    if (load<u32>(path) != era) break
    const address = <usize>load<u32>(at, 8)
    const packet = address + L3
    const source = load<u64>(path, Path.SOURCE)
    if (((load<u64>(address, 6) << 16) ^ source) >> 16 != 0) break
    const reply = (<u32>path >> REPLIES) & 1
    const tuple = tupleOf(record, false, reply)
    const other = tupleOf(record, false, reply ^ 1)
    if (load<u64>(tuple) != load<u64>(packet, 12)) break
    if (portsOf(tuple, false) != load<u32>(packet, 20)) break
    const addresses = rotl<u64>(load<u64>(other), 32)
    const ports = rotl<u32>(portsOf(other, false), 16)
    const what = <u32>load<u16>(record, Flow.PROTOCOL) | placeOf(record) // and STATE
    // Behind what was read of the record: it is that flow's still.
    if (atomic.load<u32>(record) != load<u32>(path, Path.WORD)) break
    if (what != load<u32>(path, Path.PROTOCOL)) break
    const second = load<u64>(packet, 8)
    if (((<u32>(second >> 8) ^ what) & 0xff) != 0) break
    const hop = hopOf(block, source)
    if (load<u32>(hop, Hop.SERIAL) != load<u32>(path, Path.SERIAL)) break
    const length = load<u32>(at, 12)
    if (length > load<u32>(hop, Hop.MOST)) break
    if ((what & 0xff) == TCP.PROTOCOL && at != followed) {
      stop = Stop.SEGMENT
      break
    }
    let change = <u32>load<u16>(path, Path.HEADER_CHANGE)
    const number = load<u32>(path, Path.NUMBER)
    if (number != KEEPS && (load<u8>(packet, 6) & 0x40) == 0) {
      const own = numbersAt(block, number >> 16)
      const left = load<u32>(own, 4)
      if (left == 0) {
        stop = Stop.NUMBER
        break
      }
      change += renumber(packet, own, left, number)
    }
    countPacket(record, 1, length)
    rewriteHeader(packet, second, change, addresses)
    translate(packet + IPv4.HEADER, ports, <u32>load<u16>(path, Path.CHANGE), what & 0xff)
    store<u64>(address, load<u64>(hop, Hop.MACS))
    store<u32>(address, load<u32>(hop, Hop.MACS + 8), 8)
    const port = load<u32>(hop, Hop.PORT)
    sendFitting(entry, address, length, identity + ((<usize>port) << 2))
    if (port != last) {
      if (frames != 0) countTransmitted(counters + <usize>last * COUNTERS_SIZE, frames, octets)
      last = port
      frames = 0
      octets = 0
    }
    frames++
    octets += length
  }
  if (frames != 0) countTransmitted(counters + <usize>last * COUNTERS_SIZE, frames, octets)
  store<u32>(block, stop, Worker.STOPPED)
  return at
}

/** Gives a packet the next number of a counter of which `left` are taken; returns what its checksum changes by. */
@inline
function renumber(packet: usize, own: usize, left: u32, number: u32): u32 {
  const next = load<u32>(own)
  store<u32>(own, next + 1)
  store<u32>(own, left - 1, 4)
  const fresh = <u32>swap16(<u16>(next + number))
  const change = fresh + 0xffff - <u32>load<u16>(packet, 4)
  store<u16>(packet, <u16>fresh, 4)
  return change
}

/** Takes a hop and writes addresses; `second` is what the header has at 8, `change` what its checksum changes by. */
@inline
function rewriteHeader(packet: usize, second: u64, change: u32, addresses: u64): void {
  const sum = <u64>updateSmall(<u32>(second >> 16) & 0xffff, change)
  store<u64>(packet, ((second & 0xffff) - 1) | (sum << 16) | (addresses << 32), 8)
  store<u32>(packet, <u32>(addresses >> 32), 16)
}

/** Writes ports, if there is a change; of a datagram a checksum of zero says that there is none (RFC 768). */
@inline
function translate(transport: usize, ports: u32, change: u32, protocol: u32): void {
  if (change == 0) return
  store<u32>(transport, ports)
  const isDatagram = protocol == UDP.PROTOCOL
  const field = transport + (isDatagram ? <usize>UDP.CHECKSUM : <usize>TCP.CHECKSUM)
  const sum = <u32>load<u16>(field)
  if (isDatagram && sum == 0) return
  const then = updateSmall(sum, change)
  store<u16>(field, <u16>(isDatagram && then == 0 ? 0xffff : then))
}
