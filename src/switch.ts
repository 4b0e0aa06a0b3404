/**
 * The in-process switch: the whole dataplane on the caller's thread, with memory devices and a
 * clock that the caller moves. Any JavaScript runtime, no privilege.
 */
import { parseDuration } from './config/duration.js'
import { filterRules } from './config/filter-rules.js'
import { parseConfig, withoutPort, withPorts } from './config/parse.js'
import { NO_ROUTER, type RouterSettings, routerSettings } from './config/router-settings.js'
import { atPort } from './config/static-entry.js'
import type {
  Bridge,
  BridgeInput,
  Config,
  ConfigInput,
  Port,
  PortInput,
  Uplink,
} from './config/types.js'
import { UPLINK_BRIDGE, uplinkBridge, uplinkPort } from './config/uplink-port.js'
import { bridgeSettings } from './dataplane/bridge-settings.js'
import { Fdb } from './dataplane/fdb.js'
import { Flows } from './dataplane/flows.js'
import { stateOf } from './dataplane/image.js'
import type { DataplaneEvent } from './dataplane/manager.js'
import { exists } from './dataplane/named.js'
import { setRouter } from './dataplane/routing.js'
import { singleModule } from './dataplane/single.js'
import type { DropCount, Topology } from './dataplane/topology.js'
import type { MemoryOverlay, Tunnel } from './device/memory-overlay.js'
import { MemoryPort } from './device/memory-port.js'
import { MemoryPorts, mustMirrorToPort } from './device/memory-ports.js'
import type { Underlay } from './device/memory-underlay.js'
import { LinkspanError } from './error.js'
import {
  type CaptureFilterWords,
  type CaptureHandler,
  type SwitchCapture,
  startCapture,
} from './inspect/capture.js'
import type { ObservedFrame } from './inspect/observer.js'
import type { Step } from './inspect/stages.js'
import { type Trace, traceFrames } from './inspect/trace.js'
import type { Keeper } from './memento/keeper.js'
import { type Snapshot, Snapshots } from './memento/snapshots.js'
import { SwitchRecording } from './recording/recorder.js'
import { makeParts, type SwitchParts } from './switch/parts.js'
import { Turns } from './switch/turns.js'

export type { ObservedFrame, Step, SwitchCapture, Trace }
export { MemoryPort, SwitchRecording }

export interface SwitchOptions {
  /** Keys the hashes: the same seed and input give the same output, bit for bit. 0 if left out. */
  seed?: number
  /** Keeps room for the tunnels of an underlay that `configure` brings; one of the config has it anyway. */
  tunnels?: boolean
}

/** What a router has besides its gateways, and the underlay of bridges to come. */
export type RouterInput = Pick<
  ConfigInput,
  'uplinks' | 'routes' | 'neighbors' | 'nat' | 'publish' | 'filter' | 'underlay'
>

export class Switch {
  readonly fdb: Fdb
  readonly flows: Flows
  #config: Config
  readonly #parts: SwitchParts
  readonly #turns: Turns
  readonly #ports: MemoryPorts
  readonly #snapshots = new Snapshots('switch', this, () => this.#mustRest())
  #routing: RouterSettings = NO_ROUTER
  #closed = false

  /** @internal Use {@link createSwitch}. */
  constructor(module: WebAssembly.Module, config: Config, options: SwitchOptions) {
    this.#config = config
    this.#parts = makeParts(module, config, { ...options, now: () => this.now })
    const { topology, io, manager } = this.#parts
    this.#ports = new MemoryPorts(topology, io)
    this.#turns = new Turns(this.#parts)
    this.fdb = new Fdb(topology, () => this.now)
    this.flows = new Flows(manager, () => this.now)
    this.#start(config)
  }

