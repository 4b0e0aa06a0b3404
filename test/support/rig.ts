/**
 * A switch on a bench: the product's own parts over one of the four modules, with memory devices
 * and a clock that stands still until it is moved.
 */

import type { NatRule, Publish } from '../../src/config/types.js'
import type { FilterRule } from '../../src/dataplane/filter.js'
import { Flows, type FlowView } from '../../src/dataplane/flows.js'
import { Forwarder } from '../../src/dataplane/forwarder.js'
import type { drops as reasons } from '../../src/dataplane/generated/drops.js'
import { type Attachment, type Capacities, createMemory } from '../../src/dataplane/instance.js'
import { type DataplaneEvent, Manager, type PortCounters } from '../../src/dataplane/manager.js'
import type { RouteSettings, StaticNeighbor } from '../../src/dataplane/router.js'
import { type BridgeSettings, Topology } from '../../src/dataplane/topology.js'
import { TUNNEL_OFFLOADS, type TunnelSettings } from '../../src/dataplane/tunnel-record.js'
import { MemoryDevice } from '../../src/device/memory.js'
import { MemoryIo } from '../../src/device/memory-io.js'
import { Offload } from '../../src/device/offload.js'
import { formatHex } from '../../src/packet/hex.js'
import { Loop } from '../../src/worker/loop.js'
import { type BuildName, memoryOf, moduleOf } from './builds.js'
import { type PolicyOptions, policyOf } from './policy.js'
import { decode, encode, NOTHING, type VirtioHeader } from './virtio.js'

export type DropReason = (typeof reasons)[number]['name']

export interface Options {
  capacity?: Partial<Capacities>
  seed?: readonly [number, number]
  /** Ageing of the bridges that are made by naming them. */
  ageing?: number
}

export interface PortOptions {
  bridge?: string
  mtu?: number
  /** Frames are given and taken with a virtio-net header, super-frames included; or those bits only. */
  offloads?: boolean | number
  up?: boolean
  /** What comes in is coalesced. */
  coalesce?: boolean
  /** Whatever is left out is as with no policy. */
  policy?: PolicyOptions
}

export interface TunnelOptions extends Partial<TunnelSettings> {
  remote: string
  bridge?: string
  mtu?: number
  policy?: PolicyOptions
  /** Segments that come by it become super-frames. */
  coalesce?: boolean
}

export interface GatewayOptions {
  /** Such as `10.55.0.1/24`. */
  addresses: readonly string[]
  mac?: string
  vlan?: number
  mtu?: number
  advertise?: boolean
}

/** What the switch sent: the header is absent on a port without offloads. */
export interface Sent {
  header: VirtioHeader | undefined
  frame: Uint8Array
}

/** A frame with the header of whoever offloads part of it. */
export interface Offloaded {
  header: VirtioHeader
  frame: Uint8Array
}

const TUNNEL: Omit<TunnelSettings, 'remote'> = {
  underlay: 'underlay',
  vni: 42,
  local: '192.0.2.1',
  port: 4789,
  sources: { first: 49_152, count: 64 },
  ttl: 64,
  dscp: 'copy',
  strict: false,
  tagged: false,
}
const CAPACITY: Capacities = {
  workers: 1,
  ports: 16,
  bridges: 8,
  vlans: 64,
  memberships: 256,
  macs: 1024,
  arena: 4 << 20,
  routes: 64,
  neighbors: 64,
  flows: 1024,
  flows6: 1024,
  rules: 64,
}
const ALL_OFFLOADS = Object.values(Offload).reduce((all, bit) => all | bit, 0)
export const DEFAULT_AGEING = 300_000

export class Rig {
  readonly attachment: Attachment
  readonly capacity: Capacities
  readonly manager: Manager
  readonly forwarder: Forwarder
  readonly topology: Topology
  now = 0
  readonly #io: MemoryIo
  readonly #loop: Loop
  readonly #devices = new Map<string, MemoryDevice>()
  readonly #ageing: number

  constructor(build: BuildName, options: Options = {}) {
    const capacity = { ...CAPACITY, ...options.capacity }
    const module = moduleOf(build)
    const memory = createMemory(module, memoryOf(build), capacity, options.seed ?? [1, 2])
    this.capacity = capacity
    this.attachment = { module, memory }
    this.manager = new Manager(this.attachment, capacity.workers)
    this.forwarder = new Forwarder(this.attachment, 0)
    this.topology = new Topology(this.manager, capacity)
    this.#io = new MemoryIo(this.forwarder, capacity.arena)
    this.#loop = new Loop(this.forwarder, this.#io, () => this.now)
    this.#ageing = options.ageing ?? DEFAULT_AGEING
  }

