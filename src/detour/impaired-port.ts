/** A port on the detour: both its ways, and the ends of its queues while it has some. */
import { WAYS, type Way } from '../config/port-impair.js'
import type { Native } from '../device/native.js'
import { QueueKind } from '../device/queue.js'
import { WayCounts } from './counts.js'
import type { QueueEnds, Seeded } from './orders.js'
import type { Output } from './output.js'
import { type Machine, Path } from './path.js'

/** Something that frames are read from. */
export interface Source {
  readonly fd: number
  readonly kind: number
  readonly path: Path
  /** Where its frames go: the number of an end. */
  readonly to: number
  /** Whether it is the device's: else it is what workers send. */
  readonly isDevice: boolean
}

export class ImpairedPort {
  readonly #name: string
  #settings: Seeded
  readonly #counts: Readonly<Record<Way, WayCounts>>
  readonly #paths: Readonly<Record<Way, Path>>
  readonly #output: Output
  #sources: Source[] = []

  constructor(
    name: string,
    settings: Seeded,
    counts: { buffer: SharedArrayBuffer; port: number },
    machine: Machine,
  ) {
    this.#name = name
    this.#settings = settings
    this.#output = machine.output
    const countsOf = (way: Way) => new WayCounts(counts.buffer, counts.port, way)
    this.#counts = { receive: countsOf('receive'), transmit: countsOf('transmit') }
    const pathOf = (way: Way) => new Path(this.#of(way), settings[way], this.#counts[way], machine)
    this.#paths = { receive: pathOf('receive'), transmit: pathOf('transmit') }
  }

  #of(direction: Way) {
    return { seed: this.#settings.seed, link: this.#name, direction }
  }

  get sources(): readonly Source[] {
    return this.#sources
  }

  /** The numbers of all its ends. */
  get ends(): Set<number> {
    return new Set(this.#sources.map(({ to }) => to))
  }

  /** Another seed is another luck, from the first frame on. */
  set(now: number, settings: Seeded): void {
    const isNew = settings.seed !== this.#settings.seed
    this.#settings = settings
    if (isNew) this.#begin()
    else for (const way of WAYS) this.#paths[way].set(now, settings[way])
  }

  /** Lets frames pass as they are. */
  clear(): void {
    for (const way of WAYS) this.#paths[way].replace(this.#of(way), {})
  }

  /** From the first frame on, with nothing under way that others would have to come behind. */
  #begin(): void {
    for (const way of WAYS) this.#paths[way].replace(this.#of(way), this.#settings[way])
  }

  attach(queues: readonly QueueEnds[]): void {
    for (const { fd, writer, kind, pair } of queues) {
      const toWorkers = this.#output.open(pair, QueueKind.PAIR, this.#counts.receive)
      const toDevice = this.#output.open(writer, kind, this.#counts.transmit)
      const { receive, transmit } = this.#paths
      this.#sources.push(
        { fd, kind, path: receive, to: toWorkers, isDevice: true },
        { fd: pair, kind: QueueKind.PAIR, path: transmit, to: toDevice, isDevice: false },
      )
    }
  }

  /** Nothing may be held for its ends. */
  detach(): void {
    for (const { to } of this.#sources) this.#output.close(to)
    this.#sources = []
    this.#begin()
  }
}

/** Has an epoll tell no more of a descriptor; it may have been taken out as failed. */
export function unwatch(native: Native, epoll: number, fd: number): void {
  try {
    native.pollerRemove(epoll, fd)
  } catch {
    // It is out.
  }
}
