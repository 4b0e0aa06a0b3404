/** The library: what an onFrame handler sees, and may do. */
import { expect, test } from 'vitest'
import { createSwitch } from '../../src/index.js'
import { BROADCAST, frame, markOf, station } from '../support/frames.js'

const A = station(1)
const B = station(2)

test('onFrame sees each frame in order, in place of take; undefined goes back', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  const b = sw.addPort('b', { bridge: 'lan' })
  const heard: number[] = []
  b.onFrame((view) => heard.push(markOf(view)))
  for (let mark = 0; mark < 1000; mark++) a.send(frame(B, A, mark))
  expect(sw.process()).toBe(1000)
  expect(heard).toEqual(Array.from({ length: 1000 }, (_, mark) => mark))
  expect(b.take()).toEqual([])
  b.onFrame(undefined)
  a.send(frame(B, A, 7))
  sw.process()
  expect(b.take().map(markOf)).toEqual([7])
})

test('a handler may answer: the answer is forwarded in the same process()', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  const b = sw.addPort('b', { bridge: 'lan' })
  b.onFrame((view) => b.send(frame(A, B, markOf(view) + 1)))
  a.send(frame(B, A, 10))
  sw.process()
  expect(a.take().map(markOf)).toEqual([11])
})

test('handlers that answer each other for ever are stopped with an error that says why', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  const b = sw.addPort('b', { bridge: 'lan' })
  a.onFrame(() => a.send(frame(B, A)))
  b.onFrame(() => b.send(frame(A, B)))
  a.send(frame(B, A))
  let error: unknown
  try {
    sw.process()
  } catch (caught) {
    error = caught
  }
  expect(error).toMatchObject({ code: 'LIMIT', message: expect.stringContaining('onFrame') })
})

test('process() in a handler is harmless: nobody sees bytes of another frame', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const [a, b, c] = ['a', 'b', 'c'].map((name) => sw.addPort(name, { bridge: 'lan' })) as never as [
    ReturnType<typeof sw.addPort>,
    ReturnType<typeof sw.addPort>,
    ReturnType<typeof sw.addPort>,
  ]
  b.onFrame((view) => {
    if (markOf(view) >= 100) return
    b.send(frame(BROADCAST, B, 100 + markOf(view), 900))
    sw.process()
  })
  for (let mark = 1; mark <= 20; mark++) a.send(frame(BROADCAST, A, mark))
  sw.process()
  const marks = Array.from({ length: 20 }, (_, index) => index + 1)
  const heard = c.take().map(markOf)
  expect(heard.filter((mark) => mark < 100)).toEqual(marks)
  expect(heard.filter((mark) => mark >= 100)).toEqual(marks.map((mark) => mark + 100))
  expect(a.take().map(markOf)).toEqual(marks.map((mark) => mark + 100))
})

test('a handler that throws ends process() with its error; the switch goes on', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  const b = sw.addPort('b', { bridge: 'lan' })
  b.onFrame(() => {
    throw new RangeError('mine')
  })
  a.send(frame(BROADCAST, A, 1))
  expect(() => sw.process()).toThrow(new RangeError('mine'))
  b.onFrame(undefined)
  a.send(frame(BROADCAST, A, 2))
  sw.process()
  expect(b.take().map(markOf)).toEqual([2])
})

test('ports added and removed in a handler', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  const b = sw.addPort('b', { bridge: 'lan' })
  let made = 0
  b.onFrame(() => {
    for (let index = 0; index < 3; index++) sw.addPort(`n${made++}`, { bridge: 'lan' })
    if (made > 6) sw.removePort(`n${made - 4}`)
  })
  for (let mark = 0; mark < 5; mark++) {
    a.send(frame(BROADCAST, A, mark))
    sw.process()
  }
  expect(sw.ports.size).toBe(2 + 15 - 3)
  for (const [name, port] of sw.ports) if (name.startsWith('n')) port.take()
  b.onFrame(undefined)
  a.send(frame(BROADCAST, A, 99))
  sw.process()
  for (const [name, port] of sw.ports) {
    if (name !== 'a' && name !== 'b') expect([name, port.take().map(markOf)]).toEqual([name, [99]])
  }
})
