/**
 * A VLAN bridge in so few words that one can see it is right, from IEEE 802.1Q-2022 (6.9, 8.6) and
 * docs/conformance.md: octets in, octets out, maps, one frame after the other, no offloads.
 */
import { same } from '../../src/config/plain.js'
import type { PortPolicy } from '../../src/config/types.js'

export interface VlanBridge {
  vlanAware: boolean
  tpid: number
  ageing: number
  /** Last octets of the reserved addresses that it lets through. */
  control: readonly number[]
}

export interface VlanPort {
  bridge: string
  up: boolean
  mtu: number
  policy: PortPolicy
}

interface Entry {
  port: string
  seen: number
  static: boolean
  sticky: boolean
}

/** A frame inside the bridge: its VLAN known, the bridge's tag taken out. */
interface Inside {
  domain: string
  vid: number
  tci: number
  octets: Uint8Array
  nested: boolean
}

const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex')
const wordAt = (octets: Uint8Array, at: number) => (octets[at]! << 8) | octets[at + 1]!
const isGroup = (mac: string) => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1
const isTag = (type: number) => type === 0x8100 || type === 0x88a8
/** What a bridge knows that is in no VLAN. */
const domainOf = (bridge: string, vid?: number) => (vid === undefined ? bridge : `${bridge}/${vid}`)

export class VlanModel {
  now = 0
  readonly bridges = new Map<string, VlanBridge>()
  readonly ports = new Map<string, VlanPort>()
  /** By 'domain mac'. */
  readonly entries = new Map<string, Entry>()
  readonly sent = new Map<string, string[]>()
  readonly dropped = new Map<string, number>()
  readonly seen = new Map<string, number>()

  addPort(name: string, port: VlanPort): void {
    this.ports.set(name, port)
    this.sent.set(name, [])
    this.#forgetDomains()
  }

  removePort(name: string): void {
    this.#void((entry) => entry.port === name)
    this.ports.delete(name)
    this.sent.delete(name)
    for (const key of [...this.dropped.keys()]) {
      if (key.startsWith(`${name} `)) this.dropped.delete(key)
    }
    this.#forgetDomains()
  }

  setPort(name: string, settings: Partial<VlanPort>): void {
    const port = this.#port(name)
    const before = { ...port }
    Object.assign(port, settings)
    const retagged = !same(before.policy.vlan, port.policy.vlan)
    if (port.bridge !== before.bridge) this.#void((entry) => entry.port === name)
    if (retagged || (before.up && !port.up)) this.flush((entry) => entry.port === name)
    if (retagged) this.#leaveVlans(name, port)
    this.#forgetDomains()
  }

