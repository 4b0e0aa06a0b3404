/**
 * The overlay of the running switch: tunnels for a config, with the MTU that the underlay leaves them,
 * and what the underlay tells while it runs.
 */
import { constants } from 'node:os'
import { innerMtu } from '../config/overlay-mtu.js'
import { underlayName } from '../config/overlay-names.js'
import { type OverlayBridge, overlaySettings } from '../config/overlay-settings.js'
import { same } from '../config/plain.js'
import type { Config } from '../config/types.js'
import { vtepFamily } from '../config/vtep.js'
import type { TunnelPlan } from '../dataplane/overlay.js'
import type { SourcePorts } from '../dataplane/tunnel-record.js'
import type { Device } from '../device/device.js'
import type { UdpErrorRecord } from '../device/native.js'
import { UdpDevice } from '../device/udp.js'
import { LinkspanError } from '../error.js'
import type { DirectoryBatch } from './directory/directory.js'
import { PathMtus } from './path-mtu.js'
import type { Port, PortHost } from './port.js'
import type { Step } from './transaction.js'

/** Of datagrams: from the first of the dynamic ports on (RFC 6335 section 6), a socket each. */
const SOURCES = { first: 49_152, count: 64 }

/** Datagrams to a VTEP of which the underlay said that they did not get there. */
export interface PeerErrors {
  tooBig: number
  unreachable: number
}

/** What it needs of the switch. */
export interface OverlayView {
  readonly host: PortHost
  readonly ports: ReadonlyMap<string, Port>
}

/** Those that a device sends from; while there is none, those that it would ask for first. */
function sourcesOf(device: Device | undefined): SourcePorts {
  if (!(device instanceof UdpDevice)) return SOURCES
  return { first: device.sourcePort, count: device.sourcePorts }
}

export class OverlayControl {
  readonly #at: OverlayView
  readonly #paths: PathMtus
  readonly #changed: () => void
  readonly #failed: (why: string) => void
  readonly #errors = new Map<string, PeerErrors>()
  readonly #told = new Map<number, Set<string>>()
  #config: Config | undefined
  #links = ''
  #news = false

  /**
   * @param changed is called when there are other tunnels than before because of `look`
   * @param failed is told why there cannot be
   */
  constructor(
    at: OverlayView,
    now: () => number,
    changed: () => void,
    failed: (why: string) => void,
  ) {
    this.#at = at
    this.#changed = changed
    this.#failed = failed
    this.#paths = new PathMtus(now)
  }

  /** Stages the tunnels of a config, and those that nobody wants any more too. */
  start(config: Config): void {
    this.#stage(config)
    this.#at.host.topology.overlay.prune()
  }

