/** The library: what is refused, how it says so, and that nothing is half done then. */
import { expect, test } from 'vitest'
import { ConfigError, createSwitch } from '../../src/index.js'
import { codeOf } from '../support/errors.js'
import { BROADCAST, frame, station } from '../support/frames.js'

const A = station(1)
const B = station(2)

test.each([
  ['a group address', { bridge: 'lan', mac: '01:00:5e:00:00:01', port: 'a' }, 'INVALID'],
  ['zero', { bridge: 'lan', mac: '00:00:00:00:00:00', port: 'a' }, 'INVALID'],
  ['no address', { bridge: 'lan', mac: '02:00', port: 'a' }, 'INVALID'],
  ['an unknown bridge', { bridge: 'no', mac: '02:00:00:00:00:01', port: 'a' }, 'NOT_FOUND'],
  ['an unknown port', { bridge: 'lan', mac: '02:00:00:00:00:01', port: 'no' }, 'NOT_FOUND'],
  ['a port of another bridge', { bridge: 'other', mac: '02:00:00:00:00:01', port: 'a' }, 'INVALID'],
])('an entry by hand for %s is refused', async (_, entry, code) => {
  await using sw = await createSwitch({
    bridges: { lan: {}, other: {} },
    ports: { a: { bridge: 'lan' } },
  })
  expect(codeOf(() => sw.fdb.add(entry))).toBe(code)
  expect(sw.fdb.list()).toEqual([])
})

test('a full queue: send says so, and what does not fit on the way out is a counted drop', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  const b = sw.addPort('b', { bridge: 'lan' })
  const tiny = frame(B, A, 0, 18)
  let taken = 0
  while (a.send(tiny)) taken++
  expect(taken).toBe(65_536)
  expect(sw.process()).toBe(65_536)
  for (let more = 0; more < 10; more++) a.send(tiny)
  sw.process()
  expect(b.take()).toHaveLength(65_536)
  expect(sw.drops()).toEqual([{ port: 'b', reason: 'device-full', frames: 10 }])
  expect(b.counters()).toMatchObject({ txFrames: 65_536, txDrops: 10, txBytes: 65_536 * 18 })
})

test('a frame that no device could carry is refused at once', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  expect(codeOf(() => a.send(new Uint8Array(65_665)))).toBe('INVALID')
  expect(a.send(new Uint8Array(0))).toBe(true)
  sw.process()
  expect(sw.drops()).toEqual([{ port: 'a', reason: 'short-frame', frames: 1 }])
})

test.each([
  ['an unknown bridge', { ports: { a: { bridge: 'no' } } }],
  ['an unknown key', { bridges: { lan: { color: 'red' } } }],
  ['ageing out of bounds', { bridges: { lan: { ageing: 9_999 } } }],
  [
    'a static entry for no port',
    { bridges: { lan: {} }, fdb: [{ bridge: 'lan', mac: '02:00:00:00:00:01', port: 'x' }] },
  ],
])('a config with %s is refused, with its issues', async (_, config) => {
  const error = await createSwitch(config as never).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(ConfigError)
  expect((error as ConfigError).code).toBe('CONFIG')
  expect((error as ConfigError).issues.length).toBeGreaterThan(0)
})

test('a TAP is not for createSwitch, and the error says what is', async () => {
  const tap = { type: 'tap', name: 'eth0' } as const
  await using sw = await createSwitch({ bridges: { lan: {} } })
  expect(() => sw.addPort('t', { bridge: 'lan', device: tap })).toThrow(/startSwitch/)
  expect(sw.ports.size).toBe(0)
  await expect(
    createSwitch({ bridges: { lan: {} }, ports: { t: { bridge: 'lan', device: tap } } }),
  ).rejects.toThrow(/startSwitch/)
})

test.each([
  ['packet', { type: 'packet', name: 'eth1' }],
  ['unix', { type: 'unix', path: '/run/vm1.sock' }],
] as const)('nor is a %s device', async (type, device) => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const said = `a "${type}" device needs startSwitch`
  expect(() => sw.addPort('t', { bridge: 'lan', device })).toThrow(said)
  expect(sw.ports.size).toBe(0)
})

test('errors of addPort change nothing', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  expect(codeOf(() => sw.addPort('a', { bridge: 'lan' }))).toBe('EXISTS')
  expect(codeOf(() => sw.addPort('b', { bridge: 'no' }))).toBe('NOT_FOUND')
  expect(codeOf(() => sw.addPort('b', { bridge: 'lan', up: 'yes' as never }))).toBe('CONFIG')
  expect(codeOf(() => sw.addPort('__proto__', { bridge: 'lan' }))).toBe('CONFIG')
  expect(codeOf(() => sw.addBridge('lan'))).toBe('EXISTS')
  expect(codeOf(() => sw.addBridge('x', { ageing: 1 }))).toBe('CONFIG')
  expect(codeOf(() => sw.setPort('no', { up: true }))).toBe('NOT_FOUND')
  expect([...sw.ports.keys()]).toEqual(['a'])
  expect(Object.keys(sw.config.ports)).toEqual(['a'])
  expect(Object.keys(sw.config.bridges)).toEqual(['lan'])
  a.send(frame(BROADCAST, A))
  sw.process()
  expect(sw.drops()).toEqual([{ port: 'a', reason: 'no-destination', frames: 1 }])
})

test('after close every call says CLOSED, and closing again is no error', async () => {
  const sw = await createSwitch({ bridges: { lan: {} } })
  const a = sw.addPort('a', { bridge: 'lan' })
  sw.close()
  sw.close()
  await sw[Symbol.asyncDispose]()
  const calls = [
    () => sw.process(),
    () => sw.advance(1),
    () => sw.addPort('b', { bridge: 'lan' }),
    () => sw.removePort('a'),
    () => sw.setPort('a', { up: false }),
    () => sw.addBridge('x'),
    () => sw.removeBridge('lan'),
    () => a.send(frame(BROADCAST, A)),
  ]
  expect(calls.map(codeOf)).toEqual(calls.map(() => 'CLOSED'))
})

test('a port of a program is not impaired: its error says where that is', async () => {
  const impaired = { bridge: 'lan', impair: { delay: '5ms' } }
  await expect(createSwitch({ bridges: { lan: {} }, ports: { a: impaired } })).rejects.toThrow(
    'port "a": "impair" needs startSwitch of linkspan/node',
  )
  await using sw = await createSwitch({ bridges: { lan: {} } })
  expect(codeOf(() => sw.addPort('a', impaired))).toBe('INVALID')
  sw.addPort('a', { bridge: 'lan' })
})
