/** The lab: hosts, switches and links in one process, on one clock and one seed. */
import { quote } from '../config/describe.js'
import type { ConfigInput } from '../config/types.js'
import { singleModule } from '../dataplane/single.js'
import { LinkspanError } from '../error.js'
import { type Snapshot, Snapshots } from '../memento/snapshots.js'
import { type Bridge, domainOf, type LabBridgeInput } from './bridge.js'
import type { LabCapture } from './capture.js'
import { Pump } from './clock/pump.js'
import { Timeline } from './clock/timeline.js'
import { Waits } from './clock/wait.js'
import { type DiagramOptions, diagram } from './diagram/diagram.js'
import { type ExplainOptions, explain } from './explain/explain.js'
import type { Explanation } from './explain/explanation.js'
import type { Host, HostLab } from './host/host.js'
import { makeHost } from './host-making.js'
import { checkHostName, type HostOptions, type HostPlan, planHost } from './host-options.js'
import { Inventory } from './inventory.js'
import {
  type LabOptions,
  planLab,
  planRun,
  type RunOptions,
  type RunResult,
} from './lab-options.js'
import { LabState } from './lab-state.js'
import { type LabRouterInput, LabSwitch, type SwitchHost } from './lab-switch.js'
import { Link } from './link/link.js'
import { divide, type Group, membersOf } from './link/partition.js'
import { Random } from './random.js'
import { gone } from './restored.js'
import { type Duration, milliseconds } from './time.js'
import { FakeTimers } from './timers/fakes.js'
import { FIRST } from './uplinks.js'
import type { LabView } from './view.js'

export class Lab {
  readonly #clock = new Timeline()
  readonly #waits = new Waits()
  readonly #pump: Pump
  readonly #seed: string
  readonly #config: ConfigInput
  readonly #has = new Inventory()
  readonly #snapshots: Snapshots
  readonly #switchHost: SwitchHost
  readonly #hostLab: HostLab
  readonly #fakes: FakeTimers | undefined
  #unreported: unknown[] = []
  #closed = false