  /** Adds a bridge, or changes its ageing or other settings. */
  bridge(name: string, given: number | Partial<BridgeSettings> = {}): this {
    const settings = typeof given === 'number' ? { ageing: given } : given
    if (this.topology.bridges.has(name)) this.topology.setBridge(name, settings)
    else this.topology.addBridge(name, { ageing: this.#ageing, ...settings })
    return this.apply()
  }

  /** Adds a port, and its bridge if it is not there: `lan` unless named. */
  port(name: string, options: PortOptions = {}): this {
    const { bridge = 'lan', mtu = 1500, offloads = false, up = true, coalesce = false } = options
    if (!this.topology.bridges.has(bridge)) this.bridge(bridge)
    const device = new MemoryDevice({ mtu, offloads: offloads !== false, queue: 1 << 20 })
    const bits = typeof offloads === 'number' ? offloads : offloads ? ALL_OFFLOADS : 0
    const policy = options.policy && { policy: policyOf(options.policy) }
    const index = this.topology.addPort(name, {
      bridge,
      up,
      mtu,
      offloads: bits,
      coalesce,
      ...policy,
    })
    this.apply()
    this.#io.add(index, device)
    this.#devices.set(name, device)
    return this
  }

  /** Adds a port of the underlay, where datagrams come and go with a virtio-net header. */
  underlay(name = 'underlay'): this {
    this.bridge(`${name}-bridge`)
    const device = new MemoryDevice({ offloads: true, underlay: true, queue: 1 << 20 })
    const settings = { bridge: `${name}-bridge`, up: true, mtu: 65_535, offloads: ALL_OFFLOADS }
    const index = this.topology.addPort(name, { ...settings, underlay: true })
    this.apply()
    this.#io.add(index, device)
    this.#devices.set(name, device)
    return this
  }

  /** Adds a tunnel as a port. */
  tunnel(name: string, given: TunnelOptions): this {
    this.#addTunnel(name, given)
    return this.apply()
  }

  /** Adds many in one step: `t1` and on, one to each VTEP. */
  tunnels(remotes: readonly string[], given: Omit<TunnelOptions, 'remote'> = {}): this {
    for (const [index, remote] of remotes.entries()) {
      this.#addTunnel(`t${index + 1}`, { ...given, remote })
    }
    return this.apply()
  }

  #addTunnel(name: string, given: TunnelOptions): void {
    const { bridge = 'lan', mtu = 1450, policy: wanted, coalesce = false, ...rest } = given
    if (!this.topology.bridges.has(bridge)) this.bridge(bridge)
    const tunnel = { ...TUNNEL, ...rest }
    const policy = wanted && { policy: policyOf(wanted) }
    const port = { bridge, up: true, mtu, offloads: TUNNEL_OFFLOADS, coalesce }
    const settings = { ...port, tunnel, ...policy }
    this.topology.addPort(name, settings)
  }

  /** Sets the rules of the filter. */
  rules(...rules: FilterRule[]): this {
    this.topology.setRules(rules)
    return this.apply()
  }

  /** Several ports alike. */
  ports(names: string, options: PortOptions = {}): this {
    for (const name of names) this.port(name, options)
    return this
  }

  setPort(name: string, settings: Omit<PortOptions, 'offloads'>): this {
    const { policy, ...rest } = settings
    this.topology.setPort(name, { ...rest, ...(policy && { policy: policyOf(policy) }) })
    return this.apply()
  }

  removePort(name: string): this {
    this.#io.forget(this.topology.port(name).index)
    this.topology.removePort(name)
    this.#devices.delete(name)
    return this.apply()
  }

  /** Gives a bridge a gateway; what it says when it comes up is on its way then. */
  gateway(bridge: string, given: GatewayOptions): this {
    return this.#interface(bridge, given, false)
  }

  /** Adds a port on which the router is a host, on a bridge of its name. */
  uplink(name: string, given: GatewayOptions & PortOptions): this {
    const { addresses: _, mac: __, advertise: ___, ...port } = given
    return this.port(name, { ...port, bridge: name }).#interface(name, given, true)
  }

  #interface(bridge: string, given: GatewayOptions, uplink: boolean): this {
    const { addresses, vlan, mtu = 1500, advertise = false } = given
    const number = [...this.topology.bridges.keys()].indexOf(bridge)
    const mac = given.mac ?? `02:ff:00:00:00:${number.toString(16).padStart(2, '0')}`
    const settings = { addresses, mac, mtu, advertise, uplink }
    this.topology.router.setInterface({ bridge, vlan }, settings)
    return this.settle()
  }

  removeGateway(bridge: string, vlan?: number): this {
    this.topology.router.setInterface({ bridge, vlan }, undefined)
    return this.settle()
  }

  routes(...routes: RouteSettings[]): this {
    this.topology.router.setRoutes(routes)
    return this.settle()
  }

  /** Sets the rules of translation, as a config has them. */
  nat(rules: readonly NatRule[], published: readonly Publish[] = []): this {
    this.topology.translation.set(rules, published)
    return this.settle()
  }