  /** The steps from one config to another: tunnels come with ports, and go with bridges. */
  steps(from: Config, to: Config): { come: Step[]; go: Step[] } {
    if (same(overlaySettings(from), overlaySettings(to)) && same(from.underlay, to.underlay)) {
      return { come: [], go: [] }
    }
    const come = { stage: () => this.#stage(to), unstage: () => this.#unstage(from) }
    return { come: [come], go: [{ stage: () => this.#at.host.topology.overlay.prune() }] }
  }

  #unstage(config: Config): void {
    this.#stage(config)
    this.#at.host.topology.overlay.prune()
  }

  #stage(config: Config): void {
    const { overlay } = this.#at.host.topology
    overlay.set(this.#plans(config))
    overlay.setNeighbors(overlaySettings(config).neighbors)
    this.#config = config
  }

  /** Those of the config, and those that a directory tells of; not ourselves. */
  #plans(config: Config): TunnelPlan[] {
    const { addresses = [] } = config.underlay ?? {}
    const families = new Set(addresses.map(vtepFamily))
    const plans = overlaySettings(config).bridges.flatMap((bridge) => {
      const told = [...(this.#told.get(bridge.vni) ?? [])].filter(
        (vtep) => !addresses.includes(vtep) && families.has(vtepFamily(vtep)),
      )
      const peers = new Set([...bridge.peers, ...told])
      return [...peers].map((vtep) => this.#plan(config, bridge, vtep))
    })
    // The config's own were checked with it.
    const { tunnels } = config.capacity
    if (plans.length <= tunnels) return plans
    throw new LinkspanError(
      'LIMIT',
      `${plans.length} peers of bridges, those of the directory included, and room for ${tunnels} tunnels: raise capacity.tunnels and restart the switch`,
    )
  }

  /** Takes over the VTEPs that a directory tells of; tunnels follow at the next look. */
  hearPeers({ peers }: DirectoryBatch): void {
    for (const change of peers) {
      const { vni, vtep } = change.op === 'removed' ? change.from : change.to
      const known = this.#told.get(vni) ?? new Set()
      if (change.op === 'removed') known.delete(vtep)
      else known.add(vtep)
      this.#told.set(vni, known)
      this.#news = true
    }
  }

  #plan({ underlay, bridges }: Config, of: OverlayBridge, vtep: string): TunnelPlan {
    const family = vtepFamily(vtep)
    const local = underlay?.addresses.find((one) => vtepFamily(one) === family) ?? ''
    const { bridge, vni, port, ttl, dscp, strict, tagged, learning } = of
    const name = underlayName({ address: local, port })
    const socket = this.#at.ports.get(name)
    const sources = sourcesOf(socket?.device)
    const settings = { underlay: name, vni, local, remote: vtep, port, sources }
    const link = underlay?.mtu === 'auto' ? socket?.mtu : underlay?.mtu
    const mtu = innerMtu(this.#paths.of(vtep, link ?? 1500), family === 6)
    const isolated = bridges[bridge]?.isolated ?? false
    const rest = { ttl, dscp, strict, tagged }
    return { bridge, mtu, learning, isolated, settings: { ...settings, ...rest } }
  }

  /**
   * Looks at what the underlay says, ten times a second: MTUs of interfaces, errors of what was sent,
   * and whether what was told is too old to be believed.
   */
  look(): void {
    if (this.#config?.underlay === undefined) return
    const links = this.#sockets().map(
      ({ name, state, mtu, device }) => `${name} ${state} ${mtu} ${sourcesOf(device).first}`,
    )
    let news = this.#paths.isDue() || this.#news
    this.#news = false
    for (const { device } of this.#sockets()) {
      if (!(device instanceof UdpDevice)) continue
      for (const error of device.errors()) news = this.#hear(error) || news
    }
    if (!news && links.join() === this.#links) return
    this.#links = links.join()
    this.#refresh(this.#config)
  }

  #sockets(): Port[] {
    return [...this.#at.ports.values()].filter(({ config }) => config.device.type === 'udp')
  }

  /** @returns whether the way to a VTEP takes less than was known (RFC 1191, RFC 8201) */
  #hear({ address, errno, mtu }: UdpErrorRecord): boolean {
    // Whoever quotes another address than that of a peer tells us nothing.
    if (!this.#isPeer(address)) return false
    const count = this.#errors.get(address) ?? { tooBig: 0, unreachable: 0 }
    this.#errors.set(address, count)
    if (errno !== constants.errno.EMSGSIZE) {
      count.unreachable++
      return false
    }
    count.tooBig++
    return this.#paths.note(address, mtu)
  }

  #isPeer(vtep: string): boolean {
    const tunnels = this.#at.host.topology.overlay.tunnels.values()
    for (const { settings } of tunnels) if (settings.remote === vtep) return true
    return false
  }

  /** What the underlay said of datagrams to a VTEP since the start. */
  errorsOf(vtep: string): Readonly<PeerErrors> {
    return this.#errors.get(vtep) ?? { tooBig: 0, unreachable: 0 }
  }

  /** Octets of IP packets that the way to a VTEP takes, as it told; undefined where it did not. */
  pathMtu(vtep: string): number | undefined {
    return this.#paths.told(vtep)
  }

  /** An error here has nobody to hear it but the log: what was before stays, and is tried again. */
  #refresh(config: Config): void {
    this.#paths.expire()
    const { overlay } = this.#at.host.topology
    const before = new Set(overlay.tunnels.keys())
    try {
      overlay.set(this.#plans(config))
      overlay.prune()
    } catch (error) {
      this.#failed((error as Error).message)
      return
    }
    const names = [...overlay.tunnels.keys()]
    const same = names.length === before.size && names.every((name) => before.has(name))
    // Rejected where the switch is closing.
    this.#at.host.settle().then(
      () => !same && this.#changed(),
      () => {},
    )
  }
}
