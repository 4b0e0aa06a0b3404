/** The report of a run: from fixed JSON, read as a browser reads it. */
import { describe, expect, it } from 'vitest'
import { resultOf } from '../../bench/lib/figure.js'
import { scaleOf } from '../../bench/report/axis.js'
import { figureCharts, groupCharts, groupTitle } from '../../bench/report/charts.js'
import { lineChart } from '../../bench/report/lines.js'
import { reportPage } from '../../bench/report/page.js'
import { readRun } from '../../bench/report/run.js'
import { commonTitle, linesOf, percentilesOf, seriesOf } from '../../bench/report/series.js'

type Samples = Record<string, Record<string, number>[]>

/** A result as a run has it. */
function result(title: string, samples: Samples, figure: object = {}) {
  const contestants = Object.keys(samples).map((name) => ({ name, label: `label of ${name}` }))
  const whole = {
    ...{ name: title, title, unit: 'Mpps', better: 'more', method: 'By `looking`.', seconds: 1 },
    ...{ targets: [{ of: 'linkspan', to: 'c', atLeast: 0.9 }], ...figure },
  }
  const measured = new Map(Object.entries(samples))
  return resultOf(whole, contestants, measured, { complete: true, notes: ['a note'] })
}

const values = (...list: number[]) => list.map((value) => ({ value }))
const both = { linkspan: values(9, 10, 12), c: values(10, 10, 16) }
const run = (groups: Record<string, object[]>, head: object = {}) => ({
  ...{
    date: '2026-01-02T03:04:05.678Z',
    load: 0.25,
    loadAfter: 2,
    pairs: 3,
    interrupted: false,
    groups,
  },
  ...{ machine: { processor: 'P', commit: null, openvswitch: 'ovs 3' }, ...head },
})

/** What JSON keeps of a run: what is written beside the report. */
const report = (json: object) => reportPage(JSON.parse(JSON.stringify(json)))

/** Elements without a partner, of a text that is nearly XML. */
function unbalanced(page: string): string[] {
  const open: string[] = []
  const alone = ['meta', '!doctype']
  for (const [, close, name, rest] of page.matchAll(/<(\/?)([!\w]+)([^>]*)>/g)) {
    if (close === '/') {
      if (open.pop() !== name) return [`</${name}>`]
    } else if (!rest!.endsWith('/') && !alone.includes(name!)) open.push(name!)
  }
  return open
}

