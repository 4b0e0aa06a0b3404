/** Snapshots of something: taken, gone back to, told apart from those of others. */
import { describe } from '../config/describe.js'
import { InvalidError } from '../error.js'
import { Digest } from './digest.js'
import type { Kept } from './keeper.js'
import { Memento } from './memento.js'

/** A state to go back to, any number of times, in the process that it was taken in. */
export class Snapshot {
  /** @internal */
  constructor(
    /** When it was taken, in milliseconds of the clock. */
    readonly now: number,
  ) {}
}

export class Snapshots {
  readonly #mementos = new WeakMap<Snapshot, Memento>()

  /**
   * @param what as a sentence has it: `lab`
   * @param mustRest throws where it is closed, or in the middle of something
   */
  constructor(
    private readonly what: string,
    private readonly whole: Kept,
    private readonly mustRest: () => void,
  ) {}

  take(now: number): Snapshot {
    this.mustRest()
    const memento = new Memento()
    memento.part(this.whole)
    const snapshot = new Snapshot(now)
    this.#mementos.set(snapshot, memento)
    return snapshot
  }

  /** @throws InvalidError where the snapshot is another's; then nothing has changed */
  restore(snapshot: Snapshot): void {
    this.mustRest()
    const memento = snapshot instanceof Snapshot ? this.#mementos.get(snapshot) : undefined
    if (memento !== undefined) return memento.restore()
    const found = snapshot instanceof Snapshot ? 'a snapshot of another one' : describe(snapshot)
    throw new InvalidError(found, `a snapshot of this ${this.what}, as its snapshot() returns`)
  }

  hash(): string {
    this.mustRest()
    const digest = new Digest()
    digest.part(this.whole)
    return digest.hex
  }
}
