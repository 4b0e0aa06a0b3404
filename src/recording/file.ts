/**
 * A recording as a file: gzip of 8 octets, then chunks: u32 kind, u32 octets, then these. Little-endian. The
 * head is JSON; the last chunk says how the recording ended, so that a file that was cut is known.
 */
import { LinkspanError } from '../error.js'
import { endOf, headOf } from './shape.js'

const MAGIC = 'LNKSPREC'
export const FORMAT = 1

export const Chunk = { HEAD: 1, IMAGE: 2, ENTRIES: 3, END: 4 } as const

/** A port or a broadcast domain, as it was called. */
export interface Names {
  ports: Record<number, string>
  domains: Record<number, string>
}

export interface RecordingHead {
  format: number
  /** Of the packet path: src/dataplane/generated/identity.ts. */
  module: string
  /** Octets of memory, and forwarding workers that it has room for. */
  memory: number
  workers: number
  /** Wall clock, ISO 8601; null in virtual time. */
  started: string | null
  /** Milliseconds of the clock that calls have. */
  now: number
  /** Names of the calls, by their codes. */
  calls: string[]
  names: Names
  /** As it stood. */
  config: unknown
}

export interface RecordingEnd {
  /** Why: stopped, or what came in between. */
  reason: string
  /** Of the memory: dataplane/image.ts. Null where something may have changed since the last entry. */
  state: string | null
}

/** What a file begins with. */
export function magic(): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(MAGIC) as Uint8Array<ArrayBuffer>
}

export function chunk(kind: number, octets: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 + octets.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, kind, true)
  view.setUint32(4, octets.length, true)
  bytes.set(octets, 8)
  return bytes
}

export function jsonChunk(
  kind: number,
  value: RecordingHead | RecordingEnd,
): Uint8Array<ArrayBuffer> {
  return chunk(kind, new TextEncoder().encode(JSON.stringify(value)))
}

export interface Chunks {
  head: RecordingHead
  image: Uint8Array
  entries: Uint8Array
  /** Undefined: the file was cut. */
  end: RecordingEnd | undefined
}

/** Reads chunks as far as they are whole. */
export function readChunks(bytes: Uint8Array): Chunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (new TextDecoder().decode(bytes.subarray(0, 8)) !== MAGIC) {
    throw recordingError('this is no recording of linkspan: expected a file of "linkspan record"')
  }
  const parts = new Map<number, Uint8Array[]>()
  let at = 8
  while (at + 8 <= bytes.length) {
    const [kind, length] = [view.getUint32(at, true), view.getUint32(at + 4, true)]
    // Of entries, what is there; of all else, all or nothing.
    if (at + 8 + length > bytes.length && kind !== Chunk.ENTRIES) break
    const octets = bytes.subarray(at + 8, at + 8 + length)
    const before = parts.get(kind)
    if (before) before.push(octets)
    else parts.set(kind, [octets])
    at += 8 + length
  }
  const [head] = parts.get(Chunk.HEAD) ?? []
  const image = parts.get(Chunk.IMAGE)
  if (!head || !image) throw recordingError('the recording is cut before its first frame')
  const [end] = parts.get(Chunk.END) ?? []
  return {
    head: headOf(checked(parse(head, 'head'))) ?? damaged('head'),
    image: joined(image),
    entries: joined(parts.get(Chunk.ENTRIES) ?? []),
    end: end && (endOf(parse(end, 'end')) ?? damaged('end')),
  }
}

function parse(octets: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(octets))
  } catch (cause) {
    return damaged(what, { cause })
  }
}

/** Of another format the rest may look otherwise. */
function checked(head: unknown): unknown {
  const format = (head as Partial<RecordingHead> | null)?.format
  if (format === FORMAT || typeof format !== 'number') return head
  throw recordingError(
    `the recording has format ${format}; expected ${FORMAT}: replay it with the version of linkspan that made it`,
  )
}

function damaged(what: string, options?: ErrorOptions): never {
  throw recordingError(`the recording is damaged: its ${what} cannot be read`, options)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

export function recordingError(message: string, options?: ErrorOptions): LinkspanError {
  return new LinkspanError('RECORDING', message, options)
}
