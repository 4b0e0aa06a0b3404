/** A journey in words: the frame, and what of the lab it passed. */
import { drops } from '../../dataplane/generated/drops.js'
import type { LabView } from '../view.js'
import type { Hop, Journey } from './journey.js'
import { decode } from './text.js'

const texts: ReadonlyMap<string, string> = new Map(drops.map(({ name, text }) => [name, text]))

/** How many hosts a flood is told of by name. */
const NAMED = 8

/** A line for the frame, and an indented one for each place, with its time. */
export function journeyText({ from, hops }: Journey, { hosts }: LabView): string {
  const [first] = hops
  const line = first ? decode(first.octets) : ''
  const rows: [time: number, text: string][] = []
  if (first && from === undefined && hosts.has(first.link ?? '')) {
    rows.push([first.time, 'sent by a router, or by nobody of the lab'])
  }
  let came: string[] = []
  let before = line
  for (const hop of hops) {
    const now = decode(hop.octets)
    const as = now === before ? '' : `, as ${now}`
    before = now
    const isToHost = hop.direction === 'in' && hop.lost === null && hosts.has(hop.link ?? '')
    const last = rows.at(-1)
    if (isToHost && came.length > 0 && last?.[0] === hop.time && as === '') {
      came.push(hop.link as string)
      last[1] = `came to ${listText(came)}`
      continue
    }
    came = isToHost ? [hop.link as string] : []
    rows.push([hop.time, `${hopText(hop, isToHost, hosts)}${as}`])
  }
  const told = rows.map(([time, text]) => `\n${time.toFixed(3).padStart(12)} ms  ${text}`)
  return `${line}${told.join('')}${openEnd(hops, hosts)}`
}

function hopText(hop: Hop, isToHost: boolean, hosts: LabView['hosts']): string {
  const { link, direction, switch: by, lost } = hop
  if (by !== null) return `dropped by switch "${by}": ${lost}: ${texts.get(lost ?? '') ?? ''}`
  if (lost !== null && direction === 'in') return `lost on link ${link}, on its way there: ${lost}`
  const isHost = hosts.has(link ?? '')
  if (isToHost) return `came to ${link}`
  const what =
    direction === 'in' ? 'came to a router' : isHost ? `sent by ${link}` : 'sent by a router'
  const on = isHost ? '' : ` on link ${link}`
  return `${what}${on}${lost === null ? '' : `, lost on link ${link}: ${lost}`}`
}

/** Whoever neither came to a host nor was lost is somewhere, of which a capture does not know. */
function openEnd(hops: readonly Hop[], hosts: LabView['hosts']): string {
  const isEnd = ({ lost, direction, link }: Hop) =>
    lost !== null || (direction === 'in' && hosts.has(link ?? ''))
  if (hops.some(isEnd)) return ''
  return `\n${' '.repeat(16)} and was not seen again: on its way, waiting in a switch, or for nobody else`
}

function listText(names: readonly string[]): string {
  if (names.length <= NAMED) return names.join(', ')
  return `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`
}
