/** The lab: connections between hosts. */

import { expect, test } from 'vitest'
import { TcpTransport } from '../../src/testing/host/tcp.js'
import { createLab } from '../../src/testing/index.js'
import { caught } from '../support/errors.js'
import { isSame } from '../support/octets.js'
import { Random } from '../support/random.js'
import { echo, first, heard, pair, say } from '../support/tcp-lab.js'
import { readAll, writeAll } from '../support/tcp-stream.js'

test.each(['b', '10.55.0.3', 'fd55::3'])('an echo of %s', async (to) => {
  const { lab, a, b } = await pair()
  b.listen(7, echo)
  const connection = await a.connect(to, 7)
  expect(connection.remotePort).toBe(7)
  expect(connection.localAddress.text).toBe(to === 'fd55::3' ? 'fd55::2' : '10.55.0.2')
  await say(connection, 'hello')
  expect(await heard(connection)).toBe('hello')
  await connection.closed
  expect(connection.failure).toBeUndefined()
  await lab.close()
})

test('requests and answers by turns, with a loop over connections', async () => {
  const { lab, a, b } = await pair({}, { delay: '10ms' })
  const server = b.listen(80)
  const served = (async () => {
    for await (const connection of server) {
      expect(await first(connection)).toBe('GET / HTTP/1.1\r\nHost: b\r\n\r\n')
      await say(connection, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
    }
    return 'the loop ended'
  })()
  for (let count = 0; count < 3; count++) {
    const began = lab.now
    const connection = await a.connect(b, 80)
    await say(connection, 'GET / HTTP/1.1\r\nHost: b\r\n\r\n', false)
    expect(await heard(connection)).toMatch(/200 OK[\s\S]*hi$/)
    // Two round trips of 20 ms; the first time ARP takes another.
    expect(lab.now - began).toBe(count === 0 ? 60 : 40)
    await connection.close()
  }
  await lab.close()
  expect(await served).toBe('the loop ended')
})

test('5 MB each way through a link with a delay', async () => {
  const { lab, a, b } = await pair({}, { delay: '5ms' })
  const bytes = new Random(1).bytes(5_000_000)
  b.listen(9, echo)
  const connection = await a.connect(b, 9)
  const [back] = await Promise.all([readAll(connection), writeAll(connection, bytes)])
  expect(isSame(back, bytes)).toBe(true)
  expect(connection.statistics()).toMatchObject({ octetsAcknowledged: 5_000_000, timeouts: 0 })
  expect(lab.now).toBeGreaterThan(20)
  await lab.close()
})

test('half a connection may end: the other half goes on', async () => {
  const { lab, a, b } = await pair()
  const server = b.listen(80)
  const connection = await a.connect(b, 80)
  const accepted = await server.accept()
  await say(connection, 'all of it')
  expect(await heard(accepted)).toBe('all of it')
  await lab.sleep('10s')
  await say(accepted, 'and the answer')
  expect(await heard(connection)).toBe('and the answer')
  await Promise.all([connection.closed, accepted.closed])
  await lab.close()
})

test('nobody listens, or not any more', async () => {
  const { lab, a, b } = await pair()
  for (const to of ['b', 'fd55::3', 'a']) {
    expect(await caught(a.connect(to, 81))).toMatchObject({
      code: 'REFUSED',
      message: expect.stringMatching(/^TCP a \(.*\) to .*:81: refused: nothing listens on /),
    })
  }
  const server = b.listen(81)
  server.close()
  expect(await caught(a.connect('b', 81))).toMatchObject({ code: 'REFUSED' })
  await expect(server.accept()).rejects.toMatchObject({ code: 'CLOSED' })
  await lab.close()
})

test('who gives up a connection resets it', async () => {
  const { lab, a, b } = await pair()
  const server = b.listen(80)
  const connection = await a.connect('b', 80)
  const accepted = await server.accept()
  const reading = caught(heard(accepted))
  connection.abort()
  expect(await reading).toMatchObject({ code: 'RESET' })
  expect(await caught(connection.closed)).toMatchObject({ code: 'ABORTED' })
  expect(accepted.failure?.code).toBe('RESET')
  await lab.close()
})

test('a link that is down: nobody has the address; who is connected waits for minutes', async () => {
  const { lab, a, b } = await pair()
  b.listen(80, echo)
  const connection = await a.connect('b', 80)
  lab.link('b').set({ up: false })
  const written = lab.now
  await say(connection, 'hello?', false)
  expect(await caught(connection.closed)).toMatchObject({ code: 'TIMEOUT' })
  expect(lab.now - written).toBeGreaterThan(900_000)
  const asked = lab.now
  expect(await caught(a.connect('b', 80))).toMatchObject({
    code: 'UNREACHABLE',
    message: expect.stringContaining('10.55.0.3:80: there is no way to the host'),
  })
  expect(lab.now - asked).toBe(3000)
  await lab.close()
})

test('to itself', async () => {
  const { lab, a } = await pair()
  a.listen(80, echo)
  for (const to of [a, 'fd55::2']) {
    const connection = await a.connect(to, 80)
    await say(connection, 'me')
    expect(await heard(connection)).toBe('me')
  }
  await lab.close()
})

test('a hundred connections at once', async () => {
  const { lab, a, b } = await pair({}, { delay: '1ms' })
  b.listen(80, echo)
  const texts = Array.from({ length: 100 }, (_, index) => `${index} `.repeat(1000))
  const talk = async (text: string) => {
    const connection = await a.connect('b', 80)
    const [back] = await Promise.all([heard(connection), say(connection, text)])
    return back
  }
  expect(await Promise.all(texts.map(talk))).toEqual(texts)
  await lab.close()
})

test('a network of nobody: what is sent to everybody is not for TCP', async () => {
  const { lab, a, b } = await pair()
  b.listen(80, echo)
  const got = b.link.counters.sent
  expect(await caught(a.connect('10.55.0.255', 80, { synRetries: 0 }))).toMatchObject({
    code: 'TIMEOUT',
  })
  expect(b.link.counters.sent).toBe(got)
  await lab.close()
})

test('a packet from where there is no way back to is answered by nothing', async () => {
  const lab = await createLab()
  const near = lab.bridge('near', { gateway: ['10.1.0.1/24'] })
  const far = lab.bridge('far', { gateway: ['10.2.0.1/24'] })
  const a = lab.host('a', { bridge: near })
  lab.host('b', { bridge: far, gateway: false }).listen(80, echo)
  expect(await caught(a.connect('b', 80))).toMatchObject({ code: 'TIMEOUT' })
  expect(lab.now).toBe(123_000)
  await lab.close()
})

test('an address of its own may be said', async () => {
  const { lab, a, b } = await pair()
  b.listen(80, { address: '10.55.0.3' }, echo)
  expect(await caught(a.connect('fd55::3', 80))).toMatchObject({ code: 'REFUSED' })
  const connection = await a.connect('b', 80, { localAddress: '10.55.0.2', localPort: 1234 })
  expect(connection.localPort).toBe(1234)
  expect(() => b.listen(81, { address: '10.55.0.2' })).toThrow(
    'host "b" has no address "10.55.0.2"; expected "10.55.0.3" or "fd55::3"',
  )
  await expect(a.connect('b', 80, { localAddress: 'fd55::9' })).rejects.toThrow('no address')
  await lab.close()
})

test('ports: taken, any, and none', async () => {
  const { lab, a, b } = await pair()
  b.listen(80)
  expect(() => b.listen(80)).toThrow('TCP of b: port 80 is in use')
  const { port } = b.listen(0, echo)
  expect(port).toBeGreaterThanOrEqual(49_152)
  await say(await a.connect('b', port), 'x')
  for (const wrong of [-1, 65_536, 1.5, Number.NaN, '80' as never]) {
    expect(() => b.listen(wrong)).toThrow('expected a whole number from 1 to 65535')
    expect(await caught(a.connect('b', wrong))).toMatchObject({ code: 'INVALID' })
  }
  await lab.close()
})

test('a network that answers at once does not come back into TCP while it sends', async () => {
  const { lab, a } = await pair()
  const address = { family: 4 as const, bytes: Uint8Array.of(10, 0, 0, 1), text: '10.0.0.1' }
  const segments: Uint8Array[] = []
  const later: (() => void)[] = []
  const reset = Uint8Array.of(
    0,
    80,
    0,
    99,
    ...new Uint8Array(4),
    0,
    0,
    0,
    0,
    0x50,
    20,
    0,
    0,
    0,
    0,
    0,
    0,
  )
  const stack = {
    name: 'x',
    clock: {
      now: 0,
      after: (ms: number, run: () => void) => {
        if (ms === 0) later.push(run)
        return { cancel() {} }
      },
    },
    own: [address],
    random: () => 0,
    sourceFor: () => address,
    mtuTo: () => 1500,
    ipOf: () => ({ isHere: () => true }),
    send: (_protocol: number, from: typeof address, to: typeof address, segment: Uint8Array) => {
      segments.push(segment)
      const sequence = new DataView(segment.buffer, segment.byteOffset).getUint32(4)
      new DataView(reset.buffer).setUint32(8, sequence + 1)
      transport.receive({ from: to, to: from, ttl: 64, segment: reset })
      reset.fill(0)
    },
  }
  const waits = { add: () => ({ end() {} }), woke: false }
  const host = { stack, waits, thrown: () => {} }
  const transport: TcpTransport = new TcpTransport(host as never)
  const opening = caught(transport.connect(address, 80, { localPort: 99 }))
  expect(segments).toHaveLength(1)
  expect(later).toHaveLength(1)
  for (const run of later) run()
  expect((await opening).code).toBe('REFUSED')
  await lab.close()
  expect(() => a.listen(1)).toThrow('the lab was closed')
})