  /** @internal Use {@link createLab}. */
  constructor(module: WebAssembly.Module, options: LabOptions) {
    const { seed, clock, config, epoch } = planLab(options)
    this.#seed = seed
    this.#config = config
    this.#pump = new Pump(this.#clock, this.#waits, clock, (error) => this.#report(error))
    const parts = { clock: this.#clock, waits: this.#waits, pump: this.#pump }
    const state = new LabState({ ...parts, has: this.#has, fakes: () => this.#fakes })
    this.#snapshots = new Snapshots('lab', state, () => this.#mustRest())
    const has = this.#has
    this.#switchHost = {
      clock: this.#clock,
      module,
      view: this.view,
      bridgeOf: (bridge) => has.bridgeOf(bridge),
      mustBeNew: (name) => has.mustBeNew('bridge', name),
      newBridge: (bridge) => has.bridges.set(bridge.name, bridge),
      linkMustBeNew: (name) => has.mustBeNew('link', name),
      spareSubnets: () => has.spareSubnets(),
      domainOf: (vni) => domainOf(has.bridges.values(), vni),
      makeHost: (name, bridge, plan) => this.#makeHost(name, bridge, plan, {}),
      cable: (name, uplink, to) => this.#cable(name, uplink, to),
    }
    this.#hostLab = {
      waits: this.#waits,
      names: {
        find: (name) => has.hosts.get(name),
        list: () => [...has.hosts.keys()],
      },
      mustBeOpen: (host) => this.#mustHave(host),
      thrown: (what, error) => this.#thrown(what, error),
    }
    if (epoch !== undefined) this.#fakes = this.#fakeTimers(epoch)
  }

  #fakeTimers(epoch: number): FakeTimers {
    const { thrown } = this.#hostLab
    return new FakeTimers({ clock: this.#clock, waits: this.#waits, thrown }, epoch)
  }

  /** Milliseconds since the lab began. */
  get now(): number {
    return this.#pump.now
  }

  /** The hosts, by name. */
  get hosts(): ReadonlyMap<string, Host> {
    return this.#has.hosts
  }

  /** Who waits for what, a line each. */
  get waiting(): string[] {
    return this.#waits.list()
  }

  /** @internal All that there is. */
  get view(): LabView {
    return this.#has.view
  }

  /**
   * The switch of that name, which is made where it is not there yet.
   *
   * @param config of a new one: `capacity`, `filter` …, but no bridges, ports and uplinks
   */
  switch(name: string = FIRST, config?: ConfigInput): LabSwitch {
    this.#open()
    const old = this.#has.switches.get(name)
    if (old && config === undefined) return old
    if (old) throw new LinkspanError('EXISTS', `switch ${quote(name)} is there, with its config`)
    const seed = new Random(`${this.#seed} switch ${name}`).u32()
    const given = config ?? (name === FIRST ? this.#config : {})
    const made = new LabSwitch(name, this.#switchHost, given, seed)
    this.#has.addSwitch(made)
    return made
  }

  /** Adds a bridge to the first switch. */
  bridge(name: string, input: LabBridgeInput = {}): Bridge {
    return this.switch().bridge(name, input)
  }

  /** Sets what the router of the first switch has besides the gateways of its bridges. */
  router(input: LabRouterInput): LabSwitch {
    return this.switch().router(input)
  }

  /** Adds a host and its link, which has its name. Where something is wrong, nothing is there. */
  host(name: string, options: HostOptions = {}): Host {
    this.#open()
    checkHostName(name)
    this.#has.mustBeNew('host', name)
    this.#has.mustBeNew('link', name)
    const who = `host ${quote(name)}`
    const bridge = this.#has.bridgeFor(who, options.bridge)
    const plan = planHost(who, name, bridge, options)
    const { host } = this.#makeHost(name, bridge, plan, options)
    this.#has.hosts.set(name, host)
    return host
  }

  #makeHost(name: string, bridge: Bridge, plan: HostPlan, options: HostOptions) {
    const common = { clock: this.#clock, seed: this.#seed, lab: this.#hostLab }
    const made = makeHost(name, bridge, plan, options, common)
    this.#has.addLink(made.host.link)
    this.#has.stacks.push(made.stack)
    return made
  }

  #cable(name: string, { on, port }: { on: LabSwitch; port: string }, to: Bridge): void {
    const link: Link = new Link(
      name,
      this.#seed,
      this.#clock,
      (frame) => toUplink(frame),
      (frame) => toBridge(frame),
    )
    const toUplink = on.plugs.addUplink(port, name, link.send)
    const toBridge = to.on.plugs.add(name, { bridge: to.name }, link.receive)
    this.#has.addLink(link)
  }

  /** The link of that name: a host's has the host's, an uplink's is `UPLINK.BRIDGE`, or `SWITCH:UPLINK.BRIDGE`. */
  link(name: Host | string): Link {
    return this.#has.link(name)
  }

  /**
   * Frames between hosts of different groups do not pass, from now on; hosts that are in no group talk to
   * all. A switch stands for the host that its tunnels end at. Adds to what is cut already; `heal` ends it.
   * Frames are told by their source MAC, and those that a router sends by their source address: what NAT has
   * changed passes.
   *
   * @throws LinkspanError `INVALID`, `NOT_FOUND`; then nothing has changed
   */
  partition(...groups: readonly Group<Host | LabSwitch>[]): void {
    this.#open()
    divide(membersOf(this.#has.members, groups), false)
  }

  /** The same one way: hosts of `to` do not hear those of `from`, which hear them. */
  cut(from: Group<Host | LabSwitch>, to: Group<Host | LabSwitch>): void {
    this.#open()
    divide(membersOf(this.#has.members, [from, to]), true)
  }

  /** Ends all that `partition` and `cut` began. */
  heal(): void {
    for (const { link } of this.#has.members.values()) link.heal()
  }

  /** Captures a link; or all of them, later ones too, and what switches drop. See what it returns. */
  capture(link?: Link | Host | string): LabCapture {
    this.#open()
    const name = link instanceof Link || link === undefined ? link : this.link(link)
    return this.#has.capture(this.#clock, name)
  }

  /**
   * What would become of a frame that a host sent now: by which links and switches, why it would be dropped, to
   * whom it comes. Nothing happens by it.
   *
   * @param frame octets, or a flow in words, of which the host makes a frame: `udp 10.55.0.2:40000 10.55.0.3:53`
   * @throws LinkspanError `INVALID`, `NOT_FOUND`, `UNREACHABLE`, or `LIMIT` where switches make a loop
   */
  explain(frame: Uint8Array | string, options: ExplainOptions = {}): Explanation {
    this.#open()
    return explain(this.view, frame, options)
  }

  /**
   * A drawing of the lab as it is now: the same text for the same lab.
   *
   * @throws LinkspanError code `INVALID`
   */
  diagram(options: DiagramOptions = {}): string {
    this.#open()
    return diagram(this.view, options)
  }

  /** Lets that much time pass, with all that happens in it. */
  advance(time: Duration): Promise<void> {
    return this.#waits.give(() => this.#advance(time))
  }

  async #advance(time: Duration): Promise<void> {
    this.#open()
    const until = this.now + milliseconds(time)
    await this.#pump.run(until, () => `the test waits for ${until} ms`)
  }

  /** Lets time pass until a time, until a condition holds, or until nothing is under way. */
  run(options: RunOptions = {}): Promise<RunResult> {
    return this.#waits.give(() => this.#run(options))
  }

  async #run(options: RunOptions): Promise<RunResult> {
    this.#open()
    const { end, isDone } = planRun(options)
    await this.#pump.run(end, () => 'the test runs the lab', isDone)
    return { now: this.now, waiting: this.waiting }
  }

  /** Resolves when that much time has passed; whoever moves the clock moves it. Never where the lab ends first. */
  async sleep(time: Duration): Promise<void> {
    this.#open()
    const end = this.now + milliseconds(time)
    const wait = this.#waits.begin<void>(() => `the test sleeps until ${end} ms`, 'sleep')
    this.#clock.at(end, () => wait.resolve())
    await wait.promise
  }

  /** Keeps time still until `promise` is settled: for what happens outside the lab. */
  hold<T>(promise: PromiseLike<T>): Promise<T> {
    return this.#pump.hold(promise)
  }

  /**
   * A copy of all that the lab is. Programs are not in it: see docs/testing-snapshots.md.
   *
   * @throws LinkspanError code `INVALID`: from a handler, or on the real clock
   */
  snapshot(): Snapshot {
    return this.#snapshots.take(this.now)
  }

  /**
   * Puts all of it back, as often as one likes. Who has begun since to wait for something is told: `RESTORED`.
   *
   * @throws LinkspanError code `INVALID`: not of this lab, from a handler, or on the real clock; then nothing
   *   has changed
   */
  restore(snapshot: Snapshot): void {
    this.#snapshots.restore(snapshot)
  }

  /** 16 digits, the same where two labs of one seed have had the same done to them. Not cryptographic. */
  hash(): string {
    return this.#snapshots.hash()
  }

  #mustRest(): void {
    this.#open()
    const { busy } = this.#pump
    if (busy !== undefined) throw new LinkspanError('INVALID', busy)
  }

  #thrown(what: string, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    const cause = { cause: error }
    this.#report(new LinkspanError('HANDLER', `a handler of ${what} threw: ${text}`, cause))
  }

  /** Whoever waits gets it; else `close` throws it. */
  #report(error: unknown): void {
    if (!this.#waits.failWith(error)) this.#unreported.push(error)
  }

  /**
   * Ends it all. Loops over sockets end; who waits for something else is told that it will not come.
   *
   * @throws what a handler threw while nobody waited
   */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#fakes?.restore()
    this.#waits.close((all) => `the lab was closed while ${all}`)
    for (const stack of this.#has.stacks) stack.close()
    for (const each of this.#has.switches.values()) each.close()
    this.#clock.clear()
    this.#pump.close()
    const [error] = this.#unreported
    this.#unreported = []
    if (error !== undefined) throw error
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #mustHave(host: Host): void {
    this.#open()
    if (this.#has.hosts.get(host.name) !== host) throw gone(`host ${quote(host.name)}`)
  }

  #open(): void {
    if (this.#closed) throw new LinkspanError('CLOSED', 'the lab was closed')
  }
}

/** Makes a lab: a network inside the process, without root, on any OS and in a browser. */
export async function createLab(options: LabOptions = {}): Promise<Lab> {
  return new Lab(await singleModule(), options)
}
