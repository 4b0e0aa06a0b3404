/** The lab: connections and its clock. Who waits, who is told, and what ends them. */
import { expect, test } from 'vitest'
import { createLab } from '../../src/testing/index.js'
import { caught } from '../support/errors.js'
import { echo, first, heard, pair, say } from '../support/tcp-lab.js'

test('who waits in vain is told for what, by name', async () => {
  const { lab, a, b } = await pair()
  const server = b.listen(80)
  expect(await caught(server.accept())).toMatchObject({
    code: 'IDLE',
    message: expect.stringContaining('host "b" waits for a connection to TCP port 80 of b'),
  })
  const connection = await a.connect('b', 80)
  await server.accept()
  const error = await caught(first(connection))
  expect(error.code).toBe('IDLE')
  expect(error.message).toMatch(
    /host "a" waits for data of TCP a \(10\.55\.0\.2:\d+\) to 10\.55\.0\.3:80/,
  )
  const other = await a.connect('b', 80)
  expect((await caught(other.closed)).message).toContain('host "a" waits for the end of TCP a')
  await lab.close()
})

test('a handler and a loop wait as long as there is a lab', async () => {
  const { lab, a, b } = await pair()
  b.listen(7, echo)
  const server = b.listen(8)
  void (async () => {
    for await (const connection of server) void echo(connection).catch(() => {})
  })()
  const connections = [await a.connect('b', 7), await a.connect('b', 8)]
  expect(await caught(b.udp(1).receive())).toMatchObject({ code: 'IDLE' })
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(lab.waiting.sort()).toEqual([
    'host "b" waits for a connection to TCP port 8 of b',
    ...connections.map(
      ({ localPort, remotePort }) =>
        `host "b" waits for data of TCP b (10.55.0.3:${remotePort}) to 10.55.0.2:${localPort}`,
    ),
  ])
  for (const connection of connections) {
    await say(connection, 'still there?')
    expect(await heard(connection)).toBe('still there?')
  }
  await lab.close()
})

test('who reads in the background does not keep time running', async () => {
  const lab = await createLab()
  lab.bridge('lan')
  const [a, b] = [lab.host('a'), lab.host('b')]
  b.listen(7, echo)
  const connection = await a.connect('b', 7, { keepAlive: 1000 })
  const reading = caught(heard(connection))
  await new Promise((resolve) => setTimeout(resolve, 20))
  // The SYN's time-out is gone, and what is asked in silence is of the background.
  expect(lab.now).toBe(0)
  expect(await reading).toMatchObject({ code: 'IDLE' })
  await lab.close()
})

test('close ends where the other end keeps its half open, whenever it is waited for', async () => {
  const { lab, a, b } = await pair()
  b.listen(80, () => {})
  await (await a.connect('b', 80)).close()
  expect(lab.now).toBe(60_000)
  const connection = await a.connect('b', 80)
  await connection.writable.close()
  await connection.readable.cancel()
  await lab.sleep('20s')
  expect(connection.statistics().state).toBe('FIN-WAIT-2')
  await connection.closed
  expect(lab.now).toBe(120_000)
  await lab.close()
})

test('keep-alive: silence is passed by advance; who reads is told behind the questions', async () => {
  const { lab, a, b } = await pair()
  b.listen(7, echo)
  const connection = await a.connect('b', 7, { keepAlive: 10_000 })
  lab.link('b').set({ up: false })
  const reading = caught(heard(connection))
  await lab.advance('10s')
  expect(await reading).toMatchObject({ code: 'TIMEOUT' })
  expect(lab.now).toBe(10_000 + 9 * 75_000)
  await lab.close()
})

test('to ask for the end is no harm: in an idle lab the connection goes on', async () => {
  const { lab, a, b } = await pair()
  b.listen(7, echo)
  const connection = await a.connect('b', 7)
  expect(await caught(connection.closed)).toMatchObject({ code: 'IDLE' })
  expect(connection.failure).toBeUndefined()
  const ended = connection.closed
  await say(connection, 'still there?')
  expect(await heard(connection)).toBe('still there?')
  await ended
  expect(connection.statistics().state).toBe('TIME-WAIT')
  await lab.close()
})

test('what a handler throws fails the test; that its connection broke does not', async () => {
  const { lab, a, b } = await pair()
  b.listen(7, echo)
  const connection = await a.connect('b', 7)
  connection.abort()
  await lab.sleep('1s')
  b.listen(8, () => {
    throw new Error('no')
  })
  b.listen(9, async (accepted) => {
    await first(accepted)
    throw new Error('nor that')
  })
  const message = 'a handler of host "b", TCP port 8 threw: no'
  expect(await caught(first(await a.connect('b', 8)))).toMatchObject({ code: 'HANDLER', message })
  const late = await a.connect('b', 9)
  await say(late, 'x', false)
  expect(await caught(first(late))).toMatchObject({ code: 'HANDLER' })
  await lab.close()
})

test('a handler takes the connections: nobody else can', async () => {
  const { lab, b } = await pair()
  const server = b.listen(7, echo)
  await expect(server.accept()).rejects.toThrow('a handler takes the connections')
  await lab.close()
})

test('close ends connections and loops, and tells who waits', async () => {
  const { lab, a, b } = await pair()
  b.listen(7, echo)
  const server = b.listen(8)
  const loop = (async () => {
    for await (const accepted of server) void caught(heard(accepted))
    return 'ended'
  })()
  const [one, other] = [await a.connect('b', 7), await a.connect('b', 8)]
  const accepting = caught(b.listen(9).accept())
  const [reading, closing] = [caught(heard(one)), caught(other.closed)]
  await lab.sleep(0)
  await lab.close()
  for (const error of [await reading, await closing, await accepting]) {
    expect(error.code).toBe('CLOSED')
  }
  expect((await reading).message).toContain('host "a" waits for data of TCP a')
  expect(await loop).toBe('ended')
  expect(await caught(a.connect('b', 7))).toMatchObject({ code: 'CLOSED' })
})

test('manual: nothing happens until time is moved', async () => {
  const { lab, a, b } = await pair({ clock: 'manual' }, { delay: '10ms' })
  b.listen(7, echo)
  let text = ''
  const talk = (async () => {
    const connection = await a.connect('b', 7)
    await say(connection, 'by hand')
    text = await heard(connection)
  })()
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect([lab.now, text]).toEqual([0, ''])
  await lab.advance('59ms')
  expect(text).toBe('')
  await lab.advance('1s')
  expect(text).toBe('by hand')
  await talk
  await lab.close()
})

test('hold: time stands while a handler waits for the world outside', async () => {
  const { lab, a, b } = await pair()
  b.listen(80, async (connection) => {
    await lab.hold(new Promise((resolve) => setTimeout(resolve, 20)))
    await say(connection, 'done')
  })
  expect(await heard(await a.connect('b', 80))).toBe('done')
  expect(lab.now).toBe(0)
  await lab.close()
})

test('the real clock', async () => {
  const { lab, a, b } = await pair({ clock: 'real' }, { delay: '1ms' })
  b.listen(7, echo)
  const connection = await a.connect('b', 7)
  await say(connection, 'now')
  expect(await heard(connection)).toBe('now')
  await lab.close()
})
