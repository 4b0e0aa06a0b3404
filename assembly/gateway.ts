/**
 * The router on its bridges: which frames of a domain with an interface are for it, what it hears of
 * others, and what time asks of it. The packets' way is in gateway/forward.ts.
 */
import { Drop } from './drop'
import { isWatched } from './egress/send'
import { FRAME_SIZE, Frame } from './frame'
import { interfaceDeadline, tickInterfaces } from './gateway/announce'
import { hearArp, TAKEN } from './gateway/arp'
import { hearDiscovery, NO_DISCOVERY } from './gateway/discovery'
import { discard, Routed, room, routed } from './gateway/emit'
import { express } from './gateway/express'
import { beginFlows } from './gateway/first'
import { routeInOrder } from './gateway/fragments'
import { neighborDeadline, tickNeighbors } from './gateway/neighbors'
import { shortcut } from './gateway/shortcut'
import { hasRouter, Worker } from './memory'
import { networkTypeOf } from './packet'
import { interfaceOf } from './router/interface'
import { destinationOf, EtherType } from './wire/ethernet'

export { TAKEN } from './gateway/arp'

/**
 * Frame number `index` of a burst of `count`, in a domain that has an interface, whose MAC is `mac`.
 * Returns the number of transmit entries, and TAKEN if the frame was the router's or is dropped: the
 * bridge does nothing with it, nor with those behind it up to Worker.NEXT.
 */
export function attend(
  worker: u32,
  block: usize,
  config: usize,
  index: u32,
  count: u32,
  mac: u64,
  entries: u32,
  now: f64,
): u32 {
  const frame = block + Worker.FRAMES + <usize>index * FRAME_SIZE
  if (destinationOf(<usize>load<u32>(frame, Frame.ADDRESS)) == mac) {
    if (index >= load<u32>(block, Worker.DETOURS)) {
      const all = load<u32>(block, Worker.COUNT)
      entries = express(worker, block, config, index, all, entries, now)
      if (load<u32>(block, Worker.NEXT) != index) return entries | TAKEN
    }
    count = min(count, load<u32>(block, Worker.DETOURS))
    entries = shortcut(worker, block, config, index, count, mac, entries, now)
    if (load<u32>(block, Worker.NEXT) != index) return entries | TAKEN
    entries = beginFlows(worker, block, config, index, mac, entries, now)
    if (load<u32>(block, Worker.NEXT) != index) return entries | TAKEN
    store<u32>(block, index + 1, Worker.NEXT)
    return toRouter(worker, block, config, frame, entries) | TAKEN
  }
  store<u32>(block, index + 1, Worker.NEXT)
  const type = networkTypeOf(frame)
  const own = interfaceOf(config, <u32>load<u16>(frame, Frame.FID))
  if (type == EtherType.ARP) return hearArp(worker, block, config, frame, own, false, entries)
  if (type != EtherType.IPV6) return entries
  const heard = hearDiscovery(worker, block, config, frame, own, false, entries)
  return heard == NO_DISCOVERY ? entries : heard
}

/** A frame to the router's MAC. Returns the number of transmit entries. */
export function toRouter(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  entries: u32,
): u32 {
  const own = interfaceOf(config, <u32>load<u16>(frame, Frame.FID))
  const type = networkTypeOf(frame)
  if (type == EtherType.ARP) {
    return hearArp(worker, block, config, frame, own, true, entries) & ~TAKEN
  }
  if (type != EtherType.IPV4 && type != EtherType.IPV6) {
    discard(worker, frame, Drop.NOT_FOR_ROUTER)
    return entries
  }
  if (type == EtherType.IPV6) {
    const heard = hearDiscovery(worker, block, config, frame, own, true, entries)
    if (heard != NO_DISCOVERY) return heard & ~TAKEN
  }
  if (!isWatched(config, frame)) return routeInOrder(worker, block, config, frame, own, entries)
  // Whoever watches the port is to see it as it came, and it is about to be rewritten.
  const copy = copyOf(worker, block, frame)
  if (copy == 0) {
    discard(worker, frame, Drop.TRANSMIT_LIST_FULL)
    return entries
  }
  entries = routeInOrder(worker, block, config, copy, own, entries)
  store<u8>(frame, load<u8>(copy, Frame.DROP), Frame.DROP)
  return entries
}

/** A copy of a frame that can be rewritten, or 0 if there is no room. */
function copyOf(worker: u32, block: usize, frame: usize): usize {
  const length = load<u32>(frame, Frame.LENGTH)
  const address = room(worker, block, length)
  if (address == 0) return 0
  const copy = routed(block, Routed.COPY)
  memory.copy(copy, frame, FRAME_SIZE)
  memory.copy(address, <usize>load<u32>(frame, Frame.ADDRESS), length)
  store<u32>(copy, <u32>address, Frame.ADDRESS)
  return copy
}

/** Does what time asks of the router; returns the number of transmit entries. */
export function tickRouter(worker: u32, block: usize, config: usize, now: f64): u32 {
  if (!hasRouter()) return 0
  const entries = tickNeighbors(worker, block, config, now, 0)
  return tickInterfaces(worker, block, config, now, entries)
}

/** When `tickRouter` wants to be called, ms; Infinity: not before a frame comes. */
export function routerDeadline(): f64 {
  return hasRouter() ? min(interfaceDeadline(), neighborDeadline()) : Infinity
}
