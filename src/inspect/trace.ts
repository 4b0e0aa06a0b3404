/** What the switch would do with a frame: a dry run on a copy of its memory, told step by step. */

import { DEFAULT_VLAN } from '../config/vlan-use.js'
import { type DryOutput, type DryRun, DryRunner } from '../dataplane/dry-run.js'
import type { Attachment } from '../dataplane/instance.js'
import type { Topology } from '../dataplane/topology.js'
import { LinkspanError } from '../error.js'
import { datagramsIn } from '../packet/datagram.js'
import { dissect, type Layer } from '../packet/dissect/dissect.js'
import { FRAME_MAX, formatHex } from '../packet/hex.js'
import { messageOf } from '../packet/super-frame.js'
import { frameOf } from '../packet/virtio.js'
import {
  type Arrival,
  type ArrivedDatagram,
  arrivalOf,
  describeArrival,
  describeDeparture,
  type LeavingDatagram,
} from './datagram.js'
import { explain, type Verdict } from './explain.js'
import type { Step } from './stages.js'
import { tagOf } from './tag.js'
import type { TracedOutput } from './way.js'

export interface TraceOutput {
  /** A socket of the underlay, where it is a datagram. */
  port: string
  /** Octets that leave, with partial checksums completed; a super-frame is left whole. */
  hex: string
  length: number
  /** Octets of payload of a segment, if the device is left to segment it. */
  segmentSize: number | null
  layers: Layer[]
  /** Where it leaves by a tunnel: the headers around the frame. */
  datagram: LeavingDatagram | null
}

export interface TraceDrop {
  /** Whom it is charged to: the port it came in by, or one that it did not leave by. */
  port: string
  reason: string
  text: string
}

export interface Trace {
  /** The one that was asked for. */
  port: string
  /** Null for a datagram of no tunnel. */
  bridge: string | null
  /** Null on a bridge that is not VLAN-aware, and where the frame was refused before it was known. */
  vlan: number | null
  /** The frame as it came in, header by header. */
  layers: Layer[]
  /** The headers around the frame, where it came in by a tunnel; null where those cannot be read, too. */
  datagram: ArrivedDatagram | null
  steps: Step[]
  verdict: Verdict
  outputs: TraceOutput[]
  drops: TraceDrop[]
  /** Tunnels that a flood did not go to: not counted as drops. */
  withheld: TraceDrop[]
}

export interface TraceOptions {
  /** Frames with more payload come as super-frames, of segments of so many octets of it. */
  segmentSize?: number | undefined
}

/** What a trace needs to know of the switch. */
export interface TraceHost {
  readonly attachment: Attachment
  readonly topology: Topology
  readonly manager: { readonly workers: number }
  now(): number
}

/**
 * Traces frames that follow each other: each finds what the ones before it left. To a port of the underlay
 * they are datagrams, and one that is a run of them has a trace for each.
 *
 * @throws LinkspanError NOT_FOUND for a port that is not there, INVALID for what no device could carry
 */
export function traceFrames(
  host: TraceHost,
  port: string,
  frames: readonly Uint8Array[],
  options: TraceOptions = {},
): Trace[] {
  const { topology, attachment, manager } = host
  const { underlay, tunnel } = topology.port(port)
  if (options.segmentSize !== undefined && (underlay || tunnel)) {
    const message = `trace: no super-frames come by ${port}: a datagram has a frame of its own`
    throw new LinkspanError('INVALID', message)
  }
  const ports = Array.from(topology.ports.values(), (each) => each.index)
  const long = frames.find((frame) => frame.length > FRAME_MAX)
  if (long) {
    const found = `found a frame of ${long.length} octets`
    throw new LinkspanError('INVALID', `trace: ${found}; a frame has at most ${FRAME_MAX}`)
  }
  const rules = [...topology.filter.slots.values()]
  const runner = new DryRunner(attachment, manager.workers, ports, rules)
  const given = underlay ? frames.flatMap(datagramsIn) : frames
  return given.map((frame) => trace(host, runner, { port, given: frame, ...options }))
}