  setBridge(name: string, settings: Partial<VlanBridge>): void {
    const bridge = this.#bridge(name)
    const before = { ...bridge }
    Object.assign(bridge, settings)
    if (before.tpid === bridge.tpid && before.vlanAware === bridge.vlanAware) return
    this.flush(({ port }) => this.#port(port).bridge === name)
    this.#forgetDomains()
  }

  /** Its static entries go with the VLANs that it left. */
  #leaveVlans(name: string, { policy: { vlan } }: VlanPort): void {
    if (vlan?.tagged === 'all') return
    const own = this.#named(vlan)
    this.#void((entry, domain) => {
      const vid = domain.split('/')[1]
      return entry.port === name && vid !== undefined && !own.includes(Number(vid))
    })
  }

  /** Voids what was learnt. */
  flush(matches: (entry: Entry, domain: string) => boolean): void {
    this.#void((entry, domain) => !entry.static && matches(entry, domain))
  }

  #void(matches: (entry: Entry, domain: string) => boolean): void {
    for (const [key, entry] of this.entries) {
      if (!matches(entry, key.split(' ')[0] as string)) continue
      this.entries.delete(key)
      this.#saw('voided')
    }
  }

  /** A VLAN is there as long as a port names it; with it goes what was known in it. */
  #forgetDomains(): void {
    this.#void((_, domain) => !this.hasDomain(domain))
  }

  hasDomain(domain: string): boolean {
    const [bridge = '', vid] = domain.split('/')
    if (!this.#bridge(bridge).vlanAware) return vid === undefined
    return vid !== undefined && this.vlansOf(bridge).has(Number(vid))
  }

  vlansOf(bridge: string): Set<number> {
    const members = [...this.ports.values()].filter((port) => port.bridge === bridge)
    return new Set(members.flatMap(({ policy: { vlan } }) => this.#named(vlan)))
  }

  #named(vlan: PortPolicy['vlan']): number[] {
    const { native, tagged } = vlan ?? { native: 1, tagged: [] }
    return [...(native === undefined ? [] : [native]), ...(tagged === 'all' ? [] : tagged)]
  }

  setStatic(domain: string, mac: string, port: string): void {
    this.entries.set(`${domain} ${mac}`, { port, seen: this.now, static: true, sticky: false })
  }

  delete(domain: string, mac: string): void {
    this.entries.delete(`${domain} ${mac}`)
  }

  fdb(): Record<string, string> {
    const known = [...this.entries].filter(([key]) => this.#find(key) !== undefined)
    return Object.fromEntries(known.map(([key, { port }]) => [key, port]))
  }

  receive(name: string, octets: Uint8Array): void {
    const port = this.#port(name)
    if (!port.up) return this.#drop(name, 'port-down')
    if (octets.length < 14) return this.#drop(name, 'short-frame')
    const frame = this.#classify(port, octets)
    if (typeof frame === 'string') return this.#drop(name, frame)
    const [to, from] = [hex(octets.subarray(0, 6)), hex(octets.subarray(6, 12))]
    const refused = this.#learn(name, port, `${frame.domain} ${from}`)
    if (refused !== undefined) return this.#drop(name, refused)
    if (/^0180c200000/.test(to) && !this.#bridge(port.bridge).control.includes(octets[5]!)) {
      return this.#drop(name, 'reserved-destination')
    }
    const known = isGroup(to) ? undefined : this.#find(`${frame.domain} ${to}`)
    if (!known) return this.#flood(name, to, frame)
    if (known.port === name) return this.#drop(name, 'same-port')
    this.#saw('unicast')
    this.#unicast(name, known.port, frame)
  }

  /** 802.1Q 6.9.1 and 8.6.2; a string is why it is refused. */
  #classify({ bridge: name, policy }: VlanPort, octets: Uint8Array): Inside | string {
    const { vlanAware, tpid } = this.#bridge(name)
    if (!vlanAware) return { domain: name, vid: 0, tci: 0, octets, nested: false }
    const { mode, native, tagged, admit } = policy.vlan ?? {
      ...{ mode: 'trunk', native: 1, tagged: [], admit: 'all' },
    }
    const hasTag = wordAt(octets, 12) === tpid && mode !== 'tunnel'
    if (hasTag && octets.length < 18) return 'truncated-tag'
    const tci = hasTag ? wordAt(octets, 14) : 0
    const bare = hasTag ? Buffer.concat([octets.subarray(0, 12), octets.subarray(16)]) : octets
    const nested = wordAt(bare, 12) === tpid
    let vid: number | undefined = tci & 0xfff
    if (vid === 4095) return 'vlan-reserved'
    if (vid === 0) {
      if (native === undefined || admit === 'tagged') return 'untagged-refused'
      vid = native
    } else {
      if (admit === 'untagged') return 'tagged-refused'
      if (!this.#isMember(name, native, tagged, vid)) return 'vlan-ingress'
    }
    return { domain: domainOf(name, vid), vid, tci: tci | vid, octets: bare, nested }
  }

  #isMember(
    bridge: string,
    native: number | undefined,
    tagged: 'all' | readonly number[],
    vid: number,
  ): boolean {
    if (vid === native) return true
    return tagged === 'all' ? this.vlansOf(bridge).has(vid) : tagged.includes(vid)
  }

  /** Why the source is refused, if it is. */
  #learn(name: string, { policy }: VlanPort, key: string): string | undefined {
    const mac = key.split(' ')[1] as string
    if (isGroup(mac) || mac === '000000000000') return 'source-invalid'
    const old = this.#find(key)
    if (policy.locked) return old?.port === name ? undefined : 'locked'
    if (!policy.learning) return undefined
    if (old && old.port !== name) {
      if (old.static) return this.#saw('violated')
      if (old.sticky) return 'sticky-violated'
      this.#saw('moved')
    }
    if (old?.static) return undefined
    if (!old && this.entries.has(key)) this.#saw('aged')
    this.entries.set(key, { port: name, seen: this.now, static: false, sticky: policy.sticky })
    return undefined
  }

  #find(key: string): Entry | undefined {
    const entry = this.entries.get(key)
    if (!entry || entry.static || entry.sticky) return entry
    const { ageing } = this.#bridge(key.split(/[ /]/)[0] as string)
    return this.now - entry.seen < ageing ? entry : undefined
  }

  #flood(ingress: string, to: string, frame: Inside): void {
    const multicast = isGroup(to) ? 'multicast' : 'unknownUnicast'
    const kind = to === 'ffffffffffff' ? 'broadcast' : multicast
    const takes = ([name, { up, policy }]: [string, VlanPort]) =>
      name !== ingress &&
      up &&
      policy.flood[kind] &&
      this.#belongs(name, frame) &&
      !(policy.isolated && this.#port(ingress).policy.isolated)
    const members = [...this.ports].filter(takes)
    if (members.length === 0) return this.#drop(ingress, 'no-destination')
    this.#saw('flood')
    for (const [name] of members) this.#send(name, frame)
  }

  #belongs(name: string, { domain, vid }: Inside): boolean {
    const { bridge, policy } = this.#port(name)
    if (!this.#bridge(bridge).vlanAware) return domain === bridge
    const { native, tagged } = policy.vlan ?? { native: 1, tagged: [] }
    return domain === domainOf(bridge, vid) && this.#isMember(bridge, native, tagged, vid)
  }

  #unicast(ingress: string, name: string, frame: Inside): void {
    const { up, policy } = this.#port(name)
    if (!up || !this.#belongs(name, frame)) return this.#drop(name, 'egress-down')
    if (policy.isolated && this.#port(ingress).policy.isolated) return this.#drop(name, 'isolated')
    this.#send(name, frame)
  }

  #send(name: string, { vid, tci, octets, nested }: Inside): void {
    const { mtu, bridge, policy } = this.#port(name)
    if (packetLength(octets) > mtu) return this.#drop(name, 'over-mtu')
    const { vlanAware, tpid } = this.#bridge(bridge)
    const { mode, native, nativeTagged } = policy.vlan ?? {
      ...{ mode: 'trunk', native: 1, nativeTagged: false },
    }
    const tagged = vlanAware && (vid !== native || nativeTagged)
    if (vlanAware && !tagged && nested && mode !== 'tunnel') return this.#drop(name, 'vlan-nested')
    const out = hex(octets)
    const tag = (tpid * 0x10000 + tci).toString(16)
    this.#saw(tagged ? 'tagged' : 'untagged')
    this.sent.get(name)?.push(tagged ? out.slice(0, 24) + tag + out.slice(24) : out)
  }

  #drop(port: string, reason: string): void {
    const key = `${port} ${reason}`
    this.dropped.set(key, (this.dropped.get(key) ?? 0) + 1)
    this.#saw(reason)
  }

  #saw(what: string): undefined {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1)
  }

  #bridge(name: string): VlanBridge {
    return this.bridges.get(name) as VlanBridge
  }

  #port(name: string): VlanPort {
    return this.ports.get(name) as VlanPort
  }
}

/** What an MTU bounds: all behind the Ethernet header and two tags at most. */
function packetLength(octets: Uint8Array): number {
  const isTagAt = (at: number) => octets.length >= at + 6 && isTag(wordAt(octets, at))
  if (!isTagAt(12)) return octets.length - 14
  return octets.length - (isTagAt(16) ? 22 : 18)
}
