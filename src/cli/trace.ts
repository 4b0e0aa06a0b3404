/** `linkspan trace`: what the running switch would do with a frame. */
import { readFileSync } from 'node:fs'
import type { Trace } from '../control/trace/trace.js'
import { LinkspanError } from '../error.js'
import { CaptureReader } from '../packet/capture/reader.js'
import { call, type Target } from './client.js'

export interface TraceOptions extends Target {
  port: string
  hex?: string
  pcap?: string
  vlan?: number
  priority?: number
  length?: number
  fromMac?: string
  toMac?: string
  json?: boolean
}

/** Frames in one request. */
const BATCH = 200

export async function trace(words: readonly string[], options: TraceOptions): Promise<void> {
  const given = [words.length > 0, options.hex !== undefined, options.pcap !== undefined]
  if (given.filter(Boolean).length !== 1) {
    throw new LinkspanError(
      'INVALID',
      'trace needs a flow (tcp 10.55.0.2:40000 10.55.0.3:5432), --hex or --pcap, one of them',
    )
  }
  const { port } = options
  if (options.pcap !== undefined) return traceFile(options.pcap, options)
  const body =
    options.hex === undefined
      ? { port, flow: flowOf(words, options) }
      : { port, frames: [options.hex] }
  print(await call<Trace[]>(options, 'POST', '/v1/trace', body), options)
}

function flowOf(words: readonly string[], options: TraceOptions): object {
  const { vlan, priority, length, fromMac: sourceMac, toMac: destinationMac } = options
  return { words, vlan, priority, length, sourceMac, destinationMac }
}

/** The packets of a capture file, one after the other, as if they came in by the port. */
async function traceFile(path: string, options: TraceOptions): Promise<void> {
  const reader = new CaptureReader()
  reader.push(readFileSync(path))
  reader.end()
  let batch: string[] = []
  const flush = async () => {
    if (batch.length === 0) return
    const body = { port: options.port, frames: batch }
    batch = []
    print(await call<Trace[]>(options, 'POST', '/v1/trace', body), options)
  }
  for (let packet = reader.next(); packet; packet = reader.next()) {
    batch.push(Buffer.from(packet.frame).toString('hex'))
    if (batch.length === BATCH) await flush()
  }
  await flush()
  if (reader.truncated)
    console.error(`linkspan: ${path} is cut off at octet ${reader.truncated.offset}`)
}

function print(traces: Trace[], { json }: TraceOptions): void {
  for (const trace of traces) console.log(json ? JSON.stringify(trace) : textOf(trace))
}

function textOf({ layers, steps, verdict, outputs, drops }: Trace): string {
  const width = Math.max(...steps.map(({ stage }) => stage.length))
  const dropped = drops.map(({ port, reason }) => `${reason} (${port})`).join(', ')
  const end = verdict === 'dropped' ? `dropped: ${dropped}` : verdict
  return [
    ...layers.map(({ layer, text }) => `  ${layer.padEnd(10)} ${text}`),
    ...steps.map(({ stage, text }) => `${stage.padEnd(width)}  ${text}`),
    `=> ${end}`,
    ...outputs.flatMap(({ port, length, hex }) => [`-> ${port}, ${length} octets`, dump(hex)]),
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
