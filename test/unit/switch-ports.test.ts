/** The library: ports and bridges that come, go, and go down. */
import { expect, test } from 'vitest'
import { createSwitch } from '../../src/index.js'
import { codeOf } from '../support/errors.js'
import { BROADCAST, frame, markOf, station } from '../support/frames.js'

const A = station(1)
const B = station(2)

test('changes made between and during process() hold from the next frame on', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  a.send(frame(BROADCAST, A, 1))
  sw.process()
  // The worker has ticked since: a change must not be lost because it was "in use".
  const added = Array.from({ length: 5 }, (_, index) => sw.addPort(`p${index}`, { bridge: 'lan' }))
  a.send(frame(BROADCAST, A, 2))
  sw.process()
  for (const port of added) expect(port.take().map(markOf)).toEqual([2])
  sw.setPort('p0', { up: false })
  sw.removePort('p1')
  a.send(frame(BROADCAST, A, 3))
  sw.process()
  expect(added.map((port) => port.take().map(markOf))).toEqual([[], [], [3], [3], [3]])
})

test('1,000 ports added and removed, and some of them again', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} }, ports: { hub: { bridge: 'lan' } } })
  const hub = sw.ports.get('hub')!
  for (const count of [1000, 100]) {
    const ports = Array.from({ length: count }, (_, index) =>
      sw.addPort(`p${index}`, { bridge: 'lan' }),
    )
    hub.send(frame(BROADCAST, station(9999), count))
    sw.process()
    for (const [index, port] of ports.entries()) {
      port.send(frame(station(9999), station(index + 1)))
    }
    sw.process()
    expect(hub.take()).toHaveLength(count)
    for (const port of ports) expect(port.take().map(markOf).at(-1)).toBe(count)
    expect(sw.fdb.list()).toHaveLength(count + 1)
    for (let index = 0; index < count; index++) sw.removePort(`p${index}`)
    expect(sw.fdb.list()).toHaveLength(1)
    expect(sw.ports.size).toBe(1)
  }
}, 60_000)

test('more ports than there is room for is an error, and nothing is half there', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} }, capacity: { ports: 2 } })
  sw.addPort('a', { bridge: 'lan' })
  sw.addPort('b', { bridge: 'lan' })
  expect(codeOf(() => sw.addPort('c', { bridge: 'lan' }))).toBe('CONFIG')
  expect([...sw.ports.keys()]).toEqual(['a', 'b'])
  expect(Object.keys(sw.config.ports)).toEqual(['a', 'b'])
  sw.removePort('a')
  sw.process()
  sw.addPort('c', { bridge: 'lan' })
  expect([...sw.ports.keys()]).toEqual(['b', 'c'])
})

test('a removed port: what is learnt on it goes, what waits in it is lost, it cannot send', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  const b = sw.addPort('b', { bridge: 'lan' })
  a.send(frame(BROADCAST, A))
  sw.process()
  a.send(frame(BROADCAST, A))
  sw.removePort('a')
  sw.process()
  expect(sw.fdb.list()).toEqual([])
  expect(b.take()).toHaveLength(1)
  expect(codeOf(() => a.send(frame(BROADCAST, A)))).toBe('CLOSED')
  expect(codeOf(() => sw.removePort('a'))).toBe('NOT_FOUND')
  const again = sw.addPort('a', { bridge: 'lan' })
  b.send(frame(A, B))
  sw.process()
  expect(again.take()).toHaveLength(1)
  expect(again.counters()).toMatchObject({ rxFrames: 0, txFrames: 1 })
})

test('a port that is down forwards nothing, and forgets', async () => {
  await using sw = await createSwitch({
    bridges: { lan: {} },
    ports: { b: { bridge: 'lan', up: false } },
  })
  const a = sw.addPort('a', { bridge: 'lan' })
  const c = sw.addPort('c', { bridge: 'lan' })
  const b = sw.ports.get('b')!
  a.send(frame(BROADCAST, A))
  b.send(frame(BROADCAST, B))
  sw.process()
  expect([b.take(), c.take()].map((frames) => frames.length)).toEqual([0, 1])
  sw.setPort('a', { up: false })
  expect(sw.fdb.list()).toEqual([])
  expect(sw.drops()).toEqual([{ port: 'b', reason: 'port-down', frames: 1 }])
  expect(sw.drops('c')).toEqual([])
  sw.setPort('b', { up: true })
  b.send(frame(BROADCAST, B))
  sw.process()
  expect(c.take()).toHaveLength(1)
})

test('bridges come and go; their addresses go with them', async () => {
  await using sw = await createSwitch()
  sw.addBridge('one', { ageing: '10s' })
  const a = sw.addPort('a', { bridge: 'one' })
  sw.addPort('b', { bridge: 'one' })
  a.send(frame(BROADCAST, A))
  sw.process()
  expect(codeOf(() => sw.removeBridge('one'))).toBe('EXISTS')
  sw.advance('9s')
  expect(sw.fdb.list()).toHaveLength(1)
  sw.advance('1s')
  expect(sw.fdb.list()).toEqual([])
  sw.removePort('a')
  sw.removePort('b')
  sw.removeBridge('one')
  expect(Object.keys(sw.config.bridges)).toEqual([])
  expect(codeOf(() => sw.addPort('a', { bridge: 'one' }))).toBe('NOT_FOUND')
  for (let round = 0; round < 300; round++) {
    sw.addBridge('again')
    sw.removeBridge('again')
  }
})
