/** What a running switch tells of: for a log, the API's stream, or a program's own use. */
import type { Change } from '../config/diff.js'
import type { WorkerDeath } from './workers.js'

/** A MAC as its first two octets and its last four. */
export interface EventMac {
  macHigh: number
  macLow: number
}

export interface SwitchEvents {
  port: [{ port: string; event: string; detail?: { why: string } }]
  /** The mirror to a file of a port, or of a bridge, has ended, or loses frames. */
  mirror: [{ port?: string; bridge?: string; file: string; event: string; why?: string }]
  /** A worker died, with so many frames in hand, which are lost; `file` has them. */
  worker: [WorkerDeath]
  // `bridge` is null on an uplink, which is the `port` then.
  /** An address was seen on another port. */
  moved: [{ bridge: string | null; mac: EventMac; port: string; from: string }]
  'table-full': [{ bridge: string | null; port: string }]
  /** A frame came in by `port` from an address that a static entry gives to `owner`. */
  'static-violated': [{ bridge: string | null; mac: EventMac; port: string; owner: string }]
  /** A frame from that address was dropped by a policy of its port; `reason` as in `drops`. */
  blocked: [{ bridge: string | null; mac: EventMac; port: string; reason: string }]
  /** Sources of the directory contradict each other about a station, or without `mac` about a VTEP. */
  contested: [{ vni: number; mac?: string; vtep: string; source: string }]
  /** An event of the packet path that has no words of its own here. */
  dataplane: [{ event: string; bridge: string | null; mac: EventMac; port: string; detail: number }]
  /** A config was applied, by whatever way; `changes` may be empty. */
  applied: [{ changes: readonly Change[]; confirmBy?: Date }]
  /** A change is in force, but what it took out could not be let go of as a whole. */
  leftover: [{ why: string }]
  /** An apply was not confirmed in time: taken back, or, with `error`, not. */
  'rolled-back': [{ changes: readonly Change[]; error?: string }]
}
