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
/** Between attempts to open a device that fail for another reason than a missing namespace, ms. */
const BACKOFF_MIN = 500
const BACKOFF_MAX = 8000

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
  /** The interface's, once it was there: made again, it keeps it, as its neighbours' caches do. */
  #mac: string | undefined
  #retryAt = 0
  #backoff = 0
  #releasing: Promise<void> = Promise.resolve()
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

  /**
   * Tries again what `open` could not do, or what was lost. While the namespace is not there that is
   * a look at the file system; a device that cannot be had is tried less and less often, since an
   * attempt may cost the kernel 20 ms.
   */
  retry(): void {
    if (this.#state !== 'waiting' || this.#device || !namespaceExists(this.tap.netns)) return
    if (performance.now() < this.#retryAt) return
    try {
      this.#attach()
      this.#backoff = 0
      this.#host.report(this, 'port found its device')
    } catch (error) {
      this.#error = (error as Error).message
      this.#backoff = Math.min(BACKOFF_MAX, Math.max(BACKOFF_MIN, this.#backoff * 2))
      this.#retryAt = performance.now() + this.#backoff
    }
  }

  /** Notices that the device is gone: its descriptor says so for as long as it is open. */
  check(): void {
    const queue = this.#device?.queues[0]
    if (queue === undefined || loadNative().hasFailed(queue, 0) === 0) return
    this.lost('its interface was deleted, or its namespace')
  }

  #mayWait(error: unknown): boolean {
    const missing = isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENODEV')
    return missing && this.tap.missing === 'wait'
  }

  #attach(): void {
    const device = TapDevice.open(tapOptions(this.tap, this.#mac), this.#host.manager.workers)
    this.#device = device
    try {
      device.onLink((event) => this.#linkChanged(device, event))
      // Queues that were opened inside a namespace keep it alive: only closing them lets it end.
      if (!this.tap.create) device.onNamespaceGone(() => this.lost('its namespace is gone'))
      const link = device.info()
      this.#mtu = link?.mtu ?? DEFAULT_MTU
      this.#mac = link?.mac
      this.#connect(device.queues)
      const up = (link?.up ?? true) && (link?.carrier ?? true)
      this.#apply(up, device.offloads)
    } catch (error) {
      this.#device = undefined
      this.#host.topology.setPort(this.name, { up: false })
      this.#release(device, 0)
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
    this.#host.settle().catch((error: Error) => this.#complain(error))
  }

  /** A queue for every worker to write to; each queue is read by the worker of its number. */
  #connect(queues: readonly number[]): void {
    const { manager, pollers } = this.#host
    for (const [worker, { epoll }] of pollers.entries()) {
      manager.exports.setQueue(worker, this.#index, queues[worker % queues.length] as number, 0)
      const queue = queues[worker]
      if (queue !== undefined) loadNative().pollerAdd(epoll, queue, this.#index)
    }
  }

  #disconnect(queues: readonly number[]): void {
    const { manager, pollers } = this.#host
    for (const [worker, { epoll }] of pollers.entries()) {
      manager.exports.setQueue(worker, this.#index, -1, 0)
      try {
        if (queues[worker] !== undefined) loadNative().pollerRemove(epoll, queues[worker])
      } catch {
        // The worker took it out itself when the device failed.
      }
    }
  }

  /**
   * An event tells what was, even what was before the device was ours: its making is told by events
   * too. What counts is what is now.
   */
  #linkChanged(device: TapDevice, event: TapLinkEvent): void {
    if (device !== this.#device) return
    if (event.deleted) return this.lost('its interface was deleted, or moved to another namespace')
    const now = this.link
    if (!now) return // its deletion is told next
    const before = this.#state
    const up = now.up && now.carrier
    // It was down and came up again before we heard: what it learnt before is void all the same.
    if (up && !event.up) this.#host.topology.flushEntries({ port: this.name })
    this.#mtu = now.mtu
    this.#apply(up)
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
    this.#release(device, GRACE)
  }

  /** Takes the descriptors back from the workers, and closes them when none uses them any more. */
  #release(device: TapDevice, grace: number): void {
    // Before the change of config is committed: a worker that has passed it has not seen them.
    this.#disconnect(device.queues)
    const close = async () => {
      await this.#host.settle()
      if (grace > 0) await new Promise((resolve) => setTimeout(resolve, grace))
      device.close()
    }
    this.#releasing = this.#releasing.then(close).catch((error) => this.#complain(error))
  }

  #complain(error: Error): void {
    this.#host.report(this, 'a device could not be let go of', { why: error.message })
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
    if (device) this.#release(device, 0)
    await this.#releasing
    await this.#host.settle()
  }
}

/** What the device layer is asked for: only what was configured, nothing for one that is attached. */
function tapOptions(config: TapConfig, known: string | undefined): TapOptions {
  const { missing: _, type: __, routes, ...rest } = config
  const { name, netns, create, mac = known } = rest
  // `auto` is the connected route, which the kernel adds with the address.
  const more = routes === 'auto' ? {} : { routes: routes as readonly TapRoute[] }
  const asked = create ? { ...rest, mac, ...more } : { name, netns, create }
  const given = Object.entries(asked).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as unknown as TapOptions
}
