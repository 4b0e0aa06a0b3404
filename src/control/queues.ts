/**
 * Handing the descriptors of a port's devices to the workers, taking them back, closing them. Those of an
 * impaired port are the detour's, and the workers have others in their place.
 */
import type { PortImpair } from '../config/port-impair.js'
import { readyToken } from '../dataplane/abi.js'
import type { Device } from '../device/device.js'
import { loadNative } from '../device/native.js'
import type { Queue } from '../device/queue.js'
import { PortDetour } from './port-detour.js'
import type { PortHost } from './port-host.js'

/** A queue that somebody reads. */
interface Read {
  readonly fd: number
  readonly worker: number
}

/** No worker has that number. */
const NOBODY = 0xffffffff

/** Milliseconds that workers have to read what an impairment held when it ends. */
const PATIENCE = 1000

export class PortQueues {
  /** Resolves when every device that was given to `close` so far is closed. */
  closed: Promise<void> = Promise.resolve()
  readonly #host: PortHost
  readonly #port: number
  readonly #complain: (error: Error) => void
  /** By the number of the queue. */
  readonly #read = new Map<number, Read>()
  /** Of an impaired port; behind it one that is being left. */
  #detour: PortDetour | undefined
  #before: PortDetour | undefined

  /** @param port its number @param complain is told what went wrong, which nobody waits for */
  constructor(host: PortHost, port: number, complain: (error: Error) => void) {
    this.#host = host
    this.#port = port
    this.#complain = complain
  }

  /** Gives the workers queues to write to and to read. */
  connect(queues: readonly Queue[]): void {
    this.lend(queues)
    this.listen(queues)
  }

