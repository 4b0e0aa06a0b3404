/** When frames are sent, and until when, from the words of the command line. */
import { availableParallelism } from 'node:os'
import { InvalidError } from '../error.js'
import { BATCH_MAX } from '../generate/filler.js'
import { SENDERS_MAX } from '../generate/progress.js'
import type { Timing } from '../generate/schedule.js'
import type { Sending } from '../generate/stream.js'
import { parseRate, parseTime } from '../generate/words.js'
import type { GenerateOptions } from './generate.js'
import { checkUpTo, type Traffic, usage } from './generate-plan.js'

/** Frames of one burst. */
const BURST_MAX = 10_000_000

export interface Plan extends Sending {
  /** Frames a second that the timing asks for; null: none. */
  wanted: number | null
  /** Threads that send. */
  threads: number
}

export function planOf(traffic: Traffic, options: GenerateOptions): Plan {
  const timing = timingOf(traffic, options)
  checkUpTo('--batch', options.batch, BATCH_MAX)
  checkUpTo('--count', options.count, Number.MAX_SAFE_INTEGER)
  const { batch = 64, duration } = options
  return {
    timing,
    count: countOf(traffic, options),
    duration: duration === undefined ? Infinity : parseTime(duration),
    batch,
    wanted: wantedOf(timing),
    threads: threadsOf(timing, options),
  }
}

/**
 * A flow is sent by one thread, which keeps its order, so that more need as many flows. As fast as can be,
 * two are taken if nothing else is said: what a frame costs is the kernel's, on the processor that sends.
 */
function threadsOf({ kind }: Timing, { threads, flows = 1 }: GenerateOptions): number {
  checkUpTo('--threads', threads, SENDERS_MAX)
  if (threads === undefined) return kind === 'max' ? Math.min(2, flows, availableParallelism()) : 1
  if (threads > 1 && kind !== 'max' && kind !== 'rate') {
    throw usage('bursts and the time of a file are kept by one thread: leave --threads out')
  }
  if (threads <= flows) return threads
  throw usage(
    `--threads ${threads} takes as many flows, since one thread keeps the order of a flow: say --flows`,
  )
}

/** A file is sent once, unless something else is said. */
function countOf(traffic: Traffic, { count, loop, pcap }: GenerateOptions): number {
  if (loop && pcap === undefined) throw usage('--loop is of a capture file: it goes with --pcap')
  if (traffic.kind === 'flow' || loop || pcap === undefined) return count ?? Infinity
  return Math.min(count ?? Infinity, traffic.file.frames.length)
}

function timingOf(traffic: Traffic, options: GenerateOptions): Timing {
  const { rate, burst, every, timing } = options
  if ((burst === undefined) !== (every === undefined)) {
    throw usage('a burst pattern is both: --burst 100 --every 10ms')
  }
  const ways = [rate, burst, timing].filter((each) => each !== undefined)
  if (ways.length > 1) throw usage('--rate, --burst and --timing: one of them')
  if (burst !== undefined && every !== undefined) {
    checkUpTo('--burst', burst, BURST_MAX)
    return { kind: 'burst', frames: burst, every: parseTime(every) }
  }
  if (timing !== undefined) return fileTiming(traffic, timing)
  const parsed = parseRate(rate ?? 'max')
  if (parsed === 'max') return { kind: 'max' }
  const frames = 'frames' in parsed ? parsed.frames : parsed.bits / (8 * meanSize(traffic))
  return { kind: 'rate', interval: 1e9 / frames }
}

function fileTiming(traffic: Traffic, word: string): Timing {
  if (word !== 'file') throw new InvalidError(`--timing ${word}`, '"file", as its time stamps say')
  if (traffic.kind !== 'file' || traffic.file.span === 0) {
    throw usage('--timing file is of a capture file: it goes with --pcap')
  }
  const { offsets, span } = traffic.file
  return { kind: 'file', offsets, span }
}

function meanSize(traffic: Traffic): number {
  const sizes =
    traffic.kind === 'flow' ? traffic.sizes : traffic.file.frames.map(({ length }) => length)
  return sizes.reduce((sum, size) => sum + size, 0) / sizes.length
}

function wantedOf(timing: Timing): number | null {
  if (timing.kind === 'rate') return 1e9 / timing.interval
  return timing.kind === 'burst' ? (timing.frames * 1e9) / timing.every : null
}
