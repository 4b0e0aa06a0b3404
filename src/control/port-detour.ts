/** A port's way past the detour (src/detour): pairs of sockets that stand for the queues of its device. */
import { randomInt } from 'node:crypto'
import type { PortImpair, Way } from '../config/port-impair.js'
import type { Manager } from '../dataplane/manager.js'
import type { Ledger, WayState } from '../detour/counts.js'
import type { Detours } from '../detour/detours.js'
import type { Seeded } from '../detour/orders.js'
import { loadNative } from '../device/native.js'
import { type Queue, QueueKind } from '../device/queue.js'

const SEEDS = 2 ** 32

const seeded = (impair: PortImpair, seed: number): Seeded => ({
  ...impair,
  seed: impair.seed ?? seed,
})

export interface DetourHost {
  readonly detours: Detours
  readonly manager: Manager
}

interface Pair {
  /** The end of the workers, and of the detour. */
  readonly switch: number
  readonly program: number
}

interface Attached {
  /** The device's own. */
  readonly from: readonly Queue[]
  readonly pairs: readonly Pair[]
  /** What the workers have in their place. */
  readonly queues: readonly Queue[]
}

export class PortDetour {
  readonly #detours: Detours
  readonly #port: number
  readonly #ledger: Ledger
  #impair: Seeded
  #attached: Attached | undefined

  /** @param port its number */
  constructor({ detours, manager }: DetourHost, port: number, name: string, impair: PortImpair) {
    this.#detours = detours
    this.#ledger = ledgerOf(manager)
    this.#port = port
    this.#impair = seeded(impair, randomInt(SEEDS))
    detours.open(port, name, this.#impair)
  }

  /** What holds, with the seed that luck hangs on. */
  get impair(): Seeded {
    return this.#impair
  }

  /** What it does to frames of a way at the moment, and did. */
  stateOf(way: Way): WayState {
    return this.#detours.counts?.stateOf(this.#port, way) ?? NOTHING
  }

  /** Has the counters of the port and its drops know what happened on the detour. */
  collect(): void {
    this.#detours.counts?.collect(this.#port, this.#ledger)
  }

  /** From the next frame on; what is on its way goes on. */
  set(impair: PortImpair): void {
    this.#impair = seeded(impair, this.#impair.seed)
    this.#detours.set(this.#port, this.#impair)
  }

  /** What stands for the queues of a device; made when they are seen first. @throws Error of a system call */
  through(queues: readonly Queue[]): readonly Queue[] {
    if (this.#attached?.from === queues) return this.#attached.queues
    const pairs = pairsFor(queues)
    const attached = {
      from: queues,
      pairs,
      queues: pairs.map(({ switch: fd }) => ({ fd, kind: QueueKind.PAIR })),
    }
    this.#attached = attached
    const ends = queues.map(({ fd, kind, writer = fd }, index) => {
      return { fd, kind, writer, pair: (pairs[index] as Pair).program }
    })
    this.#detours.attach(this.#port, ends)
    return attached.queues
  }

  /** Has all that is held out at once, and reads the device no more; resolves when the workers have read it. */
  async drain(patience: number): Promise<void> {
    await this.#detours.drain(this.#port)
    const native = loadNative()
    const isRead = () => this.#attached?.pairs.every((pair) => native.unixUnread(pair.switch) === 0)
    const until = performance.now() + patience
    while (isRead() === false && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  /**
   * Lets go of the device's queues, for good when the detour has settled. What is held is lost.
   *
   * @returns closes the pairs, to be called when no worker uses them any more either
   */
  leave(): () => void {
    const pairs = this.#attached?.pairs ?? []
    if (this.#attached) this.#detours.detach(this.#port)
    this.#attached = undefined
    return () => closeAll(pairs)
  }

  /** The port is impaired no more. @returns as `leave` */
  end(): () => void {
    const close = this.leave()
    this.#detours.close(this.#port)
    return () => {
      close()
      this.collect()
      this.#detours.counts?.forget(this.#port)
    }
  }
}

const NOTHING: WayState = { held: 0, duplicated: 0, corrupted: 0 }

/** Counters that only control writes: those of its own. */
function ledgerOf({ exports, self }: Manager): Ledger {
  return {
    copied: (port, frames, octets) => exports.transmitCopied(self, port, frames, octets),
    lost: (port, way, code, frames, octets) => {
      if (way === 'receive') exports.dropReceived(self, port, code, frames)
      else exports.transmitFailed(self, port, code, frames, octets)
    },
  }
}

/** All of them, or none. */
function pairsFor(queues: readonly Queue[]): readonly Pair[] {
  const pairs: Pair[] = []
  try {
    for (const _ of queues) pairs.push(loadNative().pairCreate())
  } catch (error) {
    closeAll(pairs)
    throw error
  }
  return pairs
}

function closeAll(pairs: readonly Pair[]): void {
  for (const { switch: end, program } of pairs) {
    loadNative().close(end)
    loadNative().close(program)
  }
}
