/** linkspan/testing/node: a program that talks to itself, as it does in most tests. */
import { once } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
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
