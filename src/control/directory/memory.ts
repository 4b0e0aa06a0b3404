/** A directory in memory: what sources say is put into it, and listeners are told. */
import { checkVtep } from '../../config/vtep.js'
import { Claims } from './claims.js'
import type {
  Directory,
  DirectoryBatch,
  DirectoryCounts,
  DirectoryEndpoint,
  DirectoryListener,
  DirectoryPeer,
  KnownEndpoint,
  KnownPeer,
} from './directory.js'
import { type Canonical, canonicalEndpoint, canonicalPeer, checkMac, checkVni } from './values.js'

export interface MemoryDirectoryOptions {
  /** A clock that never goes back, milliseconds. */
  now: () => number
  /** How long what a lost source said is kept, milliseconds. */
  keep: number
  /** When listeners are told of a change: calls back once, later. A microtask if left out. */
  schedule?: (tell: () => void) => void
  /** What a listener threw; the others are told all the same. An uncaught exception if left out. */
  onError?: (error: unknown) => void
}

const peerKey = (vni: number, vtep: string) => `${vni} ${vtep}`
const endpointKey = (vni: number, mac: string) => `${vni} ${mac}`

const PEERS = {
  keyOf: ({ vni, vtep }: DirectoryPeer) => peerKey(vni, vtep),
  same: (a: DirectoryPeer, b: DirectoryPeer) => a.host === b.host,
  contradict: (a: DirectoryPeer, b: DirectoryPeer) =>
    a.host !== undefined && b.host !== undefined && a.host !== b.host,
}

const ENDPOINTS = {
  keyOf: ({ vni, mac }: DirectoryEndpoint) => endpointKey(vni, mac),
  same: (a: DirectoryEndpoint, b: DirectoryEndpoint) =>
    a.vtep === b.vtep &&
    a.addresses.length === b.addresses.length &&
    a.addresses.every((address, index) => address === b.addresses[index]),
  contradict: (a: DirectoryEndpoint, b: DirectoryEndpoint) => a.vtep !== b.vtep,
}

/** A batch, and who is told of it. */
interface Delivery {
  readonly batch: DirectoryBatch
  readonly listeners: readonly Watch[]
}

interface Watch {
  readonly listener: DirectoryListener
  active: boolean
}

/**
 * Sources are named by whoever speaks for them. A source that is lost says nothing more (`lose`): what it
 * said is stale until it says so again. When it is back and has told all it knows (`synced`), what it did
 * not repeat goes; if it does not come back, all goes in time (`expire`).
 */
export class MemoryDirectory implements Directory {
  readonly #peers = new Claims<DirectoryPeer>(PEERS)
  readonly #endpoints = new Claims<DirectoryEndpoint>(ENDPOINTS)
  readonly #now: () => number
  readonly #keep: number
  readonly #schedule: (tell: () => void) => void
  readonly #onError: (error: unknown) => void
  readonly #watches = new Set<Watch>()
  readonly #deliveries: Delivery[] = []
  #scheduled = false
  #delivering = false

  constructor(options: MemoryDirectoryOptions) {
    const { now, keep, schedule = queueMicrotask, onError = uncaught } = options
    this.#now = now
    this.#keep = keep
    this.#schedule = schedule
    this.#onError = onError
  }

