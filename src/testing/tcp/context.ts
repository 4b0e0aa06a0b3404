/** What all connections of a stack share. */
import type { Network } from '../host/network.js'
import type { SegmentBuffers } from './buffers.js'
import type { TcpCounters } from './counters.js'
import type { Sequences } from './sequences.js'
import type { TcpServer } from './server.js'
import type { Tcb } from './tcb.js'
import type { Waits } from './waits.js'

export interface Context {
  readonly network: Network
  readonly waits: Waits
  readonly counters: TcpCounters
  readonly buffers: SegmentBuffers
  readonly sequences: Sequences
  /** The host's name, for messages; empty if it has none. */
  readonly host: string
  /** The network has a segment and has not returned yet: nothing may come in. */
  isSending: boolean
  /** A connection begins: segments find it from now on. */
  opened(tcb: Tcb): void
  /** It is over: its addresses and ports are free. */
  released(tcb: Tcb): void
  closed(server: TcpServer): void
}
