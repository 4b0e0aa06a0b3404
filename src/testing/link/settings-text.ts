/** What a link does to frames, in a few words: `delay 10ms, loss 30%`. */
import type { Impairment } from '../../config/impair.js'
import { formatRate } from '../../config/rate.js'
import type { LinkState } from './settings.js'

/** A part for each setting; none where it does nothing. */
export function impairmentTexts(settings: Impairment): string[] {
  const { up, mtu, rate, queue, delay, jitter, loss, duplicate, reorder, corrupt } = settings
  const parts: (string | undefined)[] = [
    up === false ? 'down' : undefined,
    delay === undefined ? undefined : `delay ${delay}ms`,
    jitter && `jitter ${jitter.time}ms`,
    rate === undefined ? undefined : `rate ${formatRate(rate)}bit`,
    queue && `queue ${queue.frames === undefined ? `${queue.octets}B` : `${queue.frames} frames`}`,
    loss && lossText(loss),
    duplicate && `duplicate ${percent(duplicate.probability)}`,
    reorder && `reorder ${percent(reorder.probability)}`,
    corrupt && `corrupt ${percent(corrupt.probability)}`,
    mtu === undefined ? undefined : `mtu ${mtu}`,
  ]
  return parts.filter((part) => part !== undefined)
}

/** Of both directions, and what is of one only: `delay 10ms, out: rate 10Mbit`. */
export function linkTexts({ out, in: into }: LinkState): string[] {
  const [outs, ins] = [impairmentTexts(out), impairmentTexts(into)]
  const both = outs.filter((text) => ins.includes(text))
  const only = (texts: readonly string[]) => texts.filter((text) => !both.includes(text))
  return [
    ...both,
    ...only(outs).map((text) => `out: ${text}`),
    ...only(ins).map((text) => `in: ${text}`),
  ]
}

const percent = (probability: number): string => `${Number((probability * 100).toPrecision(4))}%`

/** The average of bursts is that of the two states, weighed by how long they last (Gilbert and Elliott). */
function lossText(loss: NonNullable<Impairment['loss']>): string {
  if ('probability' in loss) return `loss ${percent(loss.probability)}`
  const { toBad, toGood, lossBad, lossGood } = loss
  const bad = toBad === 0 ? 0 : toBad / (toBad + toGood)
  return `loss ${percent(bad * lossBad + (1 - bad) * lossGood)} in bursts`
}
