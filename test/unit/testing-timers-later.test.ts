/** A fake timer that outlives its lab, and is begun anew: on the clock that is in force by then. */
import http from 'node:http'
import { Agent, request } from 'undici'
import { expect, test } from 'vitest'
import { createLab } from '../../src/testing/index.js'
import { connector, serve } from '../../src/testing/node/index.js'

/** A timer that a closed lab has left. */
async function left(name: 'setTimeout' | 'setInterval', run: () => void, ms: number) {
  const lab = await createLab({ timers: 'fake' })
  const timer = globalThis[name](run, ms)
  await lab.close()
  return timer
}

const passed = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('in a later lab it is on the clock of that, with an id of its own', async () => {
  const seen: unknown[] = []
  const timer = await left('setTimeout', () => seen.push('fired'), 1000)
  for (const round of [1, 2]) {
    const lab = await createLab({ timers: 'fake' })
    const other = setTimeout(() => seen.push('other'), 5000)
    timer.refresh()
    expect(Number(timer)).not.toBe(Number(other))
    await lab.advance(999)
    expect(seen).toHaveLength(round - 1)
    await lab.advance(1)
    expect(seen).toHaveLength(round)
    timer.refresh()
    clearTimeout(Number(timer))
    await lab.advance(2000)
    expect(seen).toHaveLength(round)
    await lab.close()
  }
})

test('without a lab it is real, and can be cleared, unrefed and thrown from', async () => {
  let count = 0
  const timer = await left('setTimeout', () => count++, 5)
  timer.refresh()
  expect(timer.unref().hasRef()).toBe(false)
  timer.ref()
  await passed(30)
  expect(count).toBe(1)
  timer.refresh()
  clearTimeout(timer)
  clearTimeout(timer)
  await passed(30)
  expect(count).toBe(1)
  const interval = await left('setInterval', () => count++, 5)
  interval.refresh()
  await passed(60)
  expect(count).toBeGreaterThan(2)
  clearInterval(interval)
  const cleared = count
  await passed(30)
  expect(count).toBe(cleared)
})

test('one that is begun anew goes back with the lab', async () => {
  const lab = await createLab({ timers: 'fake' })
  let count = 0
  const timer = setTimeout(() => count++, 10)
  await lab.advance(20)
  timer.refresh()
  const snapshot = lab.snapshot()
  for (const expected of [2, 3]) {
    await lab.advance(20)
    expect(count).toBe(expected)
    lab.restore(snapshot)
  }
  clearTimeout(timer)
  const none = lab.snapshot()
  timer.refresh()
  lab.restore(none)
  await lab.advance(20)
  expect(count).toBe(3)
  await lab.close()
})

test.each([1, 2])('headersTimeout of undici, lab %i of the process', async () => {
  const lab = await createLab({ timers: 'fake' })
  lab.bridge('lan')
  const [client, server] = [lab.host('client'), lab.host('server')]
  serve(
    server,
    80,
    http.createServer(() => {}),
  )
  const dispatcher = new Agent({ connect: connector(client), headersTimeout: 3000 })
  await expect(request('http://server/', { dispatcher })).rejects.toMatchObject({
    code: 'UND_ERR_HEADERS_TIMEOUT',
  })
  await lab.close()
})
