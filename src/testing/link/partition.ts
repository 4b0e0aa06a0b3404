/**
 * Hosts that do not hear each other, though those of one group share a bridge with those of another: what
 * comes to a host is looked at for who sent it.
 */
import { parseMac } from '../../config/address.js'
import { describe, quote } from '../../config/describe.js'
import { InvalidError } from '../../error.js'
import { isSame } from '../host/address.js'
import { hostIn } from '../host/host-in.js'
import type { Address } from '../host/network.js'
import { ETHERNET, EtherType, macNumber, u16 } from '../host/wire.js'
import type { Link } from './link.js'

/** A host, as far as it matters here. */
export interface Member {
  readonly name: string
  readonly mac: string
  readonly link: Link
  own(): readonly Address[]
}

export type Group<Each> = readonly (Each | string)[]

/** Where IP headers have the source. */
const SOURCE: Readonly<Record<number, number>> = {
  [EtherType.IPV4]: ETHERNET + 12,
  [EtherType.IPV6]: ETHERNET + 8,
}
const SOURCE_MAC = 6

/** Cuts off groups from each other. @param isOneWay only the first from being heard by the others */
export function divide(groups: readonly (readonly Member[])[], isOneWay: boolean): void {
  const senders = new Senders(groups)
  for (const [to, members] of groups.entries()) {
    if (isOneWay && to === 0) continue
    for (const { link } of members) {
      link.cut((frame) => {
        const from = senders.groupOf(frame)
        return from !== undefined && from !== to
      })
    }
  }
}

/** Which group a frame is from. */
class Senders {
  /** null: more than one host has it, on different bridges. */
  readonly #macs = new Map<number, number | null>()

  constructor(private readonly groups: readonly (readonly Member[])[]) {
    for (const [group, members] of groups.entries()) {
      for (const { mac } of members) {
        const key = macNumber(parseMac(mac))
        this.#macs.set(key, this.#macs.has(key) ? null : group)
      }
    }
  }

  /** By its source MAC; where that is no member's, such as a router's, by who the packet is from. */
  groupOf(frame: Uint8Array): number | undefined {
    return this.#macs.get(macNumber(frame, SOURCE_MAC)) ?? this.#byAddress(frame)
  }

  #byAddress(frame: Uint8Array): number | undefined {
    const type = u16(frame, 12)
    const at = SOURCE[type]
    if (at === undefined) return undefined
    const family = type === EtherType.IPV4 ? 4 : 6
    const isFrom = (own: Address) => own.family === family && isSame(own.bytes, frame, at)
    const group = this.groups.findIndex((members) => members.some((one) => one.own().some(isFrom)))
    return group < 0 ? undefined : group
  }
}

/**
 * The hosts of groups, each in one only.
 *
 * @throws LinkspanError `INVALID`, or `NOT_FOUND` where the lab has no such host
 */
export function membersOf<Each extends Member>(
  hosts: ReadonlyMap<string, Each>,
  groups: readonly Group<Each>[],
): Each[][] {
  if (groups.length < 2) {
    throw new InvalidError(`groups: ${groups.length}`, 'two or more lists of hosts')
  }
  const seen = new Set<Each>()
  return groups.map((group) => {
    if (!Array.isArray(group)) throw new InvalidError(describe(group), 'a list of hosts')
    return group.map((one: Each | string) => {
      const member = hostIn(hosts, one)
      if (!seen.has(member)) seen.add(member)
      else throw new InvalidError(`host ${quote(member.name)} twice`, 'every host once at most')
      return member
    })
  })
}
