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

type Task = { readonly put: boolean; readonly endpoint: DirectoryEndpoint }

export class Endpoints {
  readonly #host: EndpointHost
  readonly #directory: Directory
  readonly #failed: (why: string) => void
  #bridges: ReadonlyMap<number, readonly OverlayBridge[]> = new Map()
  #own: ReadonlySet<string> = new Set()
  #tasks: Task[] = []
  #running = false
  #closed = false

  /** @param failed is told, once a slice at most, what could not be programmed */
  constructor(host: EndpointHost, directory: Directory, failed: (why: string) => void) {
    this.#host = host
    this.#directory = directory
    this.#failed = failed
  }

  /** Follows a config that is in force: what is known is programmed anew where its tunnels are new. */
  follow(config: Config): void {
    const bridges = new Map<number, OverlayBridge[]>()
    for (const bridge of overlaySettings(config).bridges) {
      bridges.set(bridge.vni, [...(bridges.get(bridge.vni) ?? []), bridge])
    }
    this.#bridges = bridges
    this.#own = new Set(config.underlay?.addresses)
    this.#add([...this.#directory.endpoints()].map((endpoint) => ({ put: true, endpoint })))
  }

  /** Takes over what a directory tells. */
  hear({ endpoints }: DirectoryBatch): void {
    this.#add(
      endpoints.flatMap((change): Task[] => [
        ...(change.op === 'added' ? [] : [{ put: false, endpoint: change.from }]),
        ...(change.op === 'removed' ? [] : [{ put: true, endpoint: change.to }]),
      ]),
    )
  }

  #add(tasks: readonly Task[]): void {
    if (this.#bridges.size === 0) return
    for (const task of tasks) this.#tasks.push(task)
    if (this.#running || this.#tasks.length === 0) return
    this.#running = true
    setImmediate(() => this.#run())
  }

  #run(): void {
    const slice = this.#tasks.slice(0, SLICE)
    this.#tasks = this.#tasks.slice(SLICE)
    const failures = this.#closed ? [] : slice.flatMap((task) => this.#try(task))
    if (failures.length > 0) {
      const more = failures.length > 1 ? `, and ${failures.length - 1} more` : ''
      this.#failed(`${failures[0]}${more}`)
    }
    this.#running = this.#tasks.length > 0
    if (this.#running) setImmediate(() => this.#run())
  }

  #try({ put, endpoint }: Task): string[] {
    try {
      for (const { bridge } of this.#bridges.get(endpoint.vni) ?? []) {
        if (put) this.#put(bridge, endpoint)
        else this.#take(bridge, endpoint)
      }
      return []
    } catch (error) {
      return [`endpoint ${endpoint.mac} of VNI ${endpoint.vni}: ${(error as Error).message}`]
    }
  }

  #put(bridge: string, { mac, addresses, vtep }: DirectoryEndpoint): void {
    const { manager, topology } = this.#host
    const fid = topology.domains.fidOf(bridge, WHOLE)
    const port = topology.ports.get(tunnelName(bridge, vtep))?.index
    // One of ours is learnt here; one behind a VTEP without a tunnel comes when that has one.
    if (fid === undefined || port === undefined || this.#own.has(vtep)) return
    const pair = macToPair(parseMac(mac))
    const entry = { fid, port, macHigh: pair[0], macLow: pair[1], static: false, external: true }
    manager.fdb.set(entry, this.#host.now())
    for (const address of addresses) {
      manager.router.setNeighbor(fid, neighborWords(address), pair)
    }
  }

  #take(bridge: string, { mac, addresses, vtep }: DirectoryEndpoint): void {
    const { manager, topology } = this.#host
    const fid = topology.domains.fidOf(bridge, WHOLE)
    if (fid === undefined) return
    const [macHigh, macLow] = macToPair(parseMac(mac))
    for (const address of addresses) manager.router.setNeighbor(fid, neighborWords(address), [0, 0])
    const port = topology.ports.get(tunnelName(bridge, vtep))?.index
    const entry = manager.fdb.find(fid, macHigh, macLow, this.#host.now())
    // What was heard elsewhere since is the better news.
    if (entry?.external && entry.port === port) manager.fdb.delete(fid, macHigh, macLow)
  }

  close(): void {
    this.#closed = true
  }
}
