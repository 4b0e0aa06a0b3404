/** What of `linkspan bench` needs no machine; the rest is in test/e2e/bench.test.ts. */
import { describe, expect, it } from 'vitest'
import { groups, onRequest } from '../../bench/figures/index.js'
import { linesOn } from '../../bench/lib/progress.js'
import { plainTable } from '../../bench/lib/table.js'
import { benchTools } from '../../bench/lib/tools.js'
import { statusOf } from '../../bench/run.js'
import { planOf } from '../../bench/user.js'
import { packagesFor } from '../../scripts/lib/commands.js'

describe('the plan of a user', () => {
  it('is all groups but those that take longest, seven rounds', () => {
    const names = Object.keys(groups).filter((name) => !onRequest.includes(name))
    expect(planOf({ names: [] })).toEqual({ names, pairs: 7 })
  })

  it('is what was asked for, each group once', () => {
    const plan = planOf({ names: ['tcp', 'micro', 'tcp'], pairs: 9, seconds: 0.5 })
    expect(plan).toEqual({ names: ['tcp', 'micro'], pairs: 9, seconds: 0.5 })
  })

  it('is quick, unless told how often', () => {
    expect(planOf({ names: ['tcp'], quick: true })).toMatchObject({ pairs: 3, most: 0.5 })
    expect(planOf({ names: ['tcp'], quick: true, pairs: 5 })).toMatchObject({ pairs: 5, most: 0.5 })
  })

  it.each([{ names: ['x'] }, { names: [], pairs: 0 }, { names: [], seconds: 0 }])(
    'is refused for %j',
    (options) => {
      expect(() => planOf(options)).toThrow(expect.objectContaining({ code: 'USAGE' }))
    },
  )
})

describe('the status of a run', () => {
  const run = (results: object[], interrupted = false) => ({ interrupted, groups: { x: results } })

  it('is 1 when something failed, and not when it was left out', () => {
    expect(statusOf(run([{ name: 'a' }, { error: 'no iperf3', leftOut: true }]))).toBe(0)
    expect(statusOf(run([{ error: 'failed: broken' }, { name: 'a' }]))).toBe(1)
    expect(statusOf(run([{ error: 'not measured: interrupted' }], true))).toBe(130)
  })
})

describe('tools', () => {
  it('are those of all figures and peers, and packages are known for each', () => {
    const tools = benchTools()
    expect(tools).toEqual(expect.arrayContaining(['cc', 'iperf3', 'nft', 'vde_switch', 'edge']))
    expect(tools.filter((tool) => packagesFor([tool]).length === 0)).toEqual([])
  })
})

describe('lines', () => {
  const stream = (isTTY: boolean, columns = 20) => {
    const written: string[] = []
    const write = (text: string) => written.push(text)
    const on = () => {}
    return { written, ...linesOn({ isTTY, columns, write, on } as unknown as NodeJS.WriteStream) }
  }

  it('stand in each other’s place on a terminal, and no wider than it', () => {
    const { written, progress, say, end } = stream(true)
    progress('x'.repeat(30))
    say('stays')
    end()
    expect(written).toEqual([`\r\x1b[K${'x'.repeat(19)}`, '\r\x1b[Kstays\n', '\r\x1b[K'])
  })

  it('stand below each other elsewhere', () => {
    const { written, progress, say, end } = stream(false)
    progress('a')
    say('b')
    end()
    expect(written).toEqual(['a\n', 'b\n'])
  })
})

it('a table is as wide as its widest cells', () => {
  const rule = '─'.repeat('long  b'.length)
  expect(plainTable(['a', 'b'], [['long', '']])).toBe(`a     b\n${rule}\nlong`)
})
