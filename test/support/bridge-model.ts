/**
 * A learning bridge in so few words that one can see it is right: maps, one frame after the other,
 * no offloads. The dataplane is held against it.
 */

export interface ModelFrame {
  /** MACs in hex; `length` is the whole frame's. */
  to: string
  from: string
  length: number
}

interface ModelPort {
  bridge: string
  up: boolean
  mtu: number
}

interface Entry {
  port: string
  seen: number
  static: boolean
}

const ETHERNET = 14
const isGroup = (mac: string) => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1
const isReserved = (mac: string) => /^0180c200000/.test(mac)
const isZero = (mac: string) => /^0+$/.test(mac)

export class BridgeModel {
  now = 0
  readonly ports = new Map<string, ModelPort>()
  readonly ageing = new Map<string, number>()
  readonly entries = new Map<string, Entry>()
  /** Frames that each port was sent and has not taken yet. */
  readonly sent = new Map<string, number[]>()
  /** 'port reason' to frames. */
  readonly dropped = new Map<string, number>()
  /** How often each thing came about: a run that saw little proves little. */
  readonly seen = { unicast: 0, flood: 0, moved: 0, violated: 0, aged: 0, voided: 0, dropped: 0 }

  addPort(name: string, port: ModelPort): void {
    this.ports.set(name, port)
    this.sent.set(name, [])
  }

  removePort(name: string): void {
    this.#void((entry) => entry.port === name)
    this.ports.delete(name)
    this.sent.delete(name)
    for (const key of [...this.dropped.keys()]) {
      if (key.startsWith(`${name} `)) this.dropped.delete(key)
    }
  }

  setPort(name: string, settings: Partial<ModelPort>): void {
    const port = this.ports.get(name) as ModelPort
    const moves = settings.bridge !== undefined && settings.bridge !== port.bridge
    if (moves) this.#void((entry) => entry.port === name)
    if (settings.up === false && port.up) this.#flush((entry) => entry.port === name)
    Object.assign(port, settings)
  }

  flush(scope: { port?: string; bridge?: string }): void {
    this.#flush((entry, bridge) => {
      if (scope.port !== undefined) return entry.port === scope.port
      return scope.bridge === undefined || bridge === scope.bridge
    })
  }

  /** False where the port is on another bridge. */
  setStatic(bridge: string, mac: string, port: string): void {
    this.entries.set(`${bridge} ${mac}`, { port, seen: this.now, static: true })
  }

  delete(bridge: string, mac: string): void {
    this.entries.delete(`${bridge} ${mac}`)
  }

  /** The entries in force, as the rig lists them. */
  fdb(): Record<string, string> {
    const known = [...this.entries.keys()].flatMap((key) => {
      const [bridge = '', mac = ''] = key.split(' ')
      const entry = this.#find(bridge, mac)
      return entry ? [[key, entry.port] as const] : []
    })
    return Object.fromEntries(known)
  }

  /** Frame `mark` comes in by a port. */
  receive(port: string, { to, from, length }: ModelFrame, mark: number): void {
    const { bridge, up } = this.ports.get(port) as ModelPort
    if (!up) return this.#drop(port, 'port-down')
    if (length < ETHERNET) return this.#drop(port, 'short-frame')
    if (isGroup(from) || isZero(from)) return this.#drop(port, 'source-invalid')
    this.#learn(bridge, from, port)
    if (isReserved(to)) return this.#drop(port, 'reserved-destination')
    const known = isGroup(to) ? undefined : this.#find(bridge, to)
    if (!known) return this.#flood(bridge, port, length, mark)
    if (known.port === port) return this.#drop(port, 'same-port')
    this.seen.unicast++
    this.#send(known.port, length, mark)
  }

  #learn(bridge: string, mac: string, port: string): void {
    const key = `${bridge} ${mac}`
    const old = this.#find(bridge, mac)
    if (old?.static) {
      if (old.port !== port) this.seen.violated++
      return
    }
    if (old && old.port !== port) this.seen.moved++
    if (!old && this.entries.has(key)) this.seen.aged++
    this.entries.set(key, { port, seen: this.now, static: false })
  }

  #find(bridge: string, mac: string): Entry | undefined {
    const entry = this.entries.get(`${bridge} ${mac}`)
    if (!entry || entry.static) return entry
    return this.now - entry.seen < (this.ageing.get(bridge) as number) ? entry : undefined
  }

  #flood(bridge: string, ingress: string, length: number, mark: number): void {
    const members = [...this.ports].filter(([, port]) => port.bridge === bridge && port.up)
    if (members.length < 2) return this.#drop(ingress, 'no-destination')
    this.seen.flood++
    for (const [name] of members) if (name !== ingress) this.#send(name, length, mark)
  }

  #send(name: string, length: number, mark: number): void {
    const port = this.ports.get(name) as ModelPort
    if (!port.up) return this.#drop(name, 'egress-down')
    if (length - ETHERNET > port.mtu) return this.#drop(name, 'over-mtu')
    this.sent.get(name)?.push(mark)
  }

  #drop(port: string, reason: string): void {
    const key = `${port} ${reason}`
    this.dropped.set(key, (this.dropped.get(key) ?? 0) + 1)
    this.seen.dropped++
  }

  #flush(matches: (entry: Entry, bridge: string) => boolean): void {
    this.#void((entry, bridge) => !entry.static && matches(entry, bridge))
  }

  #void(matches: (entry: Entry, bridge: string) => boolean): void {
    for (const [key, entry] of this.entries) {
      if (!matches(entry, key.split(' ')[0] as string)) continue
      this.entries.delete(key)
      this.seen.voided++
    }
  }
}
