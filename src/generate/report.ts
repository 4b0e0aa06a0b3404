/** What a run has come to: the object that `--json` prints, a stable contract, and text of it. */
import type { Histogram } from './histogram.js'

/** Why it ended. */
export type End = 'count' | 'duration' | 'file' | 'interrupted' | 'failed'

export interface SenderTally {
  frames: number
  octets: number
  refused: number
  /** Nanoseconds. */
  elapsed: number
  late: number
}

export interface ReceiverTally {
  unique: number
  octets: number
  duplicates: number
  reordered: number
  tooLate: number
  corrupted: number
  foreign: number
  lost: number
  flowsWithLoss: number
  window: number
  /** Nanoseconds between the first frame and the last. */
  elapsed: number
  kernelDrops: number
  latency: Percentiles | null
  extent: Percentiles | null
}

/** Of a {@link Histogram}, in its unit. */
export interface Percentiles {
  min: number
  mean: number
  p50: number
  p90: number
  p99: number
  p999: number
  max: number
}

/** Null of none. */
export function percentilesOf(histogram: Histogram): Percentiles | null {
  if (histogram.count === 0) return null
  const { min, mean, max } = histogram
  const [p50, p90, p99, p999] = [0.5, 0.9, 0.99, 0.999].map((share) => histogram.percentile(share))
  return { min, mean, p50, p90, p99, p999, max } as Percentiles
}

export interface Report {
  /** Of the payload's header; null without stamps. */
  stream: number | null
  end: End
  /** Why it failed. */
  error: string | null
  sender: {
    interface: string
    frames: number
    octets: number
    /** From the first frame to the last. */
    seconds: number
    framesPerSecond: number
    bitsPerSecond: number
    /** What the schedule asked for; null where it asks for no rate. */
    framesPerSecondWanted: number | null
    /** Batches that found no room and were sent again. */
    refused: number
    /** Seconds by which the schedule had to be put off. */
    behindSeconds: number
  }
  receiver: ReceiverReport | null
}

export interface ReceiverReport {
  interface: string
  /** Of the stream, each once; of a stream without stamps: all that came. */
  frames: number
  octets: number
  seconds: number
  framesPerSecond: number
  bitsPerSecond: number
  lost: number
  /** Of those sent. */
  lossRatio: number
  /** Null without stamps, as what follows. */
  flowsWithLoss: number | null
  duplicates: number | null
  reordered: number | null
  /** RFC 4737 4.2.1, frames. */
  reorderingExtent: Percentiles | null
  tooLate: number | null
  corrupted: number | null
  /** Of nobody's stream, or another's. */
  foreign: number | null
  /** Frames that the receiver itself had no room for; they count as lost. */
  kernelDrops: number
  /** Nanoseconds. */
  latency: Percentiles | null
}

export interface Outcome {
  stream: { id: number; stamp: boolean }
  end: End
  error: string | null
  /** Frames a second. */
  wanted: number | null
  to: string
  from: string | null
  sent: SenderTally
  received: ReceiverTally | null
}

export function reportOf({
  stream,
  end,
  error,
  wanted,
  to,
  from,
  sent,
  received,
}: Outcome): Report {
  const seconds = sent.elapsed / 1e9
  return {
    stream: stream.stamp ? stream.id : null,
    end,
    error,
    sender: {
      interface: to,
      frames: sent.frames,
      octets: sent.octets,
      ...ratesOf(sent.frames, sent.octets, seconds),
      framesPerSecondWanted: wanted,
      refused: sent.refused,
      behindSeconds: sent.late / 1e9,
    },
    receiver: received && receiverOf(received, from ?? to, sent.frames, stream.stamp),
  }
}

function receiverOf(
  tally: ReceiverTally,
  from: string,
  sent: number,
  stamp: boolean,
): ReceiverReport {
  const { unique, octets, lost, kernelDrops } = tally
  const known = <T>(value: T) => (stamp ? value : null)
  return {
    interface: from,
    frames: unique,
    octets,
    ...ratesOf(unique, octets, tally.elapsed / 1e9),
    lost,
    lossRatio: sent === 0 ? 0 : lost / sent,
    flowsWithLoss: known(tally.flowsWithLoss),
    duplicates: known(tally.duplicates),
    reordered: known(tally.reordered),
    reorderingExtent: tally.extent,
    tooLate: known(tally.tooLate),
    corrupted: known(tally.corrupted),
    foreign: known(tally.foreign),
    kernelDrops,
    latency: tally.latency,
  }
}

function ratesOf(frames: number, octets: number, seconds: number) {
  const per = (amount: number) => (seconds > 0 ? amount / seconds : 0)
  return { seconds, framesPerSecond: per(frames), bitsPerSecond: per(octets * 8) }
}

/** What a run may be told to fail on. */
export const FAULTS = ['loss', 'duplicates', 'reordering', 'corruption'] as const
export type Fault = (typeof FAULTS)[number]

/** Those that there were. A stream without stamps knows of loss only. */
export function faultsOf({ receiver }: Report): Fault[] {
  if (receiver === null) return []
  const counts: Record<Fault, number | null> = {
    loss: receiver.lost,
    duplicates: receiver.duplicates,
    reordering: receiver.reordered,
    corruption: receiver.corrupted,
  }
  return FAULTS.filter((fault) => (counts[fault] ?? 0) > 0)
}
