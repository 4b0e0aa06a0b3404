/** What the router says by ARP (RFC 826, RFC 5227). */
import { Frame } from '../frame'
import { ARP_FRAME, Operation, writeArp } from '../router/arp'
import { Interface } from '../router/interface'
import { sourceFor } from '../router/route'
import * as arp from '../wire/arp'
import { BROADCAST } from '../wire/ethernet'
import { begin, toMac, toPort } from './emit'

/** Answers by the port that the question came from, a probe (sender 0.0.0.0) too. */
export function answerByArp(
  worker: u32,
  block: usize,
  own: usize,
  packet: usize,
  mac: u64,
  port: u32,
  entries: u32,
): u32 {
  const frame = begin(worker, block, load<u32>(own, Interface.FID), ARP_FRAME)
  if (frame == 0) return entries
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const asked = load<u32>(packet, arp.Arp.TARGET)
  const asker = load<u32>(packet, arp.Arp.SENDER)
  writeArp(address, Operation.REPLY, mac, load<u64>(own), asked, mac, asker)
  return toPort(worker, block, frame, port, entries)
}

/** Says, to whoever asked by `frame`, that the address asked for has `mac`: in the name of that one. */
export function sayHas(
  worker: u32,
  block: usize,
  frame: usize,
  packet: usize,
  mac: u64,
  entries: u32,
): u32 {
  const answer = begin(worker, block, <u32>load<u16>(frame, Frame.FID), ARP_FRAME)
  if (answer == 0) return entries
  const to = arp.senderOf(packet)
  const asked = load<u32>(packet, arp.Arp.TARGET)
  const asker = load<u32>(packet, arp.Arp.SENDER)
  const address = <usize>load<u32>(answer, Frame.ADDRESS)
  writeArp(address, Operation.REPLY, to, mac, asked, to, asker)
  return toPort(worker, block, answer, <u32>load<u16>(frame, Frame.PORT), entries)
}

/** Asks who has an address: all, or with the MAC of a neighbour that one (RFC 1122 section 2.3.2.1). */
export function askByArp(
  worker: u32,
  block: usize,
  config: usize,
  own: usize,
  fid: u32,
  address: u32,
  mac: u64,
  entries: u32,
): u32 {
  const frame = begin(worker, block, fid, ARP_FRAME)
  if (frame == 0) return entries
  const at = <usize>load<u32>(frame, Frame.ADDRESS)
  // Where the target will stand: an address of ours in its network is looked for by it.
  store<u32>(at + arp.Arp.TARGET, address)
  const source = sourceFor(config, 4, at + arp.Arp.TARGET, fid)
  if (source == 0) return entries
  const to = mac == BROADCAST ? 0 : mac
  writeArp(at, Operation.REQUEST, mac, load<u64>(own), load<u32>(source), to, address)
  return toMac(worker, block, frame, mac, 0, entries)
}

/** Tells all who has an address: an announcement of RFC 5227 section 3, a "gratuitous" request. */
export function announceByArp(
  worker: u32,
  block: usize,
  own: usize,
  address: u32,
  entries: u32,
): u32 {
  const frame = begin(worker, block, load<u32>(own, Interface.FID), ARP_FRAME)
  if (frame == 0) return entries
  const at = <usize>load<u32>(frame, Frame.ADDRESS)
  writeArp(at, Operation.REQUEST, BROADCAST, load<u64>(own), address, 0, address)
  return toMac(worker, block, frame, BROADCAST, 0, entries)
}
