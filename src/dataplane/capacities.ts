/** What the dataplane's memory has to hold for a config: more than people name in it. */
import type { Config } from '../config/types.js'
import type { Capacities } from './instance.js'
import type { TopologyCapacity } from './topology-state.js'

/** Ports of the underlay: of two addresses, and of UDP ports that bridges have of their own. */
const SOCKETS = 16

/** Tunnels and sockets of the underlay are ports, the latter on a bridge of theirs. */
export function capacitiesOf({ capacity }: Pick<Config, 'capacity'>): Capacities {
  const { maxWorkers: workers, tunnels, ports, bridges, ...rest } = capacity
  return { ...rest, workers, ports: ports + tunnels + SOCKETS, bridges: bridges + 1 }
}

/** The same for whoever gives out the numbers: those of ports people made, and those behind them. */
export function numbersOf({ capacity }: Pick<Config, 'capacity'>): TopologyCapacity {
  const { ports, tunnels, bridges } = capacity
  return { ...capacity, ports, tunnels: tunnels + SOCKETS, bridges: bridges + 1 }
}
