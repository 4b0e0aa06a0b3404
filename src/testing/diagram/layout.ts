/**
 * Where everything is in the drawing, in pixels. A switch is a box; in it the router is a bar above the
 * bridges, each of which has a column; its hosts hang below it, one under the other. Uplinks to bridges of
 * other switches go above all boxes, each in a lane of its own, and come down left of the bridge's column.
 *
 *     lanes      ─────────────────┐
 *     ┌ switch ──────┐  ┌ edge ───│─────┐
 *     │ [ router   ] │  │ [ router│   ] │
 *     │   |          │  │         │  |   │
 *     │ [ lan      ] │  │      [ net  ] │
 *     └───|──────────┘  └─────────|─────┘
 *         ├─── (a)                ├─── (web)
 */
import type { DrawnBridge, DrawnUplink, Topology } from './topology.js'

export const SIZE = {
  margin: 16,
  /** Between boxes, and between what is in them. */
  gap: 14,
  /** Height of a bar, and of a host. */
  bar: 40,
  /** From the router to the bridges, with a line of text. */
  drop: 34,
  /** From one host to the next. */
  row: 50,
  lane: 22,
  title: 24,
  /** Of a letter, at most. */
  letter: 7.3,
} as const

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A line from the router down to a bridge, with text to its right. */
export interface Connector {
  readonly x: number
  readonly text: string
  /** The uplink that it is; undefined: the gateway. */
  readonly uplink: DrawnUplink | undefined
}

export interface Column {
  readonly bridge: DrawnBridge
  readonly box: Box
  readonly connectors: readonly Connector[]
  /** Where lines come down from lanes. */
  readonly feeds: readonly { readonly x: number; readonly uplink: DrawnUplink }[]
  /** Where the line begins on which the hosts are, and where their boxes do. */
  readonly trunk: number
  readonly hosts: number
  readonly hostWidth: number
}

export interface Placed {
  readonly name: string
  readonly box: Box
  readonly router: Box | undefined
  readonly columns: readonly Column[]
}

export interface Layout {
  readonly width: number
  readonly height: number
  readonly switches: readonly Placed[]
  /** Uplinks in lanes, the uppermost first. */
  readonly lanes: readonly { readonly y: number; readonly uplink: DrawnUplink }[]
}

export const widthOf = (text: string): number => Math.ceil(text.length * SIZE.letter)

export function layoutOf({ switches, uplinks }: Topology): Layout {
  const far = uplinks.filter(({ from, to }) => from !== to)
  const lanes = far.map((uplink, at) => ({ y: SIZE.margin + SIZE.lane * (at + 1) - 6, uplink }))
  const top = SIZE.margin + SIZE.lane * far.length
  let x: number = SIZE.margin
  const placed = switches.map(({ name, bridges, hasRouter }, at): Placed => {
    const y = top + SIZE.title + (hasRouter ? SIZE.bar + SIZE.drop : 0)
    let left = x + SIZE.gap
    const columns = bridges.map((bridge, index) => {
      const own = uplinks.filter((one) => one.to === at && one.bridge === index)
      const column = columnOf(bridge, own, left, y)
      left = column.box.x + column.box.width + SIZE.gap
      return column
    })
    const width = Math.max(left - x, widthOf(name) + 2 * SIZE.gap, 120)
    const height = y + SIZE.bar + SIZE.gap - top
    const inner = { x: x + SIZE.gap, y: top + SIZE.title, width: width - 2 * SIZE.gap }
    const box = { x, y: top, width, height }
    x += width + 2 * SIZE.gap
    return { name, box, columns, router: hasRouter ? { ...inner, height: SIZE.bar } : undefined }
  })
  const bottoms = placed.flatMap(({ box, columns }) => [
    box.y + box.height,
    ...columns.map(({ bridge, box: { y } }) => y + SIZE.bar + SIZE.gap + SIZE.row * rowsOf(bridge)),
  ])
  const width = Math.max(x - 2 * SIZE.gap, ...laneEnds(lanes, placed)) + SIZE.margin
  return { width, height: Math.max(top, ...bottoms) + SIZE.margin, switches: placed, lanes }
}

export const rowsOf = ({ hosts, more }: DrawnBridge): number => hosts.length + (more > 0 ? 1 : 0)

function columnOf(
  bridge: DrawnBridge,
  uplinks: readonly DrawnUplink[],
  left: number,
  y: number,
): Column {
  const far = uplinks.filter(({ from, to }) => from !== to)
  const feeds = far.map((uplink, at) => ({ x: left + 10 + 16 * at, uplink }))
  const first = left + 10 + 16 * far.length
  let x = first
  const texts = [
    ...(bridge.gateway ? [{ text: bridge.gateway.join(', '), uplink: undefined }] : []),
    ...uplinks
      .filter(({ from, to }) => from === to)
      .map((uplink) => ({ text: uplinkText(uplink), uplink })),
  ]
  const connectors = texts.map((each) => {
    const connector = { ...each, x }
    x += widthOf(each.text) + 2 * SIZE.gap
    return connector
  })
  const trunk = left + 10
  const labels = bridge.hosts.map(({ faults }) => (faults === '' ? 24 : widthOf(faults) + 20))
  const hosts = trunk + Math.max(24, ...labels)
  const names = bridge.hosts.map(({ name, addresses }) =>
    Math.max(widthOf(name), widthOf(addresses.join(', '))),
  )
  const hostWidth = Math.max(60, ...names) + 20
  const networks = widthOf(bridge.networks.join(', '))
  const wide = Math.max(widthOf(bridge.name), networks) + 24
  const width = Math.max(wide, x - left, rowsOf(bridge) > 0 ? hosts + hostWidth - left : 0, 90)
  const box = { x: left, y, width, height: SIZE.bar }
  return { bridge, box, connectors, feeds, trunk, hosts, hostWidth }
}

export function uplinkText({ name, addresses, faults }: DrawnUplink): string {
  return [`${name} ${addresses.join(', ')}`, faults].filter((text) => text !== '').join('; ')
}

/** Where the text of each lane ends. */
function laneEnds(lanes: Layout['lanes'], placed: readonly Placed[]): number[] {
  return lanes.map(({ uplink }) => laneOf(uplink, placed).text + widthOf(uplinkText(uplink)))
}

/** Where a lane begins and ends, and its text begins. */
export function laneOf(
  uplink: DrawnUplink,
  placed: readonly Placed[],
): { from: number; to: number; text: number } {
  const { router } = placed[uplink.from] as Placed
  const feeds = placed[uplink.to]?.columns[uplink.bridge]?.feeds ?? []
  const to = feeds.find((feed) => feed.uplink === uplink)?.x ?? 0
  const own = placed.flatMap(({ columns }) => columns.flatMap((column) => column.feeds))
  const at = own
    .filter((feed) => feed.uplink.from === uplink.from)
    .findIndex((feed) => feed.uplink === uplink)
  const from = (router?.x ?? 0) + (router?.width ?? 0) - 12 - 14 * at
  return { from, to, text: Math.min(from, to) + 8 }
}
