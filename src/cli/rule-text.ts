/** The filter's rules for people. */
import type { RuleView } from '../control/rule-view.js'
import { table } from './table.js'

export function rulesTable(rules: RuleView[]): string {
  const rows = rules.map((rule) => [
    rule.number,
    rule.name,
    rule.action,
    placeText(rule.from),
    placeText(rule.to),
    whatText(rule),
    rule.packets,
    rule.bytes,
  ])
  return table(['#', 'RULE', 'ACTION', 'FROM', 'TO', 'WHAT', 'PACKETS', 'BYTES'], rows)
}

/** `port=web,10.0.0.0/8` */
function placeText(place: RuleView['from']): string {
  if (place === null) return 'any'
  const { prefix, ...named } = place
  const names = Object.entries(named).flatMap(([kind, name]) =>
    name === null ? [] : `${kind}=${name}`,
  )
  return [...names, ...(prefix === null ? [] : [prefix])].join(',')
}

/** `tcp to 80-89,443 new` */
function whatText({ protocol, sourcePort, destinationPort, icmpType, state }: RuleView): string {
  const words = [
    ...(protocol === null ? [] : [protocol]),
    ...(sourcePort === null ? [] : [`from ${sourcePort.join(',')}`]),
    ...(destinationPort === null ? [] : [`to ${destinationPort.join(',')}`]),
    ...(icmpType === null ? [] : [`type ${icmpType.join(',')}`]),
    ...(state === null ? [] : [state.join(',')]),
  ]
  return words.join(' ') || 'all'
}
