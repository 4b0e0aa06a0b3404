/**
 * A frame through the real module without a trace left behind: a copy of the whole memory, tables
 * and config as they are this moment, and an instance on it. What the copy does to a frame is what
 * the switch would do; nobody else sees it. Several frames may follow each other: each finds what the
 * ones before it left, as they would in the switch.
 */
import { CAPTURES_MAX, HEADROOM, MORE, VIRTIO_HEADER } from './abi.js'
import { type Passage, PassageReader } from './dry-passage.js'
import type { FdbEntry } from './fdb-records.js'
import { Forwarder } from './forwarder.js'
import { drops } from './generated/drops.js'
import type { Attachment } from './instance.js'
import { Manager } from './manager.js'
import { transmitted } from './transmitted.js'

/** What would leave by one port. */
export interface DryOutput {
  port: number
  /** The tunnel whose frame is in it, where it is a datagram of the underlay. */
  tunnel: number | undefined
  /** With the virtio-net header that says what is left to the device. */
  message: Uint8Array
}

/** A drop reason of the list, and the port it is charged to. */
export interface DryDrop {
  port: number
  reason: (typeof drops)[number]
}

export interface DryRun {
  /** The broadcast domain that the frame is of; 0 if it was refused before that was known. */
  fid: number
  /** Entries in force of its addresses, and of the source when it had passed. */
  source: { before: FdbEntry | undefined; after: FdbEntry | undefined }
  destination: FdbEntry | undefined
  /** Of whom it was asked and answered for, if the question was suppressed. */
  suppressed: FdbEntry | undefined
  /** In the order in which they would be sent. */
  outputs: DryOutput[]
  drops: DryDrop[]
  /** What became of the source: learnt anew, moved here, or not learnt for want of room. */
  learned: boolean
  moved: boolean
  unlearned: boolean
  /** The slot of the filter rule that decided, if one did. */
  rule: number | undefined
  /** What connection tracking, translation and the router noted of it. */
  passage: Passage
}

export interface DryOptions {
  /** The domain that it is of, if it gets so far: routing writes another over it. */
  entered?: number
  /** Octets before the frame whose addresses are looked up: outer headers. */
  outer?: number
}

/** A MAC as its first two octets and its last four. */
type Pair = readonly [high: number, low: number]

interface Snapshot {
  /** Frames by port, and within one by reason. */
  drops: Float64Array
  learned: number
  moved: number
  unlearned: number
  /** Packets by the slot of the rule. */
  rules: Map<number, number>
}

export class DryRunner {
  readonly #manager: Manager
  readonly #forwarder: Forwarder
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #passage: PassageReader
  readonly #ports: readonly number[]
  readonly #rules: readonly number[]
  /** As it was when the last frame had passed. */
  #counted: Snapshot

  /**
   * @param attachment of the switch
   * @param workers forwarding workers that its memory has room for
   * @param ports numbers of the ports that there are
   * @param rules slots of the filter rules that there are
   */
  constructor(
    { module, memory }: Attachment,
    workers: number,
    ports: readonly number[],
    rules: readonly number[] = [],
  ) {
    const copy = { module, memory: copyOf(memory) }
    this.#manager = new Manager(copy, workers)
    const { exports } = this.#manager
    // Whoever held a lock at that moment does not exist here, nor does whoever captures.
    for (let worker = 0; worker <= workers; worker++) exports.breakLocks(worker)
    for (let which = 0; which < CAPTURES_MAX; which++) exports.captureStop(which)
    // While somebody captures, be it nothing, the router describes every frame: its short ways do not.
    exports.captureStart(0, 0, 0, 0, 0, 0, 0, 0)
    this.#forwarder = new Forwarder(copy, 0)
    this.#bytes = new Uint8Array(copy.memory.buffer)
    this.#view = new DataView(copy.memory.buffer)
    this.#passage = new PassageReader(this.#manager, this.#forwarder, this.#bytes)
    this.#ports = ports
    this.#rules = rules
    this.#counted = this.#snapshot()
  }

