/**
 * The running switch: config, memory, workers, ports. What the CLI's `up` serves and what
 * `startSwitch` gives to programs.
 */
import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { parseConfig, withoutPort, withPort } from '../config/parse.js'
import type { Config, ConfigInput, Port as PortConfig, PortInput } from '../config/types.js'
import { Fdb } from '../dataplane/fdb.js'
import { type Attachment, createMemory } from '../dataplane/instance.js'
import { type DataplaneEvent, Manager } from '../dataplane/manager.js'
import { sharedModule } from '../dataplane/shared.js'
import { type DropCount, Topology } from '../dataplane/topology.js'
import type { Poller } from '../device/native-io.js'
import { closeDevices } from '../device/open.js'
import { LinkspanError } from '../error.js'
import { monotonicClock } from '../worker/clock.js'
import { WorkerPool } from '../worker/pool.js'
import { type Origin, Port, type PortHost } from './port.js'

/** What a switch tells of: for a log, or a program's own use. */
export interface SwitchEvents {
  port: [{ port: string; event: string; detail?: object }]
  worker: [{ worker: number; error: string; final: boolean }]
  moved: [{ bridge: string; mac: DataplaneEvent; port: string; from: string }]
  'table-full': [{ bridge: string; port: string }]
}

/** How often events are fetched from the workers and devices are asked whether they are there. */
const LOOK_INTERVAL = 100
/** How often waiting ports try to open their device. */
const RETRY_INTERVAL = 500
/** How soon a change is tried again while a worker is still in the burst before it. */
const SETTLE_INTERVAL = 1

export class RunningSwitch extends EventEmitter<SwitchEvents> implements PortHost {
  readonly fdb: Fdb
  readonly manager: Manager
  readonly topology: Topology
  readonly startedAt = new Date()
  readonly #now = monotonicClock()
  readonly #pool: WorkerPool
  readonly #ports = new Map<string, Port>()
  readonly #timers: NodeJS.Timeout[]
  #config: Config
  #closing: Promise<void> | undefined

  private constructor(config: Config, attachment: Attachment) {
    super()
    const { ports, maxWorkers, arena } = config.capacity
    this.#config = config
    this.manager = new Manager(attachment, maxWorkers)
    this.topology = new Topology(this.manager, config.capacity)
    this.fdb = new Fdb(this.topology, this.#now)
    const onDeath = (worker: number, error: Error, final: boolean) =>
      this.emit('worker', { worker, error: error.message, final })
    const { manager } = this
    const workers = maxWorkers
    this.#pool = new WorkerPool({ attachment, manager, workers, arena, ports, onDeath })
    this.#timers = [
      setInterval(() => this.#look(), LOOK_INTERVAL),
      setInterval(() => this.#retry(), RETRY_INTERVAL),
    ]
  }

  /** Starts a switch; when it resolves, every port that could be opened forwards. */
  static async start(config: Config): Promise<RunningSwitch> {
    const { maxWorkers: workers, ...capacity } = config.capacity
    const module = await sharedModule()
    const capacities = { workers, ...capacity }
    const bytes = randomBytes(8)
    const seed = [bytes.readUInt32LE(0), bytes.readUInt32LE(4)] as const
    const memory = createMemory(module, 'shared', capacities, seed)
    const running = new RunningSwitch(config, { module, memory })
    try {
      await running.#setUp()
    } catch (error) {
      await running.close()
      throw error
    }
    return running
  }

  async #setUp(): Promise<void> {
    // Threads start while the devices are opened here.
    const workers = this.#pool.start()
    workers.catch(() => {})
    for (const [name, bridge] of Object.entries(this.#config.bridges)) {
      this.topology.addBridge(name, { ageing: bridge.ageing })
    }
    for (const [name, port] of Object.entries(this.#config.ports)) {
      this.#openPort(name, port, 'config')
    }
    for (const entry of this.#config.fdb) this.fdb.add(entry)
    await workers
    await this.settle()
  }

  get config(): Config {
    return this.#config
  }
  get ports(): ReadonlyMap<string, Port> {
    return this.#ports
  }
  get pollers(): readonly Poller[] {
    return this.#pool.pollers
  }
  workerState(worker: number): string {
    return this.#pool.state(worker)
  }
  now(): number {
    return this.#now()
  }

  #openPort(name: string, config: PortConfig, origin: Origin): Port {
    const port = new Port(this, name, config, origin)
    this.#ports.set(name, port)
    port.open()
    return port
  }

  /** Adds a port to the running switch; an error leaves the switch as it was. */
  async addPort(name: string, input: PortInput): Promise<Port> {
    this.#open()
    if (this.#ports.has(name)) {
      throw new LinkspanError('EXISTS', `there is a port "${name}" already`)
    }
    this.topology.bridge(input.bridge)
    const next = withPort(this.#config, name, input)
    try {
      const port = this.#openPort(name, next.ports[name] as PortConfig, 'api')
      this.#config = next
      await this.settle()
      return port
    } catch (error) {
      const half = this.#ports.get(name)
      this.#ports.delete(name)
      await half?.close()
      throw error
    }
  }

  /** Removes a port: its interface goes, and what was learnt on it is forgotten at once. */
  async removePort(name: string): Promise<void> {
    this.#open()
    this.topology.port(name)
    const port = this.#ports.get(name)
    this.#ports.delete(name)
    this.#config = withoutPort(this.#config, name)
    await port?.close()
  }

  /** Frames dropped, by port and reason. */
  drops(port?: string): DropCount[] {
    return this.topology.drops(port)
  }

  async settle(): Promise<void> {
    while (!this.topology.flush() || !this.topology.settled()) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_INTERVAL))
    }
  }

  report(port: Port, event: string, detail?: object): void {
    this.emit('port', { port: port.name, event, ...(detail && { detail }) })
  }

  #retry(): void {
    for (const port of this.#ports.values()) port.retry()
  }

  #look(): void {
    for (const event of this.manager.events()) this.#handle(event)
    // Asked of the descriptors themselves: whatever a worker could tell might be of a device that the
    // port had before, or not fit the ring.
    for (const port of this.#ports.values()) port.check()
  }

  #handle(event: DataplaneEvent): void {
    const port = this.topology.portName(event.port) ?? `#${event.port}`
    const bridge = this.topology.bridgeName(event.fid) ?? `#${event.fid}`
    if (event.type === 'moved') {
      const from = this.topology.portName(event.detail) ?? `#${event.detail}`
      this.emit('moved', { bridge, mac: event, port, from })
    } else if (event.type === 'table-full') {
      this.emit('table-full', { bridge, port })
    }
  }

  #open(): void {
    if (this.#closing) throw new LinkspanError('CLOSED', 'the switch is closing or was closed')
  }

  /** Stops the workers, closes all devices. Interfaces that were made are gone then. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    // Workers first: nothing uses a descriptor any more when it is closed.
    await this.#pool.close()
    for (let worker = 0; worker < this.pollers.length; worker++) {
      this.manager.exports.quiesce(worker)
    }
    const ports = [...this.#ports.values()]
    this.#ports.clear()
    // Together, since the kernel takes as long to delete one interface as to delete many.
    closeDevices(ports.flatMap((port) => port.takeDevice() ?? []))
    await Promise.all(ports.map((port) => port.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Starts a switch with TAP devices and forwarding workers. Linux. The config as in createSwitch. */
export function startSwitch(config: ConfigInput): Promise<RunningSwitch> {
  return RunningSwitch.start(parseConfig(config))
}
