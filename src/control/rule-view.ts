/** The filter's rules as data, with what each has decided. */
import type * as z from 'zod'
import type { Match } from '../config/types.js'
import type { ruleAnswer } from './api/rules.js'
import type { RunningSwitch } from './running.js'

export type RuleView = z.output<typeof ruleAnswer>

/** In their order. */
export function ruleViews({ config, topology }: RunningSwitch): RuleView[] {
  return config.filter.map((rule, index) => {
    const { name, action, from, to, protocol } = rule
    const { packets = 0, bytes = 0 } = topology.filter.counters(name) ?? {}
    return {
      number: index + 1,
      name,
      action,
      from: placeView(from),
      to: placeView(to),
      protocol: protocol === undefined ? null : String(protocol),
      sourcePort: listOf(rule.sourcePort),
      destinationPort: listOf(rule.destinationPort),
      icmpType: listOf(rule.icmpType),
      state: listOf(rule.state),
      packets,
      bytes,
    }
  })
}

function placeView(place: Match | undefined): RuleView['from'] {
  if (place === undefined) return null
  const { prefix = null, port = null, bridge = null, uplink = null } = place
  return { prefix, port, bridge, uplink }
}

const listOf = <T>(list: readonly T[] | undefined): T[] | null =>
  list === undefined ? null : [...list]
