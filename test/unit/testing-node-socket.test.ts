/** linkspan/testing/node: sockets of the shape of net.Socket. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type * as net from 'node:net'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { connect, createServer, LabSocket } from '../../src/testing/node/index.js'
import { caught } from '../support/errors.js'
import { emitted, eventsOf, pair, textOf } from '../support/node-lab.js'
import { Random } from '../support/random.js'

/** Echoes what comes, on port 7 of b. */
async function echoing(link = {}) {
  const { lab, a, b } = await pair({}, link)
  const accepted: LabSocket[] = []
  const server = createServer(b, (socket) => {
    accepted.push(socket)
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(7)
  /** Connects, and waits until both ends know. */
  const opened = async (options = {}): Promise<[LabSocket, LabSocket]> => {
    const other = once(server, 'connection')
    const socket = connect(a, { port: 7, host: 'b', ...options })
    await once(socket, 'connect')
    return [socket, (await other)[0]]
  }
  return { lab, a, b, server, accepted, opened }
}

test('an echo: events in the order of Node, addresses, octets', async () => {
  const { lab, a, server, accepted } = await echoing({ delay: '10ms' })
  const socket = connect(a, { port: 7, host: 'b' })
  const seen = eventsOf(socket)
  expect(socket).toMatchObject({ connecting: true, pending: true, readyState: 'opening' })
  expect(socket.remoteAddress).toBeUndefined()
  await once(socket, 'connect')
  // ARP and the handshake: two round trips.
  expect(lab.now).toBe(40)
  expect(socket).toMatchObject({ connecting: false, pending: false, readyState: 'open' })
  expect(socket).toMatchObject({ remoteAddress: '10.55.0.3', remotePort: 7, remoteFamily: 'IPv4' })
  expect(socket).toMatchObject({ localAddress: '10.55.0.2', localFamily: 'IPv4' })
  await once(server, 'connection')
  const { localAddress: address, localPort: port } = socket
  expect(socket.address()).toEqual({ address, family: 'IPv4', port })
  expect(accepted[0]).toMatchObject({ remoteAddress: address, remotePort: port, localPort: 7 })
  const closed = once(socket, 'close')
  socket.end('hello')
  expect(socket.bytesWritten).toBe(5)
  expect(await textOf(socket)).toBe('hello')
  await closed
  expect(socket).toMatchObject({ bytesRead: 5, bytesWritten: 5, readyState: 'closed' })
  expect(accepted[0]?.destroyed).toBe(true)
  const order = ['lookup', 'connect', 'ready', 'finish', 'end', 'close false']
  expect(seen.filter((name) => name !== 'data')).toEqual(order)
  await lab.close()
})

test('it has the type of net.Socket, and the forms of net.connect', async () => {
  const { lab, a, b } = await echoing()
  const typed = connect(a, 7, 'fd55::3', () => {}) as net.Socket
  await once(typed, 'connect')
  expect(typed.remoteFamily).toBe('IPv6')
  expect(await textOf(typed.end('6'))).toBe('6')
  const late = new LabSocket(a)
  expect(late).toMatchObject({ pending: true, readyState: 'closed' })
  late.connect({ port: '7' as never, host: b, family: 6, localPort: 1234, noDelay: true })
  await once(late, 'connect')
  expect(late).toMatchObject({ localPort: 1234, remoteFamily: 'IPv6' })
  expect(() => late.connect(7, 'b')).toThrow('make another one')
  expect(late.ref().unref().setKeepAlive().setNoDelay(false)).toBe(late)
  late.destroy()
  for (const port of [-1, 65_536, 1.5, 'x', null]) {
    expect(() => connect(a, port as never)).toThrow(
      /^Port should be|must have a "port", and no "path"/,
    )
  }
  expect(() => connect(a, { path: '/run/x' } as never)).toThrow('no Unix sockets')
  await lab.close()
})

test('errors have the codes of Node', async () => {
  const { lab, a, b } = await echoing()
  const failing = async (...to: [number, string]) => {
    const socket = connect(a, ...to)
    const seen = eventsOf(socket)
    const closed = emitted(socket, 'close').catch(() => {})
    const error = await emitted(socket, 'error')
    await closed
    expect(seen.slice(-2)).toEqual([`error ${(error as { code: string }).code}`, 'close true'])
    return error
  }
  const address = '10.55.0.3'
  expect(await failing(81, 'b')).toMatchObject({
    message: 'connect ECONNREFUSED 10.55.0.3:81',
    ...{ code: 'ECONNREFUSED', syscall: 'connect', address, port: 81 },
    errno: process.platform === 'linux' ? -111 : expect.any(Number),
    cause: expect.objectContaining({ code: 'REFUSED' }),
  })
  expect(await failing(7, 'c')).toMatchObject({
    message: 'getaddrinfo ENOTFOUND c',
    ...{ code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'c', errno: -3008 },
  })
  expect(await failing(7, '10.55.0.99')).toMatchObject({ code: 'EHOSTUNREACH' })
  const taken = connect(b, { port: 7, localAddress: '10.9.9.9' })
  expect(await emitted(taken, 'error')).toMatchObject({ code: 'EADDRNOTAVAIL' })
  await lab.close()
})

test('a socket that was closed connects again', async () => {
  const { lab, a, b } = await pair()
  createServer(b, (socket) => void socket.end('hi')).listen(80)
  const socket = connect(a, 80, 'b')
  for (const each of [1, 2, 3]) {
    if (each > 1) socket.connect(80, 'b')
    expect([await textFrom(socket), socket.bytesRead]).toEqual(['hi', 2])
  }
  expect(() => connect(a, 80, 'b').connect(80, 'b')).toThrow(
    expect.objectContaining({ code: 'EISCONN' }),
  )
  socket.connect(80, 'b').write('x')
  await once(socket.resume(), 'close')
  expect(socket.bytesWritten).toBe(1)
  await lab.close()
})

/** Until it is closed. */
async function textFrom(socket: LabSocket): Promise<string> {
  let text = ''
  const add = (data: Buffer) => (text += data)
  socket.on('data', add)
  await once(socket, 'close')
  socket.removeListener('data', add)
  return text
}

test('a local address that is not the host’s own cannot be bound to', async () => {
  const { lab, a } = await pair()
  const socket = connect(a, { port: 80, host: 'b', localAddress: '192.0.2.5' })
  expect(await emitted(socket, 'error')).toMatchObject({
    message: 'bind EADDRNOTAVAIL 192.0.2.5',
    ...{ syscall: 'bind', address: '192.0.2.5' },
  })
  await lab.close()
})

test('no way at all, and no way back', async () => {
  const { lab, a } = await echoing()
  lab.bridge('far', { gateway: ['10.9.0.1/24'] })
  const far = lab.host('far', { bridge: 'far', gateway: false })
  const error = await emitted(connect(far, 7, a.addresses[0] as string), 'error')
  expect(error).toMatchObject({ code: 'ENETUNREACH', syscall: 'connect' })
  const lost = emitted(connect(a, 7, 'far'), 'error')
  expect(await lost).toMatchObject({ code: 'ETIMEDOUT', syscall: 'connect' })
  await lab.close()
})

test('a reset by the other end, and by this one', async () => {
  const { lab, opened } = await echoing()
  const [socket, server] = await opened()
  server.resetAndDestroy()
  expect(await emitted(socket, 'error')).toMatchObject({
    ...{ code: 'ECONNRESET', syscall: 'read', message: 'read ECONNRESET' },
  })
  const [other, last] = await opened()
  const told = emitted(last, 'error')
  const closed = emitted(other, 'close')
  other.resetAndDestroy()
  expect(await told).toMatchObject({ code: 'ECONNRESET' })
  expect(await closed).toBe(false)
  await lab.close()
})

test('what is closed with data unread, or gets more, is reset; else it ends well', async () => {
  const { lab, a, b } = await pair()
  const server = createServer(b, { allowHalfOpen: true }).listen(9)
  const opened = once(server, 'connection')
  const socket = connect(a, 9, 'b')
  const [accepted] = await opened
  const seen = eventsOf(accepted)
  accepted.resume()
  socket.end('last words')
  await once(accepted, 'end')
  expect(seen).toEqual(['data', 'end'])
  socket.destroy()
  accepted.write('anybody there?')
  await once(accepted, 'error')
  expect(seen).toEqual(['data', 'end', 'error ECONNRESET', 'close true'])
  await lab.close()
})

test('half a connection may end: the other half goes on', async () => {
  const { lab, a, b } = await pair()
  createServer(b, { allowHalfOpen: true }, (socket) => {
    let asked = ''
    socket.on('data', (part) => (asked += part))
    socket.on('end', async () => {
      await lab.sleep('10s')
      socket.end(`${asked}, later`)
    })
  }).listen(80)
  const socket = connect(a, { port: 80, host: 'b', allowHalfOpen: true })
  socket.end('now')
  expect(await textOf(socket)).toBe('now, later')
  expect(lab.now).toBe(10_000)
  await lab.close()
})

test('without allowHalfOpen this end ends with the other; who writes then is told', async () => {
  const { lab, a, b } = await pair()
  createServer(b, (socket) => void socket.end('bye')).listen(80)
  const socket = connect(a, 80, 'b')
  socket.resume()
  const error = emitted(socket, 'error')
  socket.once('end', () => socket.write('too late'))
  expect(await error).toMatchObject({ code: 'EPIPE' })
  await lab.close()
})

test('1 MB each way through a bad link, with backpressure', async () => {
  const { lab, a, b } = await pair({ seed: 3 }, { delay: '5ms', loss: '1%', rate: '50Mbit' })
  const tcp = { sendBuffer: 20_000, receiveBuffer: 20_000 }
  createServer(b, { tcp }, (socket) => void socket.pipe(socket)).listen(7)
  const socket = connect(a, { port: 7, host: 'b', tcp })
  const bytes = Buffer.from(new Random(1).bytes(1_000_000))
  let held = 0
  const upload = pipeline(
    async function* () {
      for (let at = 0; at < bytes.length; at += 10_000) {
        held = Math.max(held, socket.writableLength)
        yield bytes.subarray(at, at + 10_000)
      }
    },
    socket,
    { end: true } as never,
  )
  const back: Buffer[] = []
  for await (const part of socket) back.push(part)
  await upload
  expect(Buffer.compare(Buffer.concat(back), bytes)).toBe(0)
  expect(socket).toMatchObject({ bytesRead: 1_000_000, bytesWritten: 1_000_000 })
  expect(held).toBeGreaterThan(0)
  expect(held).toBeLessThan(100_000)
  await lab.close()
})

test('who does not read stops who writes', async () => {
  const { lab, a, b } = await pair()
  const server = createServer(b, { tcp: { receiveBuffer: 10_000 } }).listen(9)
  const opened = once(server, 'connection')
  const socket = connect(a, { port: 9, host: 'b', tcp: { sendBuffer: 10_000 } })
  const [accepted] = await opened
  accepted.pause()
  let isWritten = false
  expect(
    socket.write(Buffer.alloc(200_000), () => {
      isWritten = true
    }),
  ).toBe(false)
  await lab.advance('1m')
  expect(isWritten).toBe(false)
  expect(socket.bytesWritten).toBe(200_000)
  accepted.resume()
  await once(socket, 'drain')
  expect(isWritten).toBe(true)
  await lab.close()
})

test('timeouts are of the lab, and begin anew with octets', async () => {
  const { lab, opened } = await echoing()
  const [socket, server] = await opened()
  expect(socket.setTimeout(1000).timeout).toBe(1000)
  await lab.advance(900)
  socket.write('x')
  await once(socket, 'data')
  await once(socket, 'timeout')
  expect(lab.now).toBe(1900)
  expect(socket.destroyed).toBe(false)
  let count = 0
  server.setTimeout(500, () => count++)
  socket.setTimeout(0)
  await lab.advance('1m')
  expect(count).toBe(1)
  expect(() => socket.setTimeout(-1)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }))
  await lab.close()
})

