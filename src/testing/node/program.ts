/** The program that uses sockets of a host: it is told what happens in events of its own. */
import { AsyncResource } from 'node:async_hooks'
import type { HostParts } from '../host/host.js'

/**
 * What it does when it is told, its ticks, microtasks and immediates too, comes before time moves. It runs in
 * the asynchronous context in which the socket was made; what it throws is the lab's to report.
 */
export class Program {
  readonly #context: AsyncResource

  /** @param what as messages have it: `host "a", TCP 10.55.0.2:49152 to 10.55.0.3:80` */
  constructor(
    readonly parts: HostParts,
    type: string,
    private readonly what: () => string,
  ) {
    this.#context = new AsyncResource(type)
  }

  /** Behind what happens now, in the present instant. */
  tell(run: () => void): void {
    this.parts.stack.clock.after(0, () => this.run(run))
  }

  /** Within an event that is the program's. */
  run(run: () => void): void {
    try {
      this.#context.runInAsyncScope(run)
    } catch (error) {
      this.parts.thrown(this.what(), error)
    }
    this.parts.waits.woke = true
  }
}
