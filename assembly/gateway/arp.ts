/** The router's ARP: what it hears (RFC 826, RFC 5227; CONFORMANCE P1, P2, T3), answers and asks. */
import { Drop } from '../drop'
import { Frame } from '../frame'
import { Worker } from '../memory'
import { networkOffsetOf } from '../packet'
import { Operation, operationOf } from '../router/arp'
import { Interface } from '../router/interface'
import { mapped } from '../router/neighbor'
import { Heard, hear } from '../router/resolve'
import { isOnLink, isOwnAddress } from '../router/route'
import * as arp from '../wire/arp'
import { isGroup } from '../wire/ethernet'
import { mayDefend } from './defend'
import { discard } from './emit'
import { release } from './release'
import { announceByArp, answerByArp } from './speak-arp'

/** Set in what hearing returns, beside the number of entries, when the frame goes no further. */
export const TAKEN: u32 = 0x80000000

/** Hears an ARP frame in the domain of interface `own`; `toUs`: its destination is the router's MAC. */
export function hearArp(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  own: usize,
  toUs: bool,
  entries: u32,
): u32 {
  const at = networkOffsetOf(frame)
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + at
  const sender = packet + arp.Arp.SENDER
  const mac = arp.senderOf(packet)
  if (!arp.check(packet, load<u32>(frame, Frame.LENGTH) - at) || isGroup(mac) || mac == 0) {
    // What goes by is the bridge's business.
    if (!toUs) return entries
    discard(worker, frame, Drop.NEIGHBOR_INVALID)
    return entries | TAKEN
  }
  const fid = load<u32>(own, Interface.FID)
  if (mac == load<u64>(own) || isOwnAddress(config, 4, sender, fid)) {
    discard(worker, frame, Drop.GATEWAY_SPOOFED)
    if (mayDefend(block, own)) {
      entries = announceByArp(worker, block, own, load<u32>(sender), entries)
    }
    return entries | TAKEN
  }
  const forUs = isOwnAddress(config, 4, packet + arp.Arp.TARGET, fid)
  const asks = operationOf(packet) == Operation.REQUEST
  const address = load<u32>(sender)
  if (address != 0) {
    const known = forUs && asks && isOnLink(config, 4, sender, fid)
    const how = known ? Heard.TO_US : toUs && !asks ? Heard.ANSWER : Heard.ALOUD
    const now = load<f64>(block, Worker.NOW)
    const record = hear(worker, block, fid, 0, mapped(address), mac, how, now)
    if (record != 0) entries = release(worker, block, config, record, entries)
  }
  if (forUs && asks) {
    const port = <u32>load<u16>(frame, Frame.PORT)
    entries = answerByArp(worker, block, own, packet, mac, port, entries)
  }
  return toUs ? entries | TAKEN : entries
}
