/**
 * A port of the running switch and the life of its device: opened, lost, waited for, closed. The
 * packet path learns of it through the topology only; descriptors are handed to the workers here
 * and taken back before they are closed.
 */
import type { Port as PortConfig } from '../config/types.js'
import type { PortCounters } from '../dataplane/manager.js'
import type { Topology } from '../dataplane/topology.js'
import type { Device, DeviceInfo, DeviceLinkEvent } from '../device/device.js'
import {
  checkOpenable,
  type DeviceConfig,
  type DevicePlace,
  isMissing,
  mayBeThere,
  openDevice,
  placeOf,
  waitsFor,
} from '../device/open.js'
import type { Queue } from '../device/queue.js'
import { connect, disconnect, type Workers } from './queues.js'

export type PortState = 'up' | 'down' | 'waiting' | 'error'
export type Origin = 'config' | 'api'

/** What a port needs of the switch it is on. */
export interface PortHost extends Workers {
  readonly topology: Topology
  /** Makes changes of the topology active; resolves when no worker uses what they took out. */
  settle(): Promise<void>
  /** Says what happened to a port, for the log. */
  report(port: Port, event: string, detail?: object): void
}

/** Used while no device has said better. */
const DEFAULT_MTU = 1500
/** What a device failed with stays this long before its descriptors are closed. */
const GRACE = 100
/** Between attempts to open a device that fail for another reason than that nothing is there, ms. */
const BACKOFF_MIN = 500
const BACKOFF_MAX = 8000

export class Port {
  readonly name: string
  readonly config: PortConfig
  readonly origin: Origin
  readonly #host: PortHost
  readonly #index: number
  readonly #deviceConfig: DeviceConfig
  #device: Device | undefined
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
    const { device } = config
    checkOpenable(name, device)
    this.#deviceConfig = device
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
  get place(): DevicePlace {
    return placeOf(this.#deviceConfig)
  }
  /** The device as it is now; undefined while there is none. */
  get info(): DeviceInfo | undefined {
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
   * Tries again what `open` could not do, or what was lost. While there is clearly nothing that is a
   * look at the file system; a device that cannot be had is tried less and less often, since an
   * attempt may cost the kernel 20 ms.
   */
  retry(): void {
    if (this.#state !== 'waiting' || this.#device || !mayBeThere(this.#deviceConfig)) return
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

  /** Notices that the device is lost, where no event tells. */
  check(): void {
    const why = this.#device?.look()
    if (why !== undefined) this.lost(why)
  }

  #mayWait(error: unknown): boolean {
    return isMissing(error) && waitsFor(this.#deviceConfig)
  }

  #attach(): void {
    const { workers } = this.#host.manager
    const device = openDevice(this.#deviceConfig, { workers, mac: this.#mac, port: this.name })
    this.#device = device
    try {
      device.onLink((event) => this.#linkChanged(device, event))
      device.onGone((why) => this.lost(why))
      device.onNotice?.((event, detail) => this.#host.report(this, event, detail))
      device.onQueues?.((before) => {
        return this.#queuesChanged(device, before).catch((error: Error) => this.#complain(error))
      })
      const info = device.info()
      this.#mtu = info?.mtu ?? DEFAULT_MTU
      this.#mac = info?.mac
      connect(this.#host, this.#index, device.queues)
      this.#apply(info === undefined || isUp(info), info?.why, device.offloads)
    } catch (error) {
      this.#device = undefined
      this.#host.topology.setPort(this.name, { up: false })
      this.#release(device, 0)
      throw error
    }
  }

  /** @param why it is down, where that is not plain to see */
  #apply(up: boolean, why?: string, offloads?: number): void {
    const settings = { up: up && this.config.up, mtu: this.#mtu }
    this.#host.topology.setPort(
      this.name,
      offloads === undefined ? settings : { ...settings, offloads },
    )
    this.#become(settings.up ? 'up' : 'down', why)
    this.#host.settle().catch((error: Error) => this.#complain(error))
  }

  /**
   * Resolves when no worker uses the queues before any more. The new ones are handed over when what
   * was told with them is in force: that the port is up.
   */
  async #queuesChanged(device: Device, before: readonly Queue[]): Promise<void> {
    const { queues } = device
    if (device === this.#device) disconnect(this.#host, this.#index, before)
    await this.#host.settle()
    // They may have gone again meanwhile.
    if (device === this.#device && device.queues === queues) {
      connect(this.#host, this.#index, queues)
    }
  }

  /**
   * An event tells what was, even what was before the device was ours: its making is told by events
   * too. What counts is what is now.
   */
  #linkChanged(device: Device, event: DeviceLinkEvent): void {
    if (device !== this.#device) return
    if (event.deleted) return this.lost('its interface was deleted, or moved to another namespace')
    const now = this.info
    if (!now) return // its deletion is told next
    const before = this.#state
    const up = isUp(now)
    // It was down and came up again before we heard: what it learnt before is void all the same.
    if (up && !event.up) this.#host.topology.entries.flush({ port: this.name })
    this.#mtu = now.mtu
    const { why } = now
    this.#apply(up, why)
    if (before === this.#state) return
    this.#host.report(this, `port is ${this.#state}`, why === undefined ? undefined : { why })
  }

  /** The device is gone: what was learnt on the port is forgotten, its descriptors are closed. */
  lost(why: string): void {
    const device = this.#device
    if (!device) return
    this.#device = undefined
    this.#host.topology.setPort(this.name, { up: false })
    this.#become(waitsFor(this.#deviceConfig) ? 'waiting' : 'error', why)
    this.#host.report(this, 'port lost its device', { why })
    // Lets the kernel finish a namespace that is going: our socket in it would keep it alive.
    device.releaseNamespace()
    this.#release(device, GRACE)
  }

  /** Takes the descriptors back from the workers, and closes them when none uses them any more. */
  #release(device: Device, grace: number): void {
    // Before the change of config is committed: a worker that has passed it has not seen them.
    disconnect(this.#host, this.#index, device.queues)
    const close = async () => {
      await this.#host.settle()
      if (grace > 0) await new Promise((resolve) => setTimeout(resolve, grace))
      device.close()
    }
    this.#releasing = this.#releasing.then(close).catch((error) => this.#complain(error))
  }

  #complain(error: Error): void {
    this.#host.report(this, 'a device could not be handed over or let go of', {
      why: error.message,
    })
  }

  #become(state: PortState, error?: string): void {
    this.#state = state
    this.#error = error
  }

  /** Gives its device away, to be closed with others; no worker may be running any more. */
  takeDevice(): Device | undefined {
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

function isUp({ up, carrier }: DeviceInfo): boolean {
  return up && carrier
}
