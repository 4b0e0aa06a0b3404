/**
 * A port of the running switch and the life of its device: opened, lost, waited for, closed. The
 * packet path learns of it through the topology only; descriptors are handed to the workers here
 * and taken back before they are closed.
 */
import type { Port as PortConfig, TapDevice as TapConfig } from '../config/types.js'
import type { Manager, PortCounters } from '../dataplane/manager.js'
import type { Topology } from '../dataplane/topology.js'
import { isSystemError } from '../device/error.js'
import { namespaceExists } from '../device/namespace.js'
import { loadNative } from '../device/native.js'
import type { Poller } from '../device/native-io.js'
import { TapDevice, type TapLinkEvent, type TapOptions, type TapRoute } from '../device/tap.js'
import { LinkspanError } from '../error.js'

export type PortState = 'up' | 'down' | 'waiting' | 'error'
export type Origin = 'config' | 'api'

/** What a port needs of the switch it is on. */
export interface PortHost {
  readonly manager: Manager
  readonly topology: Topology
  readonly pollers: readonly Poller[]
  /** Makes changes of the topology active; resolves when no worker uses what they took out. */
  settle(): Promise<void>
  /** Says what happened to a port, for the log. */
  report(port: Port, event: string, detail?: object): void
}

/** Used while no device has said better. */
const DEFAULT_MTU = 1500
/** An interface that a device failed with stays this long before its descriptors are closed. */
const GRACE = 100

export class Port {
  readonly name: string
  readonly config: PortConfig
  readonly origin: Origin
  readonly #host: PortHost
  readonly #index: number
  #device: TapDevice | undefined
  #state: PortState = 'down'
  #error: string | undefined
  #mtu = DEFAULT_MTU
  #closed = false

  /** Adds the port to the topology, down. */
  constructor(host: PortHost, name: string, config: PortConfig, origin: Origin) {
    if (config.device.type !== 'tap') {
      throw new LinkspanError(
        'INVALID',
        `port "${name}": a "${config.device.type}" device lives in the program that uses it: use createSwitch of linkspan; a running switch has "tap" devices`,
      )
    }
    this.#host = host
    this.name = name
    this.config = config
    this.origin = origin
    const settings = { bridge: config.bridge, up: false, mtu: DEFAULT_MTU, offloads: 0 }
    this.#index = host.topology.addPort(name, settings)
  }

  get index(): number {
    return this.#index
  }
  get state(): PortState {
    return this.#state
  }
  get error(): string | undefined {
    return this.#error
  }
  get mtu(): number {
    return this.#mtu
  }
  /** `rx` is into the switch. */
  counters(): PortCounters {
    return this.#host.topology.counters(this.name)
  }
  get tap(): TapConfig {
    return this.config.device as TapConfig
  }
  /** The kernel's view of the interface; undefined while there is none. */
  get link(): ReturnType<TapDevice['info']> {
    try {
      return this.#device?.info()
    } catch {
      return undefined // it went this moment; the event that says so is on its way
    }
  }