  #start(config: Config): void {
    for (const [name, bridge] of Object.entries(config.bridges)) this.#addBridge(name, bridge)
    for (const name of Object.keys(config.uplinks)) {
      this.#addBridge(uplinkBridge(name), UPLINK_BRIDGE)
    }
    this.#route(config)
    for (const [name, port] of Object.entries(config.ports)) this.#ports.add(name, port)
    for (const [name, uplink] of Object.entries(config.uplinks)) {
      this.#ports.add(name, uplinkPort(name, uplink))
    }
    this.#overlay.set(config)
    this.#topology.setRules(filterRules(config))
    this.#topology.flush()
    for (const entry of config.fdb) this.fdb.add(atPort(entry))
  }

  /** Milliseconds on the switch's own clock, which starts at 0. */
  get now(): number {
    return this.#turns.now
  }

  get #topology(): Topology {
    return this.#parts.topology
  }

  get #overlay(): MemoryOverlay {
    return this.#parts.overlay
  }

  get ports(): ReadonlyMap<string, MemoryPort> {
    return this.#ports.byName
  }

  /** The config as it stands, every default filled in. */
  get config(): Config {
    return this.#config
  }

  /**
   * What tunnels leave by: the program carries its datagrams.
   *
   * @throws LinkspanError code `NOT_FOUND` where the config has no `underlay`
   */
  get underlay(): Underlay {
    if (this.#config.underlay !== undefined) return this.#overlay.underlay
    throw new LinkspanError('NOT_FOUND', 'the switch has no "underlay": give its config one')
  }

  /** The tunnels of bridges with `vxlan`, and what became of what they carry. */
  tunnels(): Tunnel[] {
    return this.#overlay.tunnels()
  }

  addBridge(name: string, options: BridgeInput = {}): void {
    this.#open()
    const bridges = { ...this.#config.bridges, [name]: options }
    const next = parseConfig({ ...this.#config, bridges })
    this.#addBridge(name, next.bridges[name] as Bridge)
    try {
      this.#route(next)
      this.#overlay.set(next)
    } catch (error) {
      this.#overlay.set(this.#config)
      this.#route(this.#config)
      this.#topology.removeBridge(name)
      this.#topology.flush()
      throw error
    }
    this.#topology.flush()
    this.#config = next
  }

  /**
   * Adds uplinks and the underlay, and makes routes, neighbours, NAT, published ports and the filter what is
   * given; of what is left out, all stays. Nothing is changed where something of it is wrong.
   */
  configure({ uplinks = {}, underlay, ...others }: RouterInput): void {
    this.#open()
    if (underlay !== undefined) this.#mustTakeUnderlay()
    const added = Object.keys(uplinks)
    const old = added.find((name) => Object.hasOwn(this.#config.uplinks, name))
    if (old !== undefined) throw exists('uplink', old)
    const next = parseConfig({
      ...this.#config,
      ...others,
      ...(underlay !== undefined && { underlay }),
      uplinks: { ...this.#config.uplinks, ...uplinks },
    })
    for (const name of added) this.#addBridge(uplinkBridge(name), UPLINK_BRIDGE)
    try {
      this.#route(next)
      this.#ports.addAll(
        added.map((name) => [name, uplinkPort(name, next.uplinks[name] as Uplink)]),
      )
      this.#overlay.set(next)
      this.#topology.setRules(filterRules(next))
      this.#topology.rehearse()
    } catch (error) {
      this.#topology.setRules(filterRules(this.#config))
      this.#overlay.set(this.#config)
      for (const name of added) if (this.ports.has(name)) this.#ports.remove(name)
      this.#route(this.#config)
      for (const name of added) this.#topology.removeBridge(uplinkBridge(name))
      this.#topology.flush()
      throw error
    }
    this.#topology.flush()
    this.#config = next
  }

  #mustTakeUnderlay(): void {
    if (this.#config.underlay !== undefined) {
      throw new LinkspanError('EXISTS', 'the switch has an "underlay": it stays while it runs')
    }
    if (this.#parts.hasTunnels) return
    const expected = 'give createSwitch the "underlay", or its options "tunnels: true"'
    throw new LinkspanError('INVALID', `the switch has no room for tunnels: ${expected}`)
  }

  /** Makes the router that of a config; what it stands on is there. */
  #route(config: Config): void {
    const next = routerSettings(config)
    setRouter(this.#topology.router, this.#routing, next)
    this.#topology.translation.set(config.nat, config.publish)
    this.#routing = next
  }

  #addBridge(name: string, bridge: Bridge): void {
    mustMirrorToPort(`bridge "${name}"`, bridge.mirror)
    this.#topology.addBridge(name, bridgeSettings(bridge))
  }

  removeBridge(name: string): void {
    this.#open()
    const { [name]: _, ...bridges } = this.#config.bridges
    const users = Object.values(this.#config.ports).some(({ bridge }) => bridge === name)
    // A bridge with ports is refused below, in better words.
    const next = users ? this.#config : parseConfig({ ...this.#config, bridges })
    if (!users) {
      this.#route(next)
      this.#overlay.set(next)
    }
    this.#topology.removeBridge(name)
    this.#topology.flush()
    this.#config = next
  }

  addPort(name: string, options: PortInput): MemoryPort {
    return this.addPorts({ [name]: options }).get(name) as MemoryPort
  }

  /** Adds several ports, or none where one of them is wrong; a thousand cost little more than one. */
  addPorts(ports: Readonly<Record<string, PortInput>>): Map<string, MemoryPort> {
    this.#open()
    for (const [name, { bridge }] of Object.entries(ports)) {
      this.#topology.bridge(bridge)
      if (this.ports.has(name)) throw exists('port', name)
    }
    const next = withPorts(this.#config, ports)
    const names = Object.keys(ports)
    const added = this.#ports.addAll(names.map((name) => [name, next.ports[name] as Port]))
    this.#topology.flush()
    this.#config = next
    return added
  }

  /** What is learnt on the port is forgotten at once; frames that wait in it are lost. */
  removePort(name: string): void {
    this.#open()
    if (Object.hasOwn(this.#config.uplinks, name)) {
      throw new LinkspanError('INVALID', `"${name}" is an uplink: it stays while the switch runs`)
    }
    this.#mustBeOwn(name)
    this.#ports.remove(name)
    this.#config = withoutPort(this.#config, name)
  }

  /** Takes a port up or down, as a carrier does. */
  setPort(name: string, settings: { up: boolean }): void {
    this.#open()
    this.#mustBeOwn(name)
    this.#topology.setPort(name, settings)
    this.#topology.flush()
  }

  #mustBeOwn(name: string): void {
    const { tunnel, underlay } = this.#topology.port(name)
    if (tunnel === undefined && underlay !== true) return
    throw new LinkspanError('INVALID', `"${name}" is of the overlay: its bridge has "vxlan"`)
  }

  /**
   * Forwards until no port has a frame waiting. Returns the number of frames handled; 0 when called
   * from an onFrame handler, whose frames the call that is under way will see to.
   */
  process(): number {
    this.#open()
    return this.#turns.process()
  }

  /** Moves the clock forward, doing on the way what time asks for. '301s', or milliseconds. */
  advance(time: string | number): void {
    this.process()
    this.advanceTo(this.now + (typeof time === 'string' ? parseDuration(time) : time), time)
  }

  /** The same, to a time of the switch's own clock, in milliseconds; frames that wait go first. */
  advanceTo(until: number, asked: string | number = until): void {
    this.#open()
    this.#turns.advanceTo(until, asked)
  }

  /** When time alone makes the switch do something next, on its own clock; Infinity: not before a frame. */
  nextDeadline(): number {
    this.#open()
    return this.#turns.nextDeadline()
  }

  /** Frames dropped, by port and reason. */
  drops(port?: string): DropCount[] {
    return this.#topology.drops(port)
  }

  /** What happened since the last call: addresses that moved, limits that were hit. */
  events(): DataplaneEvent[] {
    return [...this.#parts.manager.events()]
  }

  /** What the switch would do with a frame that came in by a port; nothing changes by it. */
  trace(port: string, frame: Uint8Array): Trace {
    this.#open()
    const host = { ...this.#parts, now: () => this.now }
    return traceFrames(host, port, [frame])[0] as Trace
  }

  /**
   * Calls back with every frame that comes in or goes out and that the filter keeps, also with those
   * that are dropped on their way in, while `process` runs. It may not close the switch.
   */
  capture(filter: CaptureFilterWords, onFrame: CaptureHandler): SwitchCapture {
    this.#open()
    return startCapture(this.#parts, filter, onFrame)
  }

  /**
   * Records all that happens from now on: `openRecording` replays it, to the same frames and the same state.
   * See docs/recording.md.
   */
  record(): SwitchRecording {
    this.#open()
    const { manager, topology, forwarder } = this.#parts
    const { memory } = forwarder
    const source = {
      ...{ memory, manager, topology },
      config: () => this.#config,
      now: () => this.now,
    }
    return new SwitchRecording(source, [forwarder])
  }

  /**
   * A copy of all its state: tables, counters, config, clock, frames that wait. What takes frames from it,
   * `onFrame` and `capture`, is the program's.
   *
   * @throws LinkspanError code `INVALID`: from a handler, in the middle of its work
   */
  snapshot(): Snapshot {
    return this.#snapshots.take(this.now)
  }

  /**
   * Puts all of it back: ports and bridges that were added since are gone, those that were removed are there
   * again, with what took frames from them. Captures go on.
   *
   * @throws LinkspanError code `INVALID`: not of this switch, or from a handler; then nothing has changed
   */
  restore(snapshot: Snapshot): void {
    this.#snapshots.restore(snapshot)
  }

  /** 16 digits, the same for two switches of the same seed with which the same was done. Not cryptographic. */
  hash(): string {
    return this.#snapshots.hash()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    const { topology, io, overlay, manager, forwarder } = this.#parts
    for (const part of [topology, this.#ports, io, overlay, this.#turns]) keeper.part(part)
    keeper.other(stateOf({ memory: forwarder.memory, exports: manager.exports, workers: 1 }))
    keeper.handles([this.#config, this.#routing], (config, routing) => {
      this.#config = config
      this.#routing = routing
    })
    keeper.values([this.#closed], (closed) => {
      this.#closed = closed
    })
  }

  #mustRest(): void {
    this.#open()
    if (!this.#turns.isTurning) return
    const where = 'from a handler of its frames: the switch is in the middle of its work'
    throw new LinkspanError('INVALID', `${where}; call it when process() has returned`)
  }

  close(): void {
    this.#closed = true
    this.#ports.close()
    this.#overlay.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close()
  }

  #open(): void {
    if (this.#closed) throw new LinkspanError('CLOSED', 'the switch was closed')
  }
}

/**
 * Makes an in-process switch. The config is that of DESIGN section 6 as far as it concerns memory
 * devices; numbers are milliseconds and bytes.
 */
export async function createSwitch(
  config: ConfigInput = {},
  options: SwitchOptions = {},
): Promise<Switch> {
  return new Switch(await singleModule(), parseConfig(config), options)
}
