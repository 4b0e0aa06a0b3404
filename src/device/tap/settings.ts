/** The settings of a TAP's interface, one by one; each that fails says what it was and of which TAP. */
import { attempt } from '../error.js'
import type { RouteSocket } from '../netlink/socket.js'
import { describeTap, type TapOptions, type TapRoute } from './options.js'

export class TapSettings {
  constructor(
    readonly options: TapOptions,
    readonly routes: RouteSocket,
    readonly index: number,
  ) {}

  setMac(mac: string): void {
    const hints = { EADDRNOTAVAIL: 'an interface cannot have a multicast or an all-zero address' }
    this.#attempt(`set the MAC ${mac} of`, hints, () => this.routes.setLink(this.index, { mac }))
  }

  setMtu(mtu: number): void {
    const hints = { EINVAL: 'a TAP takes 68 to 65521' }
    this.#attempt(`set the MTU ${mtu} of`, hints, () => this.routes.setLink(this.index, { mtu }))
  }

  setUp(): void {
    this.#attempt('set up', {}, () => this.routes.setLink(this.index, { up: true }))
  }

  addAddress(address: string): void {
    const hints = {
      EEXIST: 'it has it already',
      EACCES: 'IPv6 is switched off there (net.ipv6.conf.*.disable_ipv6)',
    }
    this.#attempt(`add ${address} to`, hints, () => this.routes.addAddress(this.index, address))
  }

  addRoute(route: TapRoute): void {
    const text = route.via === undefined ? route.to : `${route.to} via ${route.via}`
    const hints = {
      EEXIST: 'there is a route to that destination already',
      ENETUNREACH: 'the next hop is in none of its subnets',
      EHOSTUNREACH: 'the next hop is in none of its subnets',
    }
    this.#attempt(`add the route ${text} to`, hints, () =>
      this.routes.addRoute({ ...route, interfaceIndex: this.index }),
    )
  }

  /** One that it does not have is none to remove. */
  removeAddress(address: string): void {
    this.#attempt(`remove ${address} from`, {}, () =>
      unless('EADDRNOTAVAIL', () => this.routes.deleteAddress(this.index, address)),
    )
  }

  /** One that is not there is none to remove. */
  removeRoute(route: TapRoute): void {
    this.#attempt(`remove the route to ${route.to} from`, {}, () =>
      unless('ESRCH', () => this.routes.deleteRoute({ ...route, interfaceIndex: this.index })),
    )
  }

  /** What the kernel took along with something else is put back; what is there is left alone. */
  keep(addresses: readonly string[], routes: readonly TapRoute[]): void {
    for (const address of addresses) unless('EEXIST', () => this.addAddress(address))
    for (const route of routes) unless('EEXIST', () => this.addRoute(route))
  }

  #attempt(verb: string, hints: Record<string, string>, change: () => void): void {
    const { name } = this.options
    attempt({ what: `${verb} ${describeTap(this.options)}`, device: name, hints }, change)
  }
}

function unless(code: string, change: () => void): void {
  try {
    change()
  } catch (error) {
    if ((error as { code?: string }).code !== code) throw error
  }
}
