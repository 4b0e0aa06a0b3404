/** `lab.explain`: what would become of a frame that a host sent now. */
import { describe } from '../../config/describe.js'
import { InvalidError, LinkspanError } from '../../error.js'
import { checkOptions } from '../check-options.js'
import type { Host } from '../host/host.js'
import { hostIn } from '../host/host-in.js'
import { linkTexts } from '../link/settings-text.js'
import { macOf } from '../seeing/packet.js'
import { decode } from '../seeing/text.js'
import type { LabView } from '../view.js'
import type { ExplainedPlace, Explanation } from './explanation.js'
import { Walk } from './walk.js'
import { frameOfWords } from './words.js'

export interface ExplainOptions {
  /** The host that sends it; left out: the one whose MAC, or address, it is from. */
  from?: Host | string
}

/** @throws LinkspanError `INVALID`, `NOT_FOUND`, and `LIMIT` where switches are joined in a loop */
export function explain(
  view: LabView,
  given: Uint8Array | string,
  options: ExplainOptions = {},
): Explanation {
  checkOptions(options, ['from'], 'lab.explain')
  const { from } = options
  const isWords = typeof given === 'string'
  if (!isWords && !ArrayBuffer.isView(given)) {
    const expected = 'the octets of a frame, or a flow such as "udp 10.55.0.2:40000 10.55.0.3:53"'
    throw new InvalidError(`explain(${describe(given)})`, expected)
  }
  const { host, octets } = isWords
    ? frameOfWords(view, given, from)
    : { host: senderOf(view, given, from), octets: given }
  const walk = new Walk(view)
  walk.enter(host.link, 'out', { octets, depth: 0, answer: false })
  return explained(decode(octets), host.name, walk.places)
}

function senderOf(view: LabView, octets: Uint8Array, from: Host | string | undefined): Host {
  if (from !== undefined) return hostIn(view.hosts, from, 'explain')
  const mac = macOf(octets, 6)
  const host = [...view.hosts.values()].find((one) => one.mac === mac)
  if (host) return host
  const problem = `no host of the lab has the MAC ${mac}`
  throw new LinkspanError('NOT_FOUND', `explain: ${problem}: say who sends it, { from: "a" }`)
}

function explained(frame: string, from: string, places: readonly ExplainedPlace[]): Explanation {
  const own = places.filter(({ answer }) => !answer)
  const delivered = own.flatMap(({ at, name, outcome }) =>
    at === 'host' && outcome === 'taken' ? [name] : [],
  )
  const verdict = verdictOf(own, delivered)
  const stopped = own.find((place) => place.at !== 'host' && place.outcome === verdict)
  const reason = stopped && stopped.at !== 'host' ? stopped.reason : null
  const summary = { frame, from, verdict, reason, delivered, places }
  return { ...summary, text: textOf(summary) }
}

function verdictOf(
  places: readonly ExplainedPlace[],
  delivered: readonly string[],
): Explanation['verdict'] {
  if (delivered.length > 0) return 'delivered'
  const outcomes = places.map(({ outcome }) => outcome)
  const ends = ['local', 'held', 'lost', 'dropped'] as const
  if (outcomes.includes('answered')) return 'local'
  return ends.find((end) => outcomes.includes(end)) ?? 'ignored'
}

function textOf({ frame, from, verdict, reason, delivered, places }: Omit<Explanation, 'text'>) {
  const why = reason === null ? '' : `: ${reason}`
  const whom = delivered.length === 0 ? '' : ` to ${delivered.join(', ')}`
  const rows = places.map((place) => `${'  '.repeat(place.depth)}${placeText(place, frame)}`)
  return [`${frame}, sent by ${from}`, ...rows, `=> ${verdict}${whom}${why}`, ''].join('\n')
}

/** @param sent the frame as it was at first */
function placeText(place: ExplainedPlace, sent: string): string {
  const { name, depth, outcome, frame } = place
  const as = frame === sent ? '' : `, as ${frame}`
  if (place.at === 'host') return `host ${name}: ${outcome}${as}`
  if (place.at === 'link') {
    const { settings, direction, reason } = place
    const does = linkTexts({ [direction]: settings, in: settings, out: settings })
    const said = does.length === 0 ? '' : ` (${does.join(', ')})`
    const what = place.answer ? ', an answer' : ''
    return `link ${name}, ${direction}${what}${said}: ${outcome}${reason === null ? '' : `: ${reason}`}`
  }
  const indent = '  '.repeat(depth + 1)
  const width = Math.max(0, ...place.steps.map(({ stage }) => stage.length))
  const steps = place.steps.map(({ stage, text }) => `\n${indent}${stage.padEnd(width)} ${text}`)
  const reason = place.reason === null ? '' : `: ${place.reason}`
  return `switch ${name}, port ${place.port}${as}: ${outcome}${reason}${steps.join('')}`
}
