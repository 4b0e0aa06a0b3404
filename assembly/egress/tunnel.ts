/**
 * Into a tunnel: each frame, or each segment of a super-frame, becomes a datagram of its own, with outer
 * headers for each port, and leaves by the port of the underlay. A frame stays where it lies and as it
 * is, since it may go to others too: outer headers, and what changes of its own, stand among the worker's
 * headers, and the entry gathers both.
 */
import { latched, portRecord } from '../config'
import { Frame } from '../frame'
import { outerLength, writeOuter } from '../overlay/encapsulate'
import { insideOf } from '../overlay/inner'
import { networkTypeOf } from '../packet'
import { append, NO_PORT, ofTunnel, only } from '../transmit'
import { Tunnel, TunnelOption, tunnelOf } from '../tunnel'
import { Ethernet, isTag, TAG } from '../wire/ethernet'
import { Virtio } from '../wire/virtio'
import { bodyOf, countAll, full, longerBy, takeHead } from './form'
import { deliverSegments } from './segments'
import { copyHead } from './vlan'

/** True for a frame with a tag in a tunnel that takes none (CONFORMANCE X7). */
export function isTagRefused(record: usize, frame: usize): bool {
  if ((<u32>load<u8>(tunnelOf(record), Tunnel.OPTIONS) & TunnelOption.TAGGED) != 0) return false
  // Its own tag, of a VLAN-aware port that it came in by, stays behind.
  return isTag(networkTypeOf(frame))
}

/** As `deliver`, where the ports are tunnels. Partial checksums were completed before. */
export function deliverTunnels(
  worker: u32,
  block: usize,
  frame: usize,
  count: u32,
  tag: u32,
  ports: usize,
  portCount: u32,
  except: u32,
): u32 {
  const inside = insideOf(frame)
  const config = latched(block)
  const whole = load<u8>(frame, Frame.GSO_TYPE) == 0
  for (let index: u32 = 0; index < portCount; index++) {
    const own = ports + ((<usize>index) << 2)
    const port = load<u32>(own)
    if (port == except) continue
    const tunnel = tunnelOf(portRecord(config, port))
    count = whole
      ? deliverWhole(worker, block, frame, count, tag, own, tunnel, inside)
      : deliverSegments(worker, block, frame, count, tag, own, 1, NO_PORT, tunnel, inside)
  }
  return count
}

function deliverWhole(
  worker: u32,
  block: usize,
  frame: usize,
  count: u32,
  tag: u32,
  own: usize,
  tunnel: usize,
  inside: u32,
): u32 {
  const as = tag == load<u32>(frame, Frame.TAG)
  const outer = outerLength(tunnel)
  const size = <u32>Virtio.HEADER + outer + (as ? 0 : <u32>Ethernet.TYPE + (tag == 0 ? 0 : TAG))
  const head = takeHead(worker, block, size)
  if (head == 0) return full(worker, frame, count)
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const body = as ? address : bodyOf(frame)
  const to = head + Virtio.HEADER
  if (!as) copyHead(to + outer, address, tag)
  const octets = load<u32>(frame, Frame.LENGTH) + longerBy(frame, tag)
  writeOuter(to, tunnel, octets, inside)
  const left = load<u32>(frame, Frame.LENGTH) - <u32>(body - address)
  const by = only(<u32>load<u16>(tunnel, Tunnel.UNDERLAY))
  if (!append(block, count, head, size, body, left, by, 1, NO_PORT)) {
    return full(worker, frame, count)
  }
  ofTunnel(block, count, load<u32>(own))
  countAll(worker, own, 1, NO_PORT, 1, octets)
  countAll(worker, by, 1, NO_PORT, 1, octets + outer)
  return count + 1
}
