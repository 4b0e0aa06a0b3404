/** Frames of a capture file, to be sent as they are. */
import { LinkspanError } from '../error.js'
import { CaptureReader } from '../packet/capture/reader.js'
import { FRAME_MAX } from '../packet/hex.js'
import { HEADER_MIN } from './template.js'

export interface FileFrames {
  frames: readonly Uint8Array[]
  /** Nanoseconds since the first one, ascending. */
  offsets: readonly number[]
  /** Nanoseconds from the first to the first of the next round. */
  span: number
  /** Left out, since the capture had cut them short, or they are longer than a frame can be. */
  leftOut: number
}

/** What is held in memory at most; threads have copies. */
const FRAMES_MAX = 1_000_000
const OCTETS_MAX = 64 * 1024 * 1024

/** @throws LinkspanError where the file is damaged, too large, or has no whole frame */
export function readFrames(octets: Uint8Array, name: string): FileFrames {
  const reader = new CaptureReader(name)
  reader.push(octets)
  reader.end()
  const frames: Uint8Array[] = []
  const offsets: number[] = []
  let [leftOut, total] = [0, 0]
  let first: bigint | undefined
  for (let packet = reader.next(); packet; packet = reader.next()) {
    const { frame, originalLength, time = 0n } = packet
    if (frame.length < originalLength || frame.length > FRAME_MAX || frame.length < HEADER_MIN) {
      leftOut++
      continue
    }
    total += frame.length
    checkRoom(name, frames.length + 1, total)
    first ??= time
    // A clock that was set back makes no frame come before the one before it.
    offsets.push(Math.max(offsets.at(-1) ?? 0, Number(time - first)))
    frames.push(frame)
  }
  if (frames.length === 0) {
    throw new LinkspanError('INVALID', `${name} has no whole frame: there is nothing to send`)
  }
  const last = offsets.at(-1) ?? 0
  return { frames, offsets, span: last + Math.max(1, last / frames.length), leftOut }
}

function checkRoom(name: string, frames: number, octets: number): void {
  if (frames <= FRAMES_MAX && octets <= OCTETS_MAX) return
  const most = `${FRAMES_MAX} frames or ${OCTETS_MAX / 1024 / 1024} MiB`
  throw new LinkspanError('LIMIT', `${name} has more than ${most}; cut it by "editcap -c"`)
}
