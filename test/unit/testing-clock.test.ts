/** The lab: virtual time, who waits for what, and how it ends. */
import { expect, test, vi } from 'vitest'
import { Macrotask } from '../../src/testing/clock/macrotask.js'
import { Pump } from '../../src/testing/clock/pump.js'
import { real } from '../../src/testing/clock/real.js'
import { Timeline } from '../../src/testing/clock/timeline.js'
import { Waits } from '../../src/testing/clock/wait.js'
import { createLab, type LabOptions } from '../../src/testing/index.js'
import { caught } from '../support/errors.js'

async function two(options: LabOptions = {}) {
  const lab = await createLab(options)
  const lan = lab.bridge('lan')
  return { lab, lan, a: lab.host('a', { bridge: lan }), b: lab.host('b', { bridge: lan }) }
}

test('timeline: by time, and at one time in the order in which they were asked for', () => {
  const timeline = new Timeline()
  const seen: string[] = []
  const at = (time: number, what: string) => timeline.after(time, () => seen.push(what))
  at(5, 'c')
  at(1.5, 'a')
  at(5, 'd')
  at(1.5, 'b').cancel()
  at(Infinity, 'never')
  timeline.after(1.5, () => at(0, 'at once'))
  while (timeline.next() < Infinity) timeline.step()
  expect(seen).toEqual(['a', 'at once', 'c', 'd'])
  expect(timeline.now).toBe(5)
  expect(() => timeline.after(-1, () => {})).toThrow('expected 0 or more')
})

test('timeline: cancelled events are let go of, the others stay in order', () => {
  const timeline = new Timeline()
  const seen: number[] = []
  const timers = Array.from({ length: 1000 }, (_, n) => timeline.after(1, () => seen.push(n)))
  for (const [n, timer] of timers.entries()) if (n % 10 !== 3) timer.cancel()
  expect(timeline.underWay).toBe(100)
  while (timeline.next() < Infinity) timeline.step()
  expect(seen).toEqual(Array.from({ length: 100 }, (_, n) => n * 10 + 3))
  expect(timeline.underWay).toBe(0)
})

test('auto: time stands while nobody waits, and jumps when somebody does', async () => {
  const { lab, a, b } = await two()
  lab.link('a').set({ delay: '450ms' })
  const result = a.ping(b)
  expect(lab.now).toBe(0)
  expect((await result).rtt).toMatchObject({ average: 4 * 450 })
  const { now } = lab
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(lab.now).toBe(now)
  await lab.close()
})

test('what a program does when it wakes comes before time moves on', async () => {
  const { lab } = await two()
  const seen: string[] = []
  const log = async (name: string, ...steps: number[]) => {
    for (const ms of steps) {
      await lab.sleep(ms)
      for (let turn = 0; turn < 20; turn++) await undefined
      seen.push(`${name} ${lab.now}`)
    }
  }
  await Promise.all([log('x', 1, 1, 3), log('y', 2, 0.5), log('z', 2)])
  expect(seen).toEqual(['x 1', 'y 2', 'z 2', 'x 2', 'y 2.5', 'x 5'])
  await lab.close()
})

test('idle: whoever waits is told that nothing can come, with all who wait', async () => {
  const { lab, a, b } = await two()
  const waits = [caught(a.udp(53).receive()), caught(b.udp(7).receive())]
  for (const error of await Promise.all(waits)) {
    expect(error.code).toBe('IDLE')
    expect(error.message).toContain('host "a" waits for a datagram on UDP port 53; host "b" waits')
    expect(error.message).toContain('lab.hold(promise)')
  }
  expect(await a.ping(b)).toMatchObject({ received: 1 })
  await lab.close()
})

test('a loop is not told so: it waits on, and ends with the lab', async () => {
  const { lab, a, b } = await two()
  const heard: string[] = []
  const server = (async () => {
    for await (const datagram of b.udp(9)) heard.push(datagram.text)
    return 'ended'
  })()
  await a.udp().send(b, 9, 'one')
  await lab.run()
  expect(lab.waiting).toEqual(['host "b" waits for a datagram on UDP port 9'])
  await a.udp().send(b, 9, 'two')
  await lab.run()
  expect(heard).toEqual(['one', 'two'])
  await lab.close()
  expect(await server).toBe('ended')
})

test('a loop alone makes time move', async () => {
  const { lab, a, b } = await two()
  lab.link('b').set({ delay: '450ms' })
  const socket = b.udp(9)
  await a.udp().send(b, 9, 'slow')
  for await (const datagram of socket) {
    expect([datagram.text, lab.now]).toEqual(['slow', 3 * 450])
    break
  }
  await lab.close()
})

