/// <reference lib="esnext.disposable" preserve="true" />
/** `linkspan/testing`: a whole network inside a test. Any JavaScript runtime, no privilege. */
export { ConfigError, LinkspanError } from '../error.js'
export type { Snapshot } from '../memento/snapshots.js'
export type { LineOptions } from '../packet/line/line.js'
export { type OpenOptions, openRecording, type Recording } from '../recording/recording.js'
export type { ExplainedFrame, Replay, ReplayedFrame, ReplayResult } from '../recording/replay.js'
export type { Bridge, LabBridgeInput } from './bridge.js'
export type { LabCapture } from './capture.js'
export type { ClockMode } from './clock/pump.js'
export type { DiagramOptions } from './diagram/diagram.js'
export type { ExplainOptions } from './explain/explain.js'
export type {
  ExplainedPlace,
  Explanation,
  HostPlace,
  LinkPlace,
  SwitchPlace,
} from './explain/explanation.js'
export type { Datagram, DatagramError } from './host/datagram.js'
export type { Host } from './host/host.js'
export type { Address, FailureReason } from './host/network.js'
export type { PingError, PingOptions, PingReply, PingResult } from './host/ping.js'
export type { Target } from './host/target.js'
export type { ConnectionHandler } from './host/tcp-handler.js'
export type { ConnectOptions, ListenOptions } from './host/tcp-options.js'
export type { Hop, TracerouteOptions } from './host/traceroute.js'
export type { DatagramHandler, UdpSendOptions, UdpSocket } from './host/udp-socket.js'
export type { HostOptions } from './host-options.js'
export { createLab, type Lab } from './lab.js'
export type { LabOptions, RunOptions, RunResult } from './lab-options.js'
export type { LabRouterInput, LabSwitch } from './lab-switch.js'
export type { Link, LinkCounters } from './link/link.js'
export type { LinkChange, LinkSettings, LinkState } from './link/settings.js'
export type { LinkDrop } from './link/way.js'
export {
  type Counted,
  type DropCountMatch,
  type DroppedMatch,
  type FlowMatch,
  type FrameMatch,
  type LabMatchers,
  type LearnedMatch,
  type MatcherResult,
  matchers,
} from './matchers/index.js'
export type { Seed } from './random.js'
export type { CapturedFrame } from './seeing/captured-frame.js'
export { decode } from './seeing/text.js'
export type { TcpConnection, TcpStatistics } from './tcp/connection.js'
export type { TcpServer } from './tcp/server.js'
export type { TcpOptions } from './tcp/settings.js'
export type { Duration } from './time.js'
export type { TimersOption } from './timers/options.js'
export type { LabUnderlayInput } from './underlay.js'
export type { LabUplinkInput } from './uplinks.js'
