// A B A B: every contestant once a round, so that whatever the machine does meanwhile, it does to all.
import { setImmediate as breathe } from 'node:timers/promises'
import { Interrupted } from './interrupt.js'

/**
 * @typedef {{name: string, label: string, measure: () => Promise<Sample> | Sample, derived?: boolean}} Contestant
 *   `derived`: nothing is measured, it is worked out of what others of the round have shown
 * @typedef {{value: number} & Record<string, number>} Sample what was measured, and what explains it
 *
 * @param {Contestant[]} contestants
 * @param {object} options
 * @param {number} options.rounds
 * @param {AbortSignal} options.signal
 * @param {(contestant: Contestant, sample: Sample, round: number) => void} options.onSample
 * @returns {Promise<{samples: Map<string, Sample[]>, complete: boolean}>} samples by contestant; fewer
 *   than `rounds` when interrupted
 */
export async function alternate(contestants, { rounds, signal, onSample }) {
  const samples = new Map(contestants.map(({ name }) => [name, []]))
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const contestant of contestants) {
        // What measures in this thread leaves no other moment in which Ctrl-C could be heard.
        await breathe()
        signal.throwIfAborted()
        const sample = await contestant.measure()
        samples.get(contestant.name).push(sample)
        onSample(contestant, sample, round)
      }
    }
    return { samples, complete: true }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    return { samples, complete: false }
  }
}
