/**
 * The underlay: datagrams that a device received become the frames that are in them, as if each had come
 * in by the port that is its tunnel (tunnel.ts). A burst is of one port, so it is cut wherever the tunnel
 * changes; what is left of it waits in the worker's block.
 *
 * A device may hand over a run of datagrams as one (overlay/decapsulate.ts). Then nothing is free before
 * the second and later frames of a run, but the end of the one before: those that were not joined into
 * a super-frame and do not leave as they lie are moved apart, into the second half of the arena, of which
 * an underlay's device fills the first only.
 */
import { PortFlag, PortRecord, portRecord } from './config'
import { bump, Counter, countersOf, dropReceived } from './counter'
import { Drop } from './drop'
import { FRAME_SIZE, Frame } from './frame'
import { arena, Directory, directory, Worker } from './memory'
import { coalesce } from './offload/coalesce'
import { adoptAll } from './offload/leftover'
import {
  datagramSize,
  ecnOf,
  isWide,
  look,
  payloadAt,
  payloadEnd,
  senderOf,
} from './overlay/decapsulate'
import { Ecn } from './overlay/ecn'
import { interfaceMac, NO_MAC } from './router/interface'
import { BURST_MAX, CACHE_LINE } from './size'
import { isOf, isVniKnown, NOBODY, OUTER4, Tunnel, tunnelFrom, tunnelOf } from './tunnel'
import {
  BEFORE,
  begin,
  countReceived,
  FIRST,
  follow,
  ingressOf,
  ROOM,
  singles,
} from './underlay/usual'
import { hasVni, Vxlan, vniOf } from './wire/vxlan'

/** Where in a cache line a frame lies that is moved. */
const LINE_OFFSET: usize = 14
/** Octets of a frame that are moved without a call. */
const SHORT: usize = 128

/** Starts a burst of `count` datagrams that came in by `port`. */
export function beginDatagrams(block: usize, port: u32, count: u32): void {
  store<u32>(block, port + 1, Worker.UNDERLAY)
  store<u32>(block, count, Worker.DATAGRAMS)
  store<u32>(block, 0, Worker.DATAGRAM)
  store<u32>(block, 0, Worker.DATAGRAM_AT)
}

/**
 * Makes descriptors of the next frames of the burst, all of one tunnel, which is left in Worker.PORT.
 * Returns how many; 0 is the end of the burst.
 */
function nextFrames(worker: u32, block: usize, config: usize): u32 {
  const datagrams = load<u32>(block, Worker.DATAGRAMS)
  store<u32>(block, NOBODY, Worker.PORT)
  store<u32>(block, load<u32>(block, Worker.SPREAD), Worker.RESERVED)
  let count: u32 = 0
  for (let index = load<u32>(block, Worker.DATAGRAM); index < datagrams; index++) {
    const known = load<u32>(block, Worker.PORT)
    if (known != NOBODY && isNarrow(config, known)) {
      const more = singles(worker, block, config, known, index, count)
      count += more
      index += more
      if (index == datagrams) break
    }
    store<u32>(block, index, Worker.DATAGRAM)
    if (count == BURST_MAX) return count
    const received = load<u64>(block + Worker.RECEIVED + ((<usize>index) << 3))
    const address = <usize>(<u32>received)
    if (load<u32>(block, Worker.DATAGRAM_AT) == 0) {
      if (!open(worker, block, address, <u32>(received >> 32))) continue
    }
    count = unwrap(worker, block, config, address, count)
    if (load<u32>(block, Worker.DATAGRAM_AT) != 0) return count
  }
  store<u32>(block, datagrams, Worker.DATAGRAM)
  return count
}

/**
 * Reads the headers of a datagram, or of a run of them; false if there is nothing in it. This is done
 * once: what leaves of its first frame may write over the UDP header (egress/form.ts).
 */
