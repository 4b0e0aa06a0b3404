/** The subnets of a bridge, and which of their addresses are free. */
import {
  contains,
  formatAddress,
  formatPrefix,
  lastOf,
  networkOf,
  type Prefix,
  parsePrefix,
  sameAddress,
} from '../config/address.js'
import { quote } from '../config/describe.js'
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'

export class Subnet {
  readonly network: Prefix
  readonly #users = new Map<string, string>()
  /** Where the search for a free address goes on. */
  #next = 1n

  constructor(prefix: string | Prefix) {
    this.network = networkOf(typeof prefix === 'string' ? parsePrefix(prefix) : prefix)
  }

  get text(): string {
    return formatPrefix(this.network)
  }

  has(address: Prefix): boolean {
    return contains(this.network, address)
  }

  /** Who has an address. */
  userOf(bytes: Uint8Array): string | undefined {
    return this.#users.get(formatAddress(bytes))
  }

  /** @param user as a sentence has it: `host "a"` */
  take(bytes: Uint8Array, user: string): void {
    this.#users.set(formatAddress(bytes), user)
  }

  /** Nobody has the address any more; it is not allotted again. */
  giveBack(bytes: Uint8Array): void {
    this.#users.delete(formatAddress(bytes))
  }

  /** The lowest address that nobody had yet. @throws LinkspanError code `LIMIT` */
  allot(): Prefix {
    const { family, bytes, length } = this.network
    const size = 1n << BigInt(bytes.length * 8 - length)
    for (; this.#next < size; this.#next++) {
      const address = { family, bytes: plus(bytes, this.#next), length }
      const isLast = family === 4 && length < 31 && sameAddress(address, lastOf(address))
      if (!isLast && this.userOf(address.bytes) === undefined) return address
    }
    throw new LinkspanError(
      'LIMIT',
      `no address is free in ${quote(this.text)}: give it a larger network`,
    )
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.map(this.#users)
    keeper.values([this.#next], (next) => {
      this.#next = next
    })
  }
}

/** An address that many behind another. */
function plus(bytes: Uint8Array, count: bigint): Uint8Array {
  const sum = bytes.slice()
  let rest = count
  for (let at = sum.length - 1; rest > 0n && at >= 0; at--) {
    rest += BigInt(sum[at] as number)
    sum[at] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return sum
}

/** Where networks for bridges that are given none begin: 10.55.0.0/16 and fd55::/64. */
const FIRST_SPARE = 55

/** Networks of a lab that no bridge has asked for. */
export class SpareSubnets {
  #number = FIRST_SPARE

  /** One of each family that overlaps none of `taken`; who does not take it leaves it to the next. */
  next(taken: readonly string[]): string[] {
    const others = taken.map(parsePrefix)
    for (; this.#number < 256; this.#number++) {
      const two = [`10.${this.#number}.0.0/16`, `fd55:0:0:${this.#number.toString(16)}::/64`]
      if (two.map(parsePrefix).every((one) => others.every((other) => !overlap(one, other))))
        return two
    }
    throw new LinkspanError('LIMIT', 'no network is left for another bridge: give it "subnets"')
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#number], (number) => {
      this.#number = number
    })
  }
}

const overlap = (a: Prefix, b: Prefix) => contains(a, b) || contains(b, a)