  /**
   * Opens the device. One that is not there leaves the port waiting if its config says so, else it
   * is an error, and the port is as it was before.
   */
  open(): void {
    try {
      this.#attach()
    } catch (error) {
      if (!this.#mayWait(error)) throw error
      this.#become('waiting', (error as Error).message)
    }
  }

  /** Tries again what `open` could not do, or what was lost. Cheap while nothing has changed. */
  retry(): void {
    if (this.#state !== 'waiting' || this.#device || !namespaceExists(this.tap.netns)) return
    try {
      this.#attach()
      this.#host.report(this, 'port found its device')
    } catch (error) {
      this.#error = (error as Error).message
    }
  }

  #mayWait(error: unknown): boolean {
    const missing = isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENODEV')
    return missing && this.tap.missing === 'wait'
  }

  #attach(): void {
    const device = TapDevice.open(tapOptions(this.tap), this.#host.manager.workers)
    this.#device = device
    try {
      device.onLink((event) => this.#linkChanged(device, event))
      // Queues that were opened inside a namespace keep it alive: only closing them lets it end.
      if (!this.tap.create) device.onNamespaceGone(() => this.lost('its namespace is gone'))
      const link = device.info()
      this.#mtu = link?.mtu ?? DEFAULT_MTU
      this.#connect(device.queues)
      const up = (link?.up ?? true) && (link?.carrier ?? true)
      this.#apply(up, device.offloads)
    } catch (error) {
      this.#device = undefined
      this.#disconnect(device.queues)
      device.close()
      throw error
    }
  }

  #apply(up: boolean, offloads?: number): void {
    const settings = { up: up && this.config.up, mtu: this.#mtu }
    this.#host.topology.setPort(
      this.name,
      offloads === undefined ? settings : { ...settings, offloads },
    )
    this.#become(settings.up ? 'up' : 'down')
    void this.#host.settle()
  }

  /** A queue for every worker to write to; each queue is read by the worker of its number. */
  #connect(queues: readonly number[]): void {
    const { manager, pollers } = this.#host
    for (const [worker, { epoll }] of pollers.entries()) {
      manager.exports.setQueue(worker, this.#index, queues[worker % queues.length] as number)
      const queue = queues[worker]
      if (queue !== undefined) loadNative().pollerAdd(epoll, queue, this.#index)
    }
  }

  #disconnect(queues: readonly number[]): void {
    const { manager, pollers } = this.#host
    for (const [worker, { epoll }] of pollers.entries()) {
      manager.exports.setQueue(worker, this.#index, -1)
      try {
        if (queues[worker] !== undefined) loadNative().pollerRemove(epoll, queues[worker])
      } catch {
        // The worker took it out itself when the device failed.
      }
    }
  }

  #linkChanged(device: TapDevice, event: TapLinkEvent): void {
    if (device !== this.#device) return
    if (event.deleted) return this.lost('its interface was deleted, or moved to another namespace')
    const before = this.#state
    this.#mtu = event.mtu
    this.#apply(event.up)
    if (before !== this.#state) this.#host.report(this, `port is ${this.#state}`)
  }

  /** The device is gone: what was learnt on the port is forgotten, its descriptors are closed. */
  lost(why: string): void {
    const device = this.#device
    if (!device) return
    this.#device = undefined
    this.#host.topology.setPort(this.name, { up: false })
    this.#become(this.tap.missing === 'wait' ? 'waiting' : 'error', why)
    this.#host.report(this, 'port lost its device', { why })
    // Lets the kernel finish a namespace that is going: our socket in it would keep it alive.
    device.releaseNamespace()
    void this.#release(device, GRACE)
  }

  async #release(device: TapDevice, grace: number): Promise<void> {
    this.#disconnect(device.queues)
    await this.#host.settle()
    if (grace > 0) await new Promise((resolve) => setTimeout(resolve, grace))
    device.close()
  }

  #become(state: PortState, error?: string): void {
    this.#state = state
    this.#error = error
  }

  /** Gives its device away, to be closed with others; no worker may be running any more. */
  takeDevice(): TapDevice | undefined {
    const device = this.#device
    this.#device = undefined
    return device
  }

  /** Takes the port out of the switch and closes its device when no worker uses it any more. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const device = this.#device
    this.#device = undefined
    this.#host.topology.removePort(this.name)
    if (device) await this.#release(device, 0)
    else await this.#host.settle()
  }
}

/** What the device layer is asked for: only what was configured, nothing for one that is attached. */
function tapOptions({ missing: _, type: __, routes, ...rest }: TapConfig): TapOptions {
  const { name, netns, create } = rest
  // `auto` is the connected route, which the kernel adds with the address.
  const made = routes === 'auto' ? rest : { ...rest, routes: routes as readonly TapRoute[] }
  const given = Object.entries(create ? made : { name, netns, create })
  return Object.fromEntries(
    given.filter(([, value]) => value !== undefined),
  ) as unknown as TapOptions
}