test('keep-alive tells of a link that is down', async () => {
  const { lab, opened } = await echoing()
  const [socket] = await opened({ keepAlive: true, keepAliveInitialDelay: 5000 })
  lab.link('b').set({ up: false })
  const error = emitted(socket, 'error')
  await lab.advance('1h')
  expect(await error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'read' })
  await lab.close()
})

test('nothing can come: a client that waits is told so, an unrefed one is not', async () => {
  const { lab, a, b } = await pair()
  createServer(b, () => {}).listen(9)
  const idle = connect(a, 9, 'b').unref()
  idle.resume()
  await lab.run()
  expect(idle.readyState).toBe('open')
  const socket = connect(a, 9, 'b')
  expect(await emitted(socket, 'error')).toMatchObject({
    code: 'IDLE',
    message: expect.stringMatching(
      /host "a" waits for data of TCP a \(10.55.0.2:\d+\) to 10.55.0.3:9/,
    ),
  })
  expect(idle.destroyed).toBe(false)
  await lab.close()
})

test('so it is where nobody else waits, not even a server', async () => {
  const { lab, a, b } = await pair()
  b.listen(9, () => {})
  const socket = connect(a, 9, 'b')
  expect(await emitted(socket, 'error')).toMatchObject({ code: 'IDLE' })
  expect(await emitted(connect(a, 10, 'b'), 'error')).toMatchObject({ code: 'ECONNREFUSED' })
  await lab.close()
})

