/** Frames through one direction of a link, and what became of each. */
import { type FaultDrop, Faults } from '../../src/impair/faults.js'

export const OF = { seed: 7, link: 'web', direction: 'ingress' }

export interface Fate {
  entered: number
  octets: number
  deliveries: { at: number; bit: number }[]
  drops: FaultDrop[]
}

/** One frame after another enters. */
export function send(faults: Faults, now: number, octets = 1000, header?: number): Fate {
  const { delivered, deliveries, dropped, reasons } = faults.pass(now, octets, header)
  return {
    entered: now,
    octets,
    deliveries: deliveries.slice(0, delivered).map((delivery) => ({ ...delivery })),
    drops: reasons.slice(0, dropped),
  }
}

/** `count` frames, one every `gap` ms, from a link of those settings. */
export function sent(settings: unknown, count: number, gap = 1, of = OF): Fate[] {
  const faults = new Faults(of, settings)
  return Array.from({ length: count }, (_, n) => send(faults, n * gap))
}

export const isLost = ({ drops }: Fate) => drops.includes('loss')
export const share = (list: readonly boolean[]) => list.filter(Boolean).length / list.length

/** When frames come out, frame by frame, copies behind their originals. */
export const arrivals = (fates: readonly Fate[]) =>
  fates.flatMap(({ deliveries }) => deliveries.map(({ at }) => at))

export function moments(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, deviation: Math.sqrt(square) }
}

/** How a frame's value goes with that of the next: 0 when they have nothing in common. */
export function correlation(a: readonly number[], b: readonly number[]): number {
  const [one, other] = [moments(a), moments(b)]
  const sum = a.reduce(
    (sum, value, n) => sum + (value - one.mean) * ((b[n] as number) - other.mean),
    0,
  )
  return sum / a.length / one.deviation / other.deviation
}
