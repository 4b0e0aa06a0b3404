/** What a running switch tells of: for a log, the API's stream, or a program's own use. */
import type { Change } from '../config/diff.js'

/** A MAC as its first two octets and its last four. */
export interface EventMac {
  macHigh: number
  macLow: number
}

export interface SwitchEvents {
  port: [{ port: string; event: string; detail?: { why: string } }]
  worker: [{ worker: number; error: string; final: boolean }]
  /** An address was seen on another port. */
  moved: [{ bridge: string; mac: EventMac; port: string; from: string }]
  'table-full': [{ bridge: string; port: string }]
  /** A frame came in by `port` from an address that a static entry gives to `owner`. */
  'static-violated': [{ bridge: string; mac: EventMac; port: string; owner: string }]
  /** The policy of a port dropped frames of that address, for that reason; once a second a port. */
  blocked: [{ bridge: string; mac: EventMac; port: string; reason: string }]
  /** A config was applied, by whatever way; `changes` may be empty. */
  applied: [{ changes: readonly Change[]; confirmBy?: Date }]
  /** An apply was not confirmed in time: taken back, or, with `error`, not. */
  'rolled-back': [{ changes: readonly Change[]; error?: string }]
}
