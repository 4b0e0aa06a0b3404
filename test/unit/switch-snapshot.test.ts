/** The in-process switch: snapshots, and a hash of its state. */
import { expect, test } from 'vitest'
import { createSwitch, type Switch } from '../../src/index.js'
import { codeOf } from '../support/errors.js'
import { BROADCAST, frame, markOf, station } from '../support/frames.js'

const [A, B] = [station(1), station(2)]

const made = () =>
  createSwitch({ bridges: { lan: {} }, ports: { a: { bridge: 'lan' }, b: { bridge: 'lan' } } })

function send(sw: Switch, port: string, ...frames: Uint8Array[]): void {
  for (const each of frames) sw.ports.get(port)?.send(each)
  sw.process()
}

test('tables, counters, clock and frames that wait are as they were, again and again', async () => {
  await using sw = await made()
  send(sw, 'a', frame(BROADCAST, A, 1))
  sw.advance('100s')
  sw.ports.get('a')?.send(frame(B, A, 2)) // waits
  const [snapshot, hash, fdb] = [sw.snapshot(), sw.hash(), sw.fdb.list()]
  expect(snapshot.now).toBe(100_000)
  for (let time = 0; time < 3; time++) {
    send(sw, 'b', frame(A, B, 3))
    expect(sw.ports.get('b')?.take().map(markOf)).toEqual([1, 2])
    sw.advance('500s')
    expect(sw.fdb.list()).toEqual([])
    sw.restore(snapshot)
    expect([sw.hash(), sw.fdb.list(), sw.now]).toEqual([hash, fdb, 100_000])
    expect(sw.ports.get('b')?.counters().rxFrames).toBe(0)
  }
})

test('what was added since is gone, what was removed is there with its handler', async () => {
  await using sw = await made()
  const [got, hash] = [[] as number[], sw.hash()]
  sw.ports.get('b')?.onFrame((each) => got.push(markOf(each)))
  const b = sw.ports.get('b')
  const snapshot = sw.snapshot()
  sw.addBridge('dmz', { gateway: { addresses: ['10.0.0.1/24'] } })
  const c = sw.addPort('c', { bridge: 'dmz' })
  sw.removePort('b')
  sw.setPort('a', { up: false })
  sw.fdb.add({ bridge: 'lan', mac: '02:00:00:00:00:09', port: 'a' })
  sw.restore(snapshot)
  expect(sw.hash()).toBe(hash)
  expect(Object.keys(sw.config.bridges)).toEqual(['lan'])
  expect([...sw.ports.keys()]).toEqual(['a', 'b'])
  expect(sw.ports.get('b')).toBe(b)
  expect(codeOf(() => c.send(frame(BROADCAST, A)))).toBe('CLOSED')
  send(sw, 'a', frame(BROADCAST, A, 7))
  expect(got).toEqual([7])
  // Numbers and names that were given since are free again.
  sw.addBridge('dmz')
  expect(sw.addPort('c', { bridge: 'dmz' }).send(frame(BROADCAST, A))).toBe(true)
})

test('router, NAT and filter are those of then', async () => {
  await using sw = await made()
  sw.addBridge('inside', { gateway: { addresses: ['10.55.0.1/24'] } })
  const [snapshot, hash, { config }] = [sw.snapshot(), sw.hash(), sw]
  for (let time = 0; time < 2; time++) {
    sw.configure({
      uplinks: { wan: { addresses: ['203.0.113.10/24'], device: { type: 'memory' } } },
      nat: [{ type: 'masquerade', from: { bridge: 'inside' }, uplink: 'wan' }],
      filter: [{ name: 'none', action: 'deny', from: { port: 'a' } }],
      routes: [{ to: 'default', via: '203.0.113.1' }],
    })
    send(sw, 'a', frame(BROADCAST, A, 1))
    expect(sw.hash()).not.toBe(hash)
    expect(sw.config.filter.map(({ name }) => name)).toEqual(['none'])
    sw.restore(snapshot)
    expect([sw.hash(), sw.config]).toEqual([hash, config])
    send(sw, 'a', frame(BROADCAST, A, 2))
    expect(sw.ports.get('b')?.take().map(markOf)).toEqual([2])
    sw.restore(snapshot)
  }
})

test('goes forward again to one that is of later, ports that had gone included', async () => {
  await using sw = await made()
  const early = sw.snapshot()
  sw.addPort('c', { bridge: 'lan' })
  const [late, hash] = [sw.snapshot(), sw.hash()]
  sw.restore(early)
  sw.restore(late)
  expect(sw.hash()).toBe(hash)
  send(sw, 'c', frame(BROADCAST, A, 1))
  expect(sw.ports.get('a')?.take().map(markOf)).toEqual([1])
})

test('a capture goes on', async () => {
  await using sw = await made()
  let frames = 0
  const snapshot = sw.snapshot()
  sw.capture({ port: 'a' }, () => frames++)
  sw.restore(snapshot)
  send(sw, 'a', frame(BROADCAST, A, 1))
  expect(frames).toBe(1)
})

test('two that had the same done to them have one hash, others another', async () => {
  await using one = await made()
  await using same = await made()
  for (const sw of [one, same]) send(sw, 'a', frame(BROADCAST, A, 1))
  expect(one.hash()).toMatch(/^[0-9a-f]{16}$/)
  expect(same.hash()).toBe(one.hash())
  void [same.fdb.list(), same.drops(), same.trace('a', frame(B, A)), same.flows.list()]
  expect(same.hash()).toBe(one.hash())
  send(same, 'a', frame(BROADCAST, A, 1))
  expect(same.hash()).not.toBe(one.hash())
})

test('refuses those of others, handlers, and a switch that is closed; nothing has changed then', async () => {
  const sw = await made()
  await using other = await made()
  const hash = sw.hash()
  expect(() => sw.restore(other.snapshot())).toThrow(
    'found a snapshot of another one; expected a snapshot of this switch, as its snapshot() returns',
  )
  expect(() => sw.restore({} as never)).toThrow(/expected a snapshot of this switch/)
  expect(sw.hash()).toBe(hash)
  const snapshot = sw.snapshot()
  sw.ports.get('b')?.onFrame(() => sw.restore(snapshot))
  sw.ports.get('a')?.send(frame(BROADCAST, A))
  expect(() => sw.process()).toThrow(/from a handler of its frames.*when process\(\) has returned/)
  sw.close()
  expect(codeOf(() => sw.snapshot())).toBe('CLOSED')
  expect(codeOf(() => sw.restore(snapshot))).toBe('CLOSED')
})
