/** What the network's end of a port does with it. */
import type { PortCounters } from '../dataplane/manager.js'
import type { Topology } from '../dataplane/topology.js'
import type { MemoryDevice } from './memory.js'

/** A port with a memory device: what the network's end does with it. */
export class MemoryPort {
  constructor(
    readonly name: string,
    private readonly device: MemoryDevice,
    private readonly topology: Topology,
  ) {}

  /** See {@link MemoryDevice.send}. */
  send(frame: Uint8Array): boolean {
    return this.device.send(frame)
  }
  /** See {@link MemoryDevice.take}. */
  take(): Uint8Array[] {
    return this.device.take()
  }
  /** See {@link MemoryDevice.onFrame}. */
  onFrame(handler: ((frame: Uint8Array) => void) | undefined): void {
    this.device.onFrame(handler)
  }
  /** `rx` is into the switch. */
  counters(): PortCounters {
    return this.topology.counters(this.name)
  }
}
