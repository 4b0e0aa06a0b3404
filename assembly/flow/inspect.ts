/** Control's view of flows: seen one by one, counted by state, ended. */
import { ownerOf, Worker, workerBlock } from '../memory'
import { capacityOf, Head, tableOf } from './head'
import { cellOf, mappingAt } from './mapping'
import {
  Flow,
  FlowFlag,
  flagsOf,
  incarnationOf,
  Kind,
  recordOf,
  tupleOf,
  tupleSize,
} from './record'
import { idleOf, isOver, lifeOf, TICK_MS, tickOf } from './state'
import { remove } from './table'

/** What `flowNext` puts before a copy of the record: age and time left in ms, f64 each; wide u32. */
const SHOWN: usize = 24
const STATES: u32 = 10

/**
 * Copies the first flow from record number `from` on into the reader's scratch space, behind its age and
 * the time it has left. Returns its number, 0 when there are no more.
 */
export function flowNext(reader: u32, wide: bool, from: u32, now: f64): u32 {
  const table = tableOf(wide)
  const used = atomic.load<u32>(table, Head.USED)
  const tick = tickOf(now)
  for (let index = max<u32>(from, 1); index <= used; index++) {
    const record = recordOf(table, index << 2)
    if (isOver(record, tick)) continue
    const scratch = workerBlock(reader) + Worker.SCRATCH
    const age = <f64>(tick - load<u32>(record, Flow.CREATED)) * TICK_MS
    store<f64>(scratch, age)
    store<f64>(scratch, <f64>(lifeOf(record) - idleOf(record, tick)) * TICK_MS, 8)
    memory.copy(scratch + SHOWN, record, Flow.TUPLES + 2 * tupleSize(wide))
    return index
  }
  return 0
}

/** Ends flow `index` if it is still of that incarnation. */
export function flowDelete(worker: u32, wide: bool, index: u32, incarnation: u32): bool {
  const table = tableOf(wide)
  return remove(table, wide, index, incarnation, ownerOf(worker, workerBlock(worker)))
}

/** Counts the flows of each state into the reader's scratch space, u32 each. */
export function flowStates(reader: u32, wide: bool, now: f64): void {
  const scratch = workerBlock(reader) + Worker.SCRATCH
  memory.fill(scratch, 0, STATES * 4)
  const table = tableOf(wide)
  const used = atomic.load<u32>(table, Head.USED)
  const tick = tickOf(now)
  for (let index: u32 = 1; index <= used; index++) {
    const record = recordOf(table, index << 2)
    if (isOver(record, tick)) continue
    const at = scratch + ((<usize>load<u8>(record, Flow.STATE)) << 2)
    store<u32>(at, load<u32>(at) + 1)
  }
}

/** Flows in the table, those whose time is over and that were not yet swept included. */
export function flowCount(wide: bool): u32 {
  return atomic.load<u32>(tableOf(wide), Head.COUNT)
}

/** What `flowPurge` goes by. The same in src/dataplane/abi.ts. */
export namespace Purge {
  /** `value` is a port's number, a domain's FID, an external slot. */
  export const PORT: u32 = 0
  export const FID: u32 = 1
  export const SLOT: u32 = 2
  /** The address in the scratch space, as source or destination of either direction. */
  export const ADDRESS: u32 = 3
}

/** Ends all flows of what was taken away; returns how many. */
export function flowPurge(worker: u32, wide: bool, by: u32, value: u32): u32 {
  const table = tableOf(wide)
  const block = workerBlock(worker)
  const used = atomic.load<u32>(table, Head.USED)
  let ended: u32 = 0
  for (let index: u32 = 1; index <= used; index++) {
    const record = recordOf(table, index << 2)
    const incarnation = incarnationOf(record)
    if (!isPurged(record, wide, by, value, block + Worker.SCRATCH)) continue
    if (remove(table, wide, index, incarnation, ownerOf(worker, block))) ended++
  }
  return ended
}

function isPurged(record: usize, wide: bool, by: u32, value: u32, address: usize): bool {
  if (by == Purge.SLOT) {
    const holds = FlowFlag.MAPPED | FlowFlag.INWARD
    return (flagsOf(record) & holds) != 0 && <u32>load<u8>(record, Flow.SLOT) == value
  }
  if (by == Purge.ADDRESS) {
    const original = tupleOf(record, wide, Kind.ORIGINAL)
    const reply = tupleOf(record, wide, Kind.REPLY)
    return hasAddress(original, wide, address) || hasAddress(reply, wide, address)
  }
  const at = by == Purge.PORT ? Flow.IN_PORT : Flow.IN_FID
  const inward = <u32>load<u16>(record + at)
  const outward = <u32>load<u16>(record + at + 2)
  return inward == value || outward == value
}

function hasAddress(tuple: usize, wide: bool, address: usize): bool {
  if (!wide)
    return load<u32>(tuple) == load<u32>(address) || load<u32>(tuple, 4) == load<u32>(address)
  const wanted = v128.load(address)
  if (!v128.any_true(v128.xor(v128.load(tuple), wanted))) return true
  return !v128.any_true(v128.xor(v128.load(tuple, 16), wanted))
}

/** External addresses of a family that ports can be translated to: how many there is room for. */
export function mappedSlots(wide: bool): u32 {
  return load<u32>(tableOf(wide), Head.MAPPED)
}

/** Ports in use of an external address: `protocol` 6 for TCP's, 17 for those of UDP and echo. */
export function mappingCount(wide: bool, slot: u32, protocol: u32): u32 {
  const table = tableOf(wide)
  if (capacityOf(table) == 0 || slot >> 1 >= load<u32>(table, Head.MAPPED)) return 0
  let used: u32 = 0
  for (let port: u32 = 0; port < 65_536; port++) {
    if (load<u32>(mappingAt(table, cellOf(slot, protocol, port))) != 0) used++
  }
  return used
}