test('the end of the lab closes sockets, without errors', async () => {
  const { lab, a, opened } = await echoing()
  const ended = (await opened()).map((one) => emitted(one, 'close'))
  await lab.close()
  expect(await Promise.all(ended)).toEqual([false, false])
  expect(await emitted(connect(a, 7, 'b'), 'error')).toMatchObject({ code: 'CLOSED' })
})

test('what a listener throws fails what the test waits for', async () => {
  const { lab, a, b } = await pair()
  createServer(b, (socket) =>
    socket.on('data', () => {
      throw new Error('oops')
    }),
  ).listen(9)
  const socket = connect(a, 9, 'b')
  socket.on('error', () => {})
  socket.write('x')
  const error = await caught(lab.advance('1s'))
  expect(error).toMatchObject({ code: 'HANDLER', message: expect.stringContaining('oops') })
  expect(error.message).toMatch(/host "b", TCP b \(10.55.0.3:9\)/)
  await lab.close()
})

test('listeners run in the asynchronous context in which the socket was made', async () => {
  const { lab, a } = await echoing()
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const sockets = ['one', 'two'].map((name) =>
    storage.run(name, () => {
      const socket = connect(a, 7, '10.55.0.3', () => socket.end(name))
      socket.on('data', (data) => seen.push([String(data), storage.getStore()]))
      return socket
    }),
  )
  await Promise.all(sockets.map((socket) => once(socket, 'close')))
  expect(seen).toEqual([
    ['one', 'one'],
    ['two', 'two'],
  ])
  await lab.close()
})
