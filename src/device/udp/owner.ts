/** The interface that has a local address, whichever that is now, and the namespace it stands in. */
import { formatAddress, parsePrefix } from '../../config/address.js'
import type { DeviceLinkEvent } from '../device.js'
import type { SharedNamespace } from '../namespace-share.js'
import { watchNamespace } from '../namespace-watch.js'
import type { Link } from '../netlink/link.js'

const ABSENT: DeviceLinkEvent = { up: false, mtu: 0, deleted: false }

/**
 * An address may move from one interface to another: it is looked for again when its interface
 * changes or, while none has it, when any does. Lets go of its namespace when that is gone by name.
 */
export class AddressOwner {
  readonly #address: string
  readonly #stops = new Set<() => void>()
  #namespace: SharedNamespace | undefined
  #index: number | undefined
  #unwatch: () => void = () => {}
  #gone: (() => void) | undefined

  /**
   * Takes over an acquisition of the namespace.
   * @param address as formatAddress writes it
   */
  constructor(netns: string | undefined, namespace: SharedNamespace, address: string) {
    this.#address = address
    this.#namespace = namespace
    if (netns === undefined) return
    this.#unwatch = watchNamespace(netns, namespace.opened, () => {
      this.release()
      this.#gone?.()
    })
  }

  get released(): boolean {
    return this.#namespace === undefined
  }

  /** Undefined while no interface has the address. */
  link(): Link | undefined {
    const routes = this.#namespace?.routes
    const owner = routes?.addresses().find(({ address }) => isOf(address, this.#address))
    const link = owner && routes?.link(owner.interfaceIndex)
    this.#index = link?.index
    return link
  }

  /** Tells how the link is whenever something of it changed. @returns what stops it */
  onLink(callback: (event: DeviceLinkEvent) => void): () => void {
    this.link()
    const stop = this.#namespace?.routes.onLink(({ link: { index } }) => {
      if (this.#index !== undefined && this.#index !== index) return
      const link = this.link()
      callback(link ? { up: link.up && link.carrier, mtu: link.mtu, deleted: false } : ABSENT)
    })
    const unsubscribe = () => {
      stop?.()
      this.#stops.delete(unsubscribe)
    }
    this.#stops.add(unsubscribe)
    return unsubscribe
  }

  /** Calls back once when the namespace is gone by its name (or process), after letting go of it. */
  onGone(callback: () => void): void {
    this.#gone = callback
  }

  /** Again is harmless. */
  release(): void {
    this.#unwatch()
    for (const stop of this.#stops) stop()
    this.#namespace?.release()
    this.#namespace = undefined
  }
}

function isOf(prefix: string, address: string): boolean {
  return formatAddress(parsePrefix(prefix).bytes) === address
}
