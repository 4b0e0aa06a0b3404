/** What lies where in the detour's own memory: tables of the addon (native/abi.h), an arena, the pool. */
import {
  BURST_MAX,
  FAILURE_SIZE,
  QUEUE_SIZE,
  READY_MAX,
  READY_SIZE,
  RECEIVED_SIZE,
  TRANSMIT_SIZE,
} from '../dataplane/abi.js'

/** Ends of queues there may be at once, two for each queue of an impaired port. */
export const ENDS_MAX = 1 << 16
/** Entries that are written in one call. */
export const ENTRIES_MAX = BURST_MAX

const ARENA_SIZE = 1 << 22
/** Memory for frames that are held; it is taken from the system as it is used. */
export const POOL_SIZE = 1 << 28

export class DetourMemory {
  readonly bytes: Uint8Array
  readonly view: DataView
  readonly words: Uint32Array
  /** Offsets. */
  readonly ready: number
  readonly received: number
  readonly entries: number
  readonly failures: number
  /** A record {fd, kind, …} an end, as in a worker's queue table. */
  readonly queues: number
  /** The number of every end, as a list of ports of which an entry names one. */
  readonly numbers: number
  readonly arena: number
  readonly arenaSize = ARENA_SIZE
  readonly pool: number
  readonly poolSize: number

  constructor(poolSize: number = POOL_SIZE) {
    let end = 0
    const region = (size: number) => {
      const start = end
      end = (end + size + 63) & ~63
      return start
    }
    this.ready = region(READY_MAX * READY_SIZE)
    this.received = region(BURST_MAX * RECEIVED_SIZE)
    this.entries = region(ENTRIES_MAX * TRANSMIT_SIZE)
    this.failures = region((ENTRIES_MAX + 1) * FAILURE_SIZE)
    this.queues = region(ENDS_MAX * QUEUE_SIZE)
    this.numbers = region(ENDS_MAX * 4)
    this.arena = region(ARENA_SIZE)
    this.pool = region(poolSize)
    this.poolSize = poolSize
    this.bytes = new Uint8Array(end)
    this.view = new DataView(this.bytes.buffer)
    this.words = new Uint32Array(this.bytes.buffer)
    for (let number = 0; number < ENDS_MAX; number++) this.words[this.numbers / 4 + number] = number
  }
}
