/** What the router tells the sender of a packet that it drops: the one place ICMP errors come from. */
import { dropTransmitted } from '../counter'
import { Drop } from '../drop'
import { Frame } from '../frame'
import { Worker } from '../memory'
import { networkTypeOf, packetOf, parse } from '../packet'
import {
  Complaint,
  errorLength,
  isVersion4,
  mayComplain,
  mayComplainAgain,
  seal,
  writeError,
} from '../router/icmp'
import { Interface, interfaceOf } from '../router/interface'
import { sourceFor } from '../router/route'
import { destinationOf, EtherType } from '../wire/ethernet'
import * as ipv4 from '../wire/ipv4'
import { begin, discard, toPort } from './emit'
import { restorePacket } from './steps'

export { Complaint } from '../router/icmp'

/** The least MTU that IPv6 knows: less is never told (RFC 8201; CONFORMANCE K4). */
const MTU6: u32 = 1280

/** Drops a packet for the reason `why`, and tells its sender. `detail` is an MTU, where that is why. */
export function complain(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  what: u32,
  detail: u32,
  why: u32,
  entries: u32,
): u32 {
  discard(worker, frame, why)
  restorePacket(frame) // step C: to its sender it is what it was sent as
  return report(worker, block, config, frame, what, detail, entries)
}

/** Tells the sender of a packet what is wrong with it. */
function report(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  what: u32,
  detail: u32,
  entries: u32,
): u32 {
  const port = <u32>load<u16>(frame, Frame.PORT)
  if (!mayComplain(frame) || !mayComplainAgain(port, load<f64>(block, Worker.NOW))) return entries
  const fid = <u32>load<u16>(frame, Frame.FID)
  const own = interfaceOf(config, fid)
  if (own == 0) return entries
  const version4 = isVersion4(frame)
  const packet = packetOf(frame)
  let source = sourceFor(config, version4 ? 4 : 6, packet + (version4 ? 12 : 8), fid)
  if (source == 0) {
    if (version4) return entries
    source = own + Interface.LINK_LOCAL
  }
  return tell(worker, block, frame, what, detail, load<u64>(own), source, entries)
}

/**
 * Tells the sender of a bridged packet that it is too large for the tunnel that it would leave by, and
 * may not be cut. Where the domain has no router, in the name of the packet's destination, as Linux
 * does for its VXLAN devices: nobody else is there whom its sender would believe. What nobody can be
 * told of is dropped at the tunnel.
 */
export function tooBig(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  port: u32,
  mtu: u32,
  entries: u32,
): u32 {
  if (!isUncut(frame, false)) {
    store<u8>(frame, <u8>Drop.OVER_MTU, Frame.DROP)
    dropTransmitted(worker, port, Drop.OVER_MTU, 1)
    return entries
  }
  discard(worker, frame, Drop.NEEDS_FRAGMENTATION)
  return reportTooBig(worker, block, config, frame, mtu, entries)
}

/**
 * The same of a packet that is flooded, and does not fit all tunnels that it goes to. Senders to a `group`
 * are told over IPv6 only (RFC 1122 section 3.2.2, RFC 4443 section 2.4(e.3)), and by the gateway only.
 */
export function tooBigForSome(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  group: bool,
  mtu: u32,
  entries: u32,
): u32 {
  if (!isUncut(frame, group)) return entries
  if (group && interfaceOf(config, <u32>load<u16>(frame, Frame.FID)) == 0) return entries
  return reportTooBig(worker, block, config, frame, mtu, entries)
}

function reportTooBig(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  mtu: u32,
  entries: u32,
): u32 {
  if (interfaceOf(config, <u32>load<u16>(frame, Frame.FID)) != 0) {
    return report(worker, block, config, frame, Complaint.TOO_BIG, mtu, entries)
  }
  const from = <u32>load<u16>(frame, Frame.PORT)
  if (!mayComplain(frame) || !mayComplainAgain(from, load<f64>(block, Worker.NOW))) return entries
  const mac = destinationOf(<usize>load<u32>(frame, Frame.ADDRESS))
  const source = packetOf(frame) + (isVersion4(frame) ? 16 : 24)
  return tell(worker, block, frame, Complaint.TOO_BIG, mtu, mac, source, entries)
}

/** True for a packet that is whole and is not to be cut on its way; with `group` one that goes to many. */
function isUncut(frame: usize, group: bool): bool {
  const type = networkTypeOf(frame)
  const wide = type == EtherType.IPV6
  if (!wide && (group || type != EtherType.IPV4)) return false
  if (parse(frame) != 0) return false
  const packet = packetOf(frame)
  // Between two hosts: nobody else is told, and in the name of nobody else (RFC 1122 section 3.2.2).
  if (!isHost(packet + (wide ? 8 : 12), wide)) return false
  if (!group && !isHost(packet + (wide ? 24 : 16), wide)) return false
  return wide || !ipv4.mayFragment(packet)
}

/** False for an address of a group, of all, or of nobody. */
function isHost(address: usize, wide: bool): bool {
  const first = <u32>load<u8>(address)
  if (wide) return first != 0xff && (load<u64>(address) | load<u64>(address, 8)) != 0
  return first != 0 && first < 224
}

/** Sends an error about a packet from the given MAC and address, the way the packet came. */
function tell(
  worker: u32,
  block: usize,
  frame: usize,
  what: u32,
  detail: u32,
  mac: u64,
  source: usize,
  entries: u32,
): u32 {
  const version4 = isVersion4(frame)
  const length = errorLength(frame)
  const error = begin(worker, block, <u32>load<u16>(frame, Frame.FID), length)
  if (error == 0) return entries
  const to = <usize>load<u32>(error, Frame.ADDRESS)
  writeError(to, frame, length, mac, source)
  if (!version4 && what == Complaint.TOO_BIG) detail = max(MTU6, detail)
  seal(to, version4, length, what, detail)
  // By the way the packet came: whoever sent it on is there.
  return toPort(worker, block, error, <u32>load<u16>(frame, Frame.PORT), entries)
}
