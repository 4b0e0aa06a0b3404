/**
 * A port of the running switch and the life of its device: opened, lost, waited for, closed. The
 * packet path learns of it through the topology only; descriptors are handed to the workers here
 * and taken back before they are closed.
 */
import type { Port as PortConfig, PortPolicy } from '../config/types.js'
import type { PortCounters } from '../dataplane/manager.js'
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
import { Backoff } from './backoff.js'
import type { Origin, PortHost, PortState } from './port-host.js'
import { PortQueues } from './queues.js'

export type { Origin, PortHost, PortState }

/** Used while no device has said better. */
const DEFAULT_MTU = 1500
/** What a device failed with stays this long before its descriptors are closed. */
const GRACE = 100
export class Port {
  readonly name: string
  origin: Origin
  #config: PortConfig
  readonly #host: PortHost
  readonly #index: number
  readonly #queues: PortQueues
  #device: Device | undefined
  #state: PortState = 'down'
  #error: string | undefined
  #mtu = DEFAULT_MTU
  /** The interface's, once it was there: made again, it keeps it, as its neighbours' caches do. */
  #mac: string | undefined
  readonly #backoff = new Backoff()
  /** Forwards nothing yet, whatever its device and config say. */
  #held: boolean
  #removed = false

  /** Adds the port to the topology, down; one that is held stays down until `release`. */
  constructor(host: PortHost, name: string, config: PortConfig, origin: Origin, held = false) {
    checkOpenable(name, config.device)
    this.#host = host
    this.name = name
    this.#config = config
    this.origin = origin
    this.#held = held
    const settings = { ...settingsOf(config), up: false, mtu: DEFAULT_MTU, offloads: 0 }
    this.#index = host.topology.addPort(name, settings)
    this.#queues = new PortQueues(host, this.#index, (error) => this.#complain(error))
  }

