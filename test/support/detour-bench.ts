/** The detour between a device of any kind and a worker, both ends in the test's hands, as is its clock. */

import type { Impairment } from '../../src/config/impair.js'
import { parseImpairment } from '../../src/config/impair.js'
import { WAYS, type Way } from '../../src/config/port-impair.js'
import type { Forwarder } from '../../src/dataplane/forwarder.js'
import { drops } from '../../src/dataplane/generated/drops.js'
import { DetourCounts, type WayState } from '../../src/detour/counts.js'
import { Detour } from '../../src/detour/detour.js'
import type { Order } from '../../src/detour/orders.js'
import { loadNative } from '../../src/device/native.js'
import { defer } from './cleanup.js'
import { Bench } from './device-bench.js'
import type { Carried, Kind } from './device-ends.js'
import { decode, encode } from './virtio.js'

const PORT = 5
/** Room for a few dozen super-frames. */
const POOL = 1 << 23

export interface Given {
  receive?: unknown
  transmit?: unknown
  seed?: number
}

/** The queue that a worker would have of a port. */
function queueOf({ memory, queues }: Forwarder) {
  const [fd = -1, kind = 0] = new Int32Array(memory.buffer, queues, 2)
  return { fd, kind, writer: fd }
}

export class DetourBench {
  time = 1000
  /** What the clock says at its next readings, before `time` again. */
  readonly times: number[] = []
  readonly device: Bench
  readonly detour: Detour
  readonly #native = loadNative()
  readonly #counts = new DetourCounts(PORT + 1)
  readonly #pair = loadNative().pairCreate()
  readonly #buffer = new Uint8Array(70_000)

  constructor(kind: Kind, given: Given = {}, poolSize = POOL) {
    const native = this.#native
    const poller = native.pollerCreate()
    const { switch: end, program } = this.#pair
    defer(() => [poller.epoll, poller.event, end, program].forEach(native.close))
    this.device = new Bench(kind)
    const { buffer: counts } = this.#counts
    this.detour = new Detour({
      native,
      poller,
      counts,
      now: () => this.times.shift() ?? this.time,
      poolSize,
    })
    this.order({ op: 'open', port: PORT, name: 'web', impair: this.#impair(given) })
    this.attach()
  }

  #impair({ receive = {}, transmit = {}, seed = 7 }: Given) {
    const parsed = (settings: unknown): Impairment => parseImpairment(settings)
    return { receive: parsed(receive), transmit: parsed(transmit), seed }
  }

  attach(): void {
    const queue = { ...queueOf(this.device.forwarder), pair: this.#pair.program }
    this.order({ op: 'attach', port: PORT, queues: [queue] })
  }

  set(given: Given): void {
    this.order({ op: 'set', port: PORT, impair: this.#impair(given) })
  }

  drain(): void {
    this.order({ op: 'drain', port: PORT })
  }

  detach(): void {
    this.order({ op: 'detach', port: PORT })
  }

  order(order: Order): void {
    this.detour.obey(order)
  }

  /** Lets it do what there is to do now. */
  turn(): void {
    for (let turn = 0; turn < 8; turn++) this.detour.turn(0)
  }

  /** From the network. */
  inject(...frames: (Uint8Array | Carried)[]): void {
    this.device.inject(0, ...frames)
    this.turn()
  }

  /** From a worker. */
  send(...frames: readonly Carried[]): void {
    for (const { header, frame } of frames) {
      this.#native.writeFrame(this.#pair.switch, encode(header, frame))
    }
    this.turn()
  }

  /** What the network got. */
  collect(): Carried[] {
    return this.device.collect(0)
  }

  /** What a worker got. */
  take(): Carried[] {
    const taken: Carried[] = []
    for (;;) {
      const length = this.#native.readFrame(this.#pair.switch, this.#buffer)
      if (length < 0) return taken
      taken.push(decode(this.#buffer.slice(0, length)))
    }
  }

  state(way: Way): WayState {
    return this.#counts.stateOf(PORT, way)
  }

  /** What was lost since the last call: frames by reason, and copies that left. */
  lost(): Record<string, number> {
    const lost: Record<string, number> = {}
    this.#counts.collect(PORT, {
      copied: (_, frames) => {
        lost.copied = frames
      },
      lost: (_port, _way, code, frames) => {
        lost[drops.find((drop) => drop.code === code)?.name ?? code] = frames
      },
    })
    return lost
  }

  get held(): number {
    return WAYS.reduce((sum, way) => sum + this.state(way).held, 0)
  }
}
