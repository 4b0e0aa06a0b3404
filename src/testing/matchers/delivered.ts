/** `toHaveDelivered`: frames that came to hosts. */
import type { Journey } from '../seeing/journey.js'
import { journeysOf } from '../seeing/journey.js'
import { journeyText } from '../seeing/journey-text.js'
import type { LabView } from '../view.js'
import {
  type FoundFrame,
  FRAME_KEYS,
  type FrameMatch,
  type FrameTest,
  framesIn,
  frameTest,
  isDelivered,
} from './frames.js'
import { type MatcherResult, someOf } from './result.js'
import { captureOf, subjectText } from './subject.js'
import {
  amountText,
  type Counted,
  callText,
  checkKeys,
  countText,
  hostName,
  isEnough,
} from './what.js'

const NAME = 'toHaveDelivered'

export function toHaveDelivered(subject: unknown, what: FrameMatch = {}): MatcherResult {
  const capture = captureOf(subject, NAME)
  checkKeys(what, FRAME_KEYS, NAME)
  const view = capture.lab
  const isMeant = frameTest(what, view, NAME)
  const to = hostName(what.to, view, NAME)
  const journeys = journeysOf(capture.frames, view)
  const found = framesIn(
    journeys,
    (one) => isDelivered(one, view) && (to === undefined || one.hop.link === to) && isMeant(one),
  )
  const head = callText(NAME, subjectText(subject), what)
  const message = () => {
    const came = `${amountText(found.length, 'frame')} came`
    const expected = isEnough(found.length, what) ? notText(what) : countText(what, 'frame')
    const seen = found.length > 0 ? waysOf(found, view) : missed(journeys, isMeant, what, view)
    return `${head}\n\nexpected ${expected} to come like that; ${came}\n\n${seen}`
  }
  return { pass: isEnough(found.length, what), message }
}

/** What `not` asks for. */
export const notText = ({ times }: Counted): string =>
  times === undefined ? 'no frame' : `any number of frames but ${times}`

/** The ways of frames, each journey once. */
export function waysOf(found: readonly FoundFrame[], view: LabView): string {
  const journeys = [...new Set(found.map(({ journey }) => journey))]
  return someOf(
    journeys.map((journey) => journeyText(journey, view)),
    '\n\n',
  )
}

/** What became of those that did not come, or what was seen at all. */
function missed(
  journeys: readonly Journey[],
  isMeant: FrameTest,
  { from }: FrameMatch,
  view: LabView,
): string {
  const alike = framesIn(journeys, isMeant)
  if (alike.length > 0) return `what became of those that are like that:\n\n${waysOf(alike, view)}`
  if (from === undefined) return seenText(journeys, view, 'the lab')
  const name = typeof from === 'string' ? from : from.name
  const own = journeys.filter((journey) => journey.from === name)
  return seenText(own, view, name)
}

export function seenText(journeys: readonly Journey[], view: LabView, who: string): string {
  if (journeys.length === 0) return `no frame of ${who} was seen since the capture began`
  const last = journeys.slice(-3).map((journey) => journeyText(journey, view))
  const count = `none of the ${amountText(journeys.length, 'packet')} of ${who} is like that`
  return `${count}; the last were:\n\n${last.join('\n\n')}`
}
