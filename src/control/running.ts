/**
 * The running switch: config, memory, workers, ports. What the CLI's `up` serves and what
 * `startSwitch` gives to programs.
 */
import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { parseConfig } from '../config/parse.js'
import type { PortPatch } from '../config/patch.js'
import type {
  BridgeInput,
  Config,
  ConfigInput,
  PortInput,
  PublishInput,
  StaticEntry,
} from '../config/types.js'
import { capacitiesOf, numbersOf } from '../dataplane/capacities.js'
import { Captures } from '../dataplane/captures.js'
import { Fdb } from '../dataplane/fdb.js'
import { Flows } from '../dataplane/flows.js'
import { type Attachment, createMemory } from '../dataplane/instance.js'
import { Manager } from '../dataplane/manager.js'
import { sharedModule } from '../dataplane/shared.js'
import { type DropCount, Topology } from '../dataplane/topology.js'
import { Detours } from '../detour/detours.js'
import type { Poller } from '../device/native-io.js'
import { closeDevices } from '../device/open.js'
import { monotonicClock } from '../worker/clock.js'
import type { Letter } from '../worker/mailbox.js'
import type { WorkerState } from '../worker/pool.js'
import { Casualties, type CasualtyFiles } from './casualties.js'
import { contestedIn } from './contested.js'
import { MemoryDirectory } from './directory/memory.js'
import { Endpoints } from './endpoints.js'
import type { MirrorSource } from './file-mirror.js'
import type { OverlayControl } from './overlay.js'
import type { Origin, Port } from './port.js'
import type { Readers } from './readers.js'
import { type Applied, type ApplyOptions, Reconciler, type ReconcilerHost } from './reconciler.js'
import type { RunningRecording } from './recording.js'
import { Recordings } from './recordings.js'
import type { SwitchEvents } from './switch-events.js'
import { tell } from './tell.js'
import type { Step } from './transaction.js'
import { type WorkerDeath, Workers } from './workers.js'

/** How often events are fetched from the workers and devices are asked whether they are there. */
const LOOK_INTERVAL = 100
/** How long what a lost source of the directory said is believed. */
const KEEP = 300_000
/** How often waiting ports try to open their device. */
const RETRY_INTERVAL = 500
/** How soon a change is tried again while a worker is still in the burst before it. */
const SETTLE_INTERVAL = 1

export interface StartOptions {
  /** Where to keep frames that a worker had in hand when it died; left out: nowhere. */
  casualties?: CasualtyFiles | undefined
}

export class RunningSwitch extends EventEmitter<SwitchEvents> implements ReconcilerHost {
  readonly fdb: Fdb
  readonly flows: Flows
  readonly manager: Manager
  readonly topology: Topology
  /** The module and the memory that all workers share. */
  readonly attachment: Attachment
  readonly captures: Captures
  /** Stations and VTEPs that others tell of; whoever speaks for a source puts them in. */
  readonly directory: MemoryDirectory
  readonly recordings = new Recordings()
  readonly startedAt = new Date()
  /** @internal The way of impaired ports. */
  readonly detours: Detours
  readonly #now = monotonicClock()
  readonly #workers: Workers
  readonly #reconciler: Reconciler
  readonly #endpoints: Endpoints
  readonly #timers: NodeJS.Timeout[] = []
  #closing: Promise<void> | undefined

