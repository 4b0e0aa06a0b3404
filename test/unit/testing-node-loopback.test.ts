/** linkspan/testing/node: a program that talks to itself, as it does in most tests. */
import { once } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  connect,
  createServer,
  createSocket,
  labAgent,
  serve,
} from '../../src/testing/node/index.js'
import { ask, emitted, pair, textOf } from '../support/node-lab.js'

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['localhost', '127.0.0.1'],
  ['::1', '::1'],
])('a server on %s: the program reaches it, others do not', async (name, address) => {
  const { lab, a, b } = await pair()
  const server = createServer(a, (socket) => void socket.end(`${socket.remoteAddress}`))
  server.listen(0, name)
  await once(server, 'listening')
  const { port, ...place } = server.address() as AddressInfo
  expect(place).toMatchObject({ address })
  const socket = connect(a, port, name)
  expect(await textOf(socket)).toBe(address)
  for (const to of [name, 'a']) {
    expect(await emitted(connect(b, port, to), 'error')).toMatchObject({ code: 'ECONNREFUSED' })
  }
  await lab.close()
})

test('HTTP by localhost, with the host of the URL in the request', async () => {
  const { lab, a } = await pair()
  serve(
    a,
    3000,
    http.createServer((request, response) => {
      response.end(`${request.headers.host} ${request.socket.remoteAddress}`)
    }),
  )
  const agent = labAgent(a)
  for (const name of ['localhost', '127.0.0.1']) {
    const { body } = await ask(`http://${name}:3000/`, { agent })
    expect(body.toString()).toBe(`${name}:3000 127.0.0.1`)
  }
  expect(a.link.counters.sent).toBe(0)
  await lab.close()
})

test('the server of a host hears of a connection before the client does', async () => {
  const { lab, a } = await pair()
  const order: string[] = []
  const server = createServer(a, (socket) => {
    order.push('connection')
    socket.end('hello')
  }).listen(80)
  const socket = connect(a, 80, () => {
    order.push('connect')
    server.close()
  })
  expect(await textOf(socket)).toBe('hello')
  expect(order).toEqual(['connection', 'connect'])
  await lab.close()
})

test.each(['0.0.0.0', '::'])(
  '%s, where one connects to or sends to, is the host itself',
  async (all) => {
    const { lab, a } = await pair()
    const family = all === '::' ? 6 : 4
    const own = family === 6 ? '::1' : '127.0.0.1'
    serve(
      a,
      80,
      http.createServer((request, response) => response.end(request.socket.remoteAddress)),
    )
    const url = family === 6 ? 'http://[::]/' : 'http://0.0.0.0/'
    expect((await ask(url, { agent: labAgent(a) })).body.toString()).toBe(own)
    createSocket(a, `udp${family}`, (_, { address }) => order.push(address)).bind(53)
    const order: string[] = []
    const [client, connected] = [createSocket(a, `udp${family}`), createSocket(a, `udp${family}`)]
    client.send('x', 53, all)
    connected.connect(53, all, () => connected.send('y'))
    await lab.advance(1)
    expect(order).toEqual([own, own])
    expect(connected.remoteAddress()).toMatchObject({ address: own })
    await lab.close()
  },
)

test('an address of the other family is EINVAL', async () => {
  const { lab, a } = await pair()
  for (const [host, localAddress] of [
    ['127.0.0.1', '::1'],
    ['fd55::3', '127.0.0.1'],
  ]) {
    const socket = connect(a, { port: 80, host, localAddress } as never)
    expect(await emitted(socket, 'error')).toMatchObject({ code: 'EINVAL', syscall: 'bind' })
  }
  for (const [type, address] of [
    ['udp4', '::1'],
    ['udp6', '127.0.0.1'],
  ] as const) {
    const socket = createSocket(a, type).bind(53, address)
    expect(await emitted(socket, 'error')).toMatchObject({ code: 'EINVAL', syscall: 'bind' })
  }
  await lab.close()
})

test('from 127.0.0.1 to another host there is no way', async () => {
  const { lab, a, b } = await pair()
  createServer(b).listen(80)
  const socket = connect(a, { port: 80, host: 'b', localAddress: '127.0.0.1' })
  expect(await emitted(socket, 'error')).toMatchObject({ code: 'ENETUNREACH' })
  await lab.close()
})

