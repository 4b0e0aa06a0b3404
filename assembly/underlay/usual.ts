/**
 * The usual datagrams: each of the tunnel that the one before came by, over IPv4 without options, of which
 * nothing is asked and nothing is wrong. Loops without calls, for the reason that shortcut.ts gives; each
 * stops at the first that is not usual, which underlay.ts takes the long way, with the same outcome.
 */
import { PortRecord, portRecord } from '../config'
import { bump, Counter, countersOf } from '../counter'
import { FRAME_SIZE, Frame } from '../frame'
import { Directory, directory, Worker } from '../memory'
import { BURST_MAX, CACHE_LINE } from '../size'
import { Tunnel, TunnelOption, tunnelOf, VNI_MASK } from '../tunnel'
import { Ethernet, etherTypeAt, isTag } from '../wire/ethernet'
import { swap16 } from '../wire/order'
import { requestOf, Virtio } from '../wire/virtio'
import { Vxlan } from '../wire/vxlan'

/** Octets kept free before a frame that is moved, its virtio-net header among them. */
export const BEFORE: usize = 192

/** The furthest that the first datagram of a run begins, behind Ethernet, IPv6 and UDP; the next one is behind. */
export const FIRST: u32 = 14 + 40 + 8

/** Of a datagram over IPv4 without options: where parts of IP and UDP stand, and where VXLAN begins. */
const TYPE: usize = 12
const TOTAL: usize = 16
const FLAGS: usize = 20
const SENDER: usize = 26
const OCTETS: usize = 38
const VXLAN: usize = 42
/** The shortest with a frame in it. */
const LEAST: u32 = <u32>VXLAN + Vxlan.HEADER + Ethernet.HEADER

/** EtherType, version and header length, as a load gives them, and of the service octet ECT(1) and CE. */
const IPV4: u32 = 0x00450008
const IPV4_MASK: u32 = 0x01ffffff
/** No fragment, and UDP. */
const WHOLE_UDP: u32 = 0x11000000
const WHOLE_UDP_MASK: u32 = 0xff00ff3f

/** Starts the descriptor of the frame behind the VXLAN header at `vxlan`. */
@inline
export function begin(frame: usize, vxlan: usize, octets: u32, ingress: u32, from: u32): void {
  store<u32>(frame, <u32>vxlan + Vxlan.HEADER, Frame.ADDRESS)
  store<u32>(frame, octets, Frame.LENGTH)
  store<u32>(frame, ingress, Frame.PORT) // and Frame.FID
  v128.store(frame, i64x2.splat(0), Frame.ETHER_TYPE) // and all up to Frame.TAG
  store<u32>(frame, 0, Frame.TCI) // and NESTED, PROTOCOL
  store<u8>(frame, from > FIRST ? 1 : 0, Frame.CLOSE)
}

/** The port and the domain of what comes by a tunnel, as a descriptor has them. */
@inline
export function ingressOf(port: u32, record: usize): u32 {
  return port | (load<u32>(record, PortRecord.FID) << 16)
}

/** What of a VXLAN header has to be as the tunnel's own. */
@inline
function maskOf(tunnel: usize): u64 {
  const strict = (<u32>load<u8>(tunnel, Tunnel.OPTIONS) & TunnelOption.STRICT) != 0
  return strict ? u64.MAX_VALUE : ((<u64>VNI_MASK) << 32) | <u64>Vxlan.FLAG_VNI
}

/** The VXLAN header that the tunnel sends. */
@inline
function headerOf(tunnel: usize): u64 {
  const outer = <usize>load<u8>(tunnel, Tunnel.OUTER)
  return load<u64>(tunnel + Tunnel.HEADERS + outer - Vxlan.HEADER)
}

@inline
function takesTags(tunnel: usize): bool {
  return (<u32>load<u8>(tunnel, Tunnel.OPTIONS) & TunnelOption.TAGGED) != 0
}

/**
 * Makes descriptors, from number `count` on, of the frames in datagrams from number `index` on, one in
 * each, that came by the tunnel of `port` over IPv4. Returns how many.
 */
