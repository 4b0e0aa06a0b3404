import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { asText } from '../../src/cli/log.js'
import { LogLimit, WINDOW } from '../../src/cli/log-limit.js'

describe('the limit of a log', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('lets the first few of a kind through and tells how many it left out', () => {
    const told: [number, number][] = []
    const limit = new LogLimit<number>((last, leftOut) => told.push([last, leftOut]))
    const admitted = Array.from({ length: 20 }, (_, n) => limit.admit('moved a', n))
    expect(admitted.filter(Boolean)).toHaveLength(5)
    expect(limit.admit('moved b', 0)).toBe(true)
    expect(told).toEqual([])
    vi.advanceTimersByTime(WINDOW)
    expect(told).toEqual([[19, 15]])
    // The next window begins with the next of the kind.
    expect(limit.admit('moved a', 21)).toBe(true)
    vi.advanceTimersByTime(WINDOW)
    expect(told).toHaveLength(1)
  })

  test('tells what is left when it ends', () => {
    const told: number[] = []
    const limit = new LogLimit<number>((_, leftOut) => told.push(leftOut))
    for (let n = 0; n < 7; n++) limit.admit('x', n)
    limit.flush()
    limit.flush()
    vi.advanceTimersByTime(WINDOW)
    expect(told).toEqual([2])
  })
})

describe('a line of text', () => {
  const line = (fields: object) =>
    asText(JSON.stringify({ time: '2026-01-02T03:04:05.678Z', level: 'warn', msg: 'm', ...fields }))

  test('has time, level, message and fields', () => {
    expect(line({ bridge: 'lan', mac: '02:00:00:00:00:01', n: 7 })).toBe(
      '03:04:05.678 warn  m bridge=lan mac=02:00:00:00:00:01 n=7\n',
    )
  })

  test('is one line, whatever is in it', () => {
    const text = line({ why: 'two\nlines', name: '\x1b[2J', spaced: 'a b', empty: '' })
    expect(text.indexOf('\n')).toBe(text.length - 1)
    expect(text).not.toContain('\x1b')
    expect(text).toContain('why="two\\nlines" name="\\u001b[2J" spaced="a b" empty=""')
  })
})
