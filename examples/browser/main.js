// The page: makes the network, lets its time pass, and shows what happens.
import { decode } from 'linkspan/testing'
import { kindOf } from './kind.js'
import { Lines } from './lines.js'
import { faultText, linkPanel } from './links.js'
import { actions, makeNetwork } from './network.js'
import { links as linkNames, Picture } from './picture.js'
import { tables } from './tables.js'
import { follow } from './time.js'
import { Traffic } from './traffic.js'

const $ = (id) => document.getElementById(id)

/** Milliseconds of the lab a millisecond of the screen. */
const speeds = { Pause: 0, '1 : 200': 1 / 200, '1 : 50': 1 / 50, '1 : 10': 1 / 10, '1 : 1': 1 }
let speed = speeds['1 : 50']
/** Milliseconds of the screen between two looks at the tables. */
const LOOK = 250

let ended = async () => {}

async function start() {
  await ended()
  const lab = await makeNetwork($('seed').value)
  const links = linkNames.map((name) => lab.link(name))
  const view = {
    lab,
    links,
    traffic: new Traffic(lab, linkNames),
    picture: new Picture($('picture'), lab),
    frames: new Lines($('frames')),
    results: new Lines($('results')),
    looked: -Infinity,
  }
  $('links').replaceChildren(...linkPanel(links))
  $('actions').replaceChildren(...actions.map((action) => button(action, view)))
  $('download').onclick = () => save(view.traffic.file())
  const stop = follow(
    lab,
    () => speed,
    (screen) => show(view, screen),
  )
  ended = async () => {
    await stop()
    await lab.close()
  }
}

function show(view, screen) {
  const { lab, links, traffic, picture, frames } = view
  const { packets, moves } = traffic.look()
  for (const move of moves) move.kind = kindOf(move.frame)
  picture.add(moves)
  picture.draw(lab.now, screen, speed)
  frames.add(packets.map(frameLine))
  $('clock').textContent = `${lab.now.toFixed(1)} ms`
  for (const link of links) {
    const { out } = link.settings
    picture.label(link.name, faultText(out), out.up !== false)
  }
  if (screen - view.looked < LOOK) return
  view.looked = screen
  $('tables').replaceChildren(...tables(lab, links))
}

function frameLine({ time, link, direction, lost, frame }) {
  const way = direction === 'out' ? '→' : '←'
  const fate = lost ? `  lost: ${lost}` : ''
  const line = `${time.toFixed(1).padStart(8)}  ${link.padEnd(12)} ${way} ${decode(frame)}${fate}`
  return { text: line, kind: lost ? 'lost' : kindOf(frame) }
}

/** Runs an action of the network, and says how it went. */
function button({ title, run }, { lab, results }) {
  const element = Object.assign(document.createElement('button'), { type: 'button' })
  element.textContent = title
  element.onclick = async () => {
    const say = results.one(`${title} …`)
    try {
      say(`${title}: ${await run(lab, (how) => say(`${title}: ${how}`, 'running'))}`, 'done')
    } catch (error) {
      say(`${title}: ${error.message}`, 'lost')
    }
  }
  return element
}

function save(octets) {
  const url = URL.createObjectURL(new Blob([octets], { type: 'application/octet-stream' }))
  const link = Object.assign(document.createElement('a'), { href: url, download: 'lab.pcapng' })
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

function speedButtons() {
  return Object.entries(speeds).map(([title, value]) => {
    const element = Object.assign(document.createElement('button'), { type: 'button' })
    element.textContent = title
    element.setAttribute('aria-pressed', String(value === speed))
    element.onclick = () => {
      speed = value
      for (const each of $('speeds').children) {
        each.setAttribute('aria-pressed', String(each === element))
      }
    }
    return element
  })
}

$('speeds').append(...speedButtons())
$('restart').onclick = start
await start()
