// What is measured, which of how many, and how long it may still take.
import { secondsOf } from './figure.js'
import { format } from './format.js'

/** What a figure takes besides its measurements, seconds: contestants are started, memory is filled. */
const SET_UP = 3
/** What a measurement takes besides its time, as a factor: processes are started, streams prepared. */
const BESIDE = 1.5
/** Of a measurement that says no time. */
const UNTIMED = 1

/**
 * Seconds that a figure is expected to take: its contestants are known by its targets beforehand.
 *
 * @param {Pick<import('./figure.js').Figure, 'targets' | 'seconds' | 'rounds' | 'needs' | 'takes'>} figure
 * @param {{pairs: number, seconds?: number, most?: number}} plan
 */
export function expected(figure, plan) {
  const contestants = new Set(figure.targets.flatMap(({ of, to }) => (to ? [of, to] : [of])))
  const each = (secondsOf(figure, plan) ?? UNTIMED) * (figure.takes ?? 1)
  const rounds = Math.min(figure.rounds ?? plan.pairs, plan.pairs)
  return SET_UP + rounds * Math.max(contestants.size, 1) * each * BESIDE
}

/** A time as people say it; what is near its end is not counted in seconds. */
export function timeText(seconds) {
  if (seconds < 50) return `${Math.max(10, Math.round(seconds / 10) * 10)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 100 ? `${Math.max(1, minutes)} min` : `${Math.round(minutes / 60)} h`
}

export class Progress {
  #plan
  #figures
  #write
  #now
  #index = -1
  #begun
  /** Seconds that what is over was expected to take, and what it took. */
  #over = { expected: 0, taken: 0 }

  /**
   * @param {import('./figure.js').Figure[]} figures all that will be measured, in their order
   * @param {{pairs: number, seconds?: number, most?: number}} plan
   * @param {(text: string) => void} write takes a line
   * @param {() => number} [now] milliseconds
   */
  constructor(figures, plan, write, now = () => performance.now()) {
    this.#figures = figures
    this.#plan = plan
    this.#write = write
    this.#now = now
  }

  begin(figure) {
    this.#index++
    this.#begun = this.#now()
    this.#write(`${this.#head()} ${figure.title}, ${this.left(0)} left`)
  }

  /** A measurement is done, number `done` of `total` of the figure that was begun. */
  sampled({ label, value, unit, done, total }) {
    const said = `${label} ${format(value)} ${unit}`
    this.#write(`${this.#head()} ${done}/${total} ${said}, ${this.left(done / total)} left`)
  }

  end() {
    this.#over.expected += expected(this.#figures[this.#index], this.#plan)
    this.#over.taken += (this.#now() - this.#begun) / 1000
  }

  #head() {
    return `${this.#index + 1}/${this.#figures.length} ${this.#figures[this.#index].name}:`
  }

  /** The rest, as expected and as it went so far; `share` of the figure that was begun is done. */
  left(share) {
    const of = (figure) => expected(figure, this.#plan)
    const current = of(this.#figures[this.#index])
    const rest = this.#figures.slice(this.#index + 1).reduce((sum, figure) => sum + of(figure), 0)
    const taken = this.#over.taken + (this.#now() - this.#begun) / 1000
    // A minute of what was expected counts beside what is known, or the first figure would decide all.
    const pace = (taken + 60) / (this.#over.expected + current * share + 60)
    return `about ${timeText((rest + current * (1 - share)) * pace)}`
  }
}

/**
 * Writes lines: on a terminal each in the place of the one before, so that one is seen.
 *
 * @param {NodeJS.WriteStream} stream
 * @returns {{progress: (text: string) => void, say: (text: string) => void, end: () => void}} `say` is for what
 *   stays
 */
export function linesOn(stream) {
  // Who watched has gone, as after `2>&1 | head`: what was begun is still brought to its end and cleaned up.
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error
  })
  if (!stream.isTTY) {
    const write = (text) => stream.write(`${text}\n`)
    return { progress: write, say: write, end: () => {} }
  }
  const clear = '\r\x1b[K'
  return {
    progress: (text) => stream.write(`${clear}${text.slice(0, (stream.columns ?? 80) - 1)}`),
    say: (text) => stream.write(`${clear}${text}\n`),
    end: () => stream.write(clear),
  }
}
