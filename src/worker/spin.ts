/**
 * How long a worker looks for frames before it sleeps. Sleeping and being woken takes longer than many
 * an answer; but a worker that looks in vain takes the processor from others. So the time grows where a
 * sleep turns out to have been short, and goes back to nothing where frames did not come in that time.
 */

/** The first time that is tried, microseconds. */
const FIRST = 10

export class Spin {
  /** Microseconds; 0: it never looks before it sleeps. */
  most = 0
  #time = 0

  /** Microseconds for the next wait. */
  get time(): number {
    return Math.min(this.#time, this.most)
  }

  /** Notes how long a wait took until frames came, in milliseconds. */
  waited(milliseconds: number): void {
    const time = milliseconds * 1000
    if (time > this.most) this.#time = 0
    else if (time > this.#time) this.#time = Math.min(this.most, Math.max(FIRST, 2 * this.#time))
  }
}
