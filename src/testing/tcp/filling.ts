/** What was written and has no room in the send buffer yet. */
import type { Keeper } from '../../memento/keeper.js'
import type { Tcb } from './tcb.js'

export class Filling {
  /** What did not fit, and from where on. */
  #rest: Uint8Array | undefined
  #from = 0

  constructor(readonly tcb: Tcb) {}

  /** Octets of one write; the one before must be done. @returns whether the send buffer has all of them */
  put(bytes: Uint8Array): boolean {
    this.#rest = bytes
    this.#from = 0
    return this.#put()
  }

  /** Copies what there is room for, and sends it. */
  #put(): boolean {
    const bytes = this.#rest
    if (bytes === undefined) return true
    const { sender } = this.tcb
    const length = Math.min(bytes.length - this.#from, sender.room)
    if (length > 0) sender.write(bytes, this.#from, this.#from + length)
    this.#from += length
    if (this.#from === bytes.length) this.#rest = undefined
    sender.push()
    return this.#rest === undefined
  }

  /** Data were acknowledged. @returns whether that made room for the last of the write */
  progress(): boolean {
    const { sender, settings } = this.tcb
    // A quarter at least: to wake somebody for each segment would cost more than to send it.
    if (this.#rest === undefined || sender.room < settings.sendBuffer / 4) return false
    return this.#put()
  }

  drop(): void {
    this.#rest = undefined
  }

  /** What a program would have to write again. */
  get pending(): unknown {
    return this.#rest
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#from], (from) => {
      this.#from = from
    })
  }
}
