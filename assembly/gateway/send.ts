/** The last steps of a routed packet: its next hop's MAC, or a place to wait for it. */
import { keyOf, portOf } from '../bridge/entry'
import { Config, PortFlag, PortRecord, portRecord } from '../config'
import { Drop } from '../drop'
import { Frame } from '../frame'
import { Directory, directory, Worker } from '../memory'
import { packetLength } from '../offload/release'
import { Interface } from '../router/interface'
import { mapped } from '../router/neighbor'
import { macFor, Waiting, waitFor } from '../router/resolve'
import { Route } from '../router/route'
import { valueOf } from '../table/bucket'
import { bucketOf, find } from '../table/hash'
import { BROADCAST, Ethernet, EtherType } from '../wire/ethernet'
import { ask } from './ask'
import { Complaint, complain } from './complain'
import { discard, into, isolationOf, toMac } from './emit'

/** Sends a packet by a route whose interface is `own`: OUT_FID is set, its IP header as it leaves. */
export function sendBy(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  route: usize,
  own: usize,
  entries: u32,
): u32 {
  let lower = load<u64>(route, Route.NEXT_HOP)
  let upper = load<u64>(route, Route.NEXT_HOP + 8)
  if ((lower | upper) == 0) {
    const packet = <usize>load<u32>(frame, Frame.ADDRESS) + <u32>load<u16>(frame, Frame.L3)
    if (<u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4) {
      upper = mapped(load<u32>(packet, 16))
    } else {
      lower = load<u64>(packet, 24)
      upper = load<u64>(packet, 32)
    }
  }
  const fid = load<u32>(own, Interface.FID)
  const now = load<f64>(block, Worker.NOW)
  let mac = macFor(worker, block, fid, lower, upper, now)
  if (mac == 0) {
    const waiting = waitFor(worker, block, frame, fid, lower, upper, now)
    if (waiting == Waiting.KNOWN) mac = macFor(worker, block, fid, lower, upper, now)
    else if ((waiting & Waiting.HELD) == 0) discard(worker, frame, Drop.NEIGHBOR_QUEUE)
    if ((waiting & Waiting.ASK) != 0) {
      entries = ask(worker, block, config, fid, lower, upper, BROADCAST, entries)
    }
    if (mac == 0) return entries
  }
  return sendOn(worker, block, config, frame, own, mac, entries)
}

/** Sends a packet to the MAC of its next hop by the interface `own`. */
export function sendOn(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  own: usize,
  mac: u64,
  entries: u32,
): u32 {
  const fid = <u32>load<u16>(frame, Frame.OUT_FID)
  if (own == 0) {
    discard(worker, frame, Drop.NO_ROUTE) // the interface went while the frame waited
    return entries
  }
  const mtu = tunnelMtu(config, mac, fid)
  if (packetLength(frame) > mtu) {
    const why = Drop.NEEDS_FRAGMENTATION
    return complain(worker, block, config, frame, Complaint.TOO_BIG, mtu, why, entries)
  }
  const isolation = isolationOf(config, frame, fid)
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  turnMacs(address, mac, load<u64>(own))
  store<u8>(frame, 0, Frame.NESTED)
  into(config, frame, fid)
  return toMac(worker, block, frame, mac, isolation, entries)
}

/**
 * What the tunnel takes that a MAC is behind: it may be less than the interface's MTU, since the way to a
 * VTEP may be narrower than the first link. No limit for a MAC that is behind none.
 */
function tunnelMtu(config: usize, mac: u64, fid: u32): u32 {
  if (load<u32>(config, Config.TUNNEL_COUNT) == 0) return u32.MAX_VALUE
  const table = directory(Directory.FDB)
  const key = keyOf(mac, fid)
  const slot = find(table, bucketOf(table, key), key)
  if (slot == 0) return u32.MAX_VALUE
  const record = portRecord(config, portOf(valueOf(slot)))
  if ((load<u32>(record, PortRecord.FLAGS) & PortFlag.OVERLAY) == 0) return u32.MAX_VALUE
  return load<u32>(record, PortRecord.MTU)
}

/** Writes the MACs of a frame. */
@inline
export function turnMacs(address: usize, destination: u64, source: u64): void {
  store<u64>(address, destination | (source << 48))
  store<u32>(address, <u32>(source >> 16), Ethernet.SOURCE + 2)
}
