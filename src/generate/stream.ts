/** What is sent: plain values only, since a thread is given it. */
import type { Timing } from './schedule.js'
import type { Template } from './template.js'

export interface Stream {
  /** Of the payload's header. */
  id: number
  /**
   * One a size, taken in turn; a file's frames. Flows take turns, and the n-th frame of flow f is of
   * template (n + f) modulo their number: every flow has all sizes.
   */
  templates: readonly Template[]
  /** Flow f has source port base + f; where these end, the next address. At least 1. */
  flows: number
  /** Source ports of one address. */
  ports: number
  /** Source MACs: flow f has base + f modulo this. At least 1. */
  macs: number
  /** Whether frames carry {@link HEADER}. */
  stamp: boolean
}

/** When it is sent, and until when. */
export interface Sending {
  timing: Timing
  /** Frames of all together; Infinity: no end. */
  count: number
  /** Nanoseconds; Infinity: no end. */
  duration: number
  /** Frames of a call at most, 1 to 256. */
  batch: number
}

/** Which of several senders one is: it sends the flows whose number is `index` modulo `of`. */
export interface Part {
  index: number
  of: number
}

export const WHOLE: Part = { index: 0, of: 1 }

/** Of which template the n-th frame of a flow is. */
export function templateOf({ templates }: Stream, flow: number, n: number): number {
  return templates.length === 1 ? 0 : (n + flow) % templates.length
}

/** How many of the numbers 0 to `count` - 1 are `index` modulo `of`. */
export function shareOf(count: number, { index, of }: Part): number {
  return Math.floor((count - index + of - 1) / of)
}

/** Frames that a part sends of `count` of the whole. */
export function countOf(flows: number, part: Part, count: number): number {
  if (count === Infinity) return count
  const rest = count % flows
  return ((count - rest) / flows) * shareOf(flows, part) + shareOf(rest, part)
}

/** How many frames of a flow were sent, where each part has sent so many. */
export function sentOf(flows: number, flow: number, sent: readonly number[]): number {
  const part = { index: flow % sent.length, of: sent.length }
  const within = { index: (flow - part.index) / part.of, of: shareOf(flows, part) }
  return shareOf(sent[part.index] as number, within)
}
