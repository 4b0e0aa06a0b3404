/** `linkspan trace`: what the running switch would do with a frame. */
import { LinkspanError } from '../error.js'
import type { Trace } from '../inspect/trace.js'
import { CaptureReader } from '../packet/capture/reader.js'
import { formatHex } from '../packet/hex.js'
import { call } from './client.js'
import { readOctets } from './file.js'
import type { Target } from './target.js'

export interface TraceOptions extends Target {
  port: string
  hex?: string
  pcap?: string
  vlan?: number
  priority?: number
  length?: number
  fromMac?: string
  toMac?: string
  segmentSize?: number
  json?: boolean
}

/** What one request holds: frames, and octets of them. */
const FRAMES_MAX = 1000
const OCTETS_MAX = 3 << 19

export async function trace(words: readonly string[], options: TraceOptions): Promise<void> {
  const given = [words.length > 0, options.hex !== undefined, options.pcap !== undefined]
  if (given.filter(Boolean).length !== 1) {
    throw new LinkspanError(
      'USAGE',
      'trace needs a flow (tcp 10.55.0.2:40000 10.55.0.3:5432), --hex or --pcap, one of them',
    )
  }
  const { port, segmentSize } = options
  if (options.pcap !== undefined) return traceFile(options.pcap, options)
  const body =
    options.hex === undefined
      ? { port, flow: flowOf(words, options), segmentSize }
      : { port, frames: [options.hex], segmentSize }
  print(await call<Trace[]>(options, 'POST', '/v1/trace', body), options)
}

function flowOf(words: readonly string[], options: TraceOptions): object {
  const { vlan, priority, length, fromMac: sourceMac, toMac: destinationMac } = options
  return { words, vlan, priority, length, sourceMac, destinationMac }
}

/**
 * The packets of a capture file, one after the other, as if they came in by the port: in one request,
 * since each is to find what the ones before it left.
 */
async function traceFile(path: string, options: TraceOptions): Promise<void> {
  const { frames, cut, more, truncated } = readFrames(path)
  if (frames.length === 0) {
    throw new LinkspanError('INVALID', `${path} has no whole packet: there is nothing to trace`)
  }
  const { port, segmentSize } = options
  const body = { port, frames, segmentSize }
  print(await call<Trace[]>(options, 'POST', '/v1/trace', body), options)
  const warn = (text: string) => console.error(`linkspan: ${path}${text}`)
  if (cut > 0) warn(`: ${cut} packets left out: the capture had cut them short`)
  if (more) warn(`: traced the first ${frames.length} packets; a "pcap" port replays them all`)
  if (truncated) warn(` ends in the middle of a packet, at octet ${truncated.offset}`)
}

function readFrames(path: string) {
  const reader = new CaptureReader(path)
  reader.push(readOctets(path))
  reader.end()
  const frames: string[] = []
  let [octets, cut, more] = [0, 0, false]
  for (let packet = reader.next(); packet && !more; packet = reader.next()) {
    const { frame, originalLength } = packet
    if (frame.length < originalLength) cut++
    else if (frames.length === FRAMES_MAX || octets + frame.length > OCTETS_MAX) more = true
    else {
      octets += frame.length
      frames.push(formatHex(frame))
    }
  }
  return { frames, cut, more, truncated: reader.truncated }
}

function print(traces: Trace[], { json }: TraceOptions): void {
  for (const trace of traces) console.log(json ? JSON.stringify(trace) : textOf(trace))
}

/** Verdicts that a word alone does not explain. */
const ends: Partial<Record<Trace['verdict'], string>> = {
  local: 'local: for the router itself',
  answered: 'answered: in the name of who is behind a tunnel',
  held: 'held: it waits',
}

function textOf({ layers, steps, verdict, outputs, drops, withheld }: Trace): string {
  const width = Math.max(...steps.map(({ stage }) => stage.length))
  const reasons = drops.length > 0 ? drops : withheld
  const dropped = reasons.map(({ port, reason }) => `${reason} (${port})`).join(', ')
  const end = verdict === 'dropped' ? `dropped: ${dropped}` : (ends[verdict] ?? verdict)
  return [
    ...layers.map(({ layer, text }) => `  ${layer.padEnd(10)} ${text}`),
    ...steps.map(({ stage, text }) => `${stage.padEnd(width)}  ${text}`),
    `=> ${end}`,
    ...outputs.flatMap(({ port, length, hex, datagram }) => {
      const by = datagram ? `${datagram.tunnel} by ${port}` : port
      return [`-> ${by}, ${length} octets`, dump(hex)]
    }),
    '',
  ].join('\n')
}

/** Sixteen octets a line with their offset, as `tcpdump -xx` and xxd have them. */
function dump(hex: string): string {
  const lines: string[] = []
  for (let at = 0; at < hex.length; at += 32) {
    const words = hex.slice(at, at + 32).match(/.{1,4}/g) ?? []
    lines.push(`   0x${(at / 2).toString(16).padStart(4, '0')}:  ${words.join(' ')}`)
  }
  return lines.join('\n')
}
