/** A switch of a config on the bench, and what it would do with frames. */
import { parseConfig } from '../../src/config/parse.js'
import type { ConfigInput } from '../../src/config/types.js'
import { type Trace, traceFrames } from '../../src/inspect/trace.js'
import type { BuildName } from './builds.js'
import { type Options, Rig } from './rig.js'

export class TraceBench extends Rig {
  constructor(build: BuildName, config: ConfigInput, options: Options = {}) {
    super(build, options)
    const { bridges, ports } = parseConfig(config)
    for (const [name, bridge] of Object.entries(bridges)) this.topology.addBridge(name, bridge)
    for (const [name, { bridge, up, device, ...policy }] of Object.entries(ports)) {
      const { mtu = 1500, offloads = false } = device as { mtu?: number; offloads?: boolean }
      this.port(name, { bridge, up, mtu, offloads })
      this.topology.setPort(name, { policy })
    }
    this.apply()
  }

  trace(port: string, ...frames: Uint8Array[]): Trace[] {
    return traceFrames(this.#host(), port, frames)
  }

  /** The trace of a super-frame, or of what is one. */
  segmented(port: string, frame: Uint8Array, segmentSize: number): Trace {
    return traceFrames(this.#host(), port, [frame], { segmentSize })[0] as Trace
  }

  #host() {
    const { attachment, topology, manager } = this
    return { attachment, topology, manager, now: () => this.now }
  }

  /** The trace of the last of the frames. */
  last(port: string, ...frames: Uint8Array[]): Trace {
    return this.trace(port, ...frames).at(-1) as Trace
  }

  /** A copy of all that the switch has. */
  memory(): Uint8Array {
    return new Uint8Array(this.attachment.memory.buffer).slice()
  }
}

/** `vlan: untagged, so of the native VLAN 1` a step. */
export const wordsOf = ({ steps }: Trace): string[] =>
  steps.map(({ stage, text }) => `${stage}: ${text}`)