test('hold keeps time still for what happens outside', async () => {
  const { lab, a, b } = await two()
  const socket = b.udp(9)
  const outside = lab.hold(new Promise((resolve) => setTimeout(resolve, 20, 'done')))
  const received = socket.receive({ timeout: '1s' })
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(lab.now).toBe(0)
  expect(await outside).toBe('done')
  await a.udp().send(b, 9, 'x')
  expect((await received).text).toBe('x')
  await expect(lab.hold(Promise.reject(new Error('mine')))).rejects.toThrow('mine')
  await lab.close()
})

test('manual: nothing happens but in advance and run', async () => {
  const { lab, a, b } = await two({ clock: 'manual' })
  lab.link('a').set({ delay: '10ms' })
  let result: unknown
  const ping = a.ping(b, { count: 2 }).then((value) => {
    result = value
  })
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(lab.now).toBe(0)
  await lab.advance('1s')
  expect([lab.now, result]).toEqual([1000, undefined])
  await lab.advance(20)
  expect(result).toMatchObject({ received: 2 })
  await ping
  expect(await lab.run({ until: '1h' })).toEqual({ now: 3_600_000, waiting: [] })
  await lab.close()
})

test('run ends when nothing is under way, and says who waits for what; or by a condition', async () => {
  const { lab, a, b } = await two({ clock: 'manual' })
  const socket = b.udp(9)
  const waiting = caught(socket.receive())
  const { waiting: who } = await lab.run()
  expect(who).toEqual(['host "b" waits for a datagram on UDP port 9'])
  const pings = a.ping(b, { count: 100 })
  const { now } = await lab.run({ until: () => lab.link('b').counters.received > 50 })
  expect(now).toBeGreaterThan(40_000)
  expect(now).toBeLessThan(60_000)
  await lab.run()
  await pings
  await lab.close()
  expect((await waiting).message).toBe(
    'the lab was closed while host "b" waits for a datagram on UDP port 9',
  )
})

test('a condition that throws ends its run by that, and nothing else', async () => {
  const { lab, a, b } = await two()
  const cause = new Error('mine')
  const until = () => {
    throw cause
  }
  expect(await caught(lab.run({ until }))).toBe(cause)
  expect(await a.ping(b)).toMatchObject({ received: 1 })
  await lab.close()
})

test('each run is looked at: the one whose condition holds ends', async () => {
  const { lab } = await two()
  const at = (ms: number) => async () => {
    const { now } = await lab.run({ until: () => lab.now >= ms })
    return now
  }
  for (const ms of [5, 2]) void lab.sleep(ms)
  const ends = [at(5)(), at(2)(), lab.advance(10).then(() => lab.now)]
  expect(await Promise.all(ends)).toEqual([5, 2, 10])
  await lab.close()
})

test('idle: what the end of a wait sends arrives where a loop waits', async () => {
  const timeline = new Timeline()
  const waits = new Waits()
  const pump = new Pump(timeline, waits, 'auto', (error) => waits.failWith(error))
  const loop = waits.begin<string>(() => 'a loop waits', 'loop')
  waits.add(
    () => 'somebody waits',
    () => void timeline.after(1, () => loop.resolve('heard')),
  )
  expect(await loop.promise).toBe('heard')
  pump.close()
})

test('real: time is that of the computer', async () => {
  const { lab, a, b } = await two({ clock: 'real' })
  lab.link('a').set({ delay: '5ms' })
  await a.ping(b)
  const result = await a.ping(b)
  expect(result.rtt?.min).toBeGreaterThanOrEqual(10)
  const before = lab.now
  await lab.sleep(10)
  expect(lab.now - before).toBeGreaterThanOrEqual(10)
  await lab.advance(5)
  await lab.close()
})

test('real: times count from when they are asked for, and time never goes back', async () => {
  const computer = vi.spyOn(real, 'now').mockReturnValue(1000)
  const timeline = new Timeline()
  const waits = new Waits()
  const pump = new Pump(timeline, waits, 'real', (error) => waits.failWith(error))
  try {
    const wait = waits.begin<number>(() => 'the test waits')
    timeline.after(50, () => wait.resolve(timeline.now))
    computer.mockReturnValue(1800)
    timeline.after(500, () => {})
    expect(pump.now).toBe(800)
    expect(await wait.promise).toBe(800)
    expect(timeline.next()).toBe(1300)
  } finally {
    pump.close()
    computer.mockRestore()
  }
})

