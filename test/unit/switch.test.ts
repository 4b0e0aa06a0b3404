/** The library: an in-process switch, as DESIGN section 8 shows it. */
import { expect, test } from 'vitest'
import { createSwitch } from '../../src/index.js'
import { stream } from '../support/coalescing.js'
import { codeOf } from '../support/errors.js'
import { BROADCAST, frame, markOf, packet, station, superFrame } from '../support/frames.js'
import { checksumIsRight } from '../support/parse.js'
import { decode, encode } from '../support/virtio.js'

const A = station(1)

test('the example of DESIGN section 8', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  const b = sw.addPort('b', { bridge: 'lan' })
  const sent = frame(BROADCAST, A, 42)
  expect(a.send(sent)).toBe(true)
  sw.process()
  expect(b.take()).toEqual([sent])
  expect(b.take()).toEqual([])
  sw.advance('299s')
  expect(sw.fdb.list()).toEqual([
    {
      bridge: 'lan',
      vlan: null,
      mac: '02:00:00:00:00:01',
      port: 'a',
      vtep: null,
      age: 299_000,
      static: false,
      sticky: false,
      external: false,
    },
  ])
  sw.advance('301s')
  expect(sw.fdb.list()).toEqual([])
})

test('send copies the bytes, take gives copies for keeps', async () => {
  await using sw = await createSwitch({
    bridges: { lan: {} },
    ports: { a: { bridge: 'lan' }, b: { bridge: 'lan' } },
  })
  const [a, b] = [sw.ports.get('a')!, sw.ports.get('b')!]
  const bytes = frame(BROADCAST, A, 1)
  const kept = bytes.slice()
  a.send(bytes)
  bytes.fill(0)
  sw.process()
  const [first] = b.take()
  expect(first).toEqual(kept)
  a.send(frame(BROADCAST, A, 2))
  sw.process()
  expect(first).toEqual(kept)
  expect(b.take().map(markOf)).toEqual([2])
})

test('the FDB by hand: static entries, replacement, deletion, flush', async () => {
  await using sw = await createSwitch({
    bridges: { lan: {} },
    ports: { a: { bridge: 'lan' }, b: { bridge: 'lan' } },
    fdb: [{ bridge: 'lan', mac: '02:00:00:00:00:01', port: 'a' }],
  })
  const shown = () =>
    sw.fdb.list().map(({ mac, port, age, static: fixed }) => [mac.slice(-2), port, age, fixed])
  expect(shown()).toEqual([['01', 'a', null, true]])
  sw.fdb.add({ bridge: 'lan', mac: '02:00:00:00:00:02', port: 'b', static: false })
  sw.advance(5000)
  expect(shown()).toContainEqual(['02', 'b', 5000, false])
  sw.fdb.add({ bridge: 'lan', mac: '02:00:00:00:00:01', port: 'b' })
  sw.fdb.flush()
  expect(shown()).toEqual([['01', 'b', null, true]])
  sw.fdb.delete({ bridge: 'lan', mac: '02:00:00:00:00:01' })
  expect(shown()).toEqual([])
  expect(codeOf(() => sw.fdb.delete({ bridge: 'lan', mac: '02:00:00:00:00:01' }))).toBe('NOT_FOUND')
})

test('offloads: headers in and out, completion for whoever takes none', async () => {
  const memory = { type: 'memory' } as const
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan', device: { ...memory, offloads: true } })
  const b = sw.addPort('b', { bridge: 'lan', device: { ...memory, offloads: true } })
  const c = sw.addPort('c', { bridge: 'lan', device: { ...memory, mtu: 9000 } })
  const large = superFrame(1400, { to: BROADCAST, payload: 40_000 })
  const partial = packet({ to: BROADCAST, payload: 1000, checksum: 'partial' })
  a.send(encode(large.header, large.frame))
  sw.process()
  a.send(encode(partial.header, partial.frame))
  sw.process()
  const [first, second] = b.take().map(decode)
  expect(first).toEqual({ header: large.header, frame: large.frame })
  expect(checksumIsRight(second!.frame)).toBe(true)
  // 29 segments, and the frame whose checksum was completed.
  expect(c.take().map(checksumIsRight)).toEqual(Array(30).fill(true))
  expect(sw.drops()).toEqual([])
})

test('coalesce: segments that come together are one super-frame', async () => {
  const memory = { type: 'memory' } as const
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan', device: { ...memory, coalesce: true } })
  const b = sw.addPort('b', { bridge: 'lan', device: { ...memory, offloads: true } })
  const c = sw.addPort('c', { bridge: 'lan' })
  const { whole, segments } = stream(1000, 3)
  for (const each of segments) a.send(each)
  sw.process()
  expect(b.take().map(decode)).toEqual([{ header: whole.header, frame: whole.frame }])
  expect(c.take()).toEqual(segments)
})

test('events tell of moves, once', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  const b = sw.addPort('b', { bridge: 'lan' })
  a.send(frame(BROADCAST, A))
  sw.process()
  b.send(frame(BROADCAST, A))
  sw.process()
  expect(sw.events()).toMatchObject([{ type: 'moved', macHigh: 0x0200, macLow: 1 }])
  expect(sw.events()).toEqual([])
})

test('time: text and milliseconds, forward only, an ageing of each bridge', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  expect(sw.now).toBe(0)
  sw.advance('1m')
  sw.advance(500)
  expect(sw.now).toBe(60_500)
  for (const wrong of [-1, Number.NaN]) expect(codeOf(() => sw.advance(wrong))).toBe('INVALID')
  expect(() => sw.advance('yesterday')).toThrow()
  expect(sw.now).toBe(60_500)
})

test('a long time passes in little: ten days with an address that is refreshed by nobody', async () => {
  await using sw = await createSwitch({ bridges: { lan: { ageing: 1_000_000_000 } } })
  const a = sw.addPort('a', { bridge: 'lan' })
  sw.addPort('b', { bridge: 'lan' })
  a.send(frame(BROADCAST, A))
  sw.process()
  sw.advance(999_999_999)
  expect(sw.fdb.list()).toHaveLength(1)
  sw.advance(1)
  expect(sw.fdb.list()).toEqual([])
})

test('the same seed and input give the same frames, events and counters', async () => {
  const life = async () => {
    await using sw = await createSwitch(
      { bridges: { lan: {} }, capacity: { macs: 50 } },
      { seed: 99 },
    )
    const ports = ['a', 'b', 'c'].map((name) => sw.addPort(name, { bridge: 'lan' }))
    for (let step = 0; step < 600; step++) {
      ports[step % 3]!.send(frame(station((step * 7) % 90), station(1 + ((step * 13) % 53)), step))
      if (step % 10 === 0) sw.advance(1000)
    }
    sw.process()
    return {
      out: ports.map((port) => port.take()),
      counters: ports.map((port) => port.counters()),
      events: sw.events(),
      fdb: sw.fdb.list(),
      drops: sw.drops(),
    }
  }
  const [one, two] = [await life(), await life()]
  expect(one).toEqual(two)
  expect(one.events.length).toBeGreaterThan(10)
})
