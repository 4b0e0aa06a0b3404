/**
 * A port of the running switch and the life of its device: opened, lost, waited for, closed. The
 * packet path learns of it through the topology only; descriptors are handed to the workers here
 * and taken back before they are closed.
 */
import type { Port as PortConfig } from '../config/types.js'
import type { PortCounters } from '../dataplane/manager.js'
import type { Device, DeviceLinkEvent } from '../device/device.js'
import { checkOpenable, isMissing, mayBeThere, openDevice, waitsFor } from '../device/open.js'
import { Backoff } from './backoff.js'
import type { PortDetour } from './port-detour.js'
import { isUp, PortEntry } from './port-entry.js'
import type { Origin, PortHost, PortState } from './port-host.js'
import { PortQueues } from './queues.js'

export type { Origin, PortHost, PortState }

/** What a device failed with stays this long before its descriptors are closed. */
const GRACE = 100

export class Port extends PortEntry {
  readonly #queues = new PortQueues(this.host, this.index, (error) => this.#complain(error))
  readonly #backoff = new Backoff()

  /**
   * Opens the device and stages that it is there. One that is not there leaves the port waiting if its
   * config says so, else it is an error, and the port is as it was before. Others' frames leave by it
   * as soon as it is in force; its own wait in it until `join`.
   */
  open(): void {
    try {
      this.#attach()
    } catch (error) {
      if (!isMissing(error) || !waitsFor(this.deviceConfig)) throw error
      this.become('waiting', (error as Error).message)
    }
  }

  /** Lets the workers read its device, if it has one. To be called when what is staged is in force. */
  join(): void {
    const device = this.device
    if (!device) return
    try {
      this.#queues.listen(device.queues)
    } catch (error) {
      this.#giveUp(device)
      throw error
    }
  }

  /** Takes queues from workers that are not to read them any more: PortQueues.move. */
  moveQueues(): () => void {
    return this.#queues.move()
  }

  /**
   * Tries again what `open` could not do, or what was lost. While there is clearly nothing that is a
   * look at the file system; a device that cannot be had is tried less and less often, since an
   * attempt may cost the kernel 20 ms.
   */
  retry(): void {
    if (this.state !== 'waiting' || this.device || !mayBeThere(this.deviceConfig)) return
    if (!this.#backoff.isOver()) return
    try {
      this.#attach()
      this.#settle()
      this.join()
      this.#backoff.reset()
      this.host.report(this, 'port found its device')
    } catch (error) {
      this.become('waiting', (error as Error).message)
      this.#backoff.grow()
    }
  }

  /** Notices that the device is lost, where no event tells. */
  check(): void {
    const why = this.device?.look()
    if (why !== undefined) this.lost(why)
  }

  #attach(): void {
    const device = this.openDevice(this.config)
    try {
      this.#queues.prepare(this.name, this.config.impair)
      this.hold(device)
      this.#queues.lend(device.queues)
      this.stage()
    } catch (error) {
      this.#giveUp(device)
      throw error
    }
  }

  #giveUp(device: Device): void {
    this.drop()
    this.#release(device, 0)
  }

  /** @internal A device for this port, not yet in use; what it tells until then is passed over. */
  openDevice(config: PortConfig): Device {
    checkOpenable(this.name, config.device)
    const { workers } = this.host.manager
    const device = openDevice(config.device, { workers, mac: this.mac, port: this.name })
    device.onLink((event) => this.#linkChanged(device, event))
    device.onGone((why) => {
      if (device === this.device) this.lost(why)
    })
    device.onNotice?.((event, detail) => this.host.report(this, event, { why: textOf(detail) }))
    if (config.impair) device.handOver?.({ finished: true })
    device.onQueues?.((before) => this.#queues.change(device, before, () => device === this.device))
    return device
  }

  #settle(): void {
    this.host.settle().catch((error: Error) => this.#complain(error))
  }

  /** @internal Stages another config of the same device. */
  configure(config: PortConfig): void {
    this.set(config, this.device)
  }

  /**
   * @internal Stages another config and device (or the wait for one, for that reason). The workers
   * get its queues by `connect`, which is to be called when no worker uses the old ones any more.
   */
  exchange(config: PortConfig, device: Device | undefined, why?: string): void {
    if (this.device) this.#queues.disconnect(this.device.queues)
    this.#queues.prepare(this.name, config.impair)
    // What was learnt on the old device is not true of the new one.
    this.flush()
    this.set(config, device)
    if (!device) this.become('waiting', why)
  }

  /** @internal Has frames go the way that its config says, when that is in force. */
  async impair(): Promise<void> {
    const { device, config } = this
    const { impair } = config
    if (!device) return this.#queues.prepare(this.name, impair)
    const { queues } = device
    const isOurs = () => device === this.device && device.queues === queues
    if (impair) device.handOver?.({ finished: true })
    await this.#queues.impair(this.name, impair, queues, isOurs)
    if (!impair && isOurs()) device.handOver?.({ finished: false })
  }

  /** What its impairment is and does; undefined where it has none. */
  get detour(): PortDetour | undefined {
    return this.#queues.detour
  }

  /** With what happened on the detour until now. */
  override counters(): PortCounters {
    this.detour?.collect()
    return super.counters()
  }

  /** @internal Resolves when no worker uses what the last change took out. */
  settled(): Promise<void> {
    return this.host.settle()
  }

  /** @internal Gives the workers the queues of a device, if it still is this port's. */
  connect(device: Device): void {
    if (device === this.device) this.#queues.connect(device.queues)
  }

  /** Lets go of the device, so that another may have its interface; resolves when it is closed. */
  async suspend(): Promise<void> {
    const device = this.drop()
    if (!device) return
    this.become('down')
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
      this.become('error', (error as Error).message)
      throw error
    }
  }

  /**
   * An event tells what was, even what was before the device was ours: its making is told by events
   * too. What counts is what is now.
   */
  #linkChanged(device: Device, event: DeviceLinkEvent): void {
    if (device !== this.device) return
    if (event.deleted) return this.lost('its interface was deleted, or moved to another namespace')
    const now = this.info
    if (!now) return // its deletion is told next
    const before = this.state
    // It was down and came up again before we heard: what it learnt before is void all the same.
    if (isUp(now) && !event.up) this.flush()
    this.stage()
    this.#settle()
    if (before === this.state) return
    const { why } = now
    this.host.report(this, `port is ${this.state}`, why === undefined ? undefined : { why })
  }

  /** The device is gone: what was learnt on the port is forgotten, its descriptors are closed. */
  lost(why: string): void {
    const device = this.drop()
    if (!device) return
    this.become(waitsFor(this.deviceConfig) ? 'waiting' : 'error', why)
    this.host.report(this, 'port lost its device', { why })
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
    this.host.report(this, 'a device could not be handed over or let go of', { why })
  }

  /**
   * Takes the port out of the topology and gives its device away, to be closed when no worker uses
   * it any more. What is left of devices it had before is closed by itself.
   */
  remove(): Device | undefined {
    const device = this.takeDevice()
    if (this.leave() && device) this.#queues.disconnect(device.queues)
    return device
  }

  /** Takes the port out of the switch and closes its device when no worker uses it any more. */
  async close(): Promise<void> {
    const device = this.remove()
    this.#queues.end()
    await (device ? this.closeLater(device) : this.#queues.closed)
    await this.host.settle()
  }
}

/** `key value, key value`: for people. */
function textOf(detail: object): string {
  return Object.entries(detail)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')
}
