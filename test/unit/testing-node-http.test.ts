/** linkspan/testing/node: HTTP, HTTPS and WebSocket upgrades of Node's own between hosts of a lab. */
import { once } from 'node:events'
import * as http from 'node:http'
import * as https from 'node:https'
import { expect, test } from 'vitest'
import { connect, labAgent, labHttpsAgent, serve } from '../../src/testing/node/index.js'
import { codeOf } from '../support/errors.js'
import { ask, emitted, pair, textOf } from '../support/node-lab.js'
import { Random } from '../support/random.js'
import { CERTIFICATE, KEY } from '../support/self-signed.js'

/** Answers with what was sent, or with the path. */
const echoServer = (options: http.ServerOptions = {}) =>
  http.createServer(options, (request, response) => {
    if (request.method === 'POST') request.pipe(response)
    else response.end(`you asked for ${request.url}`)
  })

test('a request and its answer: three round trips with ARP and the handshake', async () => {
  const { lab, a, b } = await pair({}, { delay: '10ms' })
  serve(b, 80, echoServer())
  const { status, body } = await ask('http://b/x', { agent: labAgent(a) })
  expect([status, String(body)]).toEqual([200, 'you asked for /x'])
  expect(lab.now).toBe(60)
  await lab.close()
})

test('an agent keeps connections alive, and real time in between changes nothing', async () => {
  const { lab, a, b } = await pair({}, { delay: '10ms' })
  const server = echoServer()
  let connections = 0
  server.on('connection', () => connections++)
  serve(b, 80, server)
  const agent = labAgent(a, { keepAlive: true, maxSockets: 2 })
  const first = await ask('http://b/', { agent })
  await new Promise((resolve) => setTimeout(resolve, 20))
  const began = lab.now
  const second = await ask('http://b/', { agent })
  expect([first.reused, second.reused, lab.now - began]).toEqual([false, true, 20])
  await Promise.all(Array.from({ length: 5 }, () => ask('http://b/', { agent })))
  expect(connections).toBe(2)
  // The server closes what is idle for 5 s, and the agent hears of it.
  await lab.advance('10s')
  expect(agent.freeSockets).toEqual({})
  expect((await ask('http://b/', { agent })).reused).toBe(false)
  await lab.close()
})

test('keep-alive through a link that loses a tenth', async () => {
  const { lab, a, b } = await pair({ seed: 5 }, { delay: '5ms', loss: '10%' })
  serve(b, 80, echoServer())
  const agent = labAgent(a, { keepAlive: true })
  for (let count = 0; count < 20; count++) {
    const { body, reused } = await ask(`http://b/${count}`, { agent })
    expect([String(body), reused]).toEqual([`you asked for /${count}`, count > 0])
  }
  expect(lab.link('a').counters.lost).toBeGreaterThan(0)
  await lab.close()
})

test('1 MB up and down', async () => {
  const { lab, a, b } = await pair({ seed: 2 }, { delay: '5ms', loss: '1%' })
  serve(b, 80, echoServer(), { tcp: { receiveBuffer: 30_000, sendBuffer: 30_000 } })
  const bytes = new Random(1).bytes(1_000_000)
  const { body } = await ask('http://b/', { agent: labAgent(a), method: 'POST' }, bytes)
  expect(Buffer.compare(body, bytes)).toBe(0)
  await lab.close()
})

