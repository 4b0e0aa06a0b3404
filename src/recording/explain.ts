/** What becomes of one frame of a recording, looked at on a copy of the memory as it was before it. */
import { VIRTIO_HEADER } from '../dataplane/abi.js'
import { DryRunner } from '../dataplane/dry-run.js'
import { LinkspanError } from '../error.js'
import type { Replay, ReplayedFrame } from './replay.js'

export interface ExplainedFrame extends ReplayedFrame {
  /** Where it leaves, changed or not; a flood leaves by many. */
  outputs: { port: string; frame: Uint8Array }[]
  /** Why it does not leave, and whom that is charged to. */
  drops: { port: string; reason: string; text: string }[]
  /** What became of its source: learnt anew, moved here, or not learnt for want of room. */
  learned: boolean
  moved: boolean
  unlearned: boolean
}

/**
 * Looks at frame number `index`, before whose burst the replay stands; it may go on then.
 *
 * @param frames that came in so far
 * @throws LinkspanError code `NOT_FOUND`: the recording has no such frame, or the replay is past it
 */
export function explainFrame(replay: Replay, index: number, frames: number): ExplainedFrame {
  const burst = replay.next()
  const frame = burst[index - frames]
  if (frame === undefined) {
    const problem = index < frames ? 'the replay is past it' : `the recording has ${frames}`
    throw new LinkspanError('NOT_FOUND', `no frame ${index}: frames count from 0, and ${problem}`)
  }
  const { names, now, manager, memory, module } = replay
  const [ports, domains] = [names.ports, names.domains].map((all) => Object.keys(all).map(Number))
  const runner = new DryRunner({ module, memory }, manager.workers, ports as number[])
  const nameOf = (port: number) => names.ports[port] ?? `#${port}`
  const pass = (one: ReplayedFrame) =>
    runner.run(one.number, messageOf(one), domains as number[], one.time ?? now)
  // Each finds what the ones before it left.
  for (const one of burst.slice(0, index - frames)) pass(one)
  const { outputs, drops, learned, moved, unlearned } = pass(frame)
  return {
    ...frame,
    outputs: outputs.map(({ port, message }) => {
      return { port: nameOf(port), frame: message.subarray(VIRTIO_HEADER) }
    }),
    drops: drops.map(({ port, reason }) => {
      return { port: nameOf(port), reason: reason.name, text: reason.text }
    }),
    ...{ learned, moved, unlearned },
  }
}

function messageOf({ header, frame }: ReplayedFrame): Uint8Array {
  const message = new Uint8Array(header.length + frame.length)
  message.set(header)
  message.set(frame, header.length)
  return message
}
