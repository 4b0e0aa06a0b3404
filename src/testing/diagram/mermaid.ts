/** A lab as a Mermaid flowchart (mermaid.js.org/syntax/flowchart.html), for Markdown. */
import type { DrawnBridge, DrawnSwitch, Topology } from './topology.js'

export function mermaidOf({ switches, uplinks }: Topology): string {
  const lines = switches.flatMap((each, at) => switchLines(each, at))
  const across = uplinks.map(({ name, addresses, faults, from, to, bridge }) => {
    const label = labelOf([name, ...addresses, faults])
    return `  r${from} -. ${label} .- b${to}_${bridge}`
  })
  return ['flowchart TB', ...lines, ...across, ''].join('\n')
}

function switchLines({ name, bridges, hasRouter }: DrawnSwitch, at: number): string[] {
  const boxes = bridges.map((bridge, index) => `    b${at}_${index}[${bridgeLabel(bridge)}]`)
  const router = hasRouter ? [`    r${at}{{${labelOf(['router'])}}}`] : []
  const gateways = bridges.flatMap(({ gateway }, index) =>
    gateway ? [`    r${at} ---|${labelOf(gateway)}| b${at}_${index}`] : [],
  )
  return [
    `  subgraph s${at}[${labelOf([name])}]`,
    ...router,
    ...boxes,
    ...gateways,
    '  end',
    ...bridges.flatMap((bridge, index) => hostLines(bridge, `${at}_${index}`)),
  ]
}

function bridgeLabel({ name, networks, gateway }: DrawnBridge): string {
  return labelOf([name, ...(gateway ? [] : networks)])
}

function hostLines({ hosts, more }: DrawnBridge, bridge: string): string[] {
  const lines = hosts.flatMap(({ name, addresses, faults, isDown }, at) => {
    const host = `h${bridge}_${at}`
    const line = isDown ? '-.-' : '---'
    const label = faults === '' ? '' : `|${labelOf([faults])}|`
    return [`  ${host}([${labelOf([name, ...addresses])}])`, `  b${bridge} ${line}${label} ${host}`]
  })
  if (more === 0) return lines
  return [
    ...lines,
    `  m${bridge}([${labelOf([`and ${more} more`])}])`,
    `  b${bridge} --- m${bridge}`,
  ]
}

/** Lines of text in quotes; what would end them, or mean something, is written as an entity. */
function labelOf(lines: readonly string[]): string {
  const written = lines
    .filter((line) => line !== '')
    .map((line) => line.replace(/[#"&<>`]/g, (one) => `#${one.charCodeAt(0)};`))
  return `"${written.join('<br/>')}"`
}
