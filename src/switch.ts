/**
 * The in-process switch: the whole dataplane on the caller's thread, with memory devices and a
 * clock that the caller moves. Any JavaScript runtime, no privilege.
 */
import { parseDuration } from './config/duration.js'
import { filterRules } from './config/filter-rules.js'
import { parseConfig, withoutPort, withPorts } from './config/parse.js'
import { NO_ROUTER, type RouterSettings, routerSettings } from './config/router-settings.js'
import { isAtPort } from './config/static-entry.js'
import type { BridgeInput, Config, ConfigInput, Port, PortInput, Uplink } from './config/types.js'
import { UPLINK_BRIDGE, uplinkBridge, uplinkPort } from './config/uplink-port.js'
import { Captures } from './dataplane/captures.js'
import { Fdb } from './dataplane/fdb.js'
import { Flows } from './dataplane/flows.js'
import { Forwarder } from './dataplane/forwarder.js'
import { type Attachment, createMemory } from './dataplane/instance.js'
import { type DataplaneEvent, Manager } from './dataplane/manager.js'
import { exists } from './dataplane/named.js'
import { refuseOverlay } from './dataplane/overlay-later.js'
import { setRouter } from './dataplane/routing.js'
import { singleModule } from './dataplane/single.js'
import { type DropCount, Topology } from './dataplane/topology.js'
import { MemoryIo } from './device/memory-io.js'
import { MemoryPort } from './device/memory-port.js'
import { MemoryPorts, mustMirrorToPort } from './device/memory-ports.js'
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
import { SwitchRecording } from './recording/recorder.js'
import { Loop } from './worker/loop.js'

export type { ObservedFrame, Step, SwitchCapture, Trace }
export { MemoryPort, SwitchRecording }

export interface SwitchOptions {
  /** Keys the hashes: the same seed and input give the same output, bit for bit. 0 if left out. */
  seed?: number
}

/** What a router has besides its gateways. */
export type RouterInput = Pick<
  ConfigInput,
  'uplinks' | 'routes' | 'neighbors' | 'nat' | 'publish' | 'filter'
>

/** A burst of frames that a handler answers with new frames for ever is stopped after so many turns. */
const TURNS_MAX = 1_000_000

export class Switch {
  readonly fdb: Fdb
  readonly flows: Flows
  #config: Config
  readonly #topology: Topology
  readonly #attachment: Attachment
  readonly #manager: Manager
  readonly #captures: Captures
  readonly #forwarder: Forwarder
  readonly #io: MemoryIo
  readonly #loop: Loop
  readonly #ports: MemoryPorts
  #routing: RouterSettings = NO_ROUTER
  #now = 0
  #turning = false
  #closed = false

