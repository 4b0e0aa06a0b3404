/**
 * The in-process switch: the whole dataplane on the caller's thread, with memory devices and a
 * clock that the caller moves. Any JavaScript runtime, no privilege.
 */
import { parseDuration } from './config/duration.js'
import { parseConfig } from './config/parse.js'
import { atPort } from './config/static-entry.js'
import type { BridgeInput, Config, ConfigInput, PortInput } from './config/types.js'
import { Fdb } from './dataplane/fdb.js'
import { Flows } from './dataplane/flows.js'
import { stateOf } from './dataplane/image.js'
import type { DataplaneEvent } from './dataplane/manager.js'
import { singleModule } from './dataplane/single.js'
import type { DropCount, Topology } from './dataplane/topology.js'
import type { MemoryOverlay, Tunnel } from './device/memory-overlay.js'
import { MemoryPort } from './device/memory-port.js'
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
import { type RouterInput, SwitchConfig } from './switch/config.js'
import { makeParts, type SwitchParts } from './switch/parts.js'
import { Turns } from './switch/turns.js'

export type { ObservedFrame, RouterInput, Step, SwitchCapture, Trace }
export { MemoryPort, SwitchRecording }

export interface SwitchOptions {
  /** Keys the hashes: the same seed and input give the same output, bit for bit. 0 if left out. */
  seed?: number
  /** Keeps room for the tunnels of an underlay that `configure` brings; one of the config has it anyway. */
  tunnels?: boolean
}

export class Switch {
  readonly fdb: Fdb
  readonly flows: Flows
  readonly #config: SwitchConfig
  readonly #parts: SwitchParts
  readonly #turns: Turns
  readonly #snapshots = new Snapshots('switch', this, () => this.#mustRest())
  #closed = false

  /** @internal Use {@link createSwitch}. */
  constructor(module: WebAssembly.Module, config: Config, options: SwitchOptions) {
    this.#parts = makeParts(module, config, { ...options, now: () => this.now })
    const { topology, manager } = this.#parts
    this.#turns = new Turns(this.#parts)
    this.fdb = new Fdb(topology, () => this.now)
    this.flows = new Flows(manager, () => this.now)
    this.#config = new SwitchConfig(this.#parts, config)
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
    return this.#config.ports
  }

  /** The config as it stands, every default filled in. */
  get config(): Config {
    return this.#config.current
  }

  /**
   * What tunnels leave by: the program carries its datagrams.
   *
   * @throws LinkspanError code `NOT_FOUND` where the config has no `underlay`
   */
  get underlay(): Underlay {
    if (this.config.underlay !== undefined) return this.#overlay.underlay
    throw new LinkspanError('NOT_FOUND', 'the switch has no "underlay": give its config one')
  }

  /** The tunnels of bridges with `vxlan`, and what became of what they carry. */
  tunnels(): Tunnel[] {
    return this.#overlay.tunnels()
  }

  addBridge(name: string, options: BridgeInput = {}): void {
    this.#open()
    this.#config.addBridge(name, options)
  }

  /**
   * Adds uplinks and the underlay, and makes routes, neighbours, NAT, published ports and the filter what is
   * given; of what is left out, all stays. Nothing is changed where something of it is wrong.
   */
  configure(input: RouterInput): void {
    this.#open()
    this.#config.configure(input)
  }

  removeBridge(name: string): void {
    this.#open()
    this.#config.removeBridge(name)
  }

  addPort(name: string, options: PortInput): MemoryPort {
    return this.addPorts({ [name]: options }).get(name) as MemoryPort
  }

  /** Adds several ports, or none where one of them is wrong; a thousand cost little more than one. */
  addPorts(ports: Readonly<Record<string, PortInput>>): Map<string, MemoryPort> {
    this.#open()
    return this.#config.addPorts(ports)
  }

  /** What is learnt on the port is forgotten at once; frames that wait in it are lost. */
  removePort(name: string): void {
    this.#open()
    this.#config.removePort(name)
  }

  /** Takes a port up or down, as a carrier does. */
  setPort(name: string, settings: { up: boolean }): void {
    this.#open()
    this.#config.setPort(name, settings)
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
      config: () => this.config,
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
    const { io, manager, forwarder } = this.#parts
    for (const part of [this.#config, io, this.#turns]) keeper.part(part)
    keeper.other(stateOf({ memory: forwarder.memory, exports: manager.exports, workers: 1 }))
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
    this.#config.close()
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
