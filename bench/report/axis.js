// Scales of line charts, and where they have ticks.

/** Over this factor between the least and the most a scale is logarithmic. */
const WIDE = 30

/**
 * A scale from values to 0…1.
 *
 * @param {number[]} values that have to fit, all finite
 * @param {{zero?: boolean}} [options] `zero`: it begins at 0, unless it is logarithmic
 * @returns {{at: (value: number) => number, ticks: number[], logarithmic: boolean}}
 */
export function scaleOf(values, { zero = false } = {}) {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  if (least > 0 && most / least > WIDE) return logarithmicScale(least, most)
  const from = zero ? Math.min(0, least) : least
  const to = most > from ? most : from + 1
  return { ...linear(from, to, (value) => value), ticks: linearTicks(from, to), logarithmic: false }
}

const linear = (from, to, map) => ({ at: (value) => (map(value) - from) / (to - from) })

function logarithmicScale(least, most) {
  const [from, to] = [Math.log10(least), Math.log10(most)]
  const powers = Array.from({ length: Math.ceil(to) - Math.floor(from) + 1 }, (_, index) => {
    return 10 ** (Math.floor(from) + index)
  })
  const inside = (tick) => tick >= least * 0.999 && tick <= most * 1.001
  const tens = powers.filter(inside)
  const more = powers.flatMap((power) => [power, 2 * power, 5 * power]).filter(inside)
  const ticks = tens.length > 2 ? tens : more
  return { ...linear(from, to, Math.log10), ticks, logarithmic: true }
}

/** Three to six round numbers. */
function linearTicks(from, to) {
  const rough = (to - from) / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)
  const first = Math.ceil(from / step - 1e-9)
  const last = Math.floor(to / step + 1e-9)
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step)
}
