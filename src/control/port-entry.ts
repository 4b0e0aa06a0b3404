/** What a port is at the moment, and how the topology has it: up or down, with its config and its device. */
import type { Port as PortConfig, PortPolicy } from '../config/types.js'
import type { PortCounters } from '../dataplane/manager.js'
import type { Device, DeviceInfo } from '../device/device.js'
import { checkOpenable, type DeviceConfig, type DevicePlace, placeOf } from '../device/open.js'
import type { Origin, PortHost, PortState } from './port-host.js'

/** Used while no device has said better. */
const DEFAULT_MTU = 1500

export class PortEntry {
  readonly name: string
  readonly index: number
  origin: Origin
  protected readonly host: PortHost
  #config: PortConfig
  #device: Device | undefined
  #state: PortState = 'down'
  #error: string | undefined
  #mtu = DEFAULT_MTU
  #mac: string | undefined
  /** Forwards nothing yet, whatever its device and config say. */
  #held: boolean
  #removed = false

  /** Adds the port to the topology, down; one that is held stays down until `release`. */
  constructor(host: PortHost, name: string, config: PortConfig, origin: Origin, held = false) {
    checkOpenable(name, config.device)
    this.host = host
    this.name = name
    this.origin = origin
    this.#config = config
    this.#held = held
    const underlay = config.device.type === 'udp'
    const settings = { ...settingsOf(config), up: false, mtu: DEFAULT_MTU, offloads: 0, underlay }
    this.index = host.topology.addPort(name, settings)
  }

  get config(): PortConfig {
    return this.#config
  }
  /** Of its config, which the constructor and the steps of port-change.ts have checked. */
  protected get deviceConfig(): DeviceConfig {
    return this.#config.device as DeviceConfig
  }
  get place(): DevicePlace {
    return placeOf(this.deviceConfig)
  }
  /** @internal For the steps of port-change.ts. */
  get device(): Device | undefined {
    return this.#device
  }
  /** The device as it is now; undefined while there is none. */
  get info(): DeviceInfo | undefined {
    try {
      return this.#device?.info()
    } catch {
      return undefined // it went this moment; the event that says so is on its way
    }
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
  /** @internal Its interface's, once it was there: made again, it keeps it, as neighbours' caches do. */
  get mac(): string | undefined {
    return this.#mac
  }
  /** `rx` is into the switch. */
  counters(): PortCounters {
    return this.host.topology.counters(this.name)
  }

  protected become(state: PortState, error?: string): void {
    this.#state = state
    this.#error = error
  }

  /** Has another device; what the topology knows of it changes with `stage`. */
  protected hold(device: Device): void {
    this.#device = device
  }

  /** Stages another config, and another device or none. */
  protected set(config: PortConfig, device: Device | undefined): void {
    this.#config = config
    this.#device = device
    this.stage()
  }

  /** Stages the port as its config and its device have it now. */
  protected stage(): void {
    const { info } = this
    if (info) {
      this.#mtu = info.mtu
      this.#mac = info.mac
    }
    const device = this.#device
    const up = device !== undefined && (info === undefined || isUp(info)) && this.#config.up
    this.host.topology.setPort(this.name, {
      ...settingsOf(this.#config),
      up: up && !this.#held,
      mtu: this.#mtu,
      // Of an impaired port each frame has a fate of its own: none is a super-frame, each is complete.
      ...(device && {
        offloads: this.#config.impair ? 0 : device.offloads,
        coalesce: device.coalesce ?? false,
      }),
    })
    if (device) this.become(up ? 'up' : 'down', info?.why)
  }

  /** Stages that the port may forward. */
  release(): void {
    this.#held = false
    this.stage()
  }

  /** Stages that the port is down, and gives its device away. */
  protected drop(): Device | undefined {
    const device = this.takeDevice()
    if (device) this.host.topology.setPort(this.name, { up: false })
    return device
  }

  /** Forgets at once what was learnt on the port. */
  protected flush(): void {
    this.host.topology.entries.flush({ port: this.name })
  }

  /** Gives its device away, to be closed with others; no worker may be running any more. */
  takeDevice(): Device | undefined {
    const device = this.#device
    this.#device = undefined
    return device
  }

  /** Takes the port out of the topology. @returns false when it is out already */
  protected leave(): boolean {
    if (this.#removed) return false
    this.#removed = true
    this.host.topology.removePort(this.name)
    return true
  }
}

export function isUp({ up, carrier }: DeviceInfo): boolean {
  return up && carrier
}

/** The part of a port's config that is the topology's business. */
function settingsOf(config: PortConfig) {
  const { bridge, mirror } = config
  // A mirror to a file is no business of the topology: that has ports only.
  const policy = { ...config, mirror: mirror?.port === undefined ? undefined : mirror }
  return { bridge, policy: policy as PortPolicy }
}