  private constructor(config: Config, attachment: Attachment, options: StartOptions) {
    super()
    const capacities = capacitiesOf(config)
    const { workers, ports, arena } = capacities
    this.manager = new Manager(attachment, workers)
    this.attachment = attachment
    this.captures = new Captures(this.manager.exports, attachment.memory, workers)
    this.topology = new Topology(this.manager, numbersOf(config))
    this.fdb = new Fdb(this.topology, this.#now)
    this.flows = new Flows(this.manager, this.#now)
    this.detours = new Detours(ports, (why) => this.reportLeftover(why))
    this.directory = new MemoryDirectory({ now: this.#now, keep: KEEP })
    this.#endpoints = new Endpoints(this, this.directory, (why) => this.reportLeftover(why))
    this.#reconciler = new Reconciler(this, this.fdb, config, (outcome) =>
      'error' in outcome
        ? this.emit('rolled-back', { changes: [], error: outcome.error.message })
        : this.emit('rolled-back', outcome),
    )
    this.directory.watch((batch) => {
      this.#reconciler.overlay.hearPeers(batch)
      this.#endpoints.hear(batch)
      for (const one of contestedIn(batch)) this.emit('contested', one)
    })
    const { manager } = this
    const pool = { attachment, manager, workers, arena, ports }
    const casualties = new Casualties(attachment, manager, options.casualties)
    this.#workers = new Workers(this, casualties, pool, config)
  }

  /** Starts a switch; when it resolves, every port that could be opened forwards. */
  static async start(config: Config, options: StartOptions = {}): Promise<RunningSwitch> {
    const module = await sharedModule()
    const bytes = randomBytes(8)
    const seed = [bytes.readUInt32LE(0), bytes.readUInt32LE(4)] as const
    const memory = createMemory(module, 'shared', capacitiesOf(config), seed)
    const running = new RunningSwitch(config, { module, memory }, options)
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
    const workers = this.#workers.start()
    workers.catch(() => {})
    this.#reconciler.start()
    await workers
    await this.settle()
    // Not before: whoever starts a switch listens to it then.
    this.#timers.push(
      setInterval(() => this.#look(), LOOK_INTERVAL),
      setInterval(() => this.#retry(), RETRY_INTERVAL),
    )
  }

  get config(): Config {
    return this.#reconciler.config
  }
  get ports(): ReadonlyMap<string, Port> {
    return this.#reconciler.ports
  }
  get pollers(): readonly Poller[] {
    return this.#workers.pool.pollers
  }
  /** The numbers of workers that run, or did. */
  get workers(): readonly number[] {
    return this.#workers.numbers
  }
  workerState(worker: number): WorkerState {
    return this.#workers.pool.state(worker)
  }
  /** @internal Who reads which queue. */
  get readers(): Readers {
    return this.#workers.readers
  }
  /** @internal */
  workerStep(to: Config): Step {
    return this.#workers.step(to)
  }
  /** @internal */
  exclusively(task: () => Promise<void>): Promise<void> {
    return this.#reconciler.exclusively(task)
  }
  /** @internal */
  died(death: WorkerDeath): void {
    this.emit('worker', death)
  }
  /** @internal */
  threadChanged(worker: number, what: 'starts' | 'died'): void {
    this.recordings.threadChanged(worker, what)
  }
  /** @internal */
  writeToWorkers(letter: Letter): number {
    return this.#workers.pool.write(letter)
  }
  /** @internal */
  get overlay(): OverlayControl {
    return this.#reconciler.overlay
  }
  now(): number {
    return this.#now()
  }

  /** Whether a bridge came from the config or by the API. */
  bridgeOrigin(name: string): Origin {
    return this.#reconciler.bridgeOrigin(name)
  }

  /**
   * Moves the switch to another config in one step: what is the same in both loses no frame. An error
   * leaves everything as it was; RESTART says that the config changes what only a start can. What
   * cannot be closed when the config is in force is no error, but one of `warnings`.
   */
  async apply(config: ConfigInput | Config, options: ApplyOptions = {}): Promise<Applied> {
    const applied = await this.#reconciler.apply(parseConfig(config), options)
    if (!options.dryRun) this.emit('applied', applied)
    return applied
  }

  /** Keeps what was applied with `confirm`. */
  confirm(): Promise<void> {
    return this.#reconciler.confirm()
  }

  /** When an apply that waits to be confirmed is taken back; undefined when none waits. */
  get confirmBy(): Date | undefined {
    return this.#reconciler.confirmBy
  }

  /** Adds a port to the running switch; an error leaves the switch as it was. */
  addPort(name: string, input: PortInput): Promise<Port> {
    return this.#reconciler.edits.addPort(name, input)
  }

  /**
   * Changes settings of a port while it runs; an error leaves the switch as it was. A port of the
   * config is as the config has it again when one is applied.
   */
  setPort(name: string, patch: PortPatch): Promise<void> {
    return this.#reconciler.edits.setPort(name, patch)
  }

  /** Changes settings of a bridge, in the same way. */
  setBridge(name: string, patch: object): Promise<void> {
    return this.#reconciler.edits.setBridge(name, patch)
  }

  /** Removes a port: its interface goes, and what was learnt on it is forgotten at once. */
  removePort(name: string): Promise<void> {
    return this.#reconciler.edits.removePort(name)
  }

  /** Adds a bridge to the running switch; an error leaves the switch as it was. */
  addBridge(name: string, input: BridgeInput = {}): Promise<void> {
    return this.#reconciler.edits.addBridge(name, input)
  }

  /** Removes a bridge that has no ports. */
  removeBridge(name: string): Promise<void> {
    return this.#reconciler.edits.removeBridge(name)
  }

  /** Publishes a service; it stays when a config is applied. */
  addPublish(entry: PublishInput): Promise<void> {
    return this.#reconciler.edits.addPublish(entry)
  }

  /** Publishes it no more; its flows end. */
  removePublish(name: string): Promise<void> {
    return this.#reconciler.edits.removePublish(name)
  }

  /** Whether a published service came from the config or by the API. */
  publishOrigin(name: string): Origin {
    return this.#reconciler.publishOrigin(name)
  }

  /** Adds a static entry to the FDB, or replaces one. It stays when a config is applied. */
  addEntry(entry: StaticEntry): Promise<void> {
    return this.#reconciler.edits.addEntry(entry)
  }

  /** Removes an entry of the FDB, static or not; NOT_FOUND if there is none. */
  removeEntry(entry: Omit<StaticEntry, 'port' | 'vtep'>): Promise<void> {
    return this.#reconciler.edits.removeEntry(entry)
  }

  /** Frames dropped, by port and reason. */
  drops(port?: string): DropCount[] {
    for (const each of this.ports.values()) each.detour?.collect()
    return this.topology.drops(port)
  }

  /**
   * Records all that happens from now on, until it is stopped: see docs/recording.md.
   *
   * @throws LinkspanError code `LIMIT` while another recording runs
   */
  record(): Promise<RunningRecording> {
    return this.recordings.begin(this)
  }

  /** @internal */
  followed(config: Config): void {
    this.#endpoints.follow(config)
  }

  /** @internal Programs what the directory knows and the FDB does not, as after a flush. */
  reprogram(): void {
    this.#endpoints.repeat()
  }

  async settle(): Promise<void> {
    while (!this.topology.flush() || !this.topology.settled()) {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_INTERVAL))
    }
    await this.detours.settled()
  }

  report(port: Port, event: string, detail?: { why: string }): void {
    this.emit('port', { port: port.name, event, ...(detail && { detail }) })
  }

  reportMirror({ object, name }: MirrorSource, file: string, event: string, why?: string): void {
    this.emit('mirror', { [object]: name, file, event, ...(why !== undefined && { why }) })
  }

  reportLeftover(why: string): void {
    this.emit('leftover', { why })
  }

  #retry(): void {
    for (const port of this.ports.values()) port.retry()
  }

  #look(): void {
    for (const event of this.manager.events()) tell(this, event)
    // Asked of the descriptors themselves: whatever a worker could tell might be of a device that the
    // port had before, or not fit the ring.
    for (const port of this.ports.values()) port.check()
    for (const port of this.ports.values()) port.detour?.collect()
    this.#reconciler.overlay.look()
    this.directory.expire()
  }

  /** Stops the workers, closes all devices. Interfaces that were made are gone then. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.recordings.finish()
    await this.#reconciler.close()
    this.#endpoints.close()
    for (const timer of this.#timers) clearInterval(timer)
    // Workers first: nothing uses a descriptor any more when it is closed.
    await this.#workers.pool.close()
    await this.detours.end()
    for (let worker = 0; worker < this.pollers.length; worker++) {
      this.manager.exports.quiesce(worker)
    }
    this.#reconciler.closeMirrors()
    const ports = [...this.ports.values()]
    this.#reconciler.ports.clear()
    // Together, since the kernel takes as long to delete one interface as to delete many.
    closeDevices(ports.flatMap((port) => port.takeDevice() ?? []))
    await Promise.all(ports.map((port) => port.close()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Starts a switch with TAP devices and forwarding workers. Linux. The config as in createSwitch. */
export function startSwitch(config: ConfigInput, options?: StartOptions): Promise<RunningSwitch> {
  return RunningSwitch.start(parseConfig(config), options)
}