  /** @internal Use {@link createSwitch}. */
  constructor(module: WebAssembly.Module, config: Config, options: SwitchOptions) {
    const capacities = { workers: 1, ...config.capacity }
    const memory = createMemory(module, 'single', capacities, [options.seed ?? 0, 0])
    const attachment = { module, memory }
    this.#config = config
    this.#attachment = attachment
    this.#manager = new Manager(attachment, 1)
    this.#captures = new Captures(this.#manager.exports, memory, 1)
    this.#forwarder = new Forwarder(attachment, 0)
    this.#topology = new Topology(this.#manager, config.capacity)
    this.#io = new MemoryIo(this.#forwarder, config.capacity.arena)
    this.#ports = new MemoryPorts(this.#topology, this.#io)
    this.#loop = new Loop(this.#forwarder, this.#io, () => this.#now)
    this.fdb = new Fdb(this.#topology, () => this.#now)
    this.flows = new Flows(this.#manager, () => this.#now)
    for (const [name, bridge] of Object.entries(config.bridges)) this.#addBridge(name, bridge)
    for (const name of Object.keys(config.uplinks)) {
      this.#addBridge(uplinkBridge(name), UPLINK_BRIDGE)
    }
    this.#route(config)
    for (const [name, port] of Object.entries(config.ports)) this.#ports.add(name, port)
    for (const [name, uplink] of Object.entries(config.uplinks)) {
      this.#ports.add(name, uplinkPort(name, uplink))
    }
    this.#topology.setRules(filterRules(config))
    this.#topology.flush()
    for (const entry of config.fdb.filter(isAtPort)) this.fdb.add(entry)
  }

  /** Milliseconds on the switch's own clock, which starts at 0. */
  get now(): number {
    return this.#now
  }

  get ports(): ReadonlyMap<string, MemoryPort> {
    return this.#ports.byName
  }

  /** The config as it stands, every default filled in. */
  get config(): Config {
    return this.#config
  }

  addBridge(name: string, options: BridgeInput = {}): void {
    this.#open()
    const bridges = { ...this.#config.bridges, [name]: options }
    const next = parseConfig({ ...this.#config, bridges })
    this.#addBridge(name, next.bridges[name] as Config['bridges'][string])
    try {
      this.#route(next)
    } catch (error) {
      this.#topology.removeBridge(name)
      throw error
    }
    this.#topology.flush()
    this.#config = next
  }

  /**
   * Adds uplinks, and makes routes, neighbours, NAT, published ports and the filter what is given; of
   * what is left out, all stays. Nothing is changed where something of it is wrong.
   */
  configure({ uplinks = {}, ...others }: RouterInput): void {
    this.#open()
    const added = Object.keys(uplinks)
    const old = added.find((name) => Object.hasOwn(this.#config.uplinks, name))
    if (old !== undefined) throw exists('uplink', old)
    const next = parseConfig({
      ...this.#config,
      ...others,
      uplinks: { ...this.#config.uplinks, ...uplinks },
    })
    for (const name of added) this.#addBridge(uplinkBridge(name), UPLINK_BRIDGE)
    try {
      this.#route(next)
      this.#ports.addAll(
        added.map((name) => [name, uplinkPort(name, next.uplinks[name] as Uplink)]),
      )
      this.#topology.setRules(filterRules(next))
      this.#topology.rehearse()
    } catch (error) {
      this.#topology.setRules(filterRules(this.#config))
      for (const name of added) if (this.ports.has(name)) this.#ports.remove(name)
      this.#route(this.#config)
      for (const name of added) this.#topology.removeBridge(uplinkBridge(name))
      this.#topology.flush()
      throw error
    }
    this.#topology.flush()
    this.#config = next
  }

  /** Makes the router that of a config; what it stands on is there. */
  #route(config: Config): void {
    refuseOverlay(config)
    const next = routerSettings(config)
    setRouter(this.#topology.router, this.#routing, next)
    this.#topology.translation.set(config.nat, config.publish)
    this.#routing = next
  }

  #addBridge(name: string, bridge: Config['bridges'][string]): void {
    mustMirrorToPort(`bridge "${name}"`, bridge.mirror)
    this.#topology.addBridge(name, bridge)
  }

  removeBridge(name: string): void {
    this.#open()
    const { [name]: _, ...bridges } = this.#config.bridges
    const users = Object.values(this.#config.ports).some(({ bridge }) => bridge === name)
    // A bridge with ports is refused below, in better words.
    const next = users ? this.#config : parseConfig({ ...this.#config, bridges })
    if (!users) this.#route(next)
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
    this.#ports.remove(name)
    this.#config = withoutPort(this.#config, name)
  }

  /** Takes a port up or down, as a carrier does. */
  setPort(name: string, settings: { up: boolean }): void {
    this.#open()
    this.#topology.setPort(name, settings)
    this.#topology.flush()
  }

  /**
   * Forwards until no port has a frame waiting. Returns the number of frames handled; 0 when called
   * from an onFrame handler, whose frames the call that is under way will see to.
   */
  process(): number {
    this.#open()
    if (this.#turning) return 0
    let frames = 0
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const handled = this.#turn()
      frames += handled
      // What time asked for may have been answered.
      if (handled === 0 && !this.#io.hasFrames) return frames
    }
    throw new LinkspanError(
      'LIMIT',
      `frames still circulate after ${frames}: an onFrame handler answers every frame with another`,
    )
  }

  #turn(): number {
    if (this.#turning) return 0
    this.#turning = true
    try {
      return this.#loop.turn(0)
    } finally {
      this.#turning = false
      if (this.#captures.active) this.#captures.drain()
      // A handler may have changed ports or bridges more than once: what had to wait is done now.
      this.#forwarder.quiesce()
      this.#topology.flush()
    }
  }

  /** Moves the clock forward, doing on the way what time asks for. '301s', or milliseconds. */
  advance(time: string | number): void {
    this.process()
    this.advanceTo(this.#now + (typeof time === 'string' ? parseDuration(time) : time), time)
  }

  /** The same, to a time of the switch's own clock, in milliseconds; frames that wait go first. */
  advanceTo(until: number, asked: string | number = until): void {
    this.#open()
    if (!(until >= this.#now)) {
      throw new LinkspanError('INVALID', `time only goes forward: found ${asked}`)
    }
    for (;;) {
      const next = Math.max(this.#now + 1, this.#forwarder.nextDeadline(this.#now))
      if (next > until) break
      this.#now = next
      this.#turn()
    }
    this.#now = until
    this.#turn()
  }

  /** When time alone makes the switch do something next, on its own clock; Infinity: not before a frame. */
  nextDeadline(): number {
    this.#open()
    return this.#forwarder.nextDeadline(this.#now)
  }

  /** Frames dropped, by port and reason. */
  drops(port?: string): DropCount[] {
    return this.#topology.drops(port)
  }

  /** What happened since the last call: addresses that moved, limits that were hit. */
  events(): DataplaneEvent[] {
    return [...this.#manager.events()]
  }

  /** What the switch would do with a frame that came in by a port; nothing changes by it. */
  trace(port: string, frame: Uint8Array): Trace {
    this.#open()
    const host = {
      attachment: this.#attachment,
      topology: this.#topology,
      manager: this.#manager,
      now: () => this.#now,
    }
    return traceFrames(host, port, [frame])[0] as Trace
  }

  /**
   * Calls back with every frame that comes in or goes out and that the filter keeps, also with those
   * that are dropped on their way in, while `process` runs. It may not close the switch.
   */
  capture(filter: CaptureFilterWords, onFrame: CaptureHandler): SwitchCapture {
    this.#open()
    const host = { captures: this.#captures, topology: this.#topology }
    return startCapture(host, filter, onFrame)
  }

  /**
   * Records all that happens from now on: `openRecording` replays it, to the same frames and the same state.
   * See docs/recording.md.
   */
  record(): SwitchRecording {
    this.#open()
    const source = {
      memory: this.#attachment.memory,
      manager: this.#manager,
      topology: this.#topology,
      config: () => this.#config,
      now: () => this.#now,
    }
    return new SwitchRecording(source, [this.#forwarder])
  }

  close(): void {
    this.#closed = true
    this.#ports.close()
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
