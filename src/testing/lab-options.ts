/** What a lab and its runs may be asked for, checked. */
import { describe, oneOf } from '../config/describe.js'
import { isMapping } from '../config/plain.js'
import type { ConfigInput } from '../config/types.js'
import { InvalidError } from '../error.js'
import { checkOptions } from './check-options.js'
import type { ClockMode } from './clock/pump.js'
import { type Seed, seedText } from './random.js'
import { type Duration, milliseconds } from './time.js'
import { epochOf, type TimersOption } from './timers/options.js'

export interface LabOptions {
  /** Another seed, another run; the same seed, the same octets. 0 if left out. */
  seed?: Seed
  /** What makes time pass: see docs/testing.md. 'auto' if left out. */
  clock?: ClockMode
  /**
   * Puts the timers of the program under test on the lab's clock, until `close`: see docs/testing-node.md. They
   * are left alone if left out.
   */
  timers?: TimersOption
  /** Of the switch that `lab.bridge` and `lab.router` act on: `capacity`, `filter` … */
  config?: ConfigInput
}

export interface RunOptions {
  /** A time of the lab's clock, or what says that it is enough; left out: nothing is under way. */
  until?: Duration | (() => boolean)
}

/** How a run ended. */
export interface RunResult {
  /** Milliseconds of the lab's clock. */
  now: number
  /** Who waits for what, a line each. */
  waiting: string[]
}

const KEYS = ['seed', 'clock', 'timers', 'config']
const MODES: readonly ClockMode[] = ['auto', 'manual', 'real']

/** What a lab is made of. */
export interface LabPlan {
  seed: string
  clock: ClockMode
  config: ConfigInput
  /** What the program's `Date` begins at, where its timers are the lab's. */
  epoch: number | undefined
}

/** @throws InvalidError */
export function planLab(options: LabOptions): LabPlan {
  checkOptions(options, KEYS, 'createLab')
  const { seed = 0, clock = 'auto', config = {}, timers } = options
  const text = seedText(seed)
  if (!MODES.includes(clock)) {
    throw new InvalidError(`clock ${describe(clock)}`, oneOf(MODES))
  }
  if (!isMapping(config)) {
    throw new InvalidError(`${describe(config)} as the option config of createLab`, 'a mapping')
  }
  const epoch = timers === undefined ? undefined : epochOf(timers, clock)
  return { seed: text, clock, config, epoch }
}

/** How long a run lasts: until a time, or until `isDone` where there is one. */
export interface RunPlan {
  end: number
  isDone: (() => boolean) | undefined
}

/** @throws InvalidError */
export function planRun(options: RunOptions): RunPlan {
  checkOptions(options, ['until'], 'lab.run')
  const { until } = options
  if (typeof until === 'function') return { end: Infinity, isDone: () => atOnce(until()) }
  return { end: until === undefined ? Infinity : milliseconds(until), isDone: undefined }
}

/** A promise would count as true. */
function atOnce(isDone: unknown): boolean {
  if (!(isDone instanceof Promise)) return Boolean(isDone)
  isDone.catch(() => {})
  throw new InvalidError('a promise as what until of lab.run says', 'true or false at once')
}
