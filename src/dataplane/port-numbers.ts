/** Numbers of ports: people's first, behind them those of tunnels and of the underlay. */

import type { Keeper } from '../memento/keeper.js'
import { Numbers } from './numbers.js'
import type { PortSettings, TopologyCapacity } from './topology-state.js'

export class PortNumbers {
  readonly #ports: Numbers
  readonly #tunnels: Numbers

  constructor({ ports, tunnels }: TopologyCapacity) {
    this.#ports = new Numbers(0, ports, 'port', 'capacity.ports')
    if (tunnels === undefined) this.#tunnels = this.#ports
    else this.#tunnels = new Numbers(ports, ports + tunnels, 'tunnel', 'capacity.tunnels')
  }

  /** Those that a port gets its number from, and gives it back to. */
  of({ tunnel, underlay }: PortSettings): Numbers {
    return tunnel !== undefined || underlay ? this.#tunnels : this.#ports
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#ports)
    keeper.part(this.#tunnels)
  }
}
