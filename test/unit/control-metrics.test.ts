import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { metrics } from '../../src/control/metric-list.js'
import { Monotonic } from '../../src/control/monotonic.js'

describe('a counter never falls', () => {
  test('where a little is taken back, it stands still', () => {
    const [monotonic, port] = [new Monotonic(), {}]
    const seen = [5, 9, 7, 8, 12].map((value) => monotonic.clamped(port, 'frames', value))
    expect(seen).toEqual([5, 9, 9, 9, 12])
  })

  test('where it begins anew, it goes on', () => {
    const [monotonic, port] = [new Monotonic(), {}]
    const seen = [5, 9, 2, 4, 0, 3].map((value) => monotonic.summed(port, 'drops', value))
    expect(seen).toEqual([5, 9, 11, 13, 13, 16])
  })

  test('of one object has nothing to do with that of another', () => {
    const monotonic = new Monotonic()
    expect(monotonic.clamped({}, 'frames', 9)).toBe(9)
    expect(monotonic.clamped({}, 'frames', 1)).toBe(1)
    const port = {}
    expect(monotonic.clamped(port, 'frames', 9)).toBe(9)
    expect(monotonic.clamped(port, 'bytes', 1)).toBe(1)
  })
})

describe('names', () => {
  test.each(metrics.map(({ name, type, help }) => [name, type, help]))(
    '%s (%s) follows the conventions',
    (name, type, help) => {
      expect(name).toMatch(/^linkspan(_[a-z]+)+$/)
      expect(name.endsWith('_total')).toBe(type === 'counter')
      expect(name).not.toMatch(/_(ms|milliseconds|octets|count|sum|bucket)(_|$)/)
      expect(help).toMatch(/^[A-Z1].*[^.]$/)
    },
  )

  test('every metric is in docs/metrics.md, and nothing else is', () => {
    const text = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
    const rows = [...text.matchAll(/^\| `(linkspan_\w+)` \| (\w+) \|/gm)]
    const documented = rows.map(([, name, type]) => `${name} ${type}`)
    expect(documented.sort()).toEqual(metrics.map(({ name, type }) => `${name} ${type}`).sort())
  })
})