test('a socket hears what it sends to a group, unless setMulticastLoopback(false)', async () => {
  const { lab, a } = await pair()
  const heard: string[] = []
  const socket = createSocket(a, 'udp4', (data) => void heard.push(`${data}`))
  socket.bind(5353)
  await once(socket, 'listening')
  socket.addMembership('224.0.0.251')
  socket.send('one', 5353, '224.0.0.251')
  await lab.advance(1)
  socket.setMulticastLoopback(false)
  socket.send('two', 5353, '224.0.0.251')
  socket.setBroadcast(true)
  socket.send('three', 5353, '255.255.255.255')
  await lab.advance(1)
  expect(heard).toEqual(['one', 'three'])
  await lab.close()
})

describe('groups', () => {
  async function listening(): Promise<{ heard: string[] } & Awaited<ReturnType<typeof pair>>> {
    const made = await pair()
    const heard: string[] = []
    for (const host of [made.a, made.b]) {
      const socket = createSocket(host, 'udp4', (data, { address }) => {
        heard.push(`${host.name}: ${data} from ${address}`)
      })
      socket.bind(5000)
      await once(socket, 'listening')
      socket.addMembership('239.1.1.1')
    }
    return { ...made, heard }
  }

  test('from 127.0.0.1, bound or by setMulticastInterface, they are those of the host', async () => {
    const { lab, a, heard } = await listening()
    const [bound, free] = [createSocket(a, 'udp4'), createSocket(a, 'udp4').bind(7)]
    bound.bind(0, '127.0.0.1')
    bound.send('x', 5000, '239.1.1.1')
    free.setMulticastInterface('127.0.0.1')
    free.send('y', 5000, '239.1.1.1')
    await lab.advance('1s')
    expect(heard).toEqual(['a: x from 127.0.0.1', 'a: y from 127.0.0.1'])
    expect(a.link.counters.sent).toBe(0)
    free.setMulticastInterface('10.55.0.2')
    free.send('z', 5000, '239.1.1.1')
    await lab.advance('1s')
    expect(heard.slice(2).sort()).toEqual(['a: z from 10.55.0.2', 'b: z from 10.55.0.2'])
    await lab.close()
  })

  test.each([
    ['10.55.0.3', []],
    ['127.0.0.1', []],
    ['239.2.2.2', ['group']],
    ['0.0.0.0', ['group', 'all', 'all of the net']],
  ])('who is bound to %s hears %j of what goes to many', async (address, expected) => {
    const { lab, a, b } = await pair()
    const heard: string[] = []
    const socket = createSocket(b, 'udp4', (data) => void heard.push(`${data}`))
    socket.bind(5001, address)
    await once(socket, 'listening')
    socket.addMembership('239.2.2.2')
    const from = createSocket(a, 'udp4').bind(7)
    from.setBroadcast(true)
    from.send('group', 5001, '239.2.2.2')
    from.send('all', 5001, '255.255.255.255')
    from.send('all of the net', 5001, '10.55.0.255')
    await lab.advance('1s')
    expect(heard).toEqual(expected)
    await lab.close()
  })
})

test('datagrams: a socket on 127.0.0.1 hears its host only', async () => {
  const { lab, a, b } = await pair()
  const server = createSocket(a, 'udp4', (data, { address, port }) => {
    server.send(`${data} from ${address}`, port, address)
  })
  server.bind(53, '127.0.0.1')
  await once(server, 'listening')
  const client = createSocket(a, 'udp4')
  client.send('x', 53)
  const [answer, remote] = await once(client, 'message')
  expect(`${answer}`).toBe('x from 127.0.0.1')
  expect(remote).toMatchObject({ address: '127.0.0.1', port: 53 })
  let isHeard = false
  const other = createSocket(b, 'udp4', () => (isHeard = true))
  other.send('y', 53, '10.55.0.2')
  await lab.advance('1s')
  expect(isHeard).toBe(false)
  const sent = emitted(server, 'error')
  server.send('z', 53, '10.55.0.3')
  expect(await sent).toMatchObject({ code: expect.stringMatching(/UNREACH/) })
  await lab.close()
})
