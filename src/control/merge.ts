/** What a config file means for a switch that has objects of other origin too. */
import { parseConfig } from '../config/parse.js'
import type { Config } from '../config/types.js'
import { LinkspanError } from '../error.js'

/** Names of what came by the API. */
export interface ApiObjects {
  readonly ports: ReadonlySet<string>
  readonly bridges: ReadonlySet<string>
}

/**
 * The config to be reached: what is wanted, and what came by the API and is not in it. What is in
 * both is the file's from now on.
 *
 * @throws LinkspanError when what came by the API cannot stay beside what is wanted
 */
export function mergeApply(running: Config, api: ApiObjects, wanted: Config): Config {
  const ports = kept(running.ports, api.ports, wanted.ports)
  const bridges = kept(running.bridges, api.bridges, wanted.bridges)
  const all = { ...wanted.bridges, ...bridges }
  for (const [name, { bridge }] of Object.entries(ports)) {
    if (bridge in all) continue
    throw new LinkspanError(
      'INVALID',
      `port "${name}", which was added by hand, is on bridge "${bridge}", which would go: remove the port, or apply with --prune`,
    )
  }
  if (Object.keys(ports).length + Object.keys(bridges).length === 0) return wanted
  return parseConfig({ ...wanted, bridges: all, ports: { ...wanted.ports, ...ports } })
}

function kept<T>(
  running: Readonly<Record<string, T>>,
  api: ReadonlySet<string>,
  wanted: Readonly<Record<string, T>>,
): Record<string, T> {
  const stays = Object.entries(running).filter(([name]) => api.has(name) && !(name in wanted))
  return Object.fromEntries(stays)
}
