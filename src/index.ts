/// <reference lib="esnext.disposable" preserve="true" />
/** The library: a network switch inside the process. Any JavaScript runtime, no privilege. */
export type { BridgeInput, Config, ConfigInput, PortInput } from './config/types.js'
export type { Fdb, FdbEntry } from './dataplane/fdb.js'
export type { FlowFilter, Flows, FlowView } from './dataplane/flows.js'
export type { DataplaneEvent, PortCounters } from './dataplane/manager.js'
export type { DropCount } from './dataplane/topology.js'
export type { Tunnel } from './device/memory-overlay.js'
export type {
  ArrivingDatagram,
  Refusal,
  Underlay,
  UnderlayDatagram,
  UnderlayError,
  UnderlayHandler,
} from './device/memory-underlay.js'
export { ConfigError, type ConfigIssue, LinkspanError } from './error.js'
export type { CaptureFilterWords, CaptureHandler, SwitchCapture } from './inspect/capture.js'
export type { ObservedFrame } from './inspect/observer.js'
export type { Trace, TraceDrop, TraceOutput } from './inspect/trace.js'
export type { Snapshot } from './memento/snapshots.js'
export { type OpenOptions, openRecording, type Recording } from './recording/recording.js'
export type { Difference, Replay, ReplayedFrame, ReplayResult } from './recording/replay.js'
export {
  createSwitch,
  type MemoryPort,
  type RouterInput,
  type Switch,
  type SwitchOptions,
  type SwitchRecording,
} from './switch.js'
