/** createLab({ timers: 'fake' }): the program's timers on the lab's clock. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as timersSetTimeout } from 'node:timers'
import { scheduler, setTimeout as sleep, setInterval as ticks } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { createLab } from '../../src/testing/index.js'
import '../../src/testing/node/index.js'
import { caught } from '../support/errors.js'
import { pair } from '../support/tcp-lab.js'

const later = (ms?: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

test('time passes for a timer that is pending, whoever waits', async () => {
  const lab = await createLab({ timers: 'fake' })
  await later(3_600_000)
  expect(lab.now).toBe(3_600_000)
  await later()
  expect(lab.now).toBe(3_600_001)
  await later(Number.POSITIVE_INFINITY)
  expect(lab.now).toBe(3_600_002)
  await lab.close()
})

test('a retry policy with setTimeout of its own', async () => {
  const { lab, a, b } = await pair({ timers: 'fake', seed: 7 })
  const waits: number[] = []
  async function connected(attempts: number) {
    for (let attempt = 0; ; attempt++) {
      try {
        return await a.connect(b, 80)
      } catch (error) {
        if (attempt === attempts) throw error
        waits.push(lab.now)
        await later(100 * 2 ** attempt)
      }
    }
  }
  setTimeout(() => b.listen(80), 1000)
  expect((await connected(10)).remotePort).toBe(80)
  expect(waits).toEqual([0, 100, 300, 700])
  expect(lab.now).toBe(1500)
  await lab.close()
})

test('Date, performance.now, process.hrtime: from a beginning that may be said', async () => {
  const lab = await createLab({ timers: 'fake' })
  expect(new Date().toISOString()).toBe('2000-01-01T00:00:00.000Z')
  await lab.advance(1500.5)
  expect([Date.now(), performance.now()]).toEqual([Date.UTC(2000, 0, 1) + 1500, 1500.5])
  expect(process.hrtime()).toEqual([1, 500_500_000])
  expect(process.hrtime([1, 0])).toEqual([0, 500_500_000])
  expect(process.hrtime.bigint()).toBe(1_500_500_000n)
  expect(Date()).toMatch(/^(Sat|Fri) (Jan|Dec) /)
  expect(new Date(2030, 0).getFullYear()).toBe(2030)
  expect(new Date()).toBeInstanceOf(Date)
  expect(Date.UTC(1970, 0)).toBe(0)
  class Later extends Date {}
  expect(new Later()).toBeInstanceOf(Later)
  await lab.close()
  expect(Date.now()).toBeGreaterThan(Date.UTC(2020))
  const other = await createLab({ timers: { date: '2030-06-01T12:00:00Z' } })
  expect(new Date().getUTCFullYear()).toBe(2030)
  await other.close()
})

test('intervals, refresh, unref, and clearing by number', async () => {
  const lab = await createLab({ timers: 'fake' })
  const seen: unknown[] = []
  const interval = setInterval((what) => seen.push([what, lab.now]), 10, 'tick')
  await lab.advance(35)
  clearInterval(interval)
  expect(seen).toEqual([
    ['tick', 10],
    ['tick', 20],
    ['tick', 30],
  ])
  const timer = setTimeout(() => seen.push(lab.now), 100)
  await lab.advance(50)
  timer.refresh()
  expect(timer.hasRef()).toBe(true)
  await lab.advance(60)
  expect(seen).toHaveLength(3)
  clearTimeout(Number(timer))
  await lab.advance(100)
  expect(seen).toHaveLength(3)
  // Nobody waits for one that is unrefed: time passes up to it for others.
  const idle = setTimeout(() => seen.push('unrefed'), 1000).unref()
  const { waiting } = await lab.run()
  expect([waiting, seen.length]).toEqual([[], 3])
  await later(2000)
  expect(seen).toHaveLength(4)
  expect(idle.ref().hasRef()).toBe(true)
  clearTimeout(undefined)
  expect(() => setTimeout('x' as never)).toThrow(TypeError)
  await lab.close()
})

test("Node's modules: promises, with signals and values", async () => {
  const lab = await createLab({ timers: 'fake' })
  expect(await sleep(1000, 'value')).toBe('value')
  await scheduler.wait(1000)
  await promisify(setTimeout)(1000)
  await new Promise((resolve) => timersSetTimeout(resolve, 1000))
  expect(lab.now).toBe(4000)
  const seen: number[] = []
  for await (const _ of ticks(100)) {
    seen.push(lab.now)
    if (seen.length === 3) break
  }
  expect(seen).toEqual([4100, 4200, 4300])
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 50)
  const aborted = { name: 'AbortError', code: 'ABORT_ERR' }
  const { signal } = controller
  await expect(sleep(1000, undefined, { signal })).rejects.toMatchObject(aborted)
  await expect(sleep(1000, undefined, { signal })).rejects.toMatchObject(aborted)
  expect(lab.now).toBe(4350)
  await lab.close()
})

test('AbortSignal.timeout, while somebody waits', async () => {
  const { lab, a } = await pair({ timers: 'fake' })
  const signal = AbortSignal.timeout(5000)
  await lab.run()
  expect(signal.aborted).toBe(false)
  const socket = a.udp(7)
  signal.addEventListener('abort', () => void socket.send('a', 7, String(signal.reason.name)))
  expect((await socket.receive()).text).toBe('TimeoutError')
  expect(lab.now).toBe(5000)
  await lab.close()
})

test('what a timer throws fails what the test waits for', async () => {
  const lab = await createLab({ timers: 'fake' })
  setTimeout(() => {
    throw new Error('oops')
  }, 10)
  expect(await caught(lab.advance('1s'))).toMatchObject({
    code: 'HANDLER',
    message: 'a handler of a timer of the program threw: oops',
  })
  await lab.close()
})

test('timers keep their asynchronous context', async () => {
  const lab = await createLab({ timers: 'fake' })
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  storage.run('one', () => setTimeout(() => seen.push(storage.getStore()), 10))
  storage.run('two', () => setTimeout(() => seen.push(storage.getStore()), 20))
  await lab.advance(30)
  expect(seen).toEqual(['one', 'two'])
  await lab.close()
})

test('all is put back, and a fake that somebody has kept is what it stood for', async () => {
  const names = ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval', 'Date'] as const
  const all = () => [
    ...names.map((name) => globalThis[name]),
    AbortSignal.timeout,
    process.hrtime,
    sleep,
  ]
  const before = [...all(), performance.now]
  const lab = await createLab({ timers: 'fake' })
  const kept = { setTimeout, Date, now: performance.now, sleep, hrtime: process.hrtime, ticks }
  expect(all().some((one) => before.includes(one as never))).toBe(false)
  let isRun = false
  setTimeout(() => (isRun = true), 1)
  await lab.close()
  expect([...all(), performance.now]).toEqual(before)
  expect(Object.hasOwn(performance, 'now')).toBe(false)
  await new Promise((resolve) => kept.setTimeout(resolve, 5))
  await kept.sleep(5)
  for await (const _ of kept.ticks(1)) break
  expect(isRun).toBe(false)
  expect(kept.Date.now()).toBeGreaterThan(Date.UTC(2020))
  expect(kept.now()).toBeGreaterThan(1)
  expect(kept.hrtime.bigint()).toBeGreaterThan(0n)
  expect(kept.hrtime()).toHaveLength(2)
})

test('who waits in the lab that a test has left open is said', async () => {
  const { lab, a } = await pair({ timers: 'fake', clock: 'manual' })
  const receiving = a.udp(7).receive()
  await expect(createLab({ timers: 'fake' })).rejects.toMatchObject({
    code: 'EXISTS',
    message: expect.stringMatching(/; there host "a" waits for a datagram on UDP port 7$/),
  })
  receiving.catch(() => {})
  await lab.close()
})

test('two at once are refused: labs, vitest, and whoever replaced them', async () => {
  const lab = await createLab({ timers: 'fake' })
  await expect(createLab({ timers: 'fake' })).rejects.toMatchObject({
    code: 'EXISTS',
    message: expect.stringContaining('another lab has the timers on its clock: close it before'),
  })
  // vitest refuses in its turn, and is none the worse for it.
  expect(() => vi.useFakeTimers()).toThrow('fake timers twice')
  await lab.close()
  vi.useFakeTimers()
  try {
    await expect(createLab({ timers: 'fake' })).rejects.toMatchObject({
      code: 'EXISTS',
      message: expect.stringContaining('call vi.useRealTimers() before'),
    })
  } finally {
    vi.useRealTimers()
  }
  vi.stubGlobal('setTimeout', () => {})
  try {
    await expect(createLab({ timers: 'fake' })).rejects.toThrow('somebody has replaced setTimeout')
  } finally {
    vi.unstubAllGlobals()
  }
  vi.setSystemTime(0)
  try {
    await expect(createLab({ timers: 'fake' })).rejects.toThrow('somebody has replaced Date')
  } finally {
    vi.useRealTimers()
  }
})

test('vitest goes on: its own timers are real, and a spy is left alone', async () => {
  const spy = vi.spyOn(globalThis, 'setTimeout')
  const lab = await createLab({ timers: 'fake' })
  let count = 0
  await vi.waitFor(() => expect(++count).toBe(3), { interval: 1 })
  await expect.poll(() => ++count, { interval: 1 }).toBe(6)
  await later(1000)
  await lab.close()
  expect(globalThis.setTimeout).toBe(spy)
  spy.mockRestore()
})

test.each([
  [{ timers: 'real' as never }, 'found timers "real"; expected "fake"'],
  [{ timers: {} as never }, 'found timers.date'],
  [{ timers: { date: 'someday' } }, 'found timers.date "someday"'],
  [{ timers: 'fake', clock: 'real' }, 'found timers with clock "real"'],
] as const)('%j', async (options, message) => {
  const before = setTimeout
  await expect(createLab(options)).rejects.toMatchObject({ code: 'INVALID' })
  await expect(createLab(options)).rejects.toThrow(message)
  expect(setTimeout).toBe(before)
})
