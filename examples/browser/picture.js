// The picture: hosts, bridges and links as SVG, and over it a canvas on which frames move.

const WIDTH = 1000
const HEIGHT = 360
/** Milliseconds of the screen: a move takes at least so long to see, and what was lost fades in it. */
const LEAST = 260
const FADE = 700

const nodes = {
  laptop: { at: [95, 75], kind: 'host' },
  phone: { at: [95, 285], kind: 'host' },
  home: { at: [302, 180], kind: 'bridge', title: 'bridge home' },
  router: { at: [448, 180], kind: 'router', title: 'router, NAT' },
  internet: { at: [700, 180], kind: 'bridge', title: 'bridge internet' },
  web: { at: [905, 75], kind: 'host' },
  far: { at: [905, 285], kind: 'host' },
}

/** Half the width and half the height of a box. */
const halves = { host: [76, 32], bridge: [72, 27], router: [62, 27] }

/** Links by name: their first end, which frames go out of, their second, and where words stand. */
const ends = {
  laptop: ['laptop', 'home', { x: 222, y: 112, anchor: 'start' }],
  phone: ['phone', 'home', { x: 222, y: 256, anchor: 'start' }],
  'wan.internet': ['router', 'internet', { x: 569, y: 166, anchor: 'middle' }],
  web: ['web', 'internet', { x: 778, y: 112, anchor: 'end' }],
  far: ['far', 'internet', { x: 778, y: 256, anchor: 'end' }],
}

export const links = Object.keys(ends)

const svg = (name, attributes, ...children) => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

export class Picture {
  #moves = []
  #labels = new Map()
  #canvas = document.createElement('canvas')

  constructor(place, lab) {
    const picture = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' })
    picture.append(
      svg('title', {}, 'Four hosts, two bridges and a router, with links between them'),
    )
    picture.append(...links.map((link) => this.#line(link)), inside('home', 'router'))
    picture.append(...Object.entries(nodes).flatMap(([name, node]) => drawn(name, node, lab)))
    picture.append(...this.#labels.values())
    place.replaceChildren(picture, this.#canvas)
  }

  #line(link) {
    const [first, second, { anchor, ...at }] = ends[link]
    const [[x1, y1], [x2, y2]] = [first, second].map((name) => nodes[name].at)
    this.#labels.set(link, svg('text', { ...at, class: 'fault', 'text-anchor': anchor }))
    return svg('line', { x1, y1, x2, y2, class: 'link', 'data-link': link })
  }

  /** What stands at a link, and whether it is plugged in. */
  label(link, text, isUp) {
    const label = this.#labels.get(link)
    if (label.textContent !== text) label.textContent = text
    document.querySelector(`[data-link="${link}"]`).classList.toggle('down', !isUp)
  }

  add(moves) {
    this.#moves.push(...moves)
  }

  /** @param now of the lab, ms @param screen of the screen, ms @param speed ms of the lab a ms of the screen */
  draw(now, screen, speed) {
    const context = this.#clear()
    for (const move of this.#moves) place(move, now, screen, speed)
    this.#moves = this.#moves.filter(({ progress, faded }) => progress < 1 || faded < 1)
    for (const move of this.#moves) if (move.progress >= 0) dot(context, move)
  }

  #clear() {
    const canvas = this.#canvas
    const scale = devicePixelRatio
    const [width, height] = [canvas.clientWidth * scale, canvas.clientHeight * scale]
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
    const context = canvas.getContext('2d')
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.clearRect(0, 0, width, height)
    context.scale(width / WIDTH, height / HEIGHT)
    return context
  }
}

const inside = (one, other) => {
  const [[x1, y1], [x2, y2]] = [nodes[one].at, nodes[other].at]
  return svg('line', { x1, y1, x2, y2, class: 'inside' })
}

function drawn(name, { at: [x, y], kind, title = name }, lab) {
  const [half, halfHeight] = halves[kind]
  const size = { width: 2 * half, height: 2 * halfHeight, rx: kind === 'host' ? 10 : 4 }
  const box = { x: x - half, y: y - halfHeight, ...size }
  const address = { host: () => lab.hosts.get(name).addresses[0], router: () => '203.0.113.10' }[
    kind
  ]
  const text = svg('text', { x, y: address ? y - 3 : y + 5, class: 'name' }, title)
  const small = address ? [svg('text', { x, y: y + 17, class: 'address' }, address())] : []
  return [svg('rect', { ...box, class: kind }), text, ...small]
}

/** How far a move is, and, of what was lost, how much of it has faded; both from 0 to 1. */
function place(move, now, screen, speed) {
  move.seen ??= screen - Math.max(0, now - move.start) / (speed || 1)
  const lasts = Math.max(move.end - move.start, LEAST * speed)
  move.progress = Math.max(0, Math.min(1, (now - move.start) / lasts))
  if (move.lost && move.progress > stop(move)) move.since ??= screen
  move.faded = move.lost ? (screen - (move.since ?? screen)) / FADE : 1
}

/** What is lost ends half way on the link. */
const stop = ({ lost }) => (lost ? 0.5 : 1)

/** Where something on a link is, so far on its way; the two directions keep to their sides. */
function pointOf({ link, direction }, way) {
  const [first, second] = ends[link]
  const [from, to] =
    direction === 'out' ? [nodes[first], nodes[second]] : [nodes[second], nodes[first]]
  const line = [to.at[0] - from.at[0], to.at[1] - from.at[1]]
  const length = Math.hypot(...line)
  const [begin, end] = [edge(from, line), 1 - edge(to, line)]
  const along = begin + (end - begin) * way
  const side = [(-7 * line[1]) / length, (7 * line[0]) / length]
  return [0, 1].map((axis) => from.at[axis] + line[axis] * along + side[axis])
}

/** Which part of a line from the middle of a box lies in the box. */
const edge = ({ kind }, line) =>
  Math.min(...[0, 1].map((axis) => halves[kind][axis] / Math.abs(line[axis])))

function dot(context, move) {
  const at = pointOf(move, Math.min(move.progress, stop(move)))
  if (move.since !== undefined) return cross(context, at, move.faded)
  context.beginPath()
  context.arc(at[0], at[1], 4 + 5 * Math.min(1, move.frame.length / 1514), 0, 2 * Math.PI)
  context.fillStyle = color(`--${move.kind}`)
  context.fill()
}

function cross(context, [x, y], faded) {
  context.globalAlpha = Math.max(0, 1 - faded)
  context.strokeStyle = color('--lost')
  context.lineWidth = 3
  context.beginPath()
  for (const [dx, dy] of [
    [7, 7],
    [7, -7],
  ]) {
    context.moveTo(x - dx, y - dy)
    context.lineTo(x + dx, y + dy)
  }
  context.stroke()
  context.globalAlpha = 1
}

const colors = new Map()
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => colors.clear())

function color(name) {
  if (!colors.has(name)) {
    colors.set(name, getComputedStyle(document.documentElement).getPropertyValue(name))
  }
  return colors.get(name)
}