function open(worker: u32, block: usize, address: usize, length: u32): bool {
  const underlay = load<u32>(block, Worker.UNDERLAY) - 1
  const counters = countersOf(worker, underlay)
  bump(counters + Counter.RX_OCTETS, length)
  const at = payloadAt(address, length)
  if (at == 0) {
    bump(counters + Counter.RX_FRAMES, 1)
    dropReceived(worker, underlay, Drop.OUTER_HEADER, 1)
    return false
  }
  const end = payloadEnd(address, at)
  const size = max<u32>(datagramSize(address, end - at), 1)
  bump(counters + Counter.RX_FRAMES, max<u32>(1, (end - at + size - 1) / size))
  store<u32>(block, at, Worker.DATAGRAM_AT)
  store<u32>(block, end, Worker.DATAGRAM_END)
  store<u32>(block, size, Worker.DATAGRAM_SIZE)
  return true
}

/**
 * Makes descriptors of the frames in what was opened, from number `count` on. Leaves in Worker.DATAGRAM_AT
 * where to go on if another tunnel follows or there is no descriptor left, else 0.
 */
function unwrap(worker: u32, block: usize, config: usize, address: usize, count: u32): u32 {
  const underlay = load<u32>(block, Worker.UNDERLAY) - 1
  const end = load<u32>(block, Worker.DATAGRAM_END)
  const size = load<u32>(block, Worker.DATAGRAM_SIZE)
  const wide = isWide(address)
  const ecn = ecnOf(address, wide)
  const usual = ecn != Ecn.CE && ecn != Ecn.ECT1
  let own = false // the tunnel is that of this sender
  let tunnel = load<u32>(block, Worker.PORT)
  for (let from = load<u32>(block, Worker.DATAGRAM_AT); from < end; from += size) {
    if (own && usual) {
      const stop = follow(worker, block, config, tunnel, address, from, end, size, count)
      count += (stop - from) / size
      from = stop
      if (from >= end) break
    }
    const vxlan = address + from
    const octets = min(size, end - from)
    const source = tunnelOfDatagram(
      config,
      underlay,
      tunnel,
      vxlan,
      octets,
      senderOf(address, wide),
      wide,
    )
    if (source == NOBODY) {
      stray(worker, config, underlay, vxlan, octets)
      continue
    }
    const fits = from <= FIRST || hasRoom(block, octets)
    if (count != 0 && (source != tunnel || count == BURST_MAX || !fits)) {
      store<u32>(block, from, Worker.DATAGRAM_AT)
      return count
    }
    if (tunnel != source) store<u32>(block, source, Worker.PORT)
    tunnel = source
    own = true
    const record = portRecord(config, source)
    countReceived(countersOf(worker, source), 1, octets - Vxlan.HEADER)
    const why = look(tunnelOf(record), vxlan, octets, ecn)
    if (why != 0) dropReceived(worker, source, why, 1)
    else {
      const frame = block + Worker.FRAMES + <usize>count * FRAME_SIZE
      begin(frame, vxlan, octets - Vxlan.HEADER, ingressOf(source, record), from)
      count++
    }
  }
  store<u32>(block, 0, Worker.DATAGRAM_AT)
  return count
}

/** True for a tunnel over IPv4. */
@inline
function isNarrow(config: usize, port: u32): bool {
  return <u32>load<u8>(tunnelOf(portRecord(config, port)), Tunnel.OUTER) == OUTER4
}

/** The tunnel by which a datagram came, mostly the one before; NOBODY for a stranger's. */
@inline
function tunnelOfDatagram(
  config: usize,
  underlay: u32,
  tunnel: u32,
  vxlan: usize,
  octets: u32,
  sender: usize,
  wide: bool,
): u32 {
  if (octets < Vxlan.HEADER || !hasVni(vxlan)) return NOBODY
  const vni = vniOf(vxlan)
  if (tunnel != NOBODY && isOf(tunnelOf(portRecord(config, tunnel)), underlay, vni, sender, wide)) {
    return tunnel
  }
  return tunnelFrom(config, underlay, vni, sender, wide)
}

/** Counts a datagram of no tunnel (CONFORMANCE X1, X3, X9). */
function stray(worker: u32, config: usize, underlay: u32, vxlan: usize, octets: u32): void {
  let why = Drop.VXLAN_HEADER
  if (octets >= Vxlan.HEADER && hasVni(vxlan)) {
    why = isVniKnown(config, underlay, vniOf(vxlan)) ? Drop.VTEP_UNLISTED : Drop.VNI_UNKNOWN
  }
  dropReceived(worker, underlay, why, 1)
}

