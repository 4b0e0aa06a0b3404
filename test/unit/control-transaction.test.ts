import { describe, expect, test } from 'vitest'
import { Serial } from '../../src/control/serial.js'
import { carryOut, type Step } from '../../src/control/transaction.js'

type Phase = keyof Step

/** Steps that write down what is asked of them; `fails` names those that throw. */
function rig(count: number, fails: Record<string, string> = {}) {
  const log: string[] = []
  const act = (phase: Phase, step: number) => () => {
    log.push(`${phase} ${step}`)
    const message = fails[`${phase} ${step}`]
    if (message !== undefined) throw Object.assign(new Error(message), { code: 'EEXIST' })
  }
  const step = (number: number): Step => ({
    prepare: act('prepare', number),
    undo: act('undo', number),
    stage: act('stage', number),
    unstage: act('unstage', number),
    finish: act('finish', number),
  })
  const activation = {
    ready: async () => void log.push('ready'),
    commit: () => {
      log.push('commit')
      if (fails.commit !== undefined) throw new Error(fails.commit)
    },
  }
  const steps = Array.from({ length: count }, (_, index) => step(index))
  return { log, run: () => carryOut(steps, activation) }
}

describe('a change in one step', () => {
  test('prepares all, stages all, commits once, and lets go at the end', async () => {
    const { log, run } = rig(2)
    await run()
    expect(log).toEqual([
      ...['prepare 0', 'prepare 1', 'ready', 'stage 0', 'stage 1', 'commit'],
      ...['finish 0', 'finish 1'],
    ])
  })

  test('takes back what was prepared, the last first, and stages nothing', async () => {
    const { log, run } = rig(3, { 'prepare 2': 'no room' })
    await expect(run()).rejects.toThrow('no room')
    expect(log).toEqual(['prepare 0', 'prepare 1', 'prepare 2', 'undo 1', 'undo 0'])
  })

  test('takes back what was staged, half-way too, before what was prepared, and commits nothing', async () => {
    const { log, run } = rig(3, { 'stage 1': 'table full' })
    await expect(run()).rejects.toThrow('table full')
    expect(log.slice(3)).toEqual([
      ...['ready', 'stage 0', 'stage 1', 'unstage 1', 'unstage 0'],
      ...['undo 2', 'undo 1', 'undo 0'],
    ])
  })

  test('takes everything back when the commit fails', async () => {
    const { log, run } = rig(2, { commit: 'no room' })
    await expect(run()).rejects.toThrow('no room')
    expect(log.slice(5)).toEqual(['commit', 'unstage 1', 'unstage 0', 'undo 1', 'undo 0'])
  })

  test('tells what could not be taken back with what failed, and goes on taking back', async () => {
    const { log, run } = rig(3, { 'prepare 2': 'no room', 'undo 1': 'it is stuck' })
    await expect(run()).rejects.toMatchObject({
      code: 'EEXIST',
      message: 'no room; and not everything could be taken back: it is stuck',
    })
    expect(log.at(-1)).toBe('undo 0')
  })

  test('the same for what was staged: the first error is the one that is told', async () => {
    const { log, run } = rig(2, { 'stage 1': 'table full', 'unstage 1': 'table busy' })
    await expect(run()).rejects.toThrow(
      'table full; and not everything could be taken back: table busy',
    )
    expect(log.slice(-4)).toEqual(['unstage 1', 'unstage 0', 'undo 1', 'undo 0'])
  })

  test('is done with the commit: what cannot be let go of then is returned, and all is tried', async () => {
    const fails = { 'finish 0': 'it is stuck', 'finish 2': 'so is it' }
    const { log, run } = rig(3, fails)
    expect(await run()).toEqual(['it is stuck', 'so is it'])
    expect(log.slice(-4)).toEqual(['commit', 'finish 0', 'finish 1', 'finish 2'])
  })

  test('of nothing is a commit', async () => {
    const { log, run } = rig(0)
    expect(await run()).toEqual([])
    expect(log).toEqual(['ready', 'commit'])
  })

  test('stages in one stretch: nothing else runs in between', async () => {
    const log: string[] = []
    const step = { stage: () => void queueMicrotask(() => log.push('meanwhile')) }
    await carryOut([step, step], {
      ready: async () => {},
      commit: () => void log.push('commit'),
    })
    expect(log).toEqual(['commit', 'meanwhile', 'meanwhile'])
  })
})

test('what is serial waits for what is before it, however that ends', async () => {
  const serial = new Serial()
  const log: string[] = []
  const slow = serial.run(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5))
    log.push('slow')
    throw new Error('on purpose')
  })
  const next = serial.run(() => log.push('next'))
  await expect(slow).rejects.toThrow('on purpose')
  await next
  expect(log).toEqual(['slow', 'next'])
})
