/** Which worker reads which queue of a port. */
export class Readers {
  #workers: readonly number[]

  /** @param workers that run, or soon will */
  constructor(workers: readonly number[]) {
    this.#workers = workers
  }

  get workers(): readonly number[] {
    return this.#workers
  }

  /** From now on; who has a queue keeps it until it is moved. */
  set(workers: readonly number[]): void {
    this.#workers = workers
  }

  /**
   * Queues of one number are read by one worker, whatever their port: the kernel gives both directions
   * of a bridged flow the same number. Ports that have a single queue are spread over the workers.
   *
   * @param count queues of the port
   */
  of(port: number, queue: number, count: number): number {
    const place = count === 1 ? port : queue
    return this.#workers[place % this.#workers.length] as number
  }
}

/** The workers before `count`. */
export function firstWorkers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, worker) => worker)
}
