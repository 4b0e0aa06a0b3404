/**
 * The overlay of the running switch: tunnels for a config, with the MTU that the underlay leaves them,
 * and what the underlay tells while it runs.
 */
import { constants } from 'node:os'
import { overlaySettings } from '../config/overlay-settings.js'
import { same } from '../config/plain.js'
import type { Config } from '../config/types.js'
import type { TunnelPlan } from '../dataplane/overlay.js'
import { type PeerErrors, SOURCES, TunnelPlans } from '../dataplane/tunnel-plans.js'
import type { SourcePorts } from '../dataplane/tunnel-record.js'
import type { Device } from '../device/device.js'
import type { UdpErrorRecord } from '../device/native.js'
import { UdpDevice } from '../device/udp.js'
import type { DirectoryBatch } from './directory/directory.js'
import type { Port, PortHost } from './port.js'
import type { Step } from './transaction.js'

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
  readonly #now: () => number
  readonly #tunnels: TunnelPlans
  readonly #changed: () => void
  readonly #failed: (why: string) => void
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
    this.#now = now
    this.#tunnels = new TunnelPlans((name) => {
      const socket = at.ports.get(name)
      return { mtu: socket?.mtu, sources: sourcesOf(socket?.device) }
    }, now)
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

  /** Those of the config, and those that a directory tells of. */
  #plans(config: Config): TunnelPlan[] {
    return this.#tunnels.of(config, this.#told)
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

  /**
   * Looks at what the underlay says, ten times a second: MTUs of interfaces, errors of what was sent,
   * and whether what was told is too old to be believed.
   */
  look(): void {
    if (this.#config?.underlay === undefined) return
    const links = this.#sockets().map(
      ({ name, state, mtu, device }) => `${name} ${state} ${mtu} ${sourcesOf(device).first}`,
    )
    let news = this.#tunnels.expiry <= this.#now() || this.#news
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
    const reason = errno === constants.errno.EMSGSIZE ? 'tooBig' : 'unreachable'
    return this.#tunnels.hear({ vtep: address, reason, mtu })
  }

  #isPeer(vtep: string): boolean {
    const tunnels = this.#at.host.topology.overlay.tunnels.values()
    for (const { settings } of tunnels) if (settings.remote === vtep) return true
    return false
  }

  /** What the underlay said of datagrams to a VTEP since the start. */
  errorsOf(vtep: string): Readonly<PeerErrors> {
    return this.#tunnels.errorsOf(vtep)
  }

  /** Octets of IP packets that the way to a VTEP takes, as it told; undefined where it did not. */
  pathMtu(vtep: string): number | undefined {
    return this.#tunnels.pathMtu(vtep)
  }

  /** An error here has nobody to hear it but the log: what was before stays, and is tried again. */
  #refresh(config: Config): void {
    this.#tunnels.expire()
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