  /**
   * @param message a virtio-net header of 12 octets and a frame
   * @param fids the broadcast domains that the frame could be of
   */
  run(
    port: number,
    message: Uint8Array,
    fids: Iterable<number>,
    now: number,
    { entered = 0, outer = 0 }: DryOptions = {},
  ): DryRun {
    const [source, destination] = [this.#mac(message, outer + 6), this.#mac(message, outer)]
    const known = new Map(
      Array.from(fids, (fid) => [
        fid,
        { source: this.#find(fid, source, now), destination: this.#find(fid, destination, now) },
      ]),
    )
    this.#place(message)
    const before = this.#counted
    const answered = this.#suppressedOf(known.keys())
    const outputs = this.#process(port, now)
    const isSuppressed = this.#suppressedOf(known.keys()) > answered
    const after = this.#snapshot()
    this.#counted = after
    const passage = this.#passage.read(now)
    const fid = passage.outFid === 0 ? this.#passage.fid : entered
    return {
      fid,
      source: { before: known.get(fid)?.source, after: this.#find(fid, source, now) },
      destination: known.get(fid)?.destination,
      suppressed: isSuppressed ? this.#answererOf(outputs, port, fid, now) : undefined,
      outputs,
      drops: this.#dropsBetween(before, after),
      learned: after.learned > before.learned,
      moved: after.moved > before.moved,
      unlearned: after.unlearned > before.unlearned,
      rule: this.#rules.find((slot) => after.rules.get(slot) !== before.rules.get(slot)),
      passage,
    }
  }

  #mac(message: Uint8Array, offset: number): Pair | undefined {
    const at = VIRTIO_HEADER + offset
    if (message.length < at + 6) return undefined
    const view = new DataView(message.buffer, message.byteOffset + at, 6)
    return [view.getUint16(0), view.getUint32(2)]
  }

  #find(fid: number, mac: Pair | undefined, now: number): FdbEntry | undefined {
    return mac && this.#manager.fdb.find(fid, ...mac, now)
  }

  /** Questions that were answered here, of all of the domains. */
  #suppressedOf(fids: Iterable<number>): number {
    const { exports } = this.#manager
    let count = 0
    for (const fid of fids) count += exports.suppressedCount(fid)
    return count
  }

  /** The answer comes from the MAC of whom it was asked for. */
  #answererOf(outputs: readonly DryOutput[], port: number, fid: number, now: number) {
    const answer = outputs.find((output) => output.port === port)
    return answer && this.#find(fid, this.#mac(answer.message, 6), now)
  }

  /** Puts the message where a device's read would have, and describes it. */
  #place(message: Uint8Array): void {
    const { arena, received } = this.#forwarder
    this.#passage.clear()
    const address = arena + 4 * HEADROOM + 2 + VIRTIO_HEADER
    this.#bytes.set(message, address - VIRTIO_HEADER)
    this.#view.setUint32(received, address, true)
    this.#view.setUint32(received + 4, message.length - VIRTIO_HEADER, true)
  }

  #process(port: number, now: number): DryOutput[] {
    const outputs: DryOutput[] = []
    let entries = this.#forwarder.process(port, 1, now)
    this.#take(entries & ~MORE, outputs)
    while (entries < 0) {
      entries = this.#forwarder.resume(now)
      this.#take(entries & ~MORE, outputs)
    }
    return outputs
  }

  #take(entries: number, outputs: DryOutput[]): void {
    for (const { ports, ...sent } of transmitted(this.#view, this.#forwarder.transmit, entries)) {
      for (const port of ports) outputs.push({ port, ...sent })
    }
  }

  /** What was counted since. */
  #dropsBetween(before: Snapshot, after: Snapshot): DryDrop[] {
    return this.#ports.flatMap((port, at) =>
      drops.flatMap((reason, which) => {
        const index = at * drops.length + which
        return before.drops[index] === after.drops[index] ? [] : [{ port, reason }]
      }),
    )
  }

  #snapshot(): Snapshot {
    const { exports } = this.#manager
    const counted = new Float64Array(this.#ports.length * drops.length)
    for (const [at, port] of this.#ports.entries()) {
      for (const [which, { code }] of drops.entries()) {
        counted[at * drops.length + which] = exports.dropCounter(port, code)
      }
    }
    const { learned, moved, unlearned } = this.#manager.workerStatistics(0)
    const rules = new Map(this.#rules.map((slot) => [slot, exports.ruleCounter(slot, 0)]))
    return { drops: counted, learned, moved, unlearned, rules }
  }
}

function copyOf(memory: WebAssembly.Memory): WebAssembly.Memory {
  const pages = memory.buffer.byteLength / 65_536
  const shared = !(memory.buffer instanceof ArrayBuffer)
  const copy = new WebAssembly.Memory({ initial: pages, maximum: pages, shared })
  new Uint8Array(copy.buffer).set(new Uint8Array(memory.buffer))
  return copy
}
