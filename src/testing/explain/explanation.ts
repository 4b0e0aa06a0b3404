/** What would become of a frame, as data. */
import type { Impairment } from '../../config/impair.js'
import type { Step, Trace } from '../../switch.js'
import type { Direction } from '../link/settings.js'
import type { LinkDrop } from '../link/way.js'

interface Place {
  /** Link, switch or host, by its name. */
  readonly name: string
  /** How many places it passed before. */
  readonly depth: number
  /** The frame as it comes there, as a line. */
  readonly frame: string
  /** It is not the frame, but what a router sends on its account: an error, an answer, a question. */
  readonly answer: boolean
}

/** A link, in one direction. Only what is sure is said to be lost: luck is in the settings. */
export interface LinkPlace extends Place {
  readonly at: 'link'
  readonly direction: Direction
  readonly outcome: 'passes' | 'lost'
  readonly reason: LinkDrop | null
  /** What the link does to frames: a loss of 0.3 may be this one's. */
  readonly settings: Impairment
}

/** A switch, with its router, and what it does: see `trace` of the production switch. */
export interface SwitchPlace extends Place {
  readonly at: 'switch'
  readonly port: string
  readonly bridge: string | null
  readonly vlan: number | null
  readonly outcome: Trace['verdict']
  /** The drop reason, where it was dropped. */
  readonly reason: string | null
  readonly steps: readonly Step[]
}

/** A host: it takes what is for its MAC, for all, or for a group. */
export interface HostPlace extends Place {
  readonly at: 'host'
  readonly outcome: 'taken' | 'ignored'
}

export type ExplainedPlace = LinkPlace | SwitchPlace | HostPlace

export interface Explanation {
  /** The frame as it is sent, as a line. */
  readonly frame: string
  /** The host that sends it. */
  readonly from: string
  /**
   * `delivered`: to the hosts of that list, or `local`: to a router; else `held`: it waits in a switch, such as
   * for a MAC; `lost` on a link, `dropped` by a switch, or `ignored` by those to whom it comes.
   */
  readonly verdict: 'delivered' | 'local' | 'held' | 'lost' | 'dropped' | 'ignored'
  /** Why it is lost or dropped; null where it is not. */
  readonly reason: string | null
  /** Hosts that take it, or, where a router translates it, what became of it; no answers. */
  readonly delivered: readonly string[]
  /** Every place that it comes to, each followed by those that it goes on to. */
  readonly places: readonly ExplainedPlace[]
  /** All of it for people. */
  readonly text: string
}
