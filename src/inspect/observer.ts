/** Copies of the frames that pass, as far as a filter keeps them, with names for numbers. */
import { isTagType } from '../config/tpid.js'
import { DEFAULT_VLAN } from '../config/vlan-use.js'
import type { CapturedFrame, CapturePlace, Captures, Wanted } from '../dataplane/captures.js'
import type { PortState, Topology } from '../dataplane/topology.js'
import { type CaptureFilter, matches } from '../packet/filter.js'
import { completePartial } from '../packet/partial.js'
import { tagOf } from './tag.js'

export interface FrameFilter extends CaptureFilter {
  /** All ports of a bridge, but those that mirrors send copies to. */
  bridge?: string | undefined
  /** Only frames that are dropped on their way in. */
  dropped?: boolean | undefined
  /** Most octets of a frame; all of it if left out. */
  snapLength?: number | undefined
}

export interface ObservedFrame {
  /** The port's name. */
  port: string
  /** Receive is into the switch. */
  direction: 'receive' | 'transmit'
  /** Why it was dropped on its way in: a drop reason and its text; null if it was not. */
  dropped: { reason: string; text: string } | null
  /** Octets of the frame, of which `frame` has the first. */
  length: number
  /** A copy, for keeps; a checksum that was left to hardware is completed. */
  frame: Uint8Array
  /** Milliseconds on the switch's clock. */
  time: number
}

export interface ObserverHost {
  readonly captures: Captures
  readonly topology: Topology
}

/** Octets that are asked for even if fewer are kept: what filters look at. */
const HEADERS = 128
const SNAP_LENGTH = 262_144

export class Observer {
  readonly #host: ObserverHost
  readonly #onFrame: (frame: ObservedFrame) => void
  readonly #place: CapturePlace
  #filter: FrameFilter = {}

  /**
   * Takes its place; frames come from `watch` on, whenever somebody drains the captures.
   *
   * @throws LinkspanError LIMIT when as many captures run as can
   */
  constructor(host: ObserverHost, onFrame: (frame: ObservedFrame) => void) {
    this.#host = host
    this.#onFrame = onFrame
    this.#place = host.captures.reserve((captured) => this.#take(captured))
  }

  /** Sets what is kept from now on. @throws LinkspanError NOT_FOUND for a port that is not there */
  watch(filter: FrameFilter): void {
    const wanted = wantedOf(this.#host.topology, filter)
    this.#filter = filter
    this.#place.watch(wanted)
  }

  /** No more frames come; what was captured before is given first. Again is harmless. */
  close(): void {
    this.#place.stop()
  }

  #take({ port: index, direction, reason, length, frame, time }: CapturedFrame): void {
    const { topology } = this.#host
    const port = topology.portName(index) ?? `#${index}`
    const state = topology.ports.get(port)
    const filter = this.#filter
    if (filter.bridge !== undefined) {
      if (state?.bridge !== filter.bridge || topology.isMirrorTarget(port)) return
    }
    const vlan = filter.vlan === undefined ? undefined : this.#vlanOf(port, state, frame)
    if (!matches(filter, frame, { port, direction, vlan })) return
    if (frame.length === length) completePartial(frame)
    const { snapLength = length } = filter
    this.#onFrame({
      port,
      direction,
      dropped: reason ? { reason: reason.name, text: reason.text } : null,
      length,
      frame: frame.length > snapLength ? frame.slice(0, snapLength) : frame,
      time,
    })
  }

  /** The VLAN of a frame that its tag does not tell; undefined where the tag does. */
  #vlanOf(port: string, state: PortState | undefined, frame: Uint8Array): number | undefined {
    const { topology } = this.#host
    const bridge = topology.bridges.get(state?.bridge ?? '')
    if (state === undefined || !bridge?.vlanAware || topology.isMirrorTarget(port)) return undefined
    const { vlan = DEFAULT_VLAN } = state.policy ?? {}
    const tag = vlan.mode === 'tunnel' ? undefined : tagOf(frame, bridge)
    if (tag && tag.vid !== 0) return undefined
    return vlan.native
  }
}

/** What the module is asked for: no less than the filter lets through. */
function wantedOf(topology: Topology, filter: FrameFilter): Wanted {
  const { port, mac, etherType, address, direction, dropped, snapLength } = filter
  return {
    port: port === undefined ? undefined : topology.port(port).index,
    mac,
    // The module looks behind tags; whoever asks for tags is answered here.
    etherType: etherType !== undefined && isTagType(etherType) ? undefined : etherType,
    address,
    direction,
    dropped,
    snapLength: Math.max(snapLength ?? SNAP_LENGTH, HEADERS),
  }
}
