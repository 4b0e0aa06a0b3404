/** The addresses of a host: which of its bridge's are its own, and where packets to other networks go. */
import {
  type Address,
  formatAddress,
  lastOf,
  type Prefix,
  parseAddress,
} from '../config/address.js'
import { quote } from '../config/describe.js'
import { LinkspanError } from '../error.js'
import type { Bridge } from './bridge.js'
import { addressOf } from './host/address.js'
import type { Address as HostAddress } from './host/network.js'
import type { Stack } from './host/stack.js'
import { checkGateway } from './host-options.js'

export class Addressing {
  /** @param who as a sentence has it: `host "a"` */
  constructor(
    private readonly who: string,
    private readonly bridge: Bridge,
    private readonly stack: Stack,
  ) {}

  /** Makes addresses of the bridge that are claimed the stack's. */
  begin(prefixes: readonly Prefix[], gateways: readonly Address[]): void {
    for (const prefix of prefixes) this.#own(prefix)
    for (const gateway of gateways) this.#route(gateway)
  }

  #own({ family, bytes, length }: Prefix): void {
    const broadcast =
      family === 4 && length < 31 ? lastOf({ family, bytes, length }).bytes : undefined
    const address = addressOf({ family, bytes })
    this.stack.addAddress({ address, length, broadcast, isLinkLocal: false })
  }

  #route(gateway: Address): void {
    const own = addressOf(gateway)
    this.stack.ipOf(own).gateway = own
  }

  /** @throws LinkspanError `EXISTS`, `INVALID`; then nothing has changed */
  add(text: string, gateway: string | undefined): void {
    const claim = this.bridge.claim(this.who, [text])
    const router = gateway === undefined ? [] : [parseAddress(gateway)]
    for (const one of router) checkGateway(this.who, claim.prefixes, one)
    this.bridge.takeAddresses(this.who, claim)
    this.begin(claim.prefixes, router)
    this.stack.announce(this.stack.own.at(-1) as HostAddress)
  }

  /** @throws LinkspanError code `NOT_FOUND` where it has no such address */
  remove(text: string): void {
    const { bytes } = parseAddress(text)
    const address = this.stack.own.find((one) => one.text === formatAddress(bytes))
    if (address === undefined) {
      const own = this.stack.own.map((one) => one.text).join(', ') || 'none'
      throw new LinkspanError(
        'NOT_FOUND',
        `${this.who} has no address ${quote(text)}; it has ${own}`,
      )
    }
    this.stack.removeAddress(address)
    this.bridge.giveBack(address)
  }
}
