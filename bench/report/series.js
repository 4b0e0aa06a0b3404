// Which results belong into one picture: pure, by nothing but what they say of themselves, so that a new
// group has its pictures without being named here.

/** Contestants that are Linkspan where nothing is held against them. */
const OURS = ['linkspan', 'shared', 'features', 'nat', 'many', 'vxlan', 'tunnel']

/** Whether a contestant of a result is Linkspan: what targets are for. */
export const isOurs = ({ comparisons = [] }, name) =>
  OURS.includes(name) || comparisons.some(({ of }) => of === name)

/** Results that have something to draw. */
export const isMeasured = ({ contestants = [] }) => contestants.length > 0

export const noteOf = ({ better }) => (better === 'more' ? 'more is better' : 'less is better')

/** Parts of the results that are in one unit, in the order in which they first come. */
export function byUnit(results) {
  const units = new Map()
  for (const result of results) {
    const key = `${result.unit} ${result.better}`
    units.set(key, [...(units.get(key) ?? []), result])
  }
  return [...units.values()]
}

/** What all titles begin with, up to a comma: '' where that is nothing. */
export function commonTitle(titles) {
  const split = titles.map((title) => title.split(', '))
  const [first] = split
  let same = 0
  while (same < first.length && split.every((parts) => parts[same] === first[same])) same++
  return first.slice(0, same).join(', ')
}

/** Words that a title does not end with. */
const JOINING = ['at', 'by', 'for', 'from', 'in', 'of', 'over', 'per', 'through', 'to', 'with']

/** What all titles begin with, up to a word: '' where that is nothing. */
export function commonWords(titles) {
  const split = titles.map((title) => title.split(' '))
  const bare = (word) => word?.replace(/[,:]$/, '')
  const common = []
  for (const word of split[0]) {
    if (split.some((words) => bare(words[common.length]) !== bare(word))) break
    common.push(word)
  }
  while (titles.length > 1 && JOINING.includes(common.at(-1))) common.pop()
  return common.join(' ').replace(/[,:]$/, '')
}

/** What tells a result from others of its group: what it says itself, else what its title has beyond the rest. */
export function ownTitle({ title, variant }, common) {
  if (variant) return variant
  const rest = title.startsWith(common) ? title.slice(common.length).replace(/^, /, '') : title
  return rest === '' ? title : rest
}

const NUMBER = /(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?![\w])/g
const numbersOf = (title) =>
  (title.match(NUMBER) ?? []).map((text) => Number(text.replaceAll(',', '')))

/** A title with '#' for one of its numbers. */
function without(title, which) {
  let seen = 0
  return title.replace(NUMBER, (text) => (seen++ === which ? '#' : text))
}

/**
 * Figures whose variants, or else titles, are the same but for one number: a size, a rate, a count.
 *
 * @param {object[]} results of one unit
 * @returns {{title: string, results: {x: number, result: object}[]}[]} `title` has '#' in the number's place;
 *   only such of three figures or more, since two are seen at a glance
 */
export function seriesOf(results) {
  const found = new Map()
  for (const result of results) {
    const told = result.variant ?? result.title
    for (const [which, x] of numbersOf(told).entries()) {
      const title = without(told, which)
      found.set(title, [...(found.get(title) ?? []), { x, result }])
    }
  }
  return [...found]
    .map(([title, list]) => ({ title, results: list.sort((a, b) => a.x - b.x) }))
    .filter((series) => new Set(series.results.map(({ x }) => x)).size > 2)
}

/** The lines of a series: a contestant each, who is in two of its figures or more. */
export function linesOf({ results }) {
  const lines = new Map()
  for (const { x, result } of results) {
    for (const { name, label, median, min, max } of result.contestants) {
      const line = lines.get(name) ?? { label, points: [] }
      line.points.push({ x, median, min, max })
      lines.set(name, line)
    }
  }
  return [...lines.values()].filter(({ points }) => points.length > 1)
}

/** 'p50', 'p999' … as what they are: 50, 99.9. */
function percentileOf(field) {
  const digits = /^p(\d{2,6})$/.exec(field)?.[1]
  if (digits === undefined) return undefined
  return Number(digits === '100' ? digits : `${digits.slice(0, 2)}.${digits.slice(2)}`)
}

/** A figure whose title names a percentile has that for its value. */
function withOwn(title, { fields, ...contestant }) {
  const own = /\bp\d{2,6}\b/.exec(title)?.[0]
  const more = own === undefined ? [] : [{ ...contestant, name: own }]
  return { ...contestant, fields: [...fields, ...more] }
}

/**
 * The percentiles that samples have beside their value, and their medians over the rounds.
 *
 * @param {import('./run.js').Result} result
 * @returns {{names: string[], lines: {label: string, points: import('./lines.js').Point[]}[]} | undefined} as lineChart has them; undefined without any
 */
export function percentilesOf({ title, contestants: all }) {
  const contestants = all.map((contestant) => withOwn(title, contestant))
  const fields = new Set(contestants.flatMap((one) => one.fields.map(({ name }) => name)))
  const known = [...fields].filter((name) => percentileOf(name) !== undefined)
  if (known.length < 2 && !known.some((name) => name !== 'p50')) return undefined
  known.sort((a, b) => percentileOf(a) - percentileOf(b))
  // A figure whose value is the median has no field of its own for it.
  const isMedian = ({ median, fields: own }) =>
    own.every(({ name, median: above }) => percentileOf(name) === undefined || median <= above)
  if (!known.includes('p50') && !contestants.every(isMedian)) return undefined
  const shown = known.includes('p50') ? known : ['value', ...known]
  const lines = contestants.map(({ label, fields: own, ...contestant }) => {
    const find = (name) =>
      name === 'value' ? contestant : own.find((field) => field.name === name)
    const points = shown.flatMap((name, x) => {
      const field = find(name)
      return field ? [{ x, median: field.median, min: field.min, max: field.max }] : []
    })
    return { label, points }
  })
  const names = shown.map((name) => (name === 'value' ? name : `p${percentileOf(name)}`))
  return { names, lines: lines.filter(({ points }) => points.length > 0) }
}
