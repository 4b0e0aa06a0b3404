/** Of what something is expected, and what of it there is to look at. */
import { LinkspanError } from '../../error.js'
import { Switch } from '../../switch.js'
import { LabCapture } from '../capture.js'
import { Lab } from '../lab.js'
import { LabSwitch } from '../lab-switch.js'
import { Link } from '../link/link.js'
import type { LabView } from '../view.js'

/** As a message calls it. */
export function subjectText(subject: unknown): string {
  if (subject instanceof Lab) return 'lab'
  if (subject instanceof LabCapture) return 'capture'
  if (subject instanceof Link) return `link "${subject.name}"`
  if (subject instanceof LabSwitch) return `switch "${subject.name}"`
  return 'switch'
}

/** The frames of a capture, or of the first of all links that the lab has. */
export function captureOf(subject: unknown, matcher: string): LabCapture {
  if (subject instanceof LabCapture) return subject
  if (!(subject instanceof Lab)) throw wrong(subject, matcher, 'a lab or a capture of one')
  const [first] = subject.view.captures
  if (first) return first
  const problem = `${matcher}: nobody has looked at the lab's frames`
  throw new LinkspanError(
    'INVALID',
    `${problem}: begin with lab.capture() before what is to be seen, or expect it of a capture`,
  )
}

export interface NamedSwitch {
  /** Undefined where there is only one to be meant. */
  readonly name: string | undefined
  readonly production: Switch
}

/** The switches, and the lab whose hosts may be named. */
export interface Switches {
  readonly list: readonly NamedSwitch[]
  readonly view: LabView | undefined
}

export function switchesOf(subject: unknown, matcher: string): Switches {
  if (subject instanceof Switch) {
    return { list: [{ name: undefined, production: subject }], view: undefined }
  }
  if (subject instanceof LabSwitch) return { list: [subject], view: subject.view }
  if (!(subject instanceof Lab)) throw wrong(subject, matcher, 'a lab or a switch')
  return { list: [...subject.view.switches.values()], view: subject.view }
}

/** Who counts what it drops, by reason; undefined where frames are looked at. */
export function countersOf(subject: unknown): Link | Switch | undefined {
  if (subject instanceof Link || subject instanceof Switch) return subject
  return subject instanceof LabSwitch ? subject.production : undefined
}

function wrong(subject: unknown, matcher: string, expected: string): LinkspanError {
  const kinds = [Lab, LabCapture, Link, LabSwitch, Switch]
  const isOurs = kinds.some((kind) => subject instanceof kind)
  const found = isOurs ? `a ${subjectText(subject)}` : typeof subject
  const missing = 'is it awaited, and of this copy of linkspan?'
  const hint = isOurs ? '' : ` (${missing})`
  return new LinkspanError('INVALID', `${matcher}: found ${found}${hint}; expected ${expected}`)
}
