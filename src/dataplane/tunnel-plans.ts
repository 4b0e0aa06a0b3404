/**
 * The tunnels of a config, with the MTU that the underlay leaves them, and what the underlay told of datagrams
 * to their other ends. Whoever has the sockets, the kernel or a program, tells it here.
 */

import { innerMtu } from '../config/overlay-mtu.js'
import { underlayName } from '../config/overlay-names.js'
import { type OverlayBridge, overlaySettings } from '../config/overlay-settings.js'
import type { Config } from '../config/types.js'
import { vtepFamily } from '../config/vtep.js'
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import type { TunnelPlan } from './overlay.js'
import { PathMtus } from './path-mtu.js'
import type { SourcePorts } from './tunnel-record.js'

/** Of datagrams: from the first of the dynamic ports on (RFC 6335 section 6), a socket each. */
export const SOURCES: SourcePorts = { first: 49_152, count: 64 }

/** Of an underlay that does not say. */
const LINK_MTU = 1500

/** A socket of the underlay: octets of the IP packets that its link takes, where it knows; what it sends from. */
export interface UnderlayEnd {
  mtu?: number | undefined
  sources: SourcePorts
}

/** Datagrams to a VTEP of which the underlay said that they did not get there. */
export interface PeerErrors {
  tooBig: number
  unreachable: number
}

/** What the underlay said of a datagram; with `mtu`, octets of the IP packets that get there. */
export interface PeerError {
  vtep: string
  reason: keyof PeerErrors
  mtu?: number | undefined
}

export class TunnelPlans {
  readonly #paths: PathMtus
  readonly #errors = new Map<string, PeerErrors>()

  /**
   * @param endOf the socket of a port of the underlay
   * @param now milliseconds on a clock that only goes forward
   */
  constructor(
    private readonly endOf: (port: string) => UnderlayEnd,
    now: () => number,
  ) {
    this.#paths = new PathMtus(now)
  }

  /**
   * The tunnels to the peers of a config, and to those told of besides, by VNI; not to ourselves.
   *
   * @throws LinkspanError code `LIMIT`
   */
  of(config: Config, told: ReadonlyMap<number, ReadonlySet<string>> = new Map()): TunnelPlan[] {
    const { addresses = [] } = config.underlay ?? {}
    const families = new Set(addresses.map(vtepFamily))
    const plans = overlaySettings(config).bridges.flatMap((bridge) => {
      const others = [...(told.get(bridge.vni) ?? [])].filter(
        (vtep) => !addresses.includes(vtep) && families.has(vtepFamily(vtep)),
      )
      const peers = new Set([...bridge.peers, ...others])
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

  #plan({ underlay, bridges }: Config, of: OverlayBridge, vtep: string): TunnelPlan {
    const family = vtepFamily(vtep)
    const local = underlay?.addresses.find((one) => vtepFamily(one) === family) ?? ''
    const { bridge, vni, port, ttl, dscp, strict, tagged, learning } = of
    const name = underlayName({ address: local, port })
    const { sources, mtu: own } = this.endOf(name)
    const settings = { underlay: name, vni, local, remote: vtep, port, sources }
    const link = underlay?.mtu === 'auto' ? own : underlay?.mtu
    const mtu = innerMtu(this.#paths.of(vtep, link ?? LINK_MTU), family === 6)
    const isolated = bridges[bridge]?.isolated ?? false
    const rest = { ttl, dscp, strict, tagged }
    return { bridge, mtu, learning, isolated, settings: { ...settings, ...rest } }
  }

  /** Counts an error; returns whether the way to a VTEP takes less than was known (RFC 1191, RFC 8201). */
  hear({ vtep, reason, mtu }: PeerError): boolean {
    const count = this.#errors.get(vtep) ?? { tooBig: 0, unreachable: 0 }
    this.#errors.set(vtep, count)
    count[reason]++
    return reason === 'tooBig' && mtu !== undefined && this.#paths.note(vtep, mtu)
  }

  /** What the underlay said of datagrams to a VTEP since the start. */
  errorsOf(vtep: string): Readonly<PeerErrors> {
    return this.#errors.get(vtep) ?? { tooBig: 0, unreachable: 0 }
  }

  /** Octets of IP packets that the way to a VTEP takes, as it told; undefined where it did not. */
  pathMtu(vtep: string): number | undefined {
    return this.#paths.told(vtep)
  }

  /** When one of those is too old to be believed; Infinity where there is none. */
  get expiry(): number {
    return this.#paths.expiry
  }

  /** Forgets those that are. */
  expire(): void {
    this.#paths.expire()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#paths)
    keeper.map(this.#errors, (errors) => keeper.record(errors))
  }
}
