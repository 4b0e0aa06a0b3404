/** `toHaveDropped`: frames that links lost and switches dropped, seen in a capture or counted. */

import { describe, didYouMean, oneOf } from '../../config/describe.js'
import { drops } from '../../dataplane/generated/drops.js'
import { LinkspanError } from '../../error.js'
import { Link } from '../link/link.js'
import { journeysOf } from '../seeing/journey.js'
import { notText, seenText, waysOf } from './delivered.js'
import { FRAME_KEYS, type FrameMatch, framesIn, frameTest, isFor } from './frames.js'
import { type MatcherResult, someOf } from './result.js'
import { captureOf, countersOf, subjectText } from './subject.js'
import {
  amountText,
  type Counted,
  callText,
  checkKeys,
  countText,
  hostName,
  isEnough,
} from './what.js'

const NAME = 'toHaveDropped'
const LINK_REASONS = ['loss', 'queue', 'mtu', 'down', 'partition']
const REASONS = [...LINK_REASONS, ...drops.map(({ name }) => name)]

/** Of a lab or a capture of one: frames. */
export interface DroppedMatch extends FrameMatch {
  /** The link on which it was lost. */
  link?: string | { readonly name: string }
  /** The switch that dropped it, on its way in. */
  switch?: string | { readonly name: string }
  /** `loss`, `queue`, `mtu`, `down` or `partition` of a link; a switch's drop reason. */
  reason?: string
}

/** Of a link or a switch: what it has counted, ever since it is there. */
export interface DropCountMatch extends Counted {
  /** Of a switch: whom the drop is charged to. */
  port?: string
  reason?: string
}

export function toHaveDropped(
  subject: unknown,
  what: DroppedMatch | DropCountMatch = {},
): MatcherResult {
  return countersOf(subject) === undefined
    ? droppedFrames(subject, what as DroppedMatch)
    : countedDrops(subject, what as DropCountMatch)
}

function droppedFrames(subject: unknown, what: DroppedMatch): MatcherResult {
  const capture = captureOf(subject, NAME)
  checkKeys(what, [...FRAME_KEYS, 'link', 'switch', 'reason'], NAME)
  checkReason(what.reason)
  const view = capture.lab
  const isMeant = frameTest(what, view, NAME)
  const to = hostName(what.to, view, NAME)
  const link = placeOf(what.link, 'link', view.links)
  const by = placeOf(what.switch, 'switch', view.switches)
  const journeys = journeysOf(capture.frames, view)
  const lost = framesIn(journeys, ({ hop }) => hop.lost !== null)
  const found = lost.filter((one) => {
    const { hop } = one
    if (what.reason !== undefined && hop.lost !== what.reason) return false
    if (link !== undefined && (hop.link !== link || hop.switch !== null)) return false
    if (by !== undefined && hop.switch !== by) return false
    return (to === undefined || isFor(one, to, view)) && isMeant(one)
  })
  const head = callText(NAME, subjectText(subject), what)
  const message = () => {
    const count = `${amountText(found.length, 'frame')} ${found.length === 1 ? 'was' : 'were'}`
    const expected = isEnough(found.length, what) ? notText(what) : countText(what, 'frame')
    const alike = found.length > 0 ? found : framesIn(journeys, isMeant)
    const became = found.length > 0 ? '' : 'what became of those that are like that:\n\n'
    const seen =
      alike.length > 0 ? `${became}${waysOf(alike, view)}` : seenText(journeys, view, 'the lab')
    return `${head}\n\nexpected ${expected} to be dropped like that; ${count}\n\n${seen}`
  }
  return { pass: isEnough(found.length, what), message }
}

function countedDrops(subject: unknown, what: DropCountMatch): MatcherResult {
  const of = countersOf(subject)
  checkKeys(what, of instanceof Link ? ['reason', 'times'] : ['port', 'reason', 'times'], NAME)
  checkReason(what.reason)
  if (what.port !== undefined && !(of instanceof Link)) placeOf(what.port, 'port', of?.ports)
  const { port, reason } = what
  const all = countsOf(of)
  const found = all
    .filter((one) => (port ?? one.port) === one.port && (reason ?? one.reason) === one.reason)
    .reduce((sum, { frames }) => sum + frames, 0)
  const message = () => {
    const expected = isEnough(found, what) ? notText(what) : countText(what, 'frame')
    const lines = all.map((one) => `${one.port ?? 'dropped'}: ${one.frames} ${one.reason}`)
    const counted = lines.length === 0 ? 'nothing was dropped' : someOf(lines, '\n', 12)
    const head = callText(NAME, subjectText(subject), what)
    return `${head}\n\nexpected ${expected} to be dropped; counted are ${found}\n\n${counted}`
  }
  return { pass: isEnough(found, what), message }
}

interface Count {
  readonly port: string | undefined
  readonly reason: string
  readonly frames: number
}

function countsOf(of: ReturnType<typeof countersOf>): Count[] {
  if (!(of instanceof Link)) return of?.drops() ?? []
  return Object.entries(of.counters.drops)
    .map(([reason, frames]) => ({ port: undefined, reason, frames }))
    .filter(({ frames }) => frames > 0)
}

function checkReason(reason: unknown): void {
  if (reason === undefined || REASONS.includes(reason as string)) return
  const hint = typeof reason === 'string' ? didYouMean(reason, REASONS) : ''
  const expected = `${oneOf(LINK_REASONS)} of a link, or a drop reason of a switch${hint}`
  throw new LinkspanError(
    'INVALID',
    `${NAME}: reason: found ${describe(reason)}; expected ${expected}`,
  )
}

/** The name of a link, switch or port that is there. */
function placeOf(
  given: string | { readonly name: string } | undefined,
  kind: string,
  among: ReadonlyMap<string, unknown> = new Map(),
): string | undefined {
  if (given === undefined) return undefined
  const name: unknown = typeof given === 'string' ? given : given?.name
  if (typeof name === 'string' && among.has(name)) return name
  const names = [...among.keys()]
  const hint = typeof name === 'string' ? didYouMean(name, names) : ''
  const known = names.length === 0 ? 'there is none' : `expected ${oneOf(names)}${hint}`
  throw new LinkspanError('NOT_FOUND', `${NAME}: no ${kind} ${describe(name)}; ${known}`)
}
