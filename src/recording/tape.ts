/** Where the entries of a recording go, one after the other, whoever makes the calls. */

export interface Tape {
  /** What entries are written into, good until the next `begin`. */
  readonly bytes: Uint8Array
  readonly view: DataView
  /**
   * Takes the tape for a call of `who`, so that nobody else calls meanwhile.
   *
   * @param size octets of its entry, asked for when the tape is taken
   * @returns where the entry goes; -1: nothing is recorded any more, and the tape is not taken
   */
  begin(who: number, size: () => number): number
  /** The call is about to be made: its entry counts from here on, also if it never returns. */
  written(): void
  /** What the call returned is in the entry: gives the tape back. */
  end(): void
}

const FIRST = 1 << 20

/** A tape of one thread, in memory of its own that grows. */
export class OwnTape implements Tape {
  bytes = new Uint8Array(FIRST)
  view = new DataView(this.bytes.buffer)
  #length = 0
  #next = 0
  #over: string | undefined

  /** @param most octets; what is more ends the recording */
  constructor(private readonly most: number) {}

  /** Why it ended by itself; undefined while it goes on. */
  get over(): string | undefined {
    return this.#over
  }

  /** What was recorded. */
  get entries(): Uint8Array {
    return this.bytes.subarray(0, this.#length)
  }

  begin(_who: number, size: () => number): number {
    if (this.#over !== undefined) return -1
    this.#next = this.#length + size()
    if (this.#next > this.most) {
      this.#over = `full: ${this.most} octets`
      return -1
    }
    if (this.#next > this.bytes.length) this.#grow()
    return this.#length
  }

  #grow(): void {
    const bytes = new Uint8Array(Math.max(2 * this.bytes.length, this.#next))
    bytes.set(this.entries)
    this.bytes = bytes
    this.view = new DataView(bytes.buffer)
  }

  written(): void {
    this.#length = this.#next
  }

  end(): void {}
}