  #given(queues: readonly Queue[]): readonly Queue[] {
    return this.#detour?.through(queues) ?? queues
  }

  /** A queue for every worker to write to. */
  lend(queues: readonly Queue[]): void {
    const { manager, pollers } = this.#host
    const given = this.#given(queues)
    for (const worker of pollers.keys()) {
      const written = given[worker % given.length]
      if (!written) continue
      const { fd, kind, writer } = written
      manager.exports.setQueue(worker, this.#port, writer ?? fd, kind)
    }
  }

  /** Each queue is read by its worker from now on. */
  listen(queues: readonly Queue[]): void {
    const { readers } = this.#host
    for (const [queue, { fd }] of this.#given(queues).entries()) {
      this.#give(queue, fd, readers.of(this.#port, queue, queues.length))
    }
  }

  #give(queue: number, fd: number, worker: number): void {
    const { manager, pollers } = this.#host
    const poller = pollers[worker]
    if (!poller || this.#read.get(queue)?.fd === fd) return
    manager.exports.setReader(queue, this.#port, fd, worker)
    loadNative().pollerAdd(poller.epoll, fd, readyToken(this.#port, queue))
    this.#read.set(queue, { fd, worker })
  }

  /** A worker that was about to read the queue finds that it is not to; one that reads it goes on. */
  #take(queue: number, { fd, worker }: Read): void {
    const { manager, pollers } = this.#host
    this.#read.delete(queue)
    manager.exports.setReader(queue, this.#port, -1, NOBODY)
    try {
      loadNative().pollerRemove(pollers[worker]?.epoll ?? -1, fd)
    } catch {
      // The worker took it out itself when the device failed.
    }
  }

  /**
   * Takes the queues that have another reader now from those who had them. @returns gives them to those
   * who have, to be called when no worker can be reading them any more
   */
  move(): () => void {
    const count = this.#read.size
    const moved = [...this.#read].filter(([queue, { worker }]) => {
      return this.#host.readers.of(this.#port, queue, count) !== worker
    })
    for (const [queue, read] of moved) this.#take(queue, read)
    const { readers } = this.#host
    this.#moving = new Map(moved.map(([queue, { fd }]) => [queue, fd]))
    return () => {
      // Those of a device that was taken away meanwhile are gone.
      for (const [queue, fd] of this.#moving)
        this.#give(queue, fd, readers.of(this.#port, queue, count))
      this.#moving.clear()
    }
  }

  #moving = new Map<number, number>()

  /**
   * A worker that passes a change of config which is committed after this has not seen the descriptors.
   * There will be one, at the next `settle`: what tells why they go may be in force already, and then
   * it says nothing of workers that have passed it.
   */
  disconnect(queues: readonly Queue[]): void {
    const { manager, pollers, topology } = this.#host
    // The kind stays: a worker may have read the descriptor a moment ago, and reads its kind now.
    const kind = queues[0]?.kind ?? 0
    for (const worker of pollers.keys()) manager.exports.setQueue(worker, this.#port, -1, kind)
    this.#takeAll()
    topology.stageBarrier()
    for (const detour of [this.#detour, this.#before]) {
      if (detour) this.#closeLater(detour.leave())
    }
  }

  #takeAll(): void {
    this.#moving.clear()
    for (const [queue, read] of this.#read) this.#take(queue, read)
  }

  /** Closes what no thread uses any more when the next change has been passed. */
  #closeLater(close: () => void): void {
    this.closed = this.closed
      .then(() => this.#host.settle())
      .then(close)
      .catch(this.#complain)
  }

  /**
   * A device has other queues. Resolves when no worker uses the queues before any more. The new ones
   * are handed over when what was told with them is in force: that the port is up.
   *
   * @param isOurs whether the device is the port's at that moment
   */
  async change(device: Device, before: readonly Queue[], isOurs: () => boolean): Promise<void> {
    try {
      const { queues } = device
      if (isOurs()) this.disconnect(before)
      await this.#host.settle()
      // They may have gone again meanwhile.
      if (isOurs() && device.queues === queues) this.connect(queues)
    } catch (error) {
      this.#complain(error as Error)
    }
  }

  /** Closes a device when no worker can be using it any more. @param grace milliseconds on top */
  close(device: Device, grace: number): Promise<void> {
    const close = async () => {
      await this.#host.settle()
      if (grace > 0) await new Promise((resolve) => setTimeout(resolve, grace))
      device.close()
    }
    this.closed = this.closed.then(close).catch(this.#complain)
    return this.closed
  }

  /** Of an impaired port. */
  get detour(): PortDetour | undefined {
    return this.#detour
  }

  /** The same at once, while there is no device, or before it is connected. */
  prepare(name: string, impair: PortImpair | undefined): void {
    if (this.#detour && impair) return this.#detour.set(impair)
    if (this.#detour) this.#closeLater(this.#detour.end())
    this.#detour = impair && this.#detourFor(name, impair)
  }

  #detourFor(name: string, impair: PortImpair): PortDetour {
    return new PortDetour(this.#host, this.#port, name, impair)
  }

  /**
   * Has a device that is in use go another way. No frame is lost: while nobody reads it they wait in its
   * queue, and writers find the new way in the place of the old one.
   *
   * @param isOurs whether the device is still the port's, with those queues @throws Error of a system call; then
   *   the way is as it was
   */
  async impair(
    name: string,
    impair: PortImpair | undefined,
    queues: readonly Queue[],
    isOurs: () => boolean,
  ): Promise<void> {
    if (this.#detour && impair) this.#detour.set(impair)
    else if (impair) await this.#turnIn(this.#detourFor(name, impair), queues, isOurs)
    else if (this.#detour) await this.#turnOut(this.#detour, queues, isOurs)
  }

  async #turnIn(
    detour: PortDetour,
    queues: readonly Queue[],
    isOurs: () => boolean,
  ): Promise<void> {
    this.#detour = detour
    this.#takeAll()
    await this.#passed()
    if (!isOurs()) return
    try {
      this.connect(queues)
    } catch (error) {
      this.#detour = undefined
      this.#closeLater(detour.end())
      this.connect(queues)
      throw error
    }
  }

  /** What was held goes first, so that nothing that comes in overtakes it. */
  async #turnOut(
    detour: PortDetour,
    queues: readonly Queue[],
    isOurs: () => boolean,
  ): Promise<void> {
    await detour.drain(PATIENCE)
    if (isOurs()) this.#takeAll()
    await this.#passed()
    this.#detour = undefined
    this.#before = detour
    if (isOurs()) this.lend(queues)
    this.#host.topology.stageBarrier()
    await this.#host.settle()
    // What was sent until then is read out of the pairs, and what comes out of them next came later.
    const close = detour.end()
    this.#before = undefined
    await this.#host.settle()
    close()
    if (isOurs()) this.listen(queues)
  }

  /** Resolves when no worker has frames in hand that it read before: see Workers. */
  async #passed(): Promise<void> {
    for (let change = 0; change < 2; change++) {
      this.#host.topology.stageBarrier()
      await this.#host.settle()
    }
  }

  /** The port is no more, and its device neither. */
  end(): void {
    const detour = this.#detour
    this.#detour = undefined
    if (detour) this.#closeLater(detour.end())
  }
}