  flows(): FlowView[] {
    return [...new Flows(this.manager, () => this.now).list()]
  }

  neighbors(...list: StaticNeighbor[]): this {
    this.topology.router.setNeighbors(list)
    return this.settle()
  }

  /** `{ 'lan 10.1.0.2': 'reachable 02:00:00:00:00:a1' }`: what the router knows of others. */
  neighborhood(): Record<string, string> {
    const known = this.topology.router.neighbors(this.now).map((one) => {
      return [`${one.bridge} ${one.address}`, [one.state, one.mac ?? []].flat().join(' ')] as const
    })
    return Object.fromEntries(known)
  }

  /** Commits, and lets the router notice: it asks for its next deadline after a turn. */
  settle(): this {
    return this.apply().run().run()
  }

  /** Commits what was changed; between bursts nobody can be in the way. */
  apply(): this {
    this.forwarder.quiesce()
    if (!this.topology.flush()) throw new Error('a change of config was not taken')
    return this
  }

  device(name: string): MemoryDevice {
    const device = this.#devices.get(name)
    if (!device) throw new Error(`the rig has no port ${name}`)
    return device
  }

  /** The number of a port in the dataplane. */
  indexOf(name: string): number {
    return this.topology.port(name).index
  }

  /** Puts frames into a port, to be handled by `run`; plain ones ask for no offload. */
  inject(name: string, ...frames: (Uint8Array | Offloaded)[]): this {
    const device = this.device(name)
    for (const given of frames) {
      const plain = given instanceof Uint8Array
      if (!device.offloads && !plain) throw new Error(`port ${name} takes no virtio-net header`)
      const { header, frame } = plain ? { header: NOTHING, frame: given } : given
      if (!device.send(device.offloads ? encode(header, frame) : frame)) {
        throw new Error(`port ${name} is full`)
      }
    }
    return this
  }

  /** Forwards until no port has a frame waiting. */
  run(): this {
    while (this.#loop.turn(0) > 0);
    return this
  }

  /** Moves the clock and lets it be noticed. */
  advance(ms: number): this {
    this.now += ms
    return this.run()
  }

  /** What left by a port since the last call, oldest first. */
  sent(name: string): Sent[] {
    const device = this.device(name)
    return device
      .take()
      .map((bytes) => (device.offloads ? decode(bytes) : { header: undefined, frame: bytes }))
  }

  /** The same without headers. */
  frames(name: string): Uint8Array[] {
    return this.sent(name).map(({ frame }) => frame)
  }

  /** Which of the ports sent how many frames since the last call; ports that sent none are left out. */
  deliveries(): Record<string, number> {
    const counts = [...this.#devices].map(([name, device]) => [name, device.take().length] as const)
    return Object.fromEntries(counts.filter(([, frames]) => frames > 0))
  }

  /** `{ 'a over-mtu': 1 }`: frames dropped since the rig was made, by port and reason. */
  drops(): Record<string, number> {
    const entries = this.topology.drops().map(({ port, reason, frames }) => {
      return [`${port} ${reason}`, frames] as const
    })
    return Object.fromEntries(entries)
  }

  counters(name: string): PortCounters {
    return this.topology.counters(name)
  }

  statistics() {
    return this.manager.workerStatistics(0)
  }

  events(): DataplaneEvent[] {
    return [...this.manager.events()]
  }

  /** The FDB as `{ 'lan 020000000001': 'a' }`. */
  fdb(): Record<string, string> {
    const entries = Array.from(this.topology.entries.list(this.now), (entry) => {
      const { bridge, vlan, macHigh, macLow, port } = entry
      const where = vlan === null ? bridge : `${bridge}/${vlan}`
      return [`${where} ${hex(macHigh, 4)}${hex(macLow, 8)}`, port] as const
    })
    return Object.fromEntries(entries)
  }

  /** The port on which the bridge has the address, if it has. */
  whereIs(mac: Uint8Array, bridge = 'lan'): string | undefined {
    return this.fdb()[`${bridge} ${formatHex(mac)}`]
  }

  setStatic(mac: Uint8Array, port: string, bridge = 'lan', vlan?: number): this {
    const [macHigh, macLow] = pairOf(mac)
    this.topology.entries.set({ bridge, port, vlan, macHigh, macLow, static: true }, this.now)
    return this
  }

  deleteEntry(mac: Uint8Array, bridge = 'lan', vlan?: number): boolean {
    return this.topology.entries.delete(bridge, ...pairOf(mac), vlan)
  }
}

/** A MAC as its first two octets and its last four. */
export function pairOf(mac: Uint8Array): [number, number] {
  const view = new DataView(mac.buffer, mac.byteOffset, 6)
  return [view.getUint16(0), view.getUint32(2)]
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

export function rig(build: BuildName, options: Options = {}): Rig {
  return new Rig(build, options)
}
