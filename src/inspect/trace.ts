/** What the switch would do with a frame: a dry run on a copy of its memory, told step by step. */

import { DEFAULT_VLAN } from '../config/vlan-use.js'
import { DryRunner } from '../dataplane/dry-run.js'
import type { Attachment } from '../dataplane/instance.js'
import type { Topology } from '../dataplane/topology.js'
import { LinkspanError } from '../error.js'
import { dissect, type Layer } from '../packet/dissect/dissect.js'
import { FRAME_MAX, formatHex } from '../packet/hex.js'
import { frameOf, VIRTIO_HEADER } from '../packet/virtio.js'
import { explain, type Step, type Verdict } from './explain.js'
import { tagOf } from './tag.js'
import type { TracedOutput } from './way.js'

export interface TraceOutput {
  port: string
  /** Octets that leave, with partial checksums completed; a super-frame is left whole. */
  hex: string
  length: number
  /** Octets of payload of a segment, if the device is left to segment it. */
  segmentSize: number | null
  layers: Layer[]
}

export interface TraceDrop {
  /** Whom it is charged to: the port it came in by, or one that it did not leave by. */
  port: string
  reason: string
  text: string
}

export interface Trace {
  port: string
  bridge: string
  /** Null on a bridge that is not VLAN-aware, and where the frame was refused before it was known. */
  vlan: number | null
  /** The frame as it came in, header by header. */
  layers: Layer[]
  steps: Step[]
  verdict: Verdict
  outputs: TraceOutput[]
  drops: TraceDrop[]
}

/** What a trace needs to know of the switch. */
export interface TraceHost {
  readonly attachment: Attachment
  readonly topology: Topology
  readonly manager: { readonly workers: number }
  now(): number
}

/**
 * Traces frames that follow each other: each finds what the ones before it left.
 *
 * @throws LinkspanError NOT_FOUND for a port that is not there, INVALID for what no device could carry
 */
export function traceFrames(host: TraceHost, port: string, frames: readonly Uint8Array[]): Trace[] {
  const { topology, attachment, manager } = host
  const { index } = topology.port(port)
  const ports = Array.from(topology.ports.values(), (each) => each.index)
  const long = frames.find((frame) => frame.length > FRAME_MAX)
  if (long) {
    const found = `found a frame of ${long.length} octets`
    throw new LinkspanError('INVALID', `trace: ${found}; a frame has at most ${FRAME_MAX}`)
  }
  const rules = [...topology.filter.slots.values()]
  const runner = new DryRunner(attachment, manager.workers, ports, rules)
  return frames.map((frame) => trace(host, runner, port, index, frame))
}

function trace(
  host: TraceHost,
  runner: DryRunner,
  port: string,
  index: number,
  frame: Uint8Array,
): Trace {
  const { topology } = host
  const { bridge } = topology.port(port)
  const message = new Uint8Array(VIRTIO_HEADER + frame.length)
  message.set(frame, VIRTIO_HEADER)
  const fids = topology.domains.fidsOf(bridge)
  const run = runner.run(index, message, fids, host.now(), domainOf(topology, port, frame))
  const layers = dissect(frame)
  const nameOf = (number: number) => topology.portName(number) ?? `#${number}`
  const sent = run.outputs.map(({ port: number, message: octets }) => ({
    port: nameOf(number),
    frame: frameOf(octets),
    segmentSize: segmentSizeOf(octets),
  }))
  const drops = run.drops.map(({ port: charged, reason }) => ({
    port: nameOf(charged),
    reason: reason.name,
    text: reason.text,
  }))
  const view = { topology, port, frame, run, outputs: sent, nameOf }
  const { verdict, steps, classified } = explain(view)
  const vlan = classified ? (topology.domainName(run.fid)?.vlan ?? null) : null
  const outputs = sent.map(describeOutput)
  return { port, bridge, vlan, layers, steps, verdict, outputs, drops }
}

/** The broadcast domain that a frame is of, if the port takes it. */
function domainOf(topology: Topology, port: string, frame: Uint8Array): number {
  const { bridge, policy } = topology.port(port)
  const settings = topology.bridge(bridge)
  if (!settings.vlanAware) return topology.domains.fidOf(bridge, null) ?? 0
  const { mode, native = DEFAULT_VLAN.native } = policy?.vlan ?? DEFAULT_VLAN
  const vid = mode === 'tunnel' ? 0 : (tagOf(frame, settings)?.vid ?? 0)
  return topology.domains.fidOf(bridge, vid === 0 ? (native ?? null) : vid) ?? 0
}

function segmentSizeOf(message: Uint8Array): number | null {
  const view = new DataView(message.buffer, message.byteOffset)
  return view.getUint8(1) === 0 ? null : view.getUint16(4, true)
}

function describeOutput({ port, frame, segmentSize }: TracedOutput): TraceOutput {
  const hex = formatHex(frame)
  return { port, hex, length: frame.length, segmentSize, layers: dissect(frame) }
}
