/** The external addresses that rules of translation name, each with its slot. */
import { type Address, formatAddress, parseAddress } from '../config/address.js'
import { LinkspanError } from '../error.js'
import { EXTERNALS_MAX, NatFlag } from './abi.js'
import type { NatRules } from './nat-rules.js'

export interface External {
  slot: number
  address: Address
  flags: number
  domain: number
  inside?: Address
}

/** Every external address with its slot: even ones for IPv4, odd ones for IPv6, kept where it was. */
export function externalsOf(
  rules: NatRules,
  before: ReadonlyMap<string, External>,
): Map<string, External> {
  const found = new Map<string, External>()
  const taken = new Set<number>()
  const add = (text: string, domain: number, flags: number, near?: number): External => {
    const address = parseAddress(text)
    const name = formatAddress(address.bytes)
    const known = found.get(name)
    if (known) {
      known.flags |= flags
      return known
    }
    const wide = address.family === 6 ? NatFlag.WIDE : 0
    const slot = before.get(name)?.slot ?? freeSlot(address, near, taken, before)
    const external = { slot, address, flags: flags | wide, domain }
    if (taken.has(slot) || slot >= EXTERNALS_MAX) throw tooMany('external addresses')
    taken.add(slot)
    found.set(name, external)
    return external
  }
  // The addresses of a pool lie one behind the other, those of the largest first: a smaller one is often a
  // part of it.
  const pools = rules.masquerade.toSorted((one, other) => other.to.length - one.to.length)
  for (const { to, outDomain } of pools) {
    let near: number | undefined
    for (const text of to) near = add(text, outDomain, NatFlag.MASQUERADE, near).slot + 2
  }
  for (const { address, domain } of rules.publish) add(address, domain, 0)
  for (const { address, domain, inside } of rules.static) {
    add(address, domain, NatFlag.STATIC).inside = parseAddress(inside)
  }
  return found
}

/** A slot that no address has or had: the one that is wished for, or the first. */
function freeSlot(
  { family }: Address,
  near: number | undefined,
  taken: ReadonlySet<number>,
  before: ReadonlyMap<string, External>,
): number {
  const used = new Set([...taken, ...[...before.values()].map(({ slot }) => slot)])
  if (near !== undefined && !used.has(near)) return near
  let slot = family === 6 ? 1 : 0
  while (used.has(slot)) slot += 2
  return slot
}

/**
 * The longest stretch of slots, one family's, that lie one behind the other: of a pool whose addresses came
 * to be at different times, that much is used.
 */
export function longestRun(slots: readonly number[]): { first: number; length: number } {
  let best = { first: slots[0] ?? 0, length: 0 }
  let run = best
  for (const slot of [...new Set(slots)].sort((one, other) => one - other)) {
    const goes = run.length > 0 && slot === run.first + 2 * run.length
    run = goes ? { ...run, length: run.length + 1 } : { first: slot, length: 1 }
    if (run.length > best.length) best = run
  }
  return best
}

export function tooMany(what: string): LinkspanError {
  return new LinkspanError('LIMIT', `more ${what} than there is room for`)
}
