/** Control's side of the rules: written into the set that is not in use, compiled, and made the draft's. */
import { activeConfig, Config, draft } from '../config'
import { DIRECTORY, Directory, directory } from '../memory'
import { ruleSetSize } from '../size'
import { Axis, matchAt, matchesMax, ruleAt, Set } from './axis'
import { compile } from './compile'

/** The set that the active config does not use. Within an open change no worker uses it either. */
function spare(): usize {
  const first = directory(Directory.FILTER)
  const other = first + <usize>ruleSetSize(load<u32>(DIRECTORY, Directory.MAX_RULES))
  return <usize>load<u32>(activeConfig(), Config.RULES) == first ? other : first
}

/** Empties the set that is to be written: within an open change, and then all rules anew. */
export function filterBegin(): void {
  if (load<u32>(DIRECTORY, Directory.MAX_RULES) == 0) return
  memory.fill(spare(), 0, <usize>ruleAt(spare(), 0) - spare())
}

/** Adds a rule behind those there are; `slot` names its counters. False if there is no room. */
export function filterRule(action: u32, slot: u32): bool {
  const most = load<u32>(DIRECTORY, Directory.MAX_RULES)
  if (most == 0) return false
  const set = spare()
  const count = load<u32>(set, Set.RULE_COUNT)
  if (count == most || slot >= most) return false
  store<u32>(ruleAt(set, count), action)
  store<u32>(ruleAt(set, count), slot, 4)
  store<u32>(set, count + 1, Set.RULE_COUNT)
  return true
}

/**
 * Lets the last rule take the values from `low` to `high` of an axis, each given as four words, the
 * highest first; the intervals of a rule on an axis do not overlap. False if there is no room.
 */
export function filterMatch(
  axis: u32,
  low0: u32,
  low1: u32,
  low2: u32,
  low3: u32,
  high0: u32,
  high1: u32,
  high2: u32,
  high3: u32,
): bool {
  const set = spare()
  const count = load<u32>(set, Set.MATCH_COUNT)
  if (axis >= Axis.COUNT || count == matchesMax(load<u32>(DIRECTORY, Directory.MAX_RULES)))
    return false
  const match = matchAt(set, count)
  store<u32>(match, load<u32>(set, Set.RULE_COUNT) - 1)
  store<u32>(match, axis, 4)
  store<u64>(match, words(low0, low1), 16)
  store<u64>(match, words(low2, low3), 24)
  store<u64>(match, words(high0, high1), 32)
  store<u64>(match, words(high2, high3), 40)
  store<u32>(set, count + 1, Set.MATCH_COUNT)
  return true
}

@inline
function words(high: u32, low: u32): u64 {
  return ((<u64>high) << 32) | <u64>low
}

/** Compiles the rules and makes them those of the open change. False if there is no room. */
export function filterEnd(): bool {
  const config = draft()
  if (load<u32>(DIRECTORY, Directory.MAX_RULES) == 0 || load<u32>(spare(), Set.RULE_COUNT) == 0) {
    store<u32>(config, 0, Config.RULES)
    return true
  }
  const size = <usize>ruleSetSize(load<u32>(DIRECTORY, Directory.MAX_RULES))
  if (!compile(spare(), spare() + size)) return false
  store<u32>(config, <u32>spare(), Config.RULES)
  return true
}
