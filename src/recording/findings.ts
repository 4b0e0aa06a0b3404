/** What a replay tells of: the frames, and where it was not as recorded. */
export interface ReplayedFrame {
  /** Frames come in are counted from 0; what goes out has none. */
  index: number | undefined
  direction: 'receive' | 'transmit'
  /** Milliseconds of the recording's clock. */
  time: number
  port: string
  /** The port's number. */
  number: number
  /** Without the virtio-net header. */
  frame: Uint8Array
  /** A virtio-net header of 12 octets. */
  header: Uint8Array
}

/** Where a replay was not what had been recorded. */
export interface Difference {
  /** The frame that is next, counted from 0: it happened before it. */
  frame: number
  time: number
  call: string
  /** What is different. */
  what: 'result' | 'frames' | 'state'
  recorded: number | string
  replayed: number | string
}

export interface ReplayResult {
  /** Frames that came in so far. */
  frames: number
  /** Milliseconds of the recording's clock. */
  now: number
  /** Everything so far was as recorded; at the end that means the state, too. */
  identical: boolean
  /** The first difference, and how many there are. */
  difference: Difference | undefined
  differences: number
  /** The call that ended in a trap now. */
  trapped: string | undefined
  /** The call that did not return then: of a worker that died in it. */
  unfinished: string | undefined
}
