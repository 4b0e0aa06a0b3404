/** What must hold for filter rules: names that are there, each rule's own name once. */
import { checkName, type Names } from './check-name.js'
import { quote } from './describe.js'
import type { Issues } from './issues.js'
import type { Config } from './types.js'

export function checkFilter({ filter }: Config, names: Names, issues: Issues): void {
  const seen = new Map<string, number>()
  for (const [index, rule] of filter.entries()) {
    const path = ['filter', index]
    const before = seen.get(rule.name)
    if (before === undefined) seen.set(rule.name, index)
    else issues.add([...path, 'name'], quote(rule.name), `each name once: filter[${before}] has it`)
    for (const side of ['from', 'to'] as const) {
      const { bridge, uplink } = rule[side] ?? {}
      const at = [...path, side]
      if (bridge !== undefined) {
        checkName([...at, 'bridge'], bridge, names.bridges, 'bridge', issues)
      }
      if (uplink !== undefined) {
        checkName([...at, 'uplink'], uplink, names.uplinks, 'uplink', issues)
      }
    }
  }
}

/** A rule outlives the port it names, which may come again; that a file names none is a slip. */
export function checkFilterPorts({ filter }: Config, names: Names, issues: Issues): void {
  for (const [index, rule] of filter.entries()) {
    for (const side of ['from', 'to'] as const) {
      const port = rule[side]?.port
      if (port === undefined) continue
      checkName(['filter', index, side, 'port'], port, names.ports, 'port', issues)
    }
  }
}
