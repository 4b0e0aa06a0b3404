/** A port and the switch it is on, as they see each other. */
import type { Manager } from '../dataplane/manager.js'
import type { Topology } from '../dataplane/topology.js'
import type { Detours } from '../detour/detours.js'
import type { Poller } from '../device/native-io.js'
import type { Readers } from './readers.js'

export type PortState = 'up' | 'down' | 'waiting' | 'error'
export type Origin = 'config' | 'api'

/** What a port needs of the switch it is on. */
export interface PortHost {
  readonly manager: Manager
  readonly topology: Topology
  /** Of all workers that there may be, whether they run or not. */
  readonly pollers: readonly Poller[]
  readonly readers: Readers
  /** The way of impaired ports. */
  readonly detours: Detours
  /** Makes changes of the topology active; resolves when no thread uses what they, and others, took out. */
  settle(): Promise<void>
  /** Says what happened to a port, for the log. */
  report(port: { readonly name: string }, event: string, detail?: { why: string }): void
}