interface Entering extends TraceOptions {
  port: string
  given: Uint8Array
}

function trace(host: TraceHost, runner: DryRunner, entering: Entering): Trace {
  const { topology } = host
  const { port, given } = entering
  const arrival = arrivalOf(topology, port, given)
  const { whole, frame, run } = passOf(host, runner, entering, arrival)
  const nameOf = (number: number) => topology.portName(number) ?? `#${number}`
  const outputs = run.outputs.map((output) => outputOf(topology, output, nameOf))
  const drops = run.drops.map(({ port: charged, reason }) => ({
    port: nameOf(charged),
    reason: reason.name,
    text: reason.text,
  }))
  const tunnel = arrival && tunnelOf(topology, run, nameOf)
  const datagram = arrival ? describeArrival(arrival, tunnel ?? null, afterOf(run)) : null
  const by = arrival ? (tunnel ?? arrival.socket) : port
  const view = { topology, port: by, frame, arrival, datagram, run, outputs, nameOf }
  const { verdict, steps, classified, withheld } = explain(view)
  return {
    port,
    bridge: by === arrival?.socket ? null : topology.port(by).bridge,
    vlan: classified ? (topology.domainName(run.fid)?.vlan ?? null) : null,
    layers: dissect(whole, { vxlanPort: arrival?.end?.port }),
    datagram,
    steps,
    verdict,
    outputs: outputs.map(describeOutput),
    drops,
    withheld,
  }
}

/** Lets the frame pass, or the datagram that it is in: `whole` is what came, `frame` the one to be told of. */
function passOf(
  host: TraceHost,
  runner: DryRunner,
  { port, given, segmentSize }: Entering,
  arrival: Arrival | undefined,
) {
  const { topology } = host
  const whole = arrival?.frame ?? given
  const frame = arrival?.read?.inner ?? whole
  const message = messageOf(whole, segmentSize)
  const [by] = arrival?.expected ?? [port]
  const fids = topology.domains.fidsOf(topology.port(by).bridge)
  const { index } = topology.port(arrival?.socket ?? port)
  const options = { entered: domainOf(topology, by, frame), outer: arrival?.read?.outer ?? 0 }
  return { whole, frame, run: runner.run(index, message, fids, host.now(), options) }
}

/** The tunnel that the packet path took a datagram for, if for one; whether it let it in or not. */
function tunnelOf(
  topology: Topology,
  { passage, drops }: DryRun,
  nameOf: (port: number) => string,
): string | undefined {
  const charged = drops.filter(({ reason }) => reason.direction === 'rx')
  const [name] = [passage.entry, ...charged].flatMap((one) => (one ? [nameOf(one.port)] : []))
  return name !== undefined && topology.port(name).tunnel ? name : undefined
}

function afterOf({ passage: { entry, frame } }: DryRun) {
  return entry && { frame, partial: entry.partial, segmentSize: entry.segmentSize }
}

function outputOf(
  topology: Topology,
  { port: number, tunnel, message }: DryOutput,
  nameOf: (port: number) => string,
): TracedOutput {
  const port = nameOf(number)
  const frame = frameOf(message)
  const by = tunnel === undefined ? port : nameOf(tunnel)
  const left = tunnel === undefined ? undefined : describeDeparture(topology, by, frame)
  const { datagram = null, inner = frame } = left ?? {}
  return { port, by, frame, inner, segmentSize: segmentSizeOf(message), datagram }
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

function describeOutput({ port, frame, segmentSize, datagram }: TracedOutput): TraceOutput {
  const hex = formatHex(frame)
  const layers = dissect(frame, { vxlanPort: datagram?.destinationPort })
  return { port, hex, length: frame.length, segmentSize, layers, datagram }
}
