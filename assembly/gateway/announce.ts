/**
 * What the router says without being asked: when an interface comes up or its addresses change, two
 * announcements by ARP (RFC 5227 section 2.3) and neighbour discovery (RFC 4861 section 7.2.6), and
 * router advertisements (section 6.2.4) where it is to.
 *
 * Shared words of an interface: 0 identity that was announced u32   4 announcements to go u32   8 when
 *   the next one is due f64 ms   16 when the next router advertisement is due f64 ms   24 those sent
 *   u32   28 addresses of those that found room in the announcement that is due   32 see defend.ts
 */
import { postpone } from '../config'
import { DIRECTORY, Directory, directory, NEVER } from '../memory'
import { Interface, interfaceAt, interfaceCount } from '../router/interface'
import { enter, leave } from '../router/neighbor'
import { firstAddress, nextAddress, Route } from '../router/route'
import { INTERFACE_SHARED_SIZE } from '../size'
import { isRoomy } from './emit'
import { announceByArp } from './speak-arp'
import { advertiseAddress, advertiseRouter } from './speak-nd'

const IDENTITY: usize = 0
const TO_GO: usize = 4
const NEXT: usize = 8
const NEXT_ADVERTISEMENT: usize = 16
const ADVERTISED: usize = 24
const SAID: usize = 28

/** ANNOUNCE_NUM and ANNOUNCE_INTERVAL (RFC 5227 section 1.1). */
const ANNOUNCEMENTS: u32 = 2
const INTERVAL: f64 = 2000

/** Of router advertisements, ms (RFC 4861 sections 6.2.1 and 10): the first three come quickly. */
const INITIAL: u32 = 3
const INITIAL_INTERVAL: f64 = 16_000
const LONGEST_INTERVAL: f64 = 600_000
/** Each interval is shorter by a part of the longest, so that routers do not keep step. */
const STEPS: u32 = 64

@inline
function sharedOf(own: usize): usize {
  const fid = <usize>load<u32>(own, Interface.FID)
  return directory(Directory.INTERFACES) + fid * INTERFACE_SHARED_SIZE
}

/** Says what is due. */
export function tickInterfaces(
  worker: u32,
  block: usize,
  config: usize,
  now: f64,
  entries: u32,
): u32 {
  const deadline = atomic.load<u64>(DIRECTORY, Directory.INTERFACE_DEADLINE)
  if (now < <f64>deadline || !enter(worker, block)) return entries
  let soonest: f64 = Infinity
  const count = interfaceCount(config)
  for (let index: u32 = 0; index < count; index++) {
    const own = interfaceAt(config, index)
    if (isRoomy(block, entries)) {
      entries = announce(worker, block, config, own, now, entries)
      entries = advertise(worker, block, config, own, now, entries)
    } else soonest = now
    const shared = sharedOf(own)
    if (load<u32>(shared, TO_GO) != 0) soonest = min(soonest, load<f64>(shared, NEXT))
    if (advertises(own)) soonest = min(soonest, load<f64>(shared, NEXT_ADVERTISEMENT))
  }
  const then = soonest == Infinity ? NEVER : <u64>Math.ceil(soonest)
  // A change of config in between has asked for another look.
  postpone(block, Directory.INTERFACE_DEADLINE, deadline, then)
  leave()
  return entries
}

function announce(
  worker: u32,
  block: usize,
  config: usize,
  own: usize,
  now: f64,
  entries: u32,
): u32 {
  const shared = sharedOf(own)
  if (load<u32>(shared, IDENTITY) != load<u32>(own, Interface.IDENTITY)) {
    store<u32>(shared, load<u32>(own, Interface.IDENTITY), IDENTITY)
    store<u32>(shared, ANNOUNCEMENTS, TO_GO)
    store<u32>(shared, 0, SAID)
    store<f64>(shared, now, NEXT)
    store<f64>(shared, now, NEXT_ADVERTISEMENT)
    store<u32>(shared, 0, ADVERTISED)
  }
  const left = load<u32>(shared, TO_GO)
  if (left == 0 || now < load<f64>(shared, NEXT)) return entries
  const fid = load<u32>(own, Interface.FID)
  const said = load<u32>(shared, SAID)
  let number: u32 = 0
  for (let route = firstAddress(config, fid); route != 0; route = nextAddress(config, route)) {
    if (number++ < said) continue
    // It goes by each tunnel of the bridge: what finds no room is due still.
    if (!isRoomy(block, entries)) return entries
    store<u32>(shared, number, SAID)
    const prefix = route + Route.PREFIX
    entries =
      load<u32>(route, Route.FAMILY) == 4
        ? announceByArp(worker, block, own, load<u32>(prefix), entries)
        : advertiseAddress(worker, block, own, prefix, 0, 0, 0, entries)
  }
  store<u32>(shared, 0, SAID)
  store<u32>(shared, left - 1, TO_GO)
  store<f64>(shared, now + INTERVAL, NEXT)
  return entries
}

@inline
function advertises(own: usize): bool {
  return (load<u32>(own, Interface.FLAGS) & Interface.ADVERTISE) != 0
}

function advertise(
  worker: u32,
  block: usize,
  config: usize,
  own: usize,
  now: f64,
  entries: u32,
): u32 {
  const shared = sharedOf(own)
  if (!advertises(own) || now < load<f64>(shared, NEXT_ADVERTISEMENT)) return entries
  if (!isRoomy(block, entries)) return entries
  const sent = load<u32>(shared, ADVERTISED)
  const mixed = (load<u32>(own) ^ (sent * 0x9e3779b1)) * 0x85ebca6b
  const step = <f64>(mixed >> 26) / <f64>STEPS
  const then = sent < INITIAL ? INITIAL_INTERVAL : LONGEST_INTERVAL * (1 - step / 2)
  store<u32>(shared, sent + 1, ADVERTISED)
  store<f64>(shared, now + then, NEXT_ADVERTISEMENT)
  return advertiseRouter(worker, block, config, own, 0, 0, 0, entries)
}

export function interfaceDeadline(): f64 {
  const deadline = atomic.load<u64>(DIRECTORY, Directory.INTERFACE_DEADLINE)
  return deadline == NEVER ? Infinity : <f64>deadline
}