test.each([undefined, true])('a turn of the event loop, by messages: %s', async (isFaked) => {
  const seen: string[] = []
  const macrotask = new Macrotask(() => seen.push('turn'), isFaked)
  macrotask.ask()
  macrotask.ask()
  queueMicrotask(() => seen.push('microtask'))
  // However late the computer is with it.
  await vi.waitFor(() => expect(seen).toContain('turn'), 10_000)
  expect(seen).toEqual(['microtask', 'turn'])
  macrotask.ask()
  macrotask.close()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(seen).toHaveLength(2)
})

test('a limit: time passes up to it for who waits for an answer, not for loops', async () => {
  const timeline = new Timeline()
  const waits = new Waits()
  const pump = new Pump(timeline, waits, 'auto', (error) => waits.failWith(error))
  const turns = () => new Promise((resolve) => setTimeout(resolve, 5))
  try {
    timeline.after(50, () => {}, 'limit')
    waits.begin(() => 'a loop', 'loop')
    await turns()
    await pump.run(Infinity, () => 'the test')
    expect(timeline.now).toBe(0)
    const wait = waits.begin<void>(() => 'somebody')
    timeline.after(60, () => wait.resolve(), 'limit')
    await wait.promise
    expect(timeline.now).toBe(60)
    timeline.after(70, () => {}, 'limit').cancel()
    expect(timeline.limits).toBe(0)
  } finally {
    pump.close()
  }
})

test('who is patient is told last, when the program has done nothing for a while', async () => {
  const alarm = vi.spyOn(real, 'setTimeout')
  const timeline = new Timeline()
  const waits = new Waits()
  const pump = new Pump(timeline, waits, 'auto', () => {})
  const seen: string[] = []
  const turns = () => new Promise((resolve) => setTimeout(resolve, 5))
  try {
    waits.add(
      () => 'one',
      () => seen.push('patient'),
      'patient',
    )
    const told = waits.begin(() => 'two').promise
    await expect(told).rejects.toMatchObject({ code: 'IDLE' })
    await turns()
    expect(seen).toEqual([])
    expect(alarm).toHaveBeenCalledOnce()
    const [over, ms] = alarm.mock.calls[0] ?? []
    expect(ms).toBe(2000)
    // Something happens meanwhile: it begins anew.
    timeline.after(10, () => {})
    over?.()
    await turns()
    expect(seen).toEqual([])
    expect(alarm).toHaveBeenCalledTimes(2)
    alarm.mock.calls[1]?.[0]()
    await turns()
    expect(seen).toEqual(['patient'])
  } finally {
    pump.close()
    alarm.mockRestore()
  }
})

test('under fake timers of vitest time passes all the same', async () => {
  vi.useFakeTimers()
  try {
    const { lab, a, b } = await two()
    expect(await a.ping(b, { count: 3 })).toMatchObject({ received: 3 })
    await lab.close()
  } finally {
    vi.useRealTimers()
  }
})

test('programs that answer each other at one instant for ever are stopped', async () => {
  const timeline = new Timeline()
  const waits = new Waits()
  const pump = new Pump(timeline, waits, 'auto', (error) => waits.failWith(error), 1000)
  const again = (): void => void timeline.after(0, again)
  again()
  const error = await caught(waits.begin(() => 'the test waits').promise)
  expect(error).toMatchObject({ code: 'LIMIT' })
  expect(error.message).toContain('time stands at 0 ms')
  pump.close()
})

test.each([
  ['a time', 'soon'],
  ['a time', -1],
  ['a time', Number.NaN],
  ['a time', null],
])('%s of %j is refused', async (_, time) => {
  const { lab } = await two()
  await expect(lab.advance(time as string)).rejects.toMatchObject({ code: 'INVALID' })
  await expect(lab.sleep(time as string)).rejects.toMatchObject({ code: 'INVALID' })
  expect(lab.now).toBe(0)
  await lab.close()
})

test('a closed lab says so; closing it once more is harmless', async () => {
  const { lab, a, b } = await two()
  await lab.close()
  await lab.close()
  expect(() => lab.host('c')).toThrow('the lab was closed')
  await expect(a.ping(b)).rejects.toMatchObject({ code: 'CLOSED' })
  await expect(lab.advance(1)).rejects.toMatchObject({ code: 'CLOSED' })
  expect(() => a.udp()).toThrow('the lab was closed')
})
