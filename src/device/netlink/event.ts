/** Changes of the interfaces of a namespace, as the kernel tells them (RTNLGRP_LINK). */
import { constants } from 'node:os'
import { loadNative, type WatchHandle } from '../native.js'
import { RTM, RTMGRP_LINK } from './constants.js'
import { decodeLink, isLink, type Link } from './link.js'
import { decodeMessages } from './message.js'
import { receive } from './request.js'

/** An interface came or changed, or went: out of the system, or out of this namespace. */
export interface LinkEvent {
  link: Link
  deleted: boolean
}

type Listener = (event: LinkEvent) => void

/**
 * Every listener hears of one interface or of all. When events were lost (ENOBUFS: thousands of
 * them between two turns of the event loop) the present state of all links is told instead, and
 * the deletion of those that are missing.
 */
export class LinkEvents {
  readonly #dump: () => Link[]
  readonly #fd: number
  readonly #watch: WatchHandle
  readonly #listeners = new Map<number, Set<Listener>>()
  readonly #known = new Map<number, Link>()
  #closed = false

  /** @param dump the links that there are now */
  constructor(namespaceFd: number, dump: () => Link[]) {
    const native = loadNative()
    this.#dump = dump
    this.#fd = native.netlinkOpen(namespaceFd, RTMGRP_LINK)
    this.#watch = native.watch(this.#fd, () => this.#drain())
    try {
      for (const link of dump()) this.#known.set(link.index, link)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** @param index 0 for all @returns what stops it */
  listen(index: number, listener: Listener): () => void {
    const listeners = this.#listeners.get(index) ?? new Set()
    this.#listeners.set(index, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(index) === listeners) {
        this.#listeners.delete(index)
      }
    }
  }

  #drain(): void {
    while (!this.#closed) {
      const datagram = receive(this.#fd)
      if (typeof datagram !== 'number') this.#tell(decode(datagram))
      else if (datagram === -constants.errno.ENOBUFS) this.#tell(this.#present())
      else return
    }
  }

  #present(): LinkEvent[] {
    const links = this.#dump()
    const indexes = new Set(links.map(({ index }) => index))
    const gone = [...this.#known.values()].filter(({ index }) => !indexes.has(index))
    return [
      ...gone.map((link) => ({ link, deleted: true })),
      ...links.map((link) => ({ link, deleted: false })),
    ]
  }

  #tell(events: readonly LinkEvent[]): void {
    for (const event of events) {
      const { index } = event.link
      if (event.deleted) this.#known.delete(index)
      else this.#known.set(index, event.link)
      const listeners = [...(this.#listeners.get(index) ?? []), ...(this.#listeners.get(0) ?? [])]
      for (const listener of listeners) listener(event)
    }
  }

  close(): void {
    const native = loadNative()
    this.#closed = true
    this.#listeners.clear()
    native.unwatch(this.#watch)
    native.close(this.#fd)
  }
}

/** All of a datagram before anyone is told: a listener's own request uses the same buffer. */
function decode(datagram: Uint8Array): LinkEvent[] {
  return decodeMessages(datagram)
    .filter(({ type, payload }) => isLinkMessage(type) && isLink(payload))
    .map(({ type, payload }) => ({ link: decodeLink(payload), deleted: type === RTM.DELLINK }))
}

function isLinkMessage(type: number): boolean {
  return type === RTM.NEWLINK || type === RTM.DELLINK
}
