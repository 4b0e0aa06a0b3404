/** How long a worker looks for frames before it sleeps. */
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/parse.js'
import { parseSpin } from '../../src/config/spin.js'
import { Orders } from '../../src/worker/orders.js'
import { Spin } from '../../src/worker/spin.js'

function spin(most: number, ...waits: number[]): number {
  const made = new Spin()
  made.most = most
  for (const microseconds of waits) made.waited(microseconds / 1000)
  return made.time
}

describe('the time of a worker to look for frames', () => {
  test('is none before anything came, and none where it is off', () => {
    expect(spin(200)).toBe(0)
    expect(spin(0, 5, 5, 5)).toBe(0)
  })

  test('grows where a sleep was short, up to what it may be', () => {
    expect(spin(200, 150)).toBe(10)
    expect(spin(200, 150, 150, 150)).toBe(40)
    expect(spin(200, ...Array<number>(9).fill(150))).toBe(160)
    expect(spin(200, ...Array<number>(9).fill(190))).toBe(200)
  })

  test('stays where frames come within it', () => {
    expect(spin(200, 150, 150, 15, 3, 1)).toBe(20)
  })

  test('is none again when frames were long in coming', () => {
    expect(spin(200, 150, 150, 201)).toBe(0)
  })

  test('follows what it may be', () => {
    const made = new Spin()
    made.most = 200
    for (let wait = 0; wait < 9; wait++) made.waited(0.19)
    made.most = 50
    expect(made.time).toBe(50)
    made.most = 0
    expect(made.time).toBe(0)
  })
})

test('orders are seen by whoever has the buffer', () => {
  const ours = new Orders(3)
  const seen = new Orders(ours.buffer)
  expect([seen.spin, seen.stops(0), seen.stops(2)]).toEqual([0, false, false])
  ours.spin = 200
  ours.setStop(2, true)
  expect([seen.spin, seen.stops(0), seen.stops(2)]).toEqual([200, false, true])
})

describe('spin in a config', () => {
  test('is auto, or a time with its unit', () => {
    expect(parseConfig({}).spin).toBe('auto')
    for (const [text, value] of [
      ['0us', 0],
      ['200us', 200],
      ['1ms', 1000],
      ['10ms', 10_000],
    ] as const) {
      expect(parseSpin(parseConfig({ spin: text }).spin)).toBe(value)
    }
  })

  test.each(['1s', '11ms', '0.5us', '-1us', '', 'always', '200'])('is not "%s"', (spin) => {
    expect(() => parseConfig({ spin })).toThrow(/^spin: /)
  })
})