  get config(): PortConfig {
    return this.#config
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
  /** Its config, which the constructor and the steps of port-change.ts have checked. */
  get #deviceConfig(): DeviceConfig {
    return this.#config.device as DeviceConfig
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
   * Opens the device and stages that it is there. One that is not there leaves the port waiting if its
   * config says so, else it is an error, and the port is as it was before. Others' frames leave by it
   * as soon as it is in force; its own wait in it until `join`.
   */
  open(): void {
    try {
      this.#attach()
    } catch (error) {
      if (!isMissing(error) || !waitsFor(this.#deviceConfig)) throw error
      this.#become('waiting', (error as Error).message)
    }
  }

  /** Lets the workers read its device, if it has one. To be called when what is staged is in force. */
  join(): void {
    const device = this.#device
    if (!device) return
    try {
      this.#queues.listen(device.queues)
    } catch (error) {
      this.#giveUp(device)
      throw error
    }
  }

  /**
   * Tries again what `open` could not do, or what was lost. While there is clearly nothing that is a
   * look at the file system; a device that cannot be had is tried less and less often, since an
   * attempt may cost the kernel 20 ms.
   */
  retry(): void {
    if (this.#state !== 'waiting' || this.#device || !mayBeThere(this.#deviceConfig)) return
    if (!this.#backoff.isOver()) return
    try {
      this.#attach()
      this.#settle()
      this.join()
      this.#backoff.reset()
      this.#host.report(this, 'port found its device')
    } catch (error) {
      this.#error = (error as Error).message
      this.#backoff.grow()
    }
  }

  /** Notices that the device is lost, where no event tells. */
  check(): void {
    const why = this.#device?.look()
    if (why !== undefined) this.lost(why)
  }

  #attach(): void {
    const device = this.openDevice(this.#config)
    try {
      this.#device = device
      this.#queues.lend(device.queues)
      this.#stage()
    } catch (error) {
      this.#giveUp(device)
      throw error
    }
  }

  #giveUp(device: Device): void {
    this.#device = undefined
    this.#host.topology.setPort(this.name, { up: false })
    this.#release(device, 0)
  }

  /** @internal A device for this port, not yet in use; what it tells until then is passed over. */
  openDevice(config: PortConfig): Device {
    checkOpenable(this.name, config.device)
    const { workers } = this.#host.manager
    const device = openDevice(config.device, { workers, mac: this.#mac, port: this.name })
    device.onLink((event) => this.#linkChanged(device, event))
    device.onGone((why) => {
      if (device === this.#device) this.lost(why)
    })
    device.onNotice?.((event, detail) => this.#host.report(this, event, { why: textOf(detail) }))
    device.onQueues?.((before) =>
      this.#queues.change(device, before, () => device === this.#device),
    )
    return device
  }

  /** Stages the port as its config and its device have it now. */
  #stage(): void {
    const { info } = this
    if (info) {
      this.#mtu = info.mtu
      this.#mac = info.mac
    }
    const device = this.#device
    const up = device !== undefined && (info === undefined || isUp(info)) && this.#config.up
    this.#host.topology.setPort(this.name, {
      ...settingsOf(this.#config),
      up: up && !this.#held,
      mtu: this.#mtu,
      ...(device && { offloads: device.offloads }),
    })
    if (device) this.#become(up ? 'up' : 'down', info?.why)
  }

  #settle(): void {
    this.#host.settle().catch((error: Error) => this.#complain(error))
  }

  /** Stages that the port may forward. */
  release(): void {
    this.#held = false
    this.#stage()
  }

  /** @internal For the steps of port-change.ts. */
  get device(): Device | undefined {
    return this.#device
  }

  /** @internal The MAC that its interface has, or had. */
  get mac(): string | undefined {
    return this.#mac
  }

  /** @internal Stages another config of the same device. */
  configure(config: PortConfig): void {
    this.#config = config
    this.#stage()
  }

  /**
   * @internal Stages another config and device (or the wait for one, for that reason). The workers
   * get its queues by `connect`, which is to be called when no worker uses the old ones any more.
   */
  exchange(config: PortConfig, device: Device | undefined, why?: string): void {
    if (this.#device) this.#queues.disconnect(this.#device.queues)
    this.#config = config
    this.#device = device
    // What was learnt on the old device is not true of the new one.
    this.#host.topology.entries.flush({ port: this.name })
    this.#stage()
    if (!device) this.#become('waiting', why)
  }

  /** @internal Resolves when no worker uses what the last change took out. */
  settled(): Promise<void> {
    return this.#host.settle()
  }

  /** @internal Gives the workers the queues of a device, if it still is this port's. */
  connect(device: Device): void {
    if (device === this.#device) this.#queues.connect(device.queues)
  }

  /** Lets go of the device, so that another may have its interface; resolves when it is closed. */
  async suspend(): Promise<void> {
    const device = this.#device
    if (!device) return
    this.#device = undefined
    this.#host.topology.setPort(this.name, { up: false })
    this.#become('down')
    this.#release(device, 0)
    await this.#queues.closed
  }

  /** Opens what `suspend` closed. */
  resume(): void {
    try {
      this.open()
      this.#settle()
      this.join()
    } catch (error) {
      this.#become('error', (error as Error).message)
      throw error
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
    // It was down and came up again before we heard: what it learnt before is void all the same.
    if (isUp(now) && !event.up) this.#host.topology.entries.flush({ port: this.name })
    this.#stage()
    this.#settle()
    if (before === this.#state) return
    const { why } = now
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
    this.#queues.disconnect(device.queues)
    void this.closeLater(device, grace)
  }

  /** @internal Closes a device when no worker can be using it any more. */
  closeLater(device: Device, grace = 0): Promise<void> {
    return this.#queues.close(device, grace)
  }

  #complain(error: Error): void {
    const why = error.message
    this.#host.report(this, 'a device could not be handed over or let go of', { why })
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

  /**
   * Takes the port out of the topology and gives its device away, to be closed when no worker uses
   * it any more. What is left of devices it had before is closed by itself.
   */
  remove(): Device | undefined {
    const device = this.takeDevice()
    if (this.#removed) return device
    this.#removed = true
    this.#host.topology.removePort(this.name)
    if (device) this.#queues.disconnect(device.queues)
    return device
  }

  /** Takes the port out of the switch and closes its device when no worker uses it any more. */
  async close(): Promise<void> {
    const device = this.remove()
    await (device ? this.closeLater(device) : this.#queues.closed)
    await this.#host.settle()
  }
}

/** The part of a port's config that is the topology's business. */
function settingsOf(config: PortConfig) {
  const { bridge, mirror } = config
  // A mirror to a file is no business of the topology: that has ports only.
  const policy = { ...config, mirror: mirror?.port === undefined ? undefined : mirror }
  return { bridge, policy: policy as PortPolicy }
}

/** `key value, key value`: for people. */
function textOf(detail: object): string {
  return Object.entries(detail)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')
}

function isUp({ up, carrier }: DeviceInfo): boolean {
  return up && carrier
}
