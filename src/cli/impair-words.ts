/** Settings of an impairment as words: `delay=20ms`, `loss=5%,burst=4`, and back. */
import { formatRate } from '../config/rate.js'
import type { WayView } from '../control/impair-view.js'
import { LinkspanError } from '../error.js'

/** What a value alone is of settings that are mappings. */
const MAIN: Readonly<Record<string, string>> = {
  jitter: 'time',
  loss: 'probability',
  duplicate: 'probability',
  reorder: 'probability',
  corrupt: 'probability',
}

/** A change of settings, right or wrong: that is for the config's parser to say. Null takes one away. */
export function settingsOf(words: readonly string[]): Record<string, unknown> {
  const pairs = words.map((word): [string, unknown] => {
    const at = word.indexOf('=')
    if (at > 0 && at < word.length - 1)
      return [word.slice(0, at), settingOf(word.slice(0, at), word.slice(at + 1))]
    throw new LinkspanError(
      'USAGE',
      `"${word}": expected SETTING=VALUE, as in delay=20ms or loss=none`,
    )
  })
  const twice = pairs.find(([key], index) => pairs.findIndex(([other]) => other === key) < index)
  if (twice === undefined) return Object.fromEntries(pairs)
  throw new LinkspanError('USAGE', `"${twice[0]}" is said twice`)
}

function settingOf(key: string, text: string): unknown {
  const parts = text.split(',')
  // A loss in bursts is said by its average.
  const main = parts.some((part) => part.startsWith('burst=')) ? 'average' : (MAIN[key] ?? key)
  const [first = ''] = parts
  if (parts.length === 1 && !first.includes('=')) return meaning(first)
  const pairs = parts.map((part): [string, unknown] => {
    const at = part.indexOf('=')
    return at < 0 ? [main, meaning(part)] : [part.slice(0, at), meaning(part.slice(at + 1))]
  })
  return Object.fromEntries(pairs)
}

const WORDS: Readonly<Record<string, unknown>> = {
  none: null,
  true: true,
  on: true,
  false: false,
  off: false,
}

function meaning(text: string): unknown {
  if (Object.hasOwn(WORDS, text)) return WORDS[text]
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  // One word of a shell: the config has a blank there.
  return text.replace(/^(\d+)(frames?)$/, '$1 $2')
}

/** What a way does, in words that are read back; empty where it does nothing. */
export function wayWords(way: WayView): string[] {
  const { up, mtu, rate, queue, delay, jitter, loss, duplicate, reorder, corrupt } = way
  return [
    up ? [] : ['up=false'],
    word('mtu', mtu, String),
    word('rate', rate, formatRate),
    queue ? [`queue=${queue.frames === null ? `${queue.octets}B` : `${queue.frames}frames`}`] : [],
    word('delay', delay, milliseconds),
    jitter ? [joined('jitter', milliseconds(jitter.time), jitterParts(jitter))] : [],
    loss ? [lossWord(loss)] : [],
    duplicate ? [chanceWord('duplicate', duplicate)] : [],
    reorder ? [joined('reorder', percent(reorder.probability), reorderParts(reorder))] : [],
    corrupt ? [chanceWord('corrupt', corrupt)] : [],
  ].flat()
}

const milliseconds = (value: number) => `${value}ms`
/** Without what a binary fraction leaves: 0.07 is 7%. */
const percent = (value: number) => `${Number((value * 100).toPrecision(12))}%`

function word<T>(key: string, value: T | null, format: (value: T) => string): string[] {
  return value === null ? [] : [`${key}=${format(value)}`]
}

const tie = ({ correlation }: { correlation: number | null }) =>
  word('correlation', correlation, percent)

const joined = (key: string, main: string, parts: readonly string[]) =>
  `${key}=${[main, ...parts].join(',')}`

const chanceWord = (key: string, of: NonNullable<WayView['corrupt']>) =>
  joined(key, percent(of.probability), tie(of))

function jitterParts(jitter: NonNullable<WayView['jitter']>): string[] {
  const { distribution, reorder } = jitter
  const shape = distribution === 'uniform' ? [] : [`distribution=${distribution}`]
  return [...shape, ...tie(jitter), ...(reorder ? ['reorder=true'] : [])]
}

function reorderParts(reorder: NonNullable<WayView['reorder']>): string[] {
  const { gap, delay } = reorder
  const apart = gap === 1 ? [] : [`gap=${gap}`]
  return [...tie(reorder), ...apart, ...word('delay', delay, milliseconds)]
}

function lossWord(loss: NonNullable<WayView['loss']>): string {
  if (loss.probability !== null) return joined('loss', percent(loss.probability), tie(loss))
  const { toBad, toGood, lossBad, lossGood } = loss
  const parts = Object.entries({ toBad, toGood, lossBad, lossGood })
  return `loss=${parts.flatMap(([key, value]) => word(key, value, percent)).join(',')}`
}
