/** An interface and the namespace it stands in, as devices see them. */
import type { DeviceInfo, DeviceLinkEvent } from './device.js'
import type { SharedNamespace } from './namespace-share.js'
import { watchNamespace } from './namespace-watch.js'
import type { Link } from './netlink/link.js'

/**
 * Holds on to the namespace until it is released, or its name (or process) is gone or stands for
 * another one: then it lets go, so that the kernel can end it.
 */
export class Interface {
  readonly #index: number
  readonly #unsubscribes = new Set<() => void>()
  #namespace: SharedNamespace | undefined
  #unwatch: () => void = () => {}
  #gone: (() => void) | undefined

  /** Takes over an acquisition of the namespace. */
  constructor(netns: string | undefined, namespace: SharedNamespace, index: number) {
    this.#index = index
    this.#namespace = namespace
    if (netns === undefined) return
    this.#unwatch = watchNamespace(netns, namespace.opened, () => {
      this.release()
      this.#gone?.()
    })
  }

  get index(): number {
    return this.#index
  }

  /** Undefined when it was let go of. */
  get namespace(): SharedNamespace | undefined {
    return this.#namespace
  }

  /** As the kernel has it; undefined when it is gone. */
  link(): Link | undefined {
    return this.#namespace?.routes.link(this.#index)
  }

  /** Until `release`. @returns what stops it */
  onLink(callback: (event: DeviceLinkEvent) => void): () => void {
    const stop = this.#namespace?.routes.onLink(({ link, deleted }) => {
      if (deleted) unsubscribe()
      callback({ up: !deleted && link.up && link.carrier, mtu: link.mtu, deleted })
    }, this.#index)
    const unsubscribe = () => {
      stop?.()
      this.#unsubscribes.delete(unsubscribe)
    }
    this.#unsubscribes.add(unsubscribe)
    return unsubscribe
  }

  /** Calls back once when the namespace is gone by its name (or process), after letting go of it. */
  onNamespaceGone(callback: () => void): void {
    this.#gone = callback
  }

  /** Again is harmless. */
  release(): void {
    this.#unwatch()
    for (const unsubscribe of this.#unsubscribes) unsubscribe()
    this.#namespace?.release()
    this.#namespace = undefined
  }
}

/** What of a link is the same for every kind of device. */
export function linkInfo({ name, mac, mtu, up, carrier }: Link) {
  return { ifname: name, mac, mtu, up, carrier } satisfies DeviceInfo
}