  get counts(): DirectoryCounts {
    const stale = this.#peers.stale + this.#endpoints.stale
    return { peers: this.#peers.size, endpoints: this.#endpoints.size, stale }
  }

  peers(): Iterable<KnownPeer> {
    return this.#peers.known()
  }

  endpoints(): Iterable<KnownEndpoint> {
    return this.#endpoints.known()
  }

  peer(vni: number, vtep: string): KnownPeer | undefined {
    return this.#peers.find(peerKey(checkVni(vni), checkVtep(vtep)))
  }

  endpoint(vni: number, mac: string): KnownEndpoint | undefined {
    return this.#endpoints.find(endpointKey(checkVni(vni), checkMac(mac)))
  }

  /** @throws InvalidError for what is no peer; the directory is as it was */
  putPeer(source: string, peer: DirectoryPeer): void {
    this.putAll(source, [canonicalPeer(peer)], [])
  }

  /** @throws InvalidError for what is no endpoint; the directory is as it was */
  putEndpoint(source: string, endpoint: DirectoryEndpoint): void {
    this.putAll(source, [], [canonicalEndpoint(endpoint)])
  }

  /** Many that were checked. */
  putAll(
    source: string,
    peers: readonly Canonical<DirectoryPeer>[],
    endpoints: readonly Canonical<DirectoryEndpoint>[],
  ): void {
    for (const peer of peers) this.#peers.put(source, peer)
    for (const endpoint of endpoints) this.#endpoints.put(source, endpoint)
    this.#changed()
  }

  /** @returns whether the source had said so */
  removePeer(source: string, vni: number, vtep: string): boolean {
    const removed = this.#peers.remove(source, peerKey(checkVni(vni), checkVtep(vtep)))
    this.#changed()
    return removed
  }

  /** @returns whether the source had said so */
  removeEndpoint(source: string, vni: number, mac: string): boolean {
    const removed = this.#endpoints.remove(source, endpointKey(checkVni(vni), checkMac(mac)))
    this.#changed()
    return removed
  }

  /** The source was lost: what it said is stale from now on. */
  lose(source: string): void {
    const now = this.#now()
    this.#peers.lose(source, now)
    this.#endpoints.lose(source, now)
    this.#changed()
  }

  /** The source has told all that it knows: what it said before it was lost, and not since, goes. */
  synced(source: string): void {
    this.#drop(source, true)
  }

  /** The source took its leave: all that it said goes. */
  forget(source: string): void {
    this.#drop(source, false)
  }

  #drop(source: string, staleOnly: boolean): void {
    this.#peers.drop(source, staleOnly)
    this.#endpoints.drop(source, staleOnly)
    this.#changed()
  }

  /** Forgets what has been stale for long enough. */
  expire(): void {
    const time = this.#now() - this.#keep
    this.#peers.expire(time)
    this.#endpoints.expire(time)
    this.#changed()
  }

  /** When `expire` has something to do next; undefined while nothing is stale. */
  get nextExpiry(): number | undefined {
    const [peers, endpoints] = [this.#peers.firstStale, this.#endpoints.firstStale]
    if (peers === undefined && endpoints === undefined) return undefined
    return (
      Math.min(peers ?? Number.POSITIVE_INFINITY, endpoints ?? Number.POSITIVE_INFINITY) +
      this.#keep
    )
  }

  watch(listener: DirectoryListener): () => void {
    // What is not told yet is in the snapshot: the others hear of it first, and this one once.
    this.#collect()
    const watch = { listener, active: true }
    this.#watches.add(watch)
    const added = <T>(to: T) => ({ op: 'added', to }) as const
    const peers = Array.from(this.peers(), added)
    const endpoints = Array.from(this.endpoints(), added)
    this.#deliveries.push({ batch: { snapshot: true, peers, endpoints }, listeners: [watch] })
    this.#deliver()
    return () => {
      watch.active = false
      this.#watches.delete(watch)
    }
  }

  /** Tells listeners of all changes so far, without waiting. */
  flush(): void {
    this.#collect()
    this.#deliver()
  }

  #changed(): void {
    if (this.#scheduled || !(this.#peers.hasChanges || this.#endpoints.hasChanges)) return
    this.#scheduled = true
    this.#schedule(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  #collect(): void {
    const peers = this.#peers.takeChanges()
    const endpoints = this.#endpoints.takeChanges()
    if (this.#watches.size === 0 || peers.length + endpoints.length === 0) return
    const batch = { snapshot: false, peers, endpoints }
    this.#deliveries.push({ batch, listeners: [...this.#watches] })
  }

  /** In order, each batch to all before the next: a listener that changes something waits its turn. */
  #deliver(): void {
    if (this.#delivering) return
    this.#delivering = true
    try {
      for (let next = this.#deliveries.shift(); next; next = this.#deliveries.shift()) {
        for (const watch of next.listeners) this.#tell(watch, next.batch)
      }
    } finally {
      this.#delivering = false
    }
  }

  #tell({ active, listener }: Watch, batch: DirectoryBatch): void {
    if (!active) return
    try {
      listener(batch)
    } catch (error) {
      this.#onError(error)
    }
  }
}

/** Not thrown at whoever changed something, who has nothing to do with it. */
function uncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
