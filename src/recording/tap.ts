/**
 * Puts a tape between a program and the dataplane: every call that may change anything is recorded with
 * what it was given and what it returned. All of the dataplane's state is in its memory, so that the same
 * calls on the same memory do the same again, bit for bit.
 */
import { MORE, RECEIVED_SIZE, VIRTIO_HEADER } from '../dataplane/abi.js'
import type { Exports } from '../dataplane/exports.js'
import { At, ENTRY, FRAME, frameSize, Kind, writeArguments, writeHead } from './entry.js'
import { hashOfList } from './outputs.js'
import type { Tape } from './tape.js'

/** Exports that change nothing but scratch. */
const READS: ReadonlySet<string> = new Set([
  ...['arena', 'queues', 'received', 'transmit', 'failures', 'ready', 'scratch'],
  ...['portCounter', 'dropCounter', 'workerStatistic', 'ruleCounter', 'suppressedCount'],
  ...['configGeneration', 'configPassed', 'nextDeadline', 'framesInHand', 'portInHand'],
  ...['fdbCount', 'fdbNext', 'fdbFind', 'neighborNext', 'eventsLost', 'capturesLost'],
  ...['captureNext', 'nextLine'],
  ...['flowNext', 'flowStates', 'flowCount', 'mappingCount', 'mappedSlots'],
  // Of the time of the machine: no state, and not in a hash.
  'account',
  // Before there is anything to record.
  ...['layout', 'boot', 'attach'],
])
/** What takes something out of the caller's scratch. */
const SCRATCHED: ReadonlySet<string> = new Set(['flowPurge'])
/** Octets of scratch that are recorded. */
export const SCRATCH_USED = 16
/** What may leave a transmit list. */
const SENDS: ReadonlySet<string> = new Set(['resume', 'tick'])

/** The names of what is recorded, in the order of their codes. */
export function callsOf(exports: Exports): string[] {
  return Object.entries(exports)
    .filter(([name, value]) => typeof value === 'function' && !READS.has(name))
    .map(([name]) => name)
    .sort()
}

type Call = (...given: number[]) => number

export interface Tapped {
  exports: Exports
  memory: WebAssembly.Memory
  /** The number of the block that this instance works with. */
  worker: number
  /** What is to be done behind calls of that name. */
  after?: Readonly<Record<string, () => void>>
}

/** Records what is called from now on; returns what ends that. */
export function tap(tapped: Tapped, tape: Tape): () => void {
  const one = new Tap(tapped, tape)
  return () => one.end()
}

class Tap {
  readonly #tape: Tape
  readonly #worker: number
  readonly #functions: Record<string, Call>
  readonly #after: Readonly<Record<string, () => void>>
  readonly #originals: [string, Call][] = []
  readonly #bytes: Uint8Array
  readonly #view: DataView
  /** Addresses of the worker's areas. */
  readonly #scratch: number
  readonly #received: number
  readonly #transmit: number

  constructor({ exports, memory, worker, after = {} }: Tapped, tape: Tape) {
    this.#tape = tape
    this.#worker = worker
    this.#functions = exports as unknown as Record<string, Call>
    this.#after = after
    this.#bytes = new Uint8Array(memory.buffer)
    this.#view = new DataView(memory.buffer)
    this.#scratch = exports.scratch(worker)
    this.#received = exports.received(worker)
    this.#transmit = exports.transmit(worker)
    for (const [code, name] of callsOf(exports).entries()) {
      const original = this.#functions[name] as Call
      this.#originals.push([name, original])
      this.#functions[name] =
        name === 'process' ? this.#burst(code, original) : this.#call(code, name, original)
    }
  }

  end(): void {
    for (const [name, original] of this.#originals) this.#functions[name] = original
  }

  /** Any call but `process`. */
  #call(code: number, name: string, original: Call): Call {
    const tape = this.#tape
    const worker = this.#worker
    const scratch = SCRATCHED.has(name) ? SCRATCH_USED : 0
    const sends = SENDS.has(name)
    const after = this.#after[name]
    return (...given) => {
      const octets = ENTRY + 8 * given.length + scratch
      const at = tape.begin(worker, () => octets)
      if (at < 0) return original(...given)
      writeHead(tape.view, at, octets, { kind: Kind.CALL, call: code, worker, count: scratch })
      const rest = writeArguments(tape.view, at, given)
      tape.bytes.set(this.#bytes.subarray(this.#scratch, this.#scratch + scratch), rest)
      const result = this.#finish(at, original, given, sends)
      after?.()
      return result
    }
  }

  #burst(call: number, original: Call): Call {
    const tape = this.#tape
    const worker = this.#worker
    return (...given) => {
      const [, , count = 0] = given
      let octets = 0
      const at = tape.begin(worker, () => {
        octets = this.#sizeOfBurst(count)
        return octets
      })
      if (at < 0) return original(...given)
      writeHead(tape.view, at, octets, { kind: Kind.CALL, call, worker, count })
      this.#writeFrames(writeArguments(tape.view, at, given), count)
      return this.#finish(at, original, given, true)
    }
  }

  #sizeOfBurst(count: number): number {
    let octets = ENTRY + 8 * 4
    for (let frame = 0; frame < count; frame++) {
      octets += frameSize(this.#view.getUint32(this.#received + frame * RECEIVED_SIZE + 4, true))
    }
    return octets
  }

  #writeFrames(at: number, count: number): void {
    const { view, bytes } = this.#tape
    let to = at
    for (let frame = 0; frame < count; frame++) {
      const from = this.#received + frame * RECEIVED_SIZE
      const [address, length] = [
        this.#view.getUint32(from, true),
        this.#view.getUint32(from + 4, true),
      ]
      view.setUint32(to, address, true)
      view.setUint32(to + 4, length, true)
      bytes.set(this.#bytes.subarray(address - VIRTIO_HEADER, address + length), to + FRAME)
      to += frameSize(length)
    }
  }

  /** Makes the call, whose inputs are written, and notes what came of it. */
  #finish(at: number, original: Call, given: readonly number[], sends: boolean): number {
    const tape = this.#tape
    tape.written()
    try {
      const result = original(...given)
      if (sends) {
        const hash = hashOfList(this.#view, this.#transmit, (result & ~MORE) >>> 0)
        tape.view.setUint32(at + At.HASH, hash, true)
      }
      // Last: an entry that has a result is whole, whenever the thread dies.
      tape.view.setFloat64(at + At.RESULT, result ?? 0, true)
      return result
    } finally {
      tape.end()
    }
  }
}
