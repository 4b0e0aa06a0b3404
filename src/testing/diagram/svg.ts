/** A lab as an SVG document that stands by itself: the same octets for the same lab. */
import {
  type Box,
  type Column,
  type Layout,
  laneOf,
  layoutOf,
  type Placed,
  rowsOf,
  SIZE,
  uplinkText,
} from './layout.js'
import type { DrawnHost, Topology } from './topology.js'

const STYLE = `text{font:12px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2933}
.b,.t{font-weight:bold}.t{stroke:#f5f7fa;stroke-width:4px;paint-order:stroke}.g{fill:#52606d}.f{fill:#b44d12}.u{fill:#2b5fa8}
rect{stroke:#9aa5b1;fill:#fff}.s{fill:#f5f7fa}.r{fill:#dbe9fb;stroke:#7ba3d8}.n{fill:#e3f1e5;stroke:#8abf93}
path{fill:none;stroke:#7b8794;stroke-width:1.5}.uplink{stroke:#4a7fc9}.faulty{stroke:#d9772b}
.down{stroke:#c81e1e;stroke-dasharray:4 4}`

export function svgOf(topology: Topology): string {
  const layout = layoutOf(topology)
  const { width, height, switches } = layout
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="Topology of the lab">`,
    `<style>${STYLE}</style>`,
    `<rect width="${width}" height="${height}" style="stroke:none"/>`,
    ...switches.map(({ box }) => rect(box, 's')),
    ...lanes(layout),
    ...switches.map(({ name, box }) => text(box.x + 10, box.y + 16, name, 't')),
    ...switches.flatMap((placed) => switchParts(placed)),
    '</svg>',
    '',
  ].join('\n')
}

function lanes({ lanes: all, switches }: Layout): string[] {
  return all.map(({ y, uplink }) => {
    const { from, to, text: at } = laneOf(uplink, switches)
    const router = switches[uplink.from]?.router
    const bridge = switches[uplink.to]?.columns[uplink.bridge]?.box
    const way = `M${from} ${router?.y ?? y}V${y}H${to}V${bridge?.y ?? y}`
    return `${path(way, lineClass(uplink, 'uplink'))}${text(at, y - 4, uplinkText(uplink), 'u')}`
  })
}

function switchParts({ router, columns }: Placed): string[] {
  const bar = router
    ? [`${rect(router, 'r')}${text(router.x + 10, router.y + 25, 'router', 'b')}`]
    : []
  return [...bar, ...columns.flatMap((column) => columnParts(column, router))]
}

function columnParts({ bridge, box, connectors, ...column }: Column, router: Box | undefined) {
  const under = router ? router.y + router.height : box.y
  const lines = connectors.map(({ x, text: label, uplink }) => {
    const kind = uplink ? lineClass(uplink, 'uplink') : ''
    const line = path(`M${x} ${under}V${box.y}`, kind)
    return `${line}${text(x + 6, under + 21, label, uplink ? 'u' : 'g')}`
  })
  const networks = bridge.networks.join(', ')
  const title = `${text(box.x + 10, box.y + 17, bridge.name, 'b')}${text(box.x + 10, box.y + 32, networks, 'g')}`
  return [...lines, `${rect(box, 'n')}${title}`, ...hostParts({ bridge, box, ...column })]
}

function hostParts({ bridge, box, trunk, hosts, hostWidth }: Omit<Column, 'connectors' | 'feeds'>) {
  const rows = rowsOf(bridge)
  if (rows === 0) return []
  const start = box.y + box.height
  const middle = (row: number) => start + SIZE.gap + SIZE.row * row + SIZE.row / 2
  const parts = bridge.hosts.map((host, row) => {
    const y = middle(row)
    const kind = lineClass(host, '')
    const line = `${path(`M${trunk} ${y}H${hosts}`, kind)}${text(trunk + 8, y - 5, host.faults, 'f')}`
    return `${line}${hostBox(host, { x: hosts, y: y - SIZE.bar / 2, width: hostWidth, height: SIZE.bar })}`
  })
  const more =
    bridge.more > 0 ? [text(trunk + 8, middle(rows - 1) + 4, `… and ${bridge.more} more`, 'g')] : []
  return [path(`M${trunk} ${start}V${middle(rows - 1)}`, ''), ...parts, ...more]
}

function hostBox({ name, addresses }: DrawnHost, box: Box): string {
  const own = text(box.x + 10, box.y + 32, addresses.join(', '), 'g')
  return `${rect(box, '', 8)}${text(box.x + 10, box.y + 17, name, 'b')}${own}`
}

function lineClass({ faults, isDown }: { faults: string; isDown: boolean }, usual: string): string {
  if (isDown) return 'down'
  return faults === '' ? usual : 'faulty'
}

const named = (kind: string) => (kind === '' ? '' : ` class="${kind}"`)

function rect({ x, y, width, height }: Box, kind: string, round = 4): string {
  const place = `x="${x}" y="${y}" width="${width}" height="${height}"`
  return `<rect ${place} rx="${round}"${named(kind)}/>`
}

const path = (way: string, kind: string) => `<path d="${way}"${named(kind)}/>`

function text(x: number, y: number, content: string, kind: string): string {
  if (content === '') return ''
  return `<text x="${x}" y="${y}"${named(kind)}>${escaped(content)}</text>`
}

const escaped = (content: string) => content.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`)
