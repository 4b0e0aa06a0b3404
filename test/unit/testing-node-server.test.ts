/** linkspan/testing/node: servers of the shape of net.Server, names, and what undici is given. */
import type * as dgram from 'node:dgram'
import { once } from 'node:events'
import * as http from 'node:http'
import * as http2 from 'node:http2'
import type * as net from 'node:net'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import {
  connect,
  connector,
  createServer,
  createSocket,
  LabServer,
  labAgent,
  lookup,
  serve,
} from '../../src/testing/node/index.js'
import { ask, emitted, eventsOf, pair, textOf } from '../support/node-lab.js'

test('listens, counts, and closes when its sockets have ended', async () => {
  const { lab, a, b } = await pair()
  const server = createServer(
    b,
    { noDelay: true, keepAlive: true },
    (socket) => void socket.resume(),
  )
  expect([server.listening, server.address()]).toEqual([false, null])
  server.listen({ port: 0, backlog: 5 })
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  expect(server.address()).toEqual({ address: '::', family: 'IPv6', port })
  const accepted = once(server, 'connection')
  const socket = connect(a, port, 'b')
  await accepted
  expect(await promisify(server.getConnections.bind(server))()).toBe(1)
  let isClosed = false
  server.close(() => (isClosed = true))
  expect(server.listening).toBe(false)
  await lab.advance('1s')
  expect(isClosed).toBe(false)
  socket.end()
  await once(server, 'close')
  expect(isClosed).toBe(true)
  await lab.close()
})

test('wrong use of a server, with codes of Node', async () => {
  const { lab, b } = await pair()
  const server = new LabServer(b).listen(80, '0.0.0.0', () => {})
  expect(server.address()).toMatchObject({ address: '0.0.0.0', family: 'IPv4' })
  expect(() => server.listen(81)).toThrow(
    expect.objectContaining({ code: 'ERR_SERVER_ALREADY_LISTEN' }),
  )
  expect(() => createServer(b).listen(-1)).toThrow(
    expect.objectContaining({ code: 'ERR_SOCKET_BAD_PORT' }),
  )
  expect(await emitted(createServer(b).listen(80), 'error')).toMatchObject({
    ...{ code: 'EADDRINUSE', syscall: 'listen', port: 80 },
  })
  const elsewhere = createServer(b).listen(82, '10.9.9.9')
  expect(await emitted(elsewhere, 'error')).toMatchObject({ code: 'EADDRNOTAVAIL' })
  const error = await new Promise((resolve) => createServer(b).close(resolve))
  expect(error).toMatchObject({ code: 'ERR_SERVER_NOT_RUNNING' })
  await server[Symbol.asyncDispose]()
  expect(server.listening).toBe(false)
  await lab.close()
})

test('maxConnections: more are closed, and told', async () => {
  const { lab, a, b } = await pair()
  const server = createServer(b, (socket) => void socket.resume()).listen(80)
  server.maxConnections = 1
  const first = connect(a, 80, 'b')
  await once(server, 'connection')
  const dropped = emitted(server, 'drop')
  const second = connect(a, 80, 'b')
  const seen = eventsOf(second)
  await once(second.resume(), 'close')
  expect(seen).toEqual(['lookup', 'connect', 'ready', 'end', 'finish', 'close false'])
  expect(await dropped).toEqual({
    ...{ localAddress: '10.55.0.3', localPort: 80, localFamily: 'IPv4' },
    ...{ remoteAddress: '10.55.0.2', remotePort: expect.any(Number), remoteFamily: 'IPv4' },
  })
  expect(first.destroyed).toBe(false)
  await lab.close()
})

test('listen: a signal closes, a name is found, and errors say in words what they mean', async () => {
  const { lab, b } = await pair()
  const abort = new AbortController()
  const server = createServer(b).listen({ port: 80, host: 'b', signal: abort.signal })
  await once(server, 'listening')
  expect(await emitted(createServer(b).listen(80, '10.55.0.3'), 'error')).toMatchObject({
    message: 'listen EADDRINUSE: address already in use 10.55.0.3:80',
  })
  const closed = once(server, 'close')
  abort.abort()
  await closed
  expect(server.listening).toBe(false)
  const again = createServer(b).listen({ port: 80, signal: abort.signal })
  await once(again, 'close')
  const named = createServer(b).listen(0, 'localhost')
  await once(named, 'listening')
  expect(named.listening).toBe(true)
  expect(await emitted(createServer(b).listen(0, 'c'), 'error')).toMatchObject({
    message: 'getaddrinfo ENOTFOUND c',
  })
  expect(await emitted(createServer(b).listen(0, '192.0.2.5'), 'error')).toMatchObject({
    message: 'listen EADDRNOTAVAIL: address not available 192.0.2.5',
  })
  expect(() => createServer(b).listen({ path: '/tmp/x' })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  )
  await lab.close()
})

test('pauseOnConnect: nothing is read before resume()', async () => {
  const { lab, a, b } = await pair()
  const seen: string[] = []
  createServer(b, { pauseOnConnect: true }, async (socket) => {
    socket.on('data', (data) => seen.push(String(data)))
    await lab.sleep(50)
    seen.push(`resumed at ${socket.bytesRead}`)
    socket.resume()
  }).listen(80)
  const socket = connect(a, 80, 'b').resume()
  socket.end('x')
  await once(socket, 'close')
  expect(seen).toEqual(['resumed at 0', 'x'])
  await lab.close()
})

