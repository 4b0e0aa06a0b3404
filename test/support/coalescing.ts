/** Bursts for a port that coalesces, and what they are when nothing was coalesced. */
import { formatHex } from '../../src/packet/hex.js'
import type { BuildName } from './builds.js'
import { BROADCAST, type PacketOptions, superFrame } from './frames.js'
import { type Offloaded, type Options, type Rig, rig, type Sent } from './rig.js'
import { segmentsOf } from './segments.js'
import { NOTHING } from './virtio.js'

/** `a` coalesces, `b` takes all offloads, `c` none. */
export function coalescing(build: BuildName, options: Options = {}): Rig {
  const made = rig(build, options).port('a', { coalesce: true, offloads: true, mtu: 9000 })
  return made.port('b', { offloads: true, mtu: 9000 }).port('c', { mtu: 9000 })
}

/** A stream of `count` segments of `size` octets of payload, and the super-frame that they are. */
export function stream(size: number, count: number, options: PacketOptions = {}) {
  const whole = superFrame(size, { to: BROADCAST, payload: size * count, ...options })
  return { whole, segments: segmentsOf(whole) }
}

export const hexes = (frames: readonly Uint8Array[]) => frames.map((each) => formatHex(each))

/** Sends a burst in by `a`; what comes out by `b`, and that by `c` in hexadecimal. */
export function through(bench: Rig, ...burst: readonly (Uint8Array | Offloaded)[]) {
  bench.inject('a', ...burst).run()
  return { whole: bench.sent('b'), cut: hexes(bench.frames('c')) }
}

/** Super-frames in segments, all else as it is. */
export function expanded(sent: readonly Sent[]): Uint8Array[] {
  return sent.flatMap(({ header, frame }) =>
    header && header.gsoType !== 0 ? segmentsOf({ header, frame }) : [frame],
  )
}

export const asIs = (frames: readonly Uint8Array[]): Sent[] =>
  frames.map((frame) => ({ header: { ...NOTHING }, frame }))
