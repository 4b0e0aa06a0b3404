/** Frames of a capture as text. */
import { FrameLines, frameLine, type LineOptions } from '../../packet/line/line.js'
import { type CapturedFrame, lossText } from './captured-frame.js'

/**
 * A frame as a line, as `tcpdump -n` prints it: `IP 10.55.0.2 > 10.55.0.3: ICMP echo request, id 1, seq 0,
 * length 64`. TCP's sequence numbers are as in the frame (`tcpdump -S`); what applications say is not read.
 * VLAN tags stand before the packet.
 *
 * @param frame from the destination MAC on, without FCS
 */
export function decode(frame: Uint8Array, options: LineOptions = {}): string {
  return frameLine(frame, options)
}

/** A line a frame; TCP's sequence numbers count from the connection's first, as tcpdump's do. */
export function captureText(frames: readonly CapturedFrame[]): string {
  const lines = new FrameLines()
  const most = Math.max(0, ...new Set(frames.map(({ link }) => link?.length ?? 0)))
  const rows = frames.map((frame) => {
    const { time, link, direction, octets, lost } = frame
    const where = `${(link ?? '-').padEnd(most)} ${direction.padEnd(3)}`
    const why = lost === null ? '' : ` [${lossText(frame)}]`
    return `${time.toFixed(3).padStart(10)} ${where} ${lines.line(octets)}${why}\n`
  })
  return rows.join('')
}
