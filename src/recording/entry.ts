/**
 * An entry of a recording: a call of the dataplane with all that it was given. Little-endian:
 *
 *   0 u32 octets of the entry, a multiple of 8      4 u8 kind, u8 call, u8 worker, u8 arguments
 *   8 f64 what the call returned; NaN: it never did
 *  16 u32 hash of the frames that it sent          20 u32 frames; octets of a note or of scratch
 *  24 f64 an argument each; then what `20` counts
 *
 * A frame is u32 address of its Ethernet header, u32 length, and the octets from its virtio-net header
 * on, padded to a multiple of 8.
 */
import { VIRTIO_HEADER } from '../dataplane/abi.js'

/** A gap is octets of no meaning: length and kind are all there is of it for certain. */
export const Kind = { CALL: 1, NOTE: 2, GAP: 3 } as const

export const ENTRY = 24
/** Offsets in an entry. */
export const At = {
  KIND: 4,
  CALL: 5,
  WORKER: 6,
  ARGUMENTS: 7,
  RESULT: 8,
  HASH: 16,
  COUNT: 20,
} as const
export const FRAME = 8

export const padded = (octets: number): number => (octets + 7) & ~7

/** Octets that a frame takes in an entry. */
export const frameSize = (length: number): number => FRAME + padded(VIRTIO_HEADER + length)

/** Writes what all entries begin with. */
export function writeHead(
  view: DataView,
  at: number,
  octets: number,
  head: { kind: number; call?: number; worker?: number; count?: number },
): void {
  view.setUint32(at, octets, true)
  view.setUint8(at + At.KIND, head.kind)
  view.setUint8(at + At.CALL, head.call ?? 0)
  view.setUint8(at + At.WORKER, head.worker ?? 0)
  view.setUint8(at + At.ARGUMENTS, 0)
  view.setFloat64(at + At.RESULT, Number.NaN, true)
  view.setUint32(at + At.HASH, 0, true)
  view.setUint32(at + At.COUNT, head.count ?? 0, true)
}

/** Writes the arguments of a call; returns where its frames go. */
export function writeArguments(view: DataView, at: number, given: readonly number[]): number {
  view.setUint8(at + At.ARGUMENTS, given.length)
  for (const [index, value] of given.entries()) view.setFloat64(at + ENTRY + 8 * index, value, true)
  return at + ENTRY + 8 * given.length
}

/** An entry as it is read. */
export interface Entry {
  kind: number
  call: number
  worker: number
  given: number[]
  result: number
  hash: number
  count: number
  /** Where its frames, its scratch or its note begin. */
  rest: number
  /** Where the next entry begins. */
  end: number
}

const GAP = { kind: Kind.GAP, call: 0, worker: 0, given: [], result: 0, hash: 0, count: 0 }

/** The entry at an offset; undefined where it is not whole. */
export function readEntry(view: DataView, at: number): Entry | undefined {
  if (at + 8 > view.byteLength) return undefined
  const end = at + view.getUint32(at, true)
  const kind = view.getUint8(at + At.KIND)
  if (kind === Kind.GAP)
    return end > at && end <= view.byteLength ? { ...GAP, rest: end, end } : undefined
  if (at + ENTRY > view.byteLength) return undefined
  const count = view.getUint8(at + At.ARGUMENTS)
  const rest = at + ENTRY + 8 * count
  if (end <= at || end > view.byteLength || rest > end) return undefined
  return {
    kind,
    call: view.getUint8(at + At.CALL),
    worker: view.getUint8(at + At.WORKER),
    given: Array.from({ length: count }, (_, index) =>
      view.getFloat64(at + ENTRY + 8 * index, true),
    ),
    result: view.getFloat64(at + At.RESULT, true),
    hash: view.getUint32(at + At.HASH, true),
    count: view.getUint32(at + At.COUNT, true),
    rest,
    end,
  }
}
