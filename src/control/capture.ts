/**
 * Captures for clients: frames that the workers copied, as pcapng, with the names of ports as those of
 * interfaces and drop reasons as comments. A client that reads too slowly loses frames, which are
 * counted in the file.
 */
import { release } from 'node:os'
import type { CapturedFrame, Captures, Wanted } from '../dataplane/captures.js'
import type { Topology } from '../dataplane/topology.js'
import { PcapngWriter } from '../packet/capture/pcapng-writer.js'
import { type CaptureFilter, matches } from '../packet/filter.js'

export interface CaptureOptions extends CaptureFilter {
  /** Only frames that are dropped on their way in. */
  dropped?: boolean | undefined
  /** Most octets of a frame; all of it if left out. */
  snapLength?: number | undefined
  /** Frames after which the capture ends. */
  count?: number | undefined
}

/** Where the file's octets go. */
export interface CaptureTarget {
  /** Octets that were written and not yet taken. */
  readonly waiting: number
  write(octets: Uint8Array): void
  /** No more will come. */
  end(): void
}

export interface CaptureHost {
  readonly captures: Captures
  readonly topology: Topology
}

/** The rings of workers are emptied this often while somebody captures. */
const DRAIN_INTERVAL = 10
/** Octets that may wait for a client. */
const WAITING_MAX = 8 << 20
const SNAP_LENGTH = 262_144

export class Capture {
  readonly #host: CaptureHost
  readonly #target: CaptureTarget
  readonly #filter: CaptureOptions
  readonly #writer = new PcapngWriter()
  /** Numbers of interfaces in the file, by port. */
  readonly #interfaces = new Map<string, number>()
  readonly #stop: () => void
  readonly #timer: NodeJS.Timeout
  /** What the wall clock is ahead of the workers' one, nanoseconds. */
  readonly #offset: bigint
  #frames = 0
  #dropped = 0
  #untold = 0

  /** @param now the clock of the workers, milliseconds */
  constructor(host: CaptureHost, filter: CaptureOptions, target: CaptureTarget, now: number) {
    this.#host = host
    this.#target = target
    this.#filter = filter
    this.#offset = BigInt(Date.now()) * 1_000_000n - nanoseconds(now)
    this.#writer.section({ os: `Linux ${release()}`, application: 'Linkspan' })
    this.#target.write(this.#writer.take())
    this.#stop = host.captures.start(wantedOf(host.topology, filter), (frame) => this.#take(frame))
    this.#timer = setInterval(() => host.captures.drain(), DRAIN_INTERVAL)
  }

  /** Frames that were written, and frames that the client was too slow for. */
  get frames(): number {
    return this.#frames
  }
  get dropped(): number {
    return this.#dropped
  }

  #take(captured: CapturedFrame): void {
    const port = this.#host.topology.portName(captured.port) ?? `#${captured.port}`
    const { direction } = captured
    if (this.#frames === this.#filter.count) return
    if (!matches(this.#filter, captured.frame, { port, direction, vlan: this.#vlanOf(captured) })) {
      return
    }
    if (this.#target.waiting > WAITING_MAX) {
      this.#dropped++
      this.#untold++
      return
    }
    this.#write(port, captured)
  }

  /** The VLAN of a frame without a tag: the native one of its port. */
  #vlanOf({ port, frame }: CapturedFrame): number | undefined {
    const { topology } = this.#host
    const state = topology.ports.get(topology.portName(port) ?? '')
    if (state === undefined || !topology.bridges.get(state.bridge)?.vlanAware) return undefined
    const vlan = state.policy?.vlan
    const type = frame.length < 18 ? 0 : ((frame[12] as number) << 8) | (frame[13] as number)
    const tagged = vlan?.mode !== 'tunnel' && (type === 0x8100 || type === 0x88a8)
    return tagged ? undefined : (vlan?.native ?? (vlan === undefined ? 1 : undefined))
  }

  #write(port: string, { frame, length, direction, reason, time }: CapturedFrame): void {
    const snap = this.#filter.snapLength ?? SNAP_LENGTH
    this.#writer.packet(frame.length > snap ? frame.subarray(0, snap) : frame, {
      interface: this.#interfaceOf(port),
      time: nanoseconds(time) + this.#offset,
      originalLength: length,
      direction,
      ...(reason && { comments: [`dropped (${reason.name}): ${reason.text}`] }),
      ...(this.#untold > 0 && { dropped: this.#untold }),
    })
    this.#untold = 0
    this.#frames++
    this.#target.write(this.#writer.take())
    if (this.#frames === this.#filter.count) this.#target.end()
  }

  #interfaceOf(port: string): number {
    const known = this.#interfaces.get(port)
    if (known !== undefined) return known
    const { snapLength = 0 } = this.#filter
    this.#writer.interface({ name: port, snapLength })
    this.#interfaces.set(port, this.#interfaces.size)
    return this.#interfaces.size - 1
  }

  /** Ends the capture; what was in the rings is written. Again is harmless. */
  close(): void {
    clearInterval(this.#timer)
    this.#stop()
  }
}

/** What the module is asked for: no less than the filter lets through. */
function wantedOf(topology: Topology, filter: CaptureOptions): Wanted {
  const { port, mac, etherType, address, direction, dropped, snapLength } = filter
  return {
    port: port === undefined ? undefined : topology.port(port).index,
    mac,
    // Of a tag is exact business; the module looks at the payload's.
    etherType: etherType === 0x8100 || etherType === 0x88a8 ? undefined : etherType,
    address,
    direction,
    dropped,
    snapLength: Math.max(snapLength ?? SNAP_LENGTH, 128),
  }
}

const nanoseconds = (ms: number): bigint => BigInt(Math.round(ms * 1000)) * 1000n
