/** rtnetlink in one network namespace: configuration at once, events as they come. */
import { randomInt } from 'node:crypto'
import {
  decodeAddress,
  encodeAddress,
  encodeAddressQuery,
  type InterfaceAddress,
} from './address.js'
import { NLM_F, RTM } from './constants.js'
import { type LinkEvent, LinkEvents } from './event.js'
import {
  decodeLink,
  encodeGroupQuery,
  encodeLinkChange,
  encodeLinkQuery,
  type Link,
  type LinkChange,
} from './link.js'
import { type Request, RequestSocket } from './request.js'
import {
  decodeRoute,
  encodeRoute,
  encodeRouteQuery,
  isRoute,
  type Route,
  type RouteEntry,
} from './route.js'

const added = NLM_F.CREATE | NLM_F.EXCL

/**
 * Keeps its namespace alive until it is closed. Everything that fails throws a DeviceError whose
 * `syscall` is the message's name, with the kernel's own explanation where there is one; wrong text
 * throws an InvalidError. A change is one message: it is done, or not.
 */
export class RouteSocket {
  readonly #namespaceFd: number
  readonly #requests: RequestSocket
  #events: LinkEvents | undefined
  #closed = false

  private constructor(namespaceFd: number) {
    this.#namespaceFd = namespaceFd
    this.#requests = new RequestSocket(namespaceFd)
  }

  /** @param namespaceFd absent: our own. It must stay open until the first `onLink`. */
  static open(namespaceFd = -1): RouteSocket {
    return new RouteSocket(namespaceFd)
  }

  links(): Link[] {
    const request = { ...query, type: RTM.GETLINK, name: 'RTM_GETLINK', body: encodeLinkQuery() }
    return this.#requests.dump(request, ({ payload }) => decodeLink(payload))
  }

  /** @returns undefined where there is none */
  link(which: string | number): Link | undefined {
    const about = nameOf(which)
    const body = encodeLinkQuery(which)
    const request = { type: RTM.GETLINK, name: 'RTM_GETLINK', about, body }
    try {
      return this.#requests.request(request, ({ payload }) => decodeLink(payload))[0]
    } catch (error) {
      if ((error as { code?: string }).code === 'ENODEV') return undefined
      throw error
    }
  }

  setLink(index: number, change: LinkChange): void {
    const body = encodeLinkChange(index, change)
    this.#change({ type: RTM.NEWLINK, name: 'RTM_NEWLINK', about: nameOf(index), body })
  }

  deleteLink(index: number): void {
    const body = encodeLinkQuery(index)
    this.#change({ type: RTM.DELLINK, name: 'RTM_DELLINK', about: nameOf(index), body })
  }

  /**
   * Deletes many in one step. The kernel waits about 20 ms for its readers whether one goes or a
   * thousand; a device group is how it is told of a thousand. What is gone already is no error.
   */
  deleteLinks(indexes: readonly number[]): void {
    const group = randomInt(0x1000, 0x7fffffff)
    const marked = indexes.filter((index) => this.#mark(index, group))
    if (marked.length === 0) return
    const body = encodeGroupQuery(group)
    this.#change({ type: RTM.DELLINK, name: 'RTM_DELLINK', about: `${marked.length} links`, body })
  }

  #mark(index: number, group: number): boolean {
    try {
      this.setLink(index, { group })
      return true
    } catch (error) {
      if ((error as { code?: string }).code === 'ENODEV') return false
      throw error
    }
  }

  addresses(): InterfaceAddress[] {
    const request = { ...query, type: RTM.GETADDR, name: 'RTM_GETADDR', body: encodeAddressQuery() }
    return this.#requests.dump(request, ({ payload }) => decodeAddress(payload))
  }

  /** @param address with a prefix length; EEXIST when the interface has it */
  addAddress(index: number, address: string): void {
    const body = encodeAddress(index, address)
    const about = `${address} at ${nameOf(index)}`
    this.#change({ type: RTM.NEWADDR, name: 'RTM_NEWADDR', about, flags: added, body })
  }

  /** EADDRNOTAVAIL when the interface does not have it. */
  deleteAddress(index: number, address: string): void {
    const body = encodeAddress(index, address)
    const about = `${address} at ${nameOf(index)}`
    this.#change({ type: RTM.DELADDR, name: 'RTM_DELADDR', about, body })
  }

  /** Of all tables: `local` and `broadcast` ones are in 255. */
  routes(): RouteEntry[] {
    const request = { ...query, type: RTM.GETROUTE, name: 'RTM_GETROUTE', body: encodeRouteQuery() }
    return this.#requests
      .dump(request, ({ payload }) => (isRoute(payload) ? [decodeRoute(payload)] : []))
      .flat()
  }

  /** Into the main table; EEXIST when there is one to the same destination. */
  addRoute(route: Route): void {
    const body = encodeRoute(route)
    const about = describeRoute(route)
    this.#change({ type: RTM.NEWROUTE, name: 'RTM_NEWROUTE', about, flags: added, body })
  }

  /** From the main table; ESRCH when there is none such. */
  deleteRoute(route: Route): void {
    const body = encodeRoute(route)
    this.#change({ type: RTM.DELROUTE, name: 'RTM_DELROUTE', about: describeRoute(route), body })
  }

  #change(request: Request): void {
    this.#requests.request(request, () => undefined)
  }

  /**
   * Calls back on the event loop when a link of the namespace comes, changes or goes.
   * @param index of one interface; absent: all @returns what stops it
   */
  onLink(callback: (event: LinkEvent) => void, index = 0): () => void {
    this.#events ??= new LinkEvents(this.#namespaceFd, () => this.links())
    return this.#events.listen(index, callback)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#events?.close()
    this.#requests.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

const query = { about: 'all' }

function describeRoute({ to, via }: Route): string {
  return via === undefined ? to : `${to} via ${via}`
}

function nameOf(which: string | number): string {
  return typeof which === 'string' ? which : `interface ${which}`
}