export function singles(
  worker: u32,
  block: usize,
  config: usize,
  port: u32,
  index: u32,
  count: u32,
): u32 {
  const record = portRecord(config, port)
  const tunnel = tunnelOf(record)
  const ingress = ingressOf(port, record)
  const sender = load<u32>(tunnel, Tunnel.HEADERS + 30)
  const header = headerOf(tunnel)
  const mask = maskOf(tunnel)
  const tags = takesTags(tunnel)
  const first = block + Worker.RECEIVED + ((<usize>index) << 3)
  const most = min(load<u32>(block, Worker.DATAGRAMS) - index, BURST_MAX - count)
  const end = first + ((<usize>most) << 3)
  let from = first
  let frame = block + Worker.FRAMES + <usize>count * FRAME_SIZE
  let outer: u64 = 0
  let inner: u64 = 0
  for (; from < end; from += 8, frame += FRAME_SIZE) {
    const received = load<u64>(from)
    const address = <usize>(<u32>received)
    const length = <u32>(received >> 32)
    if (length < LEAST) break
    if (requestOf(address) >> 8 != Virtio.GSO_NONE) break
    if ((load<u32>(address, TYPE) & IPV4_MASK) != IPV4) break
    if ((load<u32>(address, FLAGS) & WHOLE_UDP_MASK) != WHOLE_UDP) break
    const total = <u32>swap16(load<u16>(address, TOTAL))
    if (total > length - Ethernet.HEADER) break
    if (total < LEAST - Ethernet.HEADER) break
    if (total != <u32>swap16(load<u16>(address, OCTETS)) + 20) break
    if (load<u32>(address, SENDER) != sender) break
    if ((load<u64>(address, VXLAN) & mask) != header) break
    const type = etherTypeAt(address, <u32>VXLAN + Vxlan.HEADER + <u32>Ethernet.TYPE)
    if (isTag(type)) if (!tags) break
    const octets = total - (LEAST - 2 * Ethernet.HEADER)
    begin(frame, address + VXLAN, octets, ingress, <u32>VXLAN)
    outer += received >> 32
    inner += <u64>octets
  }
  const handled = <u32>(from - first) >> 3
  if (handled != 0) {
    const underlay = countersOf(worker, load<u32>(block, Worker.UNDERLAY) - 1)
    countReceived(underlay, handled, outer)
    countReceived(countersOf(worker, port), handled, inner)
  }
  return handled
}

/**
 * Makes descriptors, from number `count` on, of the frames in datagrams of a run, of `size` octets each,
 * that begin `from` octets behind `address` and end `end` octets behind it at most. They came by the tunnel
 * of `port`, and their outer headers mark no congestion. Returns where it stopped.
 */
export function follow(
  worker: u32,
  block: usize,
  config: usize,
  port: u32,
  address: usize,
  from: u32,
  end: u32,
  size: u32,
  count: u32,
): u32 {
  if (size < Vxlan.HEADER + Ethernet.HEADER) return from
  const record = portRecord(config, port)
  const tunnel = tunnelOf(record)
  const ingress = ingressOf(port, record)
  const header = headerOf(tunnel)
  const mask = maskOf(tunnel)
  const tags = takesTags(tunnel)
  const half = <u32>(directory(Directory.ARENA_SIZE) >> 1)
  const room = size + ROOM
  let reserved = load<u32>(block, Worker.RESERVED)
  const first = block + Worker.FRAMES + <usize>count * FRAME_SIZE
  const last = block + Worker.FRAMES + <usize>BURST_MAX * FRAME_SIZE
  let frame = first
  for (; frame < last; frame += FRAME_SIZE, from += size) {
    if (from + size > end) break
    if (reserved + room > half) break
    const vxlan = address + from
    if ((load<u64>(vxlan) & mask) != header) break
    if (isTag(etherTypeAt(vxlan, Vxlan.HEADER + <u32>Ethernet.TYPE))) if (!tags) break
    begin(frame, vxlan, size - Vxlan.HEADER, ingress, from)
    reserved += room
  }
  store<u32>(block, reserved, Worker.RESERVED)
  const handled = <u32>((frame - first) / FRAME_SIZE)
  if (handled != 0) {
    const octets = <u64>handled * <u64>(size - Vxlan.HEADER)
    countReceived(countersOf(worker, port), handled, octets)
  }
  return from
}

/** Beside its octets what a frame that may have to be moved takes, rounding included. */
export const ROOM: u32 = <u32>(BEFORE + 2 * CACHE_LINE)

@inline
export function countReceived(counters: usize, frames: u32, octets: u64): void {
  bump(counters + Counter.RX_FRAMES, frames)
  bump(counters + Counter.RX_OCTETS, octets)
}