test('closeIdleConnections of a server that is served', async () => {
  const { lab, a, b } = await pair()
  const server = http.createServer((request, response) => {
    if (request.url === '/') response.end()
    else void lab.sleep(10).then(() => response.end('late'))
  })
  serve(b, 80, server)
  const agent = labAgent(a, { keepAlive: true })
  await ask('http://b/', { agent })
  const late = ask('http://b/late', { agent: labAgent(a) })
  await once(server, 'request')
  expect(Object.keys(agent.freeSockets)).toHaveLength(1)
  server.closeIdleConnections()
  expect(String((await late).body)).toBe('late')
  await lab.advance(100)
  expect(Object.keys(agent.freeSockets)).toHaveLength(0)
  await lab.close()
})

test('a backlog as of Node: 500 connect at once, or as many as it was told', async () => {
  const { lab, a, b } = await pair({}, { delay: '1ms' })
  await a.ping(b)
  createServer(b).listen(80)
  createServer(b).listen(81, '10.55.0.3', 2)
  createServer(b).listen({ port: 82, backlog: 2 })
  serve(b, 83, createServer(b), { backlog: 2 })
  b.listen(84, () => {})
  const soon = async (port: number, count: number) => {
    const began = lab.now
    const open = Array.from({ length: count }, () => connect(a, port, 'b'))
    await Promise.all(open.map((socket) => once(socket, 'connect')))
    for (const socket of open) socket.destroy()
    return lab.now - began < 1000
  }
  expect([await soon(80, 500), await soon(84, 500)]).toEqual([true, true])
  for (const port of [81, 82, 83]) {
    expect([await soon(port, 2), await soon(port, 3)]).toEqual([true, false])
  }
  await lab.close()
})

test('what is made has the types of Node, for code that takes those', async () => {
  const { lab, a, b } = await pair()
  const server: net.Server = createServer(b, (taken) => {
    const socket: net.Socket = taken
    socket.end('typed')
  })
  server.listen(80)
  const socket: net.Socket = connect(a, 80, 'b')
  const datagrams: dgram.Socket = createSocket(a, 'udp4')
  expect(await textOf(socket)).toBe('typed')
  const session = http2.connect('http://b', { createConnection: () => connect(a, 80, 'b') })
  session.on('error', () => {}).destroy()
  datagrams.close()
  await lab.close()
})

test('lookup: the forms of dns.lookup, names of the lab', async () => {
  const { lab, a } = await pair()
  const look = lookup(a)
  const [v4, v6] = [
    { address: '10.55.0.3', family: 4 },
    { address: 'fd55::3', family: 6 },
  ]
  const asked = promisify(look) as never as (name: string, options?: unknown) => Promise<unknown>
  expect(await asked('b')).toEqual(v4)
  expect(await asked('b', 6)).toEqual(v6)
  expect(await asked('b', { family: 'IPv6' })).toEqual(v6)
  expect(await asked('b', { all: true })).toEqual([v4, v6])
  expect(await asked('localhost')).toEqual({ address: '127.0.0.1', family: 4 })
  expect(await asked('localhost', 6)).toEqual({ address: '::1', family: 6 })
  expect(await asked('192.0.2.1', { all: true })).toEqual([{ address: '192.0.2.1', family: 4 }])
  const plain = await new Promise((resolve) => look('b', (...given) => resolve(given)))
  expect(plain).toEqual([null, '10.55.0.3', 4])
  await expect(asked('example.org')).rejects.toMatchObject({
    ...{ code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'example.org' },
  })
  expect(() => look('b', { family: 5 }, () => {})).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  )
  expect(() => look('b', undefined as never)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  )
  await lab.close()
})

test('a lookup of the program is asked in place of the lab', async () => {
  const { lab, a, b } = await pair()
  createServer(b, (socket) => void socket.end('here')).listen(80)
  const fixed = (_: string, __: unknown, callback: (...given: unknown[]) => void) =>
    void setTimeout(callback, 5, null, '10.55.0.3', 4)
  const socket = connect(a, { port: 80, host: 'www.example.org', lookup: fixed as never })
  expect(await textOf(socket)).toBe('here')
  await lab.close()
})

test('undici, and so fetch, by a connector', async () => {
  const { lab, a, b } = await pair({}, { delay: '10ms' })
  let connections = 0
  const server = http.createServer((request, response) => void request.pipe(response))
  server.on('connection', () => connections++)
  serve(b, 80, server)
  const { Agent, request } = await import('undici')
  const dispatcher = new Agent({ connect: connector(a), connections: 1 })
  for (let count = 0; count < 3; count++) {
    const { body } = await request('http://b/', { dispatcher, method: 'POST', body: `${count}` })
    expect(await body.text()).toBe(`${count}`)
  }
  expect(connections).toBe(1)
  const refused = request('http://b:81/', { dispatcher })
  await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await dispatcher.destroy()
  await lab.close()
})

test('an HTTP client of another host, on the address of the router', async () => {
  const { lab, lan, a, b } = await pair()
  const internet = lab.bridge('internet', { subnets: ['203.0.113.0/24'] })
  lab.router({
    uplinks: { wan: { bridge: internet, addresses: ['203.0.113.10/24'] } },
    nat: [{ type: 'masquerade', from: { bridge: lan.name }, uplink: 'wan' }],
  })
  const web = lab.host('web', { bridge: internet })
  serve(
    web,
    80,
    http.createServer((request, response) => void response.end(request.socket.remoteAddress)),
  )
  for (const host of [a, b]) {
    expect(String((await ask('http://web/', { agent: labAgent(host) })).body)).toBe('203.0.113.10')
  }
  await lab.close()
})
