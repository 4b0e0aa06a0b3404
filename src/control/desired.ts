/** What a switch is to be: a config, and what of it did not come from a file. Pure. */
import { parseConfig, withoutPort, withPort } from '../config/parse.js'
import type { BridgeInput, Config, PortInput } from '../config/types.js'
import { mergeApply } from './merge.js'

export interface Desired {
  readonly config: Config
  readonly apiPorts: ReadonlySet<string>
  readonly apiBridges: ReadonlySet<string>
}

export const fromFile = (config: Config): Desired => {
  return { config, apiPorts: new Set(), apiBridges: new Set() }
}

/** With `prune` what is not in the config goes; else what came by the API stays beside it. */
export function applied(desired: Desired, wanted: Config, prune: boolean): Desired {
  if (prune) return fromFile(wanted)
  const { config, apiPorts, apiBridges } = desired
  const others = (names: ReadonlySet<string>, of: object) =>
    new Set([...names].filter((name) => !(name in of)))
  return {
    config: mergeApply(config, { ports: apiPorts, bridges: apiBridges }, wanted),
    apiPorts: others(apiPorts, wanted.ports),
    apiBridges: others(apiBridges, wanted.bridges),
  }
}

export function withApiPort(desired: Desired, name: string, input: PortInput): Desired {
  const config = withPort(desired.config, name, input)
  return { ...desired, config, apiPorts: new Set(desired.apiPorts).add(name) }
}

export function withoutAnyPort(desired: Desired, name: string): Desired {
  const config = withoutPort(desired.config, name)
  return { ...desired, config, apiPorts: without(desired.apiPorts, name) }
}

export function withApiBridge(desired: Desired, name: string, input: BridgeInput): Desired {
  const bridges = { ...desired.config.bridges, [name]: input }
  const config = parseConfig({ ...desired.config, bridges })
  return { ...desired, config, apiBridges: new Set(desired.apiBridges).add(name) }
}

export function withoutAnyBridge(desired: Desired, name: string): Desired {
  const { [name]: _, ...bridges } = desired.config.bridges
  const config = parseConfig({ ...desired.config, bridges })
  return { ...desired, config, apiBridges: without(desired.apiBridges, name) }
}

function without(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  return new Set([...names].filter((other) => other !== name))
}