describe('a report', () => {
  const page = report(run({ tcp: [result('A figure', both)] }))

  it('has the machine, the verdicts, every comparison and every sample', () => {
    expect(page).toContain('2026-01-02 03:04:05 UTC')
    expect(page).toContain('<dt>Processor</dt><dd>P</dd>')
    expect(page).toContain('<dt>Open vSwitch</dt><dd>ovs 3</dd>')
    expect(page).toContain('<dt>Load before</dt><dd>0.25</dd><dt>Load after</dt><dd>2.00</dd>')
    expect(page).toContain('Targets: 1 met, 0 missed, 0 not measured.')
    expect(page).toContain('<span class="verdict met">met</span>')
    expect(page).toContain('label of linkspan beside label of c, as a ratio')
    expect(page).toContain('By <code>looking</code>.')
    expect(page).toContain('<li>a note</li>')
    const [, samples] = page.split('All samples')
    expect(samples!.match(/<td class="number">16<\/td>/g)).toHaveLength(1)
  })

  it('is whole, and needs nothing but itself', () => {
    expect(unbalanced(page)).toEqual([])
    expect(page).not.toMatch(/<script|<link|<img|@import|url\(|src=/)
    expect(page.match(/https?:[^"]*/g)!.every((url) => url.endsWith('/2000/svg'))).toBe(true)
  })

  it('says that it was interrupted, what was left out, and what was not measured', () => {
    const error = 'not measured: needs iperf3'
    const left = { name: 'x', title: 'Another', complete: false, error, leftOut: true }
    const partial = { ...result('A figure', { linkspan: values(9), c: [] }), complete: false }
    const text = report(run({ tcp: [partial], x: [left] }, { interrupted: true }))
    expect(text).toContain('interrupted: what was measured until then')
    expect(text).toContain(`<p class="left">${error}</p>`)
    expect(text).toContain(
      'Targets: 0 met, 0 missed, 1 not measured. Figures that were not measured: 1.',
    )
    expect(unbalanced(text)).toEqual([])
  })

  it('escapes whatever a run says', () => {
    const evil = `"><script>alert('1')</script>&amp;`
    const figure = { ...result(evil, { linkspan: values(1, 2), c: values(2, 3) }), notes: [evil] }
    const contestants = figure.contestants.map((one: object) => ({ ...one, label: evil }))
    const hostile = { ...figure, contestants, name: evil, unit: evil, method: evil }
    const failed = { name: evil, title: evil, error: evil }
    const text = report(
      run({ [evil]: [hostile, failed] }, { date: evil, machine: { [evil]: evil } }),
    )
    expect(text).not.toContain('<script')
    expect(text).not.toContain(`alert('1')`)
    expect(unbalanced(text)).toEqual([])
  })

  it.each([[[]], [null], [{}], [{ groups: [] }], ['text']])(
    'is made of a run only, not of %j',
    (json) => {
      expect(() => reportPage(json)).toThrow('bench: a report is made of the JSON of a run')
    },
  )

  it('is made of what an edited run still has', () => {
    const samples = [{ value: null }, { value: 5, p99: 'x' }, null, 7]
    const contestants = [{ name: 'a', label: 'A', samples }, { name: 'b' }, null]
    const comparisons = [{ of: 'a', to: 'b', target: { atLeast: 1 }, measured: { median: null } }]
    const odd = { title: 'Odd', contestants, comparisons, notes: 'none' }
    const text = report({ groups: { odd: [odd, 5], empty: [] } })
    expect(text).toContain('Odd')
    expect(text).not.toMatch(/NaN|undefined|Infinity/)
    expect(readRun({ groups: { odd: [odd] } }).groups[0]![1][0]!.contestants).toHaveLength(1)
  })
})

describe('pictures of a group', () => {
  const sized = (frame: string) => result(`Frames, ${frame} B`, both)

  it('have lines where titles differ by a number only', () => {
    const results = ['64', '512', '1,518'].map(sized)
    const [series] = seriesOf(results)
    expect(series!.title).toBe('Frames, # B')
    expect(series!.results.map(({ x }) => x)).toEqual([64, 512, 1518])
    expect(linesOf(series!).map(({ label }) => label)).toEqual(['label of linkspan', 'label of c'])
    const [chart, ...more] = groupCharts(results)
    expect(more).toEqual([])
    expect(chart!.match(/<polyline/g)).toHaveLength(2)
    expect(chart).toContain('>B</text>')
  })

  it('have lines over variants, and bars of those that have no number', () => {
    const variants = ['64 B', '512 B', '1518 B', 'IMIX']
    const results = variants.map((variant) => ({ ...result(`T ${variant}`, both), variant }))
    const [chart, rest] = groupCharts([{ ...results[0], title: 'minimum' }, ...results.slice(1)])
    expect(chart!.match(/<circle/g)).toHaveLength(6)
    expect(chart).not.toContain('class="title"')
    expect(rest!.match(/<rect/g)).toHaveLength(2)
  })

  it('have bars where two figures differ, or more than a number does', () => {
    expect(seriesOf(['64', '512'].map(sized))).toEqual([])
    const others = ['a', 'b', 'c'].map((name) => result(`Frames, ${name}`, both))
    expect(groupCharts(others)[0]!.match(/<rect/g)).toHaveLength(6)
    expect(groupCharts([others[0]])).toEqual([])
  })

  it('have a picture for each unit', () => {
    const bytes = ['x', 'y'].map((name) => result(name, both, { unit: 'bytes', better: 'less' }))
    const charts = groupCharts([...bytes, result('z', both), result('w', both)])
    expect(charts.map((chart) => /aria-label="([^"]*)"/.exec(chart)![1])).toEqual([
      ...['bytes, less is better', 'Mpps, more is better'],
    ])
  })

  it('are named by what titles have in common, or by the group', () => {
    expect(commonTitle(['A, 64 B, x', 'A, 64 B, y'])).toBe('A, 64 B')
    expect(commonTitle(['A, x', 'B, x'])).toBe('')
    expect(groupTitle('new', [{ title: 'A, x' }, { title: 'B, x' }])).toBe('new')
    const named = (...titles: string[]) =>
      groupTitle(
        'new',
        titles.map((title) => ({ title })),
      )
    expect(named('A, x', 'A, y')).toBe('A')
    expect(named('A, way at 20 k', 'A, way at 50 k')).toBe('A, way')
    expect(named('A, one', 'A, one: cost')).toBe('A, one')
    expect(named('Start to')).toBe('Start to')
  })
})

describe('pictures of a figure', () => {
  const pictured = (samples: Samples) => {
    const json = run({ x: [result('A figure', samples)] })
    return readRun(JSON.parse(JSON.stringify(json))).groups[0]![1][0]!
  }

  it('have a dot a sample', () => {
    const [, rounds] = figureCharts(pictured(both))
    expect(rounds!.match(/<circle/g)).toHaveLength(6)
    expect(rounds).toContain('<title>round 3: 12 Mpps (+20 %)</title>')
    expect(figureCharts(pictured({ linkspan: values(9) }))).toHaveLength(1)
  })

  it('have percentiles where samples have them, in their order', () => {
    const sample = { p999: 9, p50: 1, p99: 5, max: 20, value: 100 }
    const found = percentilesOf(pictured({ linkspan: [sample, sample] }))!
    expect(found.names).toEqual(['p50', 'p99', 'p99.9'])
    expect(found.lines[0]!.points.map(({ median }) => median)).toEqual([1, 5, 9])
  })

  it('take the value for the median where it is below the percentiles, and for nothing else', () => {
    const found = percentilesOf(pictured({ linkspan: [{ value: 1, p90: 2, p99: 5 }] }))!
    expect(found.names).toEqual(['value', 'p90', 'p99'])
    expect(percentilesOf(pictured({ linkspan: [{ value: 7, p90: 2 }] }))).toBeUndefined()
  })
})

describe('scales', () => {
  it('begin at zero with round steps', () => {
    const { at, ticks, logarithmic } = scaleOf([3, 9.7], { zero: true })
    expect(logarithmic).toBe(false)
    expect(ticks).toEqual([0, 5])
    expect([at(0), at(9.7)]).toEqual([0, 1])
  })

  it('are logarithmic over what is wide', () => {
    const { at, ticks } = scaleOf([2, 10_000, 1_000_000])
    expect(ticks).toEqual([10, 100, 1000, 10_000, 100_000, 1_000_000])
    expect(at(2)).toBe(0)
    expect(at(1_000_000)).toBe(1)
  })

  it('hold a single value, and zeros', () => {
    expect(Number.isFinite(scaleOf([5]).at(5))).toBe(true)
    expect(Number.isFinite(scaleOf([0, 0], { zero: true }).at(0))).toBe(true)
    const points = [{ x: 1, median: 0, min: 0, max: 0 }]
    const chart = { title: '', unit: 'x', note: '', axis: '', lines: [{ label: 'a', points }] }
    expect(lineChart(chart)).not.toContain('NaN')
  })

  it('keep names at the ends of lines apart', () => {
    const line = (label: string) => ({ label, points: [{ x: 1, median: 5, min: 5, max: 5 }] })
    const lines = ['a', 'b', 'c'].map(line)
    const svg = lineChart({ title: '', unit: 'x', note: '', axis: '', lines })
    const heights = [...svg.matchAll(/class="name c\d" x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) =>
      Number(y),
    )
    expect(heights[1]! - heights[0]!).toBeGreaterThanOrEqual(16)
    expect(heights[2]! - heights[1]!).toBeGreaterThanOrEqual(16)
  })
})
