/** The detour's thread as control has it: orders in turn, answers waited for, a death. */
import { expect, test } from 'vitest'
import { Detours } from '../../src/detour/detours.js'
import type { Seeded } from '../../src/detour/orders.js'
import { defer } from '../support/cleanup.js'

const impair: Seeded = { receive: { delay: 5 }, transmit: {}, seed: 1 }
const thread = new URL('../support/mortal-thread.mjs', import.meta.url)

function setUp() {
  const reports: string[] = []
  const detours = new Detours(8, (why) => reports.push(why), thread)
  defer(() => detours.end())
  return { detours, reports }
}

test('nothing is started before there is an impaired port, and nobody waits', async () => {
  const { detours, reports } = setUp()
  await detours.settled()
  expect([detours.counts, reports]).toEqual([undefined, []])
})

test('what cannot be done is told, and waited for all the same', async () => {
  const { detours, reports } = setUp()
  detours.open(1, 'refuse', impair)
  await detours.settled()
  expect(reports).toEqual(['an impairment: no, 1'])
})

test('a thread that dies is started again and told all that holds', async () => {
  const { detours, reports } = setUp()
  const queues = [{ fd: 40, writer: 41, kind: 0, pair: 42 }]
  detours.open(1, 'web', impair)
  detours.attach(1, queues)
  detours.open(2, 'gone', impair)
  detours.close(2)
  detours.set(1, { ...impair, seed: 2 })
  await detours.settled()
  detours.open(3, 'die', impair)
  await detours.settled()
  const [death, ...rest] = reports
  expect(death).toBe(
    'the thread of impairments died (as told); frames on their way are lost; it is started again',
  )
  // The one that came next says what it was told.
  expect(rest.map((text) => text.replace('an impairment: ', ''))).toEqual([
    'told open 1 2',
    'told attach 1 40',
    'told open 3 1',
  ])
})

test('one that dies again and again is not', async () => {
  const { detours, reports } = setUp()
  detours.open(1, 'die always', impair)
  await detours.settled()
  expect(reports).toHaveLength(5)
  expect(reports.at(-1)).toContain('it is not started again: impaired ports forward nothing')
  detours.close(1)
  await detours.settled()
})
