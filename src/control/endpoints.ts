/**
 * What a directory knows of stations behind other VTEPs, programmed into FDB and neighbour tables: frames
 * to them are not flooded, and questions for them do not travel. Entries do not age, and move when a
 * station is heard elsewhere, so that it is followed before the directory knows.
 */
import { macToPair, parseMac } from '../config/address.js'
import { tunnelName } from '../config/overlay-names.js'
import { type OverlayBridge, overlaySettings } from '../config/overlay-settings.js'
import type { Config } from '../config/types.js'
import { WHOLE } from '../dataplane/domains.js'
import type { Manager } from '../dataplane/manager.js'
import { neighborWords } from '../dataplane/router-routes.js'
import type { Topology } from '../dataplane/topology.js'
import type { Directory, DirectoryBatch, DirectoryEndpoint } from './directory/directory.js'

/** Endpoints that are programmed without letting others have their turn. */
const SLICE = 2000

export interface EndpointHost {
  readonly manager: Manager
  readonly topology: Topology
  now(): number
}

interface Task {
  readonly op: 'put' | 'take'
  readonly endpoint: DirectoryEndpoint
  /** Only where nothing is known: what was heard since is the better news. */
  readonly quietly?: boolean
}

/** What was programmed for a bridge: MACs by address. */
interface Programmed {
  readonly vni: number
  readonly addresses: Map<string, string>
}

/** Whether two are programmed alike; both are canonical and of one station. */
function isAlike(a: DirectoryEndpoint, b: DirectoryEndpoint): boolean {
  return a.vtep === b.vtep && a.addresses.join() === b.addresses.join()
}

export class Endpoints {
  readonly #host: EndpointHost
  readonly #directory: Directory
  readonly #failed: (why: string) => void
  readonly #programmed = new Map<string, Programmed>()
  #bridges: ReadonlyMap<number, readonly OverlayBridge[]> = new Map()
  #own: ReadonlySet<string> = new Set()
  #tasks: Task[] = []
  #next = 0
  #again = false
  #running = false
  #closed = false

  /** @param failed is told, once a slice at most, what could not be programmed */
  constructor(host: EndpointHost, directory: Directory, failed: (why: string) => void) {
    this.#host = host
    this.#directory = directory
    this.#failed = failed
  }

  /** Follows a config that is in force: what is known is programmed where it is not yet. */
  follow(config: Config): void {
    const bridges = new Map<number, OverlayBridge[]>()
    for (const bridge of overlaySettings(config).bridges) {
      bridges.set(bridge.vni, [...(bridges.get(bridge.vni) ?? []), bridge])
    }
    this.#bridges = bridges
    this.#own = new Set(config.underlay?.addresses)
    for (const [bridge, { vni, addresses }] of this.#programmed) {
      if (bridges.get(vni)?.some((one) => one.bridge === bridge)) continue
      this.#programmed.delete(bridge)
      for (const address of addresses.keys()) this.#forget(bridge, address)
    }
    this.repeat()
  }

  /** Programs what is missing, as after a flush. */
  repeat(): void {
    this.#again = true
    this.#start()
  }

  /** Takes over what a directory tells. */
  hear({ endpoints }: DirectoryBatch): void {
    for (const change of endpoints) {
      // Who says so, and how sure it is, is not programmed.
      if (change.op === 'changed' && isAlike(change.from, change.to)) continue
      if (change.op !== 'added') this.#tasks.push({ op: 'take', endpoint: change.from })
      if (change.op !== 'removed') this.#tasks.push({ op: 'put', endpoint: change.to })
    }
    this.#start()
  }

  #start(): void {
    if (this.#running || this.#closed) return
    this.#running = true
    setImmediate(() => this.#run())
  }

  #run(): void {
    const slice = this.#tasks.slice(this.#next, this.#next + SLICE)
    this.#next += slice.length
    if (this.#next === this.#tasks.length) this.#refill()
    const failures = this.#closed ? [] : slice.flatMap((task) => this.#try(task))
    if (failures.length > 0) {
      const more = failures.length > 1 ? `, and ${failures.length - 1} more` : ''
      this.#failed(`${failures[0]}${more}`)
    }
    this.#running = this.#next < this.#tasks.length
    if (this.#running) setImmediate(() => this.#run())
  }

  /** All that is known once more, if that was asked for: once, however often it was. */
  #refill(): void {
    this.#next = 0
    this.#tasks = []
    if (!this.#again || this.#bridges.size === 0) return
    this.#again = false
    this.#tasks = Array.from(this.#directory.endpoints(), (endpoint): Task => {
      return { op: 'put', endpoint, quietly: true }
    })
  }

  #try({ op, endpoint, quietly = false }: Task): string[] {
    try {
      for (const { bridge } of this.#bridges.get(endpoint.vni) ?? []) {
        if (op === 'put') this.#put(bridge, endpoint, quietly)
        else this.#take(bridge, endpoint)
      }
      return []
    } catch (error) {
      return [`endpoint ${endpoint.mac} of VNI ${endpoint.vni}: ${(error as Error).message}`]
    }
  }

  #put(bridge: string, endpoint: DirectoryEndpoint, quietly: boolean): void {
    const { manager, topology } = this.#host
    const { mac, addresses, vtep, vni } = endpoint
    const fid = topology.domains.fidOf(bridge, WHOLE)
    const port = topology.ports.get(tunnelName(bridge, vtep))?.index
    // One of ours is learnt here; one behind a VTEP without a tunnel comes when that has one.
    if (fid === undefined || port === undefined || this.#own.has(vtep)) return
    const [macHigh, macLow] = macToPair(parseMac(mac))
    const known = manager.fdb.find(fid, macHigh, macLow, this.#host.now())
    // Whoever wrote it down by hand, or had it stick, knows better.
    if (known === undefined || !(quietly || known.static || known.sticky)) {
      const entry = { fid, port, macHigh, macLow, static: false, external: true }
      manager.fdb.set(entry, this.#host.now())
    }
    const own = this.#programmed.get(bridge) ?? { vni, addresses: new Map<string, string>() }
    this.#programmed.set(bridge, own)
    for (const address of addresses) {
      if (own.addresses.get(address) === mac) continue
      own.addresses.set(address, mac)
      manager.router.setNeighbor(fid, neighborWords(address), [macHigh, macLow])
    }
  }

  #take(bridge: string, { mac, addresses, vtep }: DirectoryEndpoint): void {
    const { manager, topology } = this.#host
    const fid = topology.domains.fidOf(bridge, WHOLE)
    if (fid === undefined) return
    const own = this.#programmed.get(bridge)?.addresses
    for (const address of addresses) {
      // Somebody else may have it by now.
      if (own?.get(address) !== mac) continue
      own.delete(address)
      this.#forget(bridge, address)
    }
    const [macHigh, macLow] = macToPair(parseMac(mac))
    const port = topology.ports.get(tunnelName(bridge, vtep))?.index
    const entry = manager.fdb.find(fid, macHigh, macLow, this.#host.now())
    // What was heard elsewhere since is the better news.
    if (entry?.external && entry.port === port) manager.fdb.delete(fid, macHigh, macLow)
  }

  #forget(bridge: string, address: string): void {
    const { manager, topology } = this.#host
    const fid = topology.domains.fidOf(bridge, WHOLE)
    if (fid !== undefined) manager.router.setNeighbor(fid, neighborWords(address), [0, 0])
  }

  close(): void {
    this.#closed = true
  }
}
