/**
 * A bridge with hosts and an uplink with a router behind it, on the whole switch: a frame goes in, and what
 * comes out at the other side, or why nothing did, is told. Whoever is asked for a MAC answers.
 */
import { parseAddress } from '../../src/config/address.js'
import { Flows, type FlowView } from '../../src/dataplane/flows.js'
import type { Nat } from '../../src/dataplane/nat.js'
import { type NatRules, NO_RULES } from '../../src/dataplane/nat-rules.js'
import type { BuildName } from './builds.js'
import type { Outcome, Passage } from './flow-bench.js'
import { station } from './frames.js'
import { arpFrame, mac, readArp } from './ip.js'
import { type Offloaded, type Rig, rig } from './rig.js'
import { Gso, NEEDS_CSUM, NOTHING } from './virtio.js'

export const GATEWAY = mac('02:ff:00:00:00:01')
export const UPLINK = mac('02:ff:00:00:00:02')
/** The external address that the router itself has. */
export const EXTERNAL = '203.0.113.10'

export interface LabOptions {
  flows?: number
  seed?: readonly [number, number]
  offloads?: boolean
}

/** The MAC of whoever has an IPv4 address. */
const macOf = (address: string) => {
  const { bytes } = parseAddress(address)
  return station(((bytes[1] as number) << 16) | ((bytes[2] as number) << 8) | (bytes[3] as number))
}

export class NatLab {
  readonly rig: Rig
  readonly flows: Flows
  readonly nat: Nat

  constructor(build: BuildName, { flows = 1024, seed, offloads = false }: LabOptions = {}) {
    const capacity = { flows, neighbors: 4096 }
    this.rig = rig(build, { capacity, ...(seed && { seed }) })
    // The first domain is the bridge's, the second the uplink's: rules name them so.
    this.rig.port('a', { bridge: 'lan', offloads }).port('c', { bridge: 'lan', offloads })
    this.rig.uplink('wan', {
      addresses: [`${EXTERNAL}/24`],
      mac: '02:ff:00:00:00:02',
      offloads,
    })
    this.rig.gateway('lan', { addresses: ['10.0.0.1/8'], mac: '02:ff:00:00:00:01' })
    this.rig.routes({ to: '0.0.0.0/0', via: '203.0.113.1' })
    this.drain()
    this.flows = new Flows(this.rig.manager, () => this.rig.now)
    this.nat = this.rig.topology.translation.nat
  }

  get now(): number {
    return this.rig.now
  }

  rules(rules: Partial<NatRules>): this {
    const { manager } = this.rig
    this.nat.set({ ...NO_RULES, ...rules })
    this.rig.forwarder.quiesce()
    if (!manager.begin()) throw new Error('a change of config was not taken')
    this.rig.topology.router.write()
    this.nat.write()
    manager.commit()
    this.nat.settle()
    return this
  }

  /** Puts a frame, which is addressed to the router, in; `to` 1 is the bridge, 2 the uplink. */
  pass(frame: Uint8Array, passage: Passage = {}): Outcome {
    const before = this.rig.drops()
    const out = this.passAll(frame, passage)
    const drop = Object.entries(this.rig.drops()).find(([key, n]) => n !== before[key])
    if (drop) return { drop: drop[0].split(' ')[1] as string }
    if (out.length !== 1) throw new Error(`${out.length} packets came out`)
    return { frame: out[0] as Uint8Array }
  }

  /** The same where it is not one packet that comes out. */
  passAll(frame: Uint8Array, passage: Passage = {}): Uint8Array[] {
    const { from = 1 } = passage
    const bytes = frame.slice()
    bytes.set(from === 1 ? GATEWAY : UPLINK)
    const source = frame.subarray(26, 30).join('.')
    bytes.set(from === 1 ? macOf(source) : macOf('203.0.113.1'), 6)
    this.rig.inject(this.#portOf(source, from), this.#offloaded(bytes, passage)).run()
    // What a bridge floods leaves by several ports.
    return [...new Map(this.drain().map((one) => [one.join(), one])).values()]
  }

  #portOf(source: string, from: number): string {
    if (from !== 1) return 'wan'
    return Number(source.split('.')[3]) % 2 === 0 ? 'a' : 'c'
  }

  #offloaded(frame: Uint8Array, { partial, gso }: Passage): Uint8Array | Offloaded {
    if (!partial && !gso) return frame
    const protocol = frame[23]
    const header = { ...NOTHING, flags: NEEDS_CSUM, checksumStart: 34 }
    const checksumOffset = protocol === 6 ? 16 : 6
    if (!gso) return { frame, header: { ...header, checksumOffset } }
    const gsoType = protocol === 6 ? Gso.TCPV4 : Gso.UDP_L4
    return { frame, header: { ...header, checksumOffset, gsoType, gsoSize: gso[1] } }
  }

  /** The packets that left, after whoever was asked for a MAC has answered. */
  drain(): Uint8Array[] {
    const packets: Uint8Array[] = []
    for (let quiet = false; !quiet; ) {
      quiet = true
      for (const port of ['a', 'c', 'wan']) {
        for (const frame of this.rig.frames(port)) {
          const arp = readArp(frame)
          if (!arp) packets.push(frame)
          else if (arp.operation === 'request' && this.#answers(port, arp.target)) {
            const senderMac = macOf(arp.target)
            const targetMac = mac(arp.senderMac)
            const answer = { sender: arp.target, target: arp.sender, senderMac, targetMac }
            this.rig.inject(port, arpFrame({ operation: 'reply', ...answer })).run()
            quiet = false
          }
        }
      }
    }
    return packets
  }

  #answers(port: string, target: string): boolean {
    const routers = ['10.0.0.1', EXTERNAL]
    const outside = target.startsWith('203.')
    if (routers.includes(target)) return false
    return outside ? port === 'wan' : this.#portOf(target, 1) === port
  }

  /** Moves the clock and lets everything that is due happen. */
  advance(ms: number): this {
    const end = this.rig.now + ms
    for (;;) {
      const next = this.rig.forwarder.nextDeadline(this.rig.now)
      if (next > end) break
      this.rig.advance(Math.max(0, next - this.rig.now))
      this.drain()
    }
    this.rig.advance(end - this.rig.now)
    this.drain()
    return this
  }

  count(): number {
    const { exports } = this.rig.manager
    return exports.flowCount(0) + exports.flowCount(1)
  }

  list(): FlowView[] {
    return [...this.flows.list()]
  }
}