test('nobody listens; no such host; the other end breaks off; an answer takes too long', async () => {
  const { lab, a, b } = await pair()
  const agent = labAgent(a)
  await expect(ask('http://b:81/', { agent })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await expect(ask('http://c/', { agent })).rejects.toMatchObject({ code: 'ENOTFOUND' })
  const server = http.createServer((request) => {
    if (request.url === '/break') request.socket.destroy()
  })
  serve(b, 80, server)
  await expect(ask('http://b/break', { agent })).rejects.toThrow('socket hang up')
  const began = lab.now
  const request = http.get('http://b/', { agent, timeout: 3000 })
  await once(request, 'timeout')
  expect(lab.now - began).toBe(3000)
  const gone = emitted(request, 'error')
  request.destroy()
  expect(await gone).toMatchObject({ code: 'ECONNRESET' })
  await lab.close()
})

test('a server hears that the client went away in the middle of a long answer', async () => {
  const { lab, a, b } = await pair()
  let ended = (_: string) => {}
  const heard = new Promise<string>((resolve) => (ended = resolve))
  const server = http.createServer((_, response) => {
    response.on('close', () => ended(response.writableFinished ? 'finished' : 'broken off'))
    const more = () => void (response.write(Buffer.alloc(50_000)) ? setImmediate(more) : 0)
    response.on('drain', more)
    more()
  })
  serve(b, 80, server)
  const request = http.get('http://b/', { agent: labAgent(a) }, (response) => {
    response.once('data', () => request.destroy())
  })
  request.on('error', () => {})
  expect(await heard).toBe('broken off')
  await lab.close()
})

test('HTTPS: TLS over sockets of the lab, kept alive', async () => {
  const { lab, a, b } = await pair({}, { delay: '10ms' })
  const tls = { key: KEY, cert: CERTIFICATE }
  serve(
    b,
    443,
    https.createServer(tls, (_, response) => response.end('secret')),
  )
  const agent = labHttpsAgent(a, { ca: CERTIFICATE, keepAlive: true })
  const get = () =>
    new Promise<[string, boolean]>((resolve, reject) => {
      const request = https.get('https://b/', { agent }, async (response) => {
        resolve([await textOf(response), request.reusedSocket])
      })
      request.on('error', reject)
    })
  expect(await get()).toEqual(['secret', false])
  expect(await get()).toEqual(['secret', true])
  // Nobody waits for what the agent keeps.
  expect(lab.waiting.join()).not.toContain('host "a"')
  const wrong = https.get('https://b/', { agent: labHttpsAgent(a) })
  expect(await emitted(wrong, 'error')).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  await lab.close()
})

test('an upgrade, as of a WebSocket', async () => {
  const { lab, a, b } = await pair()
  const server = echoServer().on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n')
    socket.pipe(socket)
  })
  serve(b, 80, server)
  const headers = { Upgrade: 'echo', Connection: 'Upgrade' }
  const request = http.get('http://b/', { agent: labAgent(a), headers })
  const [response, socket] = await once(request, 'upgrade')
  expect(response.statusCode).toBe(101)
  socket.end('and now something else')
  expect(await textOf(socket)).toBe('and now something else')
  await lab.close()
})

test('the header Date is of the lab where its timers are, and the program may do without', async () => {
  const { lab, a, b } = await pair({ timers: { date: '2030-01-01T00:00:00Z' } })
  const server = http.createServer((request, response) => {
    if (request.url === '/none') response.sendDate = false
    if (request.url === '/own') response.writeHead(200, { date: 'today' })
    response.end()
  })
  serve(b, 80, server)
  serve(b, 8080, server)
  await lab.advance('1h')
  const dates: unknown[] = []
  for (const path of ['', 'none', 'own']) {
    dates.push((await ask(`http://b:8080/${path}`, { agent: labAgent(a) })).headers.date)
  }
  expect(dates).toEqual(['Tue, 01 Jan 2030 01:00:00 GMT', undefined, 'today'])
  await lab.close()
})

test('the same octets on every run', async () => {
  const run = async (seed: number) => {
    const link = { delay: '5ms', jitter: '2ms', loss: '5%' }
    const { lab, a, b } = await pair({ seed, timers: 'fake' }, link)
    const file = lab.capture()
    const server = http.createServer(async (request, response) => {
      await new Promise((resolve) => setTimeout(resolve, 30))
      request.pipe(response)
    })
    serve(b, 80, server)
    const agent = labAgent(a, { keepAlive: true })
    const bytes = new Random(seed).bytes(20_000)
    const post = () => ask('http://b/', { agent, method: 'POST' }, bytes)
    await post()
    await Promise.all([post(), post(), post()])
    await lab.advance('10s')
    await lab.close()
    return Buffer.from(file.bytes()).toString('latin1')
  }
  const once = await run(7)
  expect(once).toMatch(/Date: Sat, 01 Jan 2000 00:00:0/)
  expect((await run(7)) === once).toBe(true)
  expect((await run(8)) === once).toBe(false)
})

test('servers: what was asked of the lab, and of Node', async () => {
  const { lab, a, b } = await pair()
  const server = echoServer()
  const served = serve(b, 0, server, { address: '10.55.0.3' })
  const { port } = served.address() as { port: number }
  expect(served.address()).toEqual({ address: '10.55.0.3', family: 'IPv4', port })
  const taken = () => serve(b, port, server, { address: '10.55.0.3' })
  expect(codeOf(taken)).toBe('EXISTS')
  expect(codeOf(() => serve(b, 70_000, server))).toBe('INVALID')
  const url = `http://10.55.0.3:${port}/`
  expect((await ask(url, { agent: labAgent(a) })).status).toBe(200)
  served.close()
  await expect(ask(url, { agent: labAgent(a) })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  // Sockets of an HTTP server are kept half open, as Node's.
  serve(b, 81, server)
  const socket = connect(a, { port: 81, host: 'b', allowHalfOpen: true })
  socket.end('GET / HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n')
  expect(await textOf(socket)).toContain('you asked for /')
  await lab.close()
})
