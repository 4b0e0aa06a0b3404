import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/parse.js'
import { patchPort } from '../../src/config/patch.js'
import type { Port } from '../../src/config/types.js'
import type { ConfigError } from '../../src/error.js'

const withImpair = (impair: unknown) => ({
  bridges: { lan: {} },
  ports: { web: { bridge: 'lan', impair } },
})
const parsed = (impair: unknown) => parseConfig(withImpair(impair)).ports.web as Port

function issues(impair: unknown): string[] {
  try {
    parseConfig(withImpair(impair))
  } catch (error) {
    return (error as ConfigError).issues.map(({ key, message }) => `${key}: ${message}`)
  }
  return []
}

describe('impair of a port', () => {
  test('holds for both ways but where one has its own', () => {
    const { impair } = parsed({ delay: '20ms', loss: '1%', transmit: { loss: 0.5 }, seed: 7 })
    expect(impair).toEqual({
      receive: { delay: 20, loss: { probability: 0.01 } },
      transmit: { delay: 20, loss: { probability: 0.5 } },
      seed: 7,
    })
  })

  test('is itself an impair in its parsed form', () => {
    const settings = {
      rate: '10Mbit',
      queue: '64kB',
      jitter: { time: '2ms', distribution: 'pareto' },
      loss: { average: '5%', burst: 4 },
      delay: 3,
      reorder: '1%',
      receive: { up: false },
    }
    const { impair } = parsed(settings)
    expect(parsed(JSON.parse(JSON.stringify(impair))).impair).toEqual(impair)
  })

  test('that asks for nothing is none', () => {
    expect(parsed({}).impair).toBeUndefined()
    expect(parsed({ seed: 3, receive: {} }).impair).toBeUndefined()
  })

  test.each<[unknown, string]>([
    [5, 'ports.web.impair: found 5; expected a mapping such as { delay: "10ms", loss: "1%" }'],
    [{ dely: 1 }, 'ports.web.impair.dely: unknown key; expected one of'],
    [{ loss: '101%' }, 'ports.web.impair.loss: found "101%"; expected a probability'],
    [{ transmit: { delay: '1h' } }, 'ports.web.impair.transmit.delay: found "1h"; expected'],
    [{ receive: { seed: 1 } }, 'ports.web.impair.receive.seed: unknown key; expected one of "up"'],
    [{ loss: { averge: 1 } }, 'ports.web.impair.loss.averge: unknown key; expected one of'],
    [{ seed: -1 }, 'ports.web.impair.seed: found -1; expected a whole number from 0 to 4294967295'],
    [{ reorder: '1%' }, 'ports.web.impair.reorder: found "1%"; expected a "delay" beside it'],
    [
      { transmit: { reorder: 1 } },
      'ports.web.impair.transmit.reorder: found 1; expected a "delay" beside it',
    ],
  ])('%j is refused', (impair, message) => {
    const found = issues(impair)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(message)
  })
})

describe('a change of impair', () => {
  const change = (before: unknown, impair: unknown) => {
    const next = patchPort(parsed(before), { port: { impair } })
    return parseConfig({ bridges: { lan: {} }, ports: { web: next as object } as never }).ports.web
      ?.impair
  }

  test('leaves what it does not name, and is of both ways unless it says one', () => {
    const before = { delay: 5, receive: { loss: 0.1 }, seed: 9 }
    expect(change(before, { delay: '7ms', transmit: { mtu: 900 } })).toEqual({
      receive: { delay: 7, loss: { probability: 0.1 } },
      transmit: { delay: 7, mtu: 900 },
      seed: 9,
    })
  })

  test('replaces a setting as a whole, and takes away by null', () => {
    const before = { loss: { average: 0.05, burst: 4 }, delay: 5 }
    expect(change(before, { loss: '1%', delay: null })).toEqual({
      receive: { loss: { probability: 0.01 } },
      transmit: { loss: { probability: 0.01 } },
    })
    expect(change(before, { receive: null })?.receive).toEqual({})
    expect(change(before, { receive: { delay: null }, seed: null })?.receive).toEqual({
      loss: expect.anything(),
    })
    expect(change(before, null)).toBeUndefined()
    expect(change(before, { loss: null, delay: null })).toBeUndefined()
  })

  test('that is wrong is said where it was said', () => {
    const next = patchPort(parsed({ delay: 5 }), { port: { impair: { loss: 'much', receive: 3 } } })
    const config = { bridges: { lan: {} }, ports: { web: next } }
    expect(() => parseConfig(config)).toThrow(/ports\.web\.impair\.loss: found "much"/)
    expect(() => parseConfig(config)).toThrow(/ports\.web\.impair\.receive: found 3/)
  })
})
