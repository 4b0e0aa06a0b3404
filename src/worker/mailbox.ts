/**
 * What control writes to a worker that does not fit a word. The thread's event loop stands still, so it
 * looks for itself when a word says that there is something.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import type { Forwarder } from '../dataplane/forwarder.js'
import { SharedTape } from '../recording/shared-tape.js'
import { tap } from '../recording/tap.js'
import type { Orders } from './orders.js'

/** Record on this tape from now on; without one: no more. */
export interface Letter {
  tape: SharedArrayBuffer | undefined
}

export class Mailbox {
  readonly #port: MessagePort
  readonly #orders: Orders
  readonly #forwarder: Forwarder
  #read: number
  #endTap: (() => void) | undefined

  constructor(port: MessagePort, orders: Orders, forwarder: Forwarder) {
    this.#port = port
    this.#orders = orders
    this.#forwarder = forwarder
    this.#read = orders.letters
  }

  /** Reads what has come. */
  look(): void {
    const { letters } = this.#orders
    if (letters === this.#read) return
    this.#read = letters
    for (;;) {
      const received = receiveMessageOnPort(this.#port)
      if (!received) return
      this.#record(received.message as Letter)
    }
  }

  #record({ tape }: Letter): void {
    this.#endTap?.()
    this.#endTap = undefined
    if (!tape) return
    const { exports, memory, worker } = this.#forwarder
    const joined = new SharedTape(tape)
    this.#endTap = tap({ exports, memory, worker }, joined)
    joined.join()
  }
}
