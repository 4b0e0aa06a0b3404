// The highest rate at which nothing is lost (RFC 2544, section 26.1), found by trials: a search that
// widens from a guess and then halves, in which a loss counts when it comes again. Pure: what a trial is
// does not matter here.

/**
 * @typedef {object} Trial what became of frames offered at a rate
 * @property {number} rate at which they were sent: nearly that which was asked for, or less where the
 *   sender could not keep it
 * @property {boolean} offered whether the sender kept the rate; a trial in which it did not says nothing
 *   of a higher rate than that at which it sent
 * @property {number} loss lost frames over those that were sent, 0 to 1
 *
 * @typedef {object} Search
 * @property {number} guess where it begins
 * @property {number} resolution how far the lowest rate that failed may be above the highest that passed, as
 *   a factor, e.g. 1.05
 * @property {number} acceptedLoss lost frames over those that were sent; 0: none at all
 * @property {number} attempts trials at a rate, of which one has to pass: on a machine that does other
 *   things too, frames are lost at any rate now and then (ETSI GS NFV-TST 009, 12.3.3: binary search
 *   with loss verification)
 * @property {number} least a rate below which nothing is looked for
 *
 * @typedef {object} Found
 * @property {number} rate the highest that passed and did not fail later, as it was sent; 0: none from `least` up
 * @property {boolean} confirmed whether it passed when it was looked at longer
 * @property {number} trials how many it took
 * @property {boolean} bounded false: the sender was the limit, not what is measured
 */

/** How far the search leaps where it has a bound on one side only; each leap is the square of the last. */
const LEAP = 1.1
const LEAP_MOST = 2

/** However unlike itself the machine is from trial to trial, it ends soon. */
export const TRIALS_MOST = 16

/**
 * @param {(rate: number) => Promise<Trial>} trial
 * @param {(rate: number) => Promise<Trial>} confirm the same for longer: at the rate that was found
 * @param {Search} search
 * @returns {Promise<Found>}
 */
export async function searchThroughput(trial, confirm, search) {
  const state = new Bracket(search)
  let attempt = trial
  let trials = 0
  /** The best of the attempts: one that passed, else one that lost nothing but was slower, else any. */
  const offer = async (how, rate) => {
    let best
    for (let left = search.attempts; left > 0; left--) {
      const outcome = await how(rate)
      trials++
      if (outcome.loss <= search.acceptedLoss) {
        if (outcome.offered) return { ...outcome, passed: true }
        if (best?.clean !== true || outcome.rate > best.rate) best = { ...outcome, clean: true }
      }
      best ??= outcome
    }
    return { ...best, passed: false }
  }
  while (trials < TRIALS_MOST && !state.hopeless) {
    if (state.narrow) {
      const { passed, rate, clean } = await offer(confirm, state.low)
      if (passed) return { rate, confirmed: true, trials, bounded: state.bounded }
      // What passes a short trial and not a long one says nothing: all further ones are long.
      attempt = confirm
      state.withdraw(!clean, clean ? rate : 0)
      continue
    }
    const asked = state.rate
    const { passed, rate, clean } = await offer(attempt, asked)
    if (passed) state.raise(asked, rate)
    else state.lower(asked, !clean, clean ? rate : 0)
  }
  return { rate: state.fallback, confirmed: false, trials, bounded: state.bounded }
}

/** Between the highest rate that passed and the lowest that failed. */
class Bracket {
  #search
  #passed = []
  #leap = LEAP
  low = 0
  high = Number.POSITIVE_INFINITY
  /** Whether what is measured failed at `high`, and not the sender. */
  bounded = true

  constructor(search) {
    this.#search = search
    this.rate = search.guess
  }

  get narrow() {
    return this.low > 0 && this.high / this.low <= this.#search.resolution * (1 + 1e-9)
  }

  /** What passed below all that failed. */
  get fallback() {
    return Math.max(0, ...this.#passed.filter((rate) => rate < this.high))
  }

  get hopeless() {
    return this.high <= this.#search.least
  }

  /** @param {number} sent the rate that the sender kept, nearly `rate` */
  raise(rate, sent) {
    this.low = rate
    this.#passed.push(sent)
    this.#next()
  }

  /** @param {number} [sent] a lower rate at which nothing was lost, since the sender did not keep this one */
  lower(rate, bounded, sent = 0) {
    this.high = rate
    this.bounded = bounded
    if (sent > this.low) this.low = sent
    this.#passed.push(sent)
    this.#next()
  }

  /** What had passed did not when it was looked at longer, and what lies below may not either. */
  withdraw(bounded, sent) {
    const rate = this.low
    this.low = 0
    this.#leap = LEAP
    this.lower(rate, bounded, sent)
  }

  #next() {
    const { low, high } = this
    if (low > 0 && high < Number.POSITIVE_INFINITY) {
      this.rate = Math.sqrt(low * high)
      return
    }
    this.rate = low > 0 ? low * this.#leap : Math.max(high / this.#leap, this.#search.least)
    this.#leap = Math.min(this.#leap ** 2, LEAP_MOST)
  }
}
