/** The way of a frame through links and switches as they are now; nothing of them is changed by it. */
import { LinkspanError } from '../../error.js'
import { parseHex } from '../../packet/hex.js'
import type { Trace } from '../../switch.js'
import type { LabSwitch } from '../lab-switch.js'
import type { Link } from '../link/link.js'
import type { Direction } from '../link/settings.js'
import { macOf } from '../seeing/packet.js'
import { decode } from '../seeing/text.js'
import type { LabView } from '../view.js'
import type { ExplainedPlace } from './explanation.js'

/** Passages of switches: more is a loop of them. */
const PASSAGES_MAX = 256
const GROUP = 1

/** What leaves else is not the frame. */
const PASSED: readonly Trace['verdict'][] = ['forwarded', 'flooded']

interface Going {
  readonly octets: Uint8Array
  readonly depth: number
  readonly answer: boolean
}

const placeOf = (name: string, { octets, ...going }: Going) => ({
  name,
  ...going,
  frame: decode(octets),
})

export class Walk {
  readonly places: ExplainedPlace[] = []
  #passages = 0

  constructor(private readonly view: LabView) {}

  /** Enters a link. */
  enter(link: Link, direction: Direction, going: Going): void {
    const reason = link.obstacle(direction, going.octets) ?? null
    const outcome = reason === null ? 'passes' : 'lost'
    const settings = link.settings[direction]
    const place = placeOf(link.name, going)
    this.places.push({ at: 'link', ...place, direction, outcome, reason, settings })
    if (reason === null) this.#leave(link, direction, { ...going, depth: going.depth + 1 })
  }

  /** What is at the other end: a host, or a port of a switch. */
  #leave({ name }: Link, direction: Direction, going: Going): void {
    const { octets } = going
    const host = direction === 'in' ? this.view.hosts.get(name) : undefined
    if (host) {
      const isTaken = ((octets[0] ?? 0) & GROUP) === GROUP || macOf(octets, 0) === host.mac
      const outcome = isTaken ? 'taken' : 'ignored'
      this.places.push({ at: 'host', ...placeOf(name, going), outcome })
      return
    }
    for (const each of this.view.switches.values()) {
      for (const [port, end] of each.plugs.links) {
        if (end.link !== name || end.direction !== direction) continue
        return this.#pass(each, port, going)
      }
    }
  }

  #pass(by: LabSwitch, port: string, going: Going): void {
    if (++this.#passages > PASSAGES_MAX) {
      const problem = `the frame passes more than ${PASSAGES_MAX} switches`
      throw new LinkspanError('LIMIT', `explain: ${problem}: they are joined in a loop`)
    }
    by.plugs.flush()
    const { bridge, vlan, verdict, steps, drops, outputs } = by.production.trace(port, going.octets)
    const reason = verdict === 'dropped' ? (drops[0]?.reason ?? null) : null
    const place = { ...placeOf(by.name, going), port, bridge, vlan }
    this.places.push({ at: 'switch', ...place, outcome: verdict, reason, steps })
    const answer = going.answer || !PASSED.includes(verdict)
    const depth = going.depth + 1
    for (const output of outputs) {
      const end = by.plugs.links.get(output.port)
      const link = end && this.view.links.get(end.link)
      const onward = end?.direction === 'in' ? 'out' : 'in'
      if (link) this.enter(link, onward, { octets: parseHex(output.hex), depth, answer })
    }
  }
}
