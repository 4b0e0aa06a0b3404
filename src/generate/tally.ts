/** What sender and recorder have counted, as plain values that a thread can hand over. */
import type { Recorder } from './recorder.js'
import { percentilesOf, type ReceiverTally, type SenderTally } from './report.js'
import type { Sender } from './sender.js'

export function sentTally({ frames, octets, refused, elapsed, late }: Sender): SenderTally {
  return { frames, octets, refused, elapsed, late }
}

/** Of all parts together. */
export function sumOfTallies(parts: readonly SenderTally[]): SenderTally {
  const sum = (key: 'frames' | 'octets' | 'refused') =>
    parts.reduce((all, part) => all + part[key], 0)
  const most = (key: 'elapsed' | 'late') => Math.max(...parts.map((part) => part[key]))
  return {
    ...{ frames: sum('frames'), octets: sum('octets'), refused: sum('refused') },
    ...{ elapsed: most('elapsed'), late: most('late') },
  }
}

/** @param sent frames that each part of the stream has sent; `kernelDrops` those that the receiver had no room for */
export function receivedTally(
  recorder: Recorder,
  sent: readonly number[],
  kernelDrops: number,
): ReceiverTally {
  const { unique, octets, duplicates, reordered, tooLate, corrupted, foreign, window } = recorder
  const { lost, flows } = recorder.loss(sent)
  const elapsed = unique === 0 ? 0 : recorder.last - recorder.first
  return {
    ...{ unique, octets, duplicates, reordered, tooLate, corrupted, foreign, window, kernelDrops },
    ...{ lost, flowsWithLoss: flows, elapsed },
    latency: percentilesOf(recorder.latency),
    extent: percentilesOf(recorder.extent),
  }
}