/** Nothing that is on a transmit list, or is still to be handled, lies where frames are moved or joined. */
@inline
export function startSpace(block: usize): void {
  store<u32>(block, 0, Worker.SPREAD)
  store<u32>(block, 0, Worker.JOINED)
}

/** Takes room for a frame that may have to be moved; false if there is none. */
@inline
function hasRoom(block: usize, octets: u32): bool {
  const reserved = load<u32>(block, Worker.RESERVED) + octets + ROOM
  store<u32>(block, reserved, Worker.RESERVED)
  return <usize>reserved <= directory(Directory.ARENA_SIZE) >> 1
}

/**
 * Moves a frame that lies close behind another to where headers of its own can be put before it. Room was
 * reserved for it.
 */
export function moveApart(worker: u32, block: usize, frame: usize): void {
  if (load<u8>(frame, Frame.CLOSE) == 0) return
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const length = <usize>load<u32>(frame, Frame.LENGTH)
  const half = arena(worker) + (directory(Directory.ARENA_SIZE) >> 1)
  const to = half + <usize>load<u32>(block, Worker.SPREAD) + BEFORE + LINE_OFFSET
  if (length > SHORT) memory.copy(to, address, length)
  else copyShort(to, address, length)
  store<u32>(frame, <u32>to, Frame.ADDRESS)
  store<u8>(frame, 0, Frame.CLOSE)
  const end = (to + length - half + CACHE_LINE - 1) & ~(CACHE_LINE - 1)
  store<u32>(block, <u32>end, Worker.SPREAD)
}

/**
 * True if frames that came in by the tunnel may stay close: most leave as they lie (shortcut.ts), and the
 * bridge moves what does not. The router handles many at once, and tags are put before the frame.
 */
@inline
function mayStay(config: usize, record: usize): bool {
  if ((load<u32>(record, PortRecord.FLAGS) & PortFlag.VLAN_AWARE) != 0) return false
  return interfaceMac(config, load<u32>(record, PortRecord.FID)) == NO_MAC
}

/** Copies up to 15 octets more than asked: they fall into what is kept free. */
@inline
function copyShort(to: usize, from: usize, length: usize): void {
  for (let at: usize = 0; at < length; at += 16) v128.store(to + at, v128.load(from + at))
}

/** True when so much of the second half of the arena is used that no more frames are begun. */
@inline
function isSpreadFull(block: usize): bool {
  return <usize>load<u32>(block, Worker.SPREAD) > directory(Directory.ARENA_SIZE) >> 2
}

/** Makes the frames of the next tunnel in a burst of the underlay the burst; false at its end. */
export function unwrapped(worker: u32, block: usize, config: usize): bool {
  const came = nextFrames(worker, block, config)
  let count = came
  if (came == 0) store<u32>(block, 0, Worker.UNDERLAY)
  else {
    const record = portRecord(config, load<u32>(block, Worker.PORT))
    const mtu = load<u32>(record, PortRecord.MTU)
    const frames = block + Worker.FRAMES
    adoptAll(frames, frames + <usize>came * FRAME_SIZE, mtu)
    const joins = (load<u32>(record, PortRecord.FLAGS) & PortFlag.COALESCE) != 0
    if (joins) count = coalesce(worker, block, came)
    if (count != came) store<u32>(block, 1, Worker.JOINED)
    if (!mayStay(config, record)) {
      for (let index: u32 = 0; index < count; index++) {
        moveApart(worker, block, frames + <usize>index * FRAME_SIZE)
      }
    }
  }
  store<u32>(block, 0, Worker.NEXT)
  store<u32>(block, count, Worker.COUNT)
  return came != 0
}

/** True when frames of the next tunnel may not find room, or would lie where those on the list do. */
@inline
export function isUsedUp(block: usize): bool {
  return isSpreadFull(block) || load<u32>(block, Worker.JOINED) != 0
}
