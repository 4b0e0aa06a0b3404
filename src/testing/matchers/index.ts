/** Matchers for `expect.extend`, of vitest and of whoever calls matchers as jest does. */
import { toHaveDelivered } from './delivered.js'
import { type DropCountMatch, type DroppedMatch, toHaveDropped } from './dropped.js'
import type { FrameMatch } from './frames.js'
import { type FlowMatch, type LearnedMatch, toHaveFlow, toHaveLearned } from './tables.js'

export type { DropCountMatch, DroppedMatch } from './dropped.js'
export type { FrameMatch } from './frames.js'
export type { MatcherResult } from './result.js'
export type { FlowMatch, LearnedMatch } from './tables.js'
export type { Counted } from './what.js'

/**
 * Each takes what is looked at, and what for, and returns `{ pass, message() }`.
 *
 * @throws LinkspanError `INVALID` or `NOT_FOUND` for what cannot be meant
 */
export const matchers = { toHaveDelivered, toHaveDropped, toHaveFlow, toHaveLearned }

/** The same as `expect` has them. */
export interface LabMatchers<Result = void> {
  /** Of a lab that is captured, or a capture: frames that came to hosts. */
  toHaveDelivered(what?: FrameMatch): Result
  /** The same of frames that links lost and switches dropped; of a link or a switch: what it counted. */
  toHaveDropped(what?: DroppedMatch | DropCountMatch): Result
  /** Of a lab or a switch: connections that are tracked now. */
  toHaveFlow(what?: FlowMatch): Result
  /** Of a lab or a switch: entries of the FDB that are there now. */
  toHaveLearned(what?: LearnedMatch): Result
}
