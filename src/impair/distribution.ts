/**
 * Distributions of jitter, as tables of quantiles. They are computed, by additions, multiplications,
 * divisions and square roots only: IEEE 754 says every bit of those, while `Math.exp` and `Math.pow`
 * may differ between engines in the last one.
 */
import type { Distribution } from '../config/impair.js'
import { WORDS } from './luck.js'

const STEPS = 4096
/** No distribution goes further than that many times the jitter; netem's tables end there too. */
const MOST = 4

/** What a word stands for, from -4 to 4, to be multiplied by the jitter. @param quantiles undefined is uniform */
export function shiftOf(quantiles: Float64Array | undefined, word: number): number {
  if (quantiles === undefined) return word / (WORDS / 2) - 1
  const place = word / (WORDS / STEPS)
  const step = Math.floor(place)
  const low = quantiles[step] as number
  return low + ((quantiles[step + 1] as number) - low) * (place - step)
}

/** 4097 of them, from 0 to 1; undefined for the uniform distribution. */
export function quantilesOf(distribution: Distribution): Float64Array | undefined {
  return distribution === 'uniform' ? undefined : tables[distribution]()
}

const tables = { normal: once(normalTable), pareto: once(paretoTable) }

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Mean 0, standard deviation 1. */
function normalTable(): Float64Array {
  const table = new Float64Array(STEPS + 1)
  const half = STEPS / 2
  let z = 0
  for (let step = 1; step < half; step++) {
    z = quantile(step / STEPS, z)
    table[half + step] = z
    table[half - step] = -z
  }
  table[STEPS] = MOST
  table[0] = -MOST
  return table
}

/** The z with `area` of the normal curve between 0 and z, by Newton's method from one nearby. */
function quantile(area: number, nearby: number): number {
  let z = nearby
  for (let round = 0; round < 8; round++) {
    // The area is the height at z times z + z^3/3 + z^5/(3*5) + … (Abramowitz and Stegun 26.2.11).
    let term = z
    let sum = z
    for (let odd = 3; term > 1e-17; odd += 2) {
      term *= (z * z) / odd
      sum += term
    }
    const height = 1 / (SQRT_TAU * exponential((z * z) / 2))
    z += (area - height * sum) / height
  }
  return z
}

const SQRT_TAU = Math.sqrt(2 * Math.PI)

/** e^x for 0 <= x <= 8, to some 12 digits. */
function exponential(x: number): number {
  const small = x / 1024
  let term = 1
  let sum = 1
  for (let n = 1; n < 8; n++) {
    term *= small / n
    sum += term
  }
  for (let squared = 0; squared < 10; squared++) sum *= sum
  return sum
}

/** Shape 3, scaled and moved as netem's: from -2/3, half of it below -0.32, a long tail up to 4. */
function paretoTable(): Float64Array {
  const table = new Float64Array(STEPS + 1)
  for (let step = 0; step < STEPS; step++) {
    table[step] = Math.min(MOST, (cubeRoot(STEPS / (STEPS - step)) - 1.5) * (4 / 3))
  }
  table[STEPS] = MOST
  return table
}

/** For 1 <= x <= 4096, by Newton's method from above. */
function cubeRoot(x: number): number {
  let root = x
  for (let round = 0; round < 40; round++) root = (2 * root + x / (root * root)) / 3
  return root
}
