/** linkspan/testing/node: sockets of the shape of dgram.Socket. */
import type * as dgram from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { createSocket, type LabDatagramSocket } from '../../src/testing/node/index.js'
import { emitted, pair } from '../support/node-lab.js'

function echo(socket: LabDatagramSocket): LabDatagramSocket {
  return socket.on('message', (data, { port, address }) => socket.send(data, port, address))
}

test.each([
  ['udp4', '10.55.0.3', 'IPv4'],
  ['udp6', 'fd55::3', 'IPv6'],
] as const)('%s: an echo', async (type, address, family) => {
  const { lab, a, b } = await pair({}, { delay: '10ms' })
  echo(createSocket(b, type)).bind(7)
  const socket = createSocket(a, { type })
  socket.send('hello', 7, 'b')
  const [data, remote] = await once(socket, 'message')
  expect(Buffer.isBuffer(data)).toBe(true)
  expect([String(data), remote]).toEqual(['hello', { address, family, port: 7, size: 5 }])
  expect(lab.now).toBe(40)
  expect(socket.address()).toMatchObject({ address: type === 'udp4' ? '0.0.0.0' : '::', family })
  await lab.close()
})

test('all forms of send and bind', async () => {
  const { lab, a, b } = await pair()
  const seen: string[] = []
  const server = createSocket(b, 'udp4', (data) => seen.push(String(data)))
  server.bind({ port: 7, address: '10.55.0.3' })
  await once(server, 'listening')
  expect(server.address()).toEqual({ address: '10.55.0.3', family: 'IPv4', port: 7 })
  const socket: Pick<dgram.Socket, 'send'> = createSocket(a, 'udp4')
  const octets = Buffer.from('0123456789')
  socket.send('text', 7, '10.55.0.3')
  socket.send(octets, 2, 3, 7, 'b')
  socket.send(octets, 0, 1, 7, 'b', () => {})
  socket.send(['two ', new Uint8Array([112]), 'arts'], 7, 'b')
  socket.send(new DataView(octets.buffer, octets.byteOffset, 2) as never, 7, 'b', () => {})
  const sent = await new Promise((resolve) =>
    socket.send('last', 7, 'b', (...given) => resolve(given)),
  )
  expect(sent).toEqual([null, 4])
  await lab.run()
  expect(seen).toEqual(['text', '234', '0', 'two parts', '01', 'last'])
  await lab.close()
})

test('connected: no other is heard, and refusals are told', async () => {
  const { lab, a, b } = await pair()
  echo(createSocket(b, 'udp4')).bind(7)
  const socket = createSocket(a, 'udp4')
  socket.connect(7, 'b')
  await once(socket, 'connect')
  expect(socket.remoteAddress()).toEqual({ address: '10.55.0.3', family: 'IPv4', port: 7 })
  const heard: string[] = []
  socket.on('message', (data) => heard.push(String(data)))
  socket.send('a')
  socket.send(Buffer.from('abc'), 1, 1, () => {})
  createSocket(b, 'udp4').send('stranger', socket.address().port, 'a')
  await lab.run()
  expect(heard).toEqual(['a', 'b'])
  expect(() => socket.send('x', 7, 'b')).toThrow(
    expect.objectContaining({ code: 'ERR_SOCKET_DGRAM_IS_CONNECTED' }),
  )
  socket.disconnect()
  expect(() => socket.remoteAddress()).toThrow(
    expect.objectContaining({ code: 'ERR_SOCKET_DGRAM_NOT_CONNECTED' }),
  )
  socket.send('nobody', 9, 'b') // not connected: not told
  await lab.run()
  socket.connect(9, 'b')
  const error = emitted(socket, 'error')
  socket.send('nobody')
  expect(await error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'recvmsg' })
  await lab.close()
})

test('groups and broadcast', async () => {
  const { lab, a, b } = await pair()
  const [listener, heard] = [createSocket(b, 'udp4').bind(5353), [] as string[]]
  listener.on('message', (data) => heard.push(String(data)))
  const socket = createSocket(a, 'udp4').bind()
  socket.send('before', 5353, '224.0.0.251')
  await lab.run()
  listener.addMembership('224.0.0.251')
  socket.send('to the group', 5353, '224.0.0.251')
  await lab.run()
  listener.dropMembership('224.0.0.251')
  socket.send('after', 5353, '224.0.0.251')
  const error = emitted(socket, 'error')
  socket.send('to all', 5353, '10.55.0.255')
  expect(await error).toMatchObject({ code: 'EACCES', syscall: 'send' })
  socket.setBroadcast(true)
  socket.send('to all, please', 5353, '10.55.0.255')
  await lab.run()
  expect(heard).toEqual(['to the group', 'to all, please'])
  expect(() => listener.addMembership('10.0.0.1')).toThrow(
    expect.objectContaining({ code: 'EINVAL' }),
  )
  expect([socket.setTTL(3), socket.setMulticastTTL(4)]).toEqual([3, 4])
  expect(() => socket.setTTL(0)).toThrow(expect.objectContaining({ code: 'EINVAL' }))
  await lab.close()
})

test('who is in no group cannot leave it, and what is not bound cannot be set', async () => {
  const { lab, b } = await pair()
  const socket = createSocket(b, 'udp4')
  const codeOfCall = (run: () => unknown) => {
    try {
      run()
    } catch (error) {
      return (error as NodeJS.ErrnoException).code
    }
  }
  expect(codeOfCall(() => socket.setBroadcast(true))).toBe('EBADF')
  expect(codeOfCall(() => socket.setTTL(5))).toBe('EBADF')
  expect(codeOfCall(() => socket.setMulticastTTL(5))).toBe('EBADF')
  expect(codeOfCall(() => socket.setMulticastLoopback(true))).toBe('EBADF')
  expect(codeOfCall(() => socket.setMulticastInterface('10.55.0.3'))).toBe('EBADF')
  expect(codeOfCall(() => socket.dropMembership('224.0.0.251'))).toBe('EADDRNOTAVAIL')
  socket.addMembership('224.0.0.251')
  expect(codeOfCall(() => socket.addMembership('224.0.0.251'))).toBe('EADDRINUSE')
  socket.dropMembership('224.0.0.251')
  const make = createSocket as (host: typeof b) => unknown
  expect(codeOfCall(() => make(b))).toBe('ERR_SOCKET_BAD_TYPE')
  await lab.close()
})

test('of a group, one sender is heard', async () => {
  const { lab, a, b } = await pair()
  const seen: string[] = []
  const listener = createSocket(b, 'udp4', (data) => seen.push(String(data))).bind(5000)
  listener.addSourceSpecificMembership('10.9.9.9', '232.1.1.1')
  listener.addSourceSpecificMembership('10.55.0.2', '232.1.1.2')
  const socket = createSocket(a, 'udp4')
  socket.send('not for it', 5000, '232.1.1.1')
  socket.send('for it', 5000, '232.1.1.2')
  await lab.run()
  expect(seen).toEqual(['for it'])
  listener.dropSourceSpecificMembership('10.55.0.2', '232.1.1.2')
  expect(() => listener.dropSourceSpecificMembership('10.55.0.2', '232.1.1.2')).toThrow('EINVAL')
  socket.close()
  await lab.close()
})

test('what is wrong has the code of Node', async () => {
  const { lab, a } = await pair()
  const socket = createSocket(a, 'udp4').bind(7)
  const failed = (...given: unknown[]) =>
    new Promise((resolve) => socket.send(...given, (error: unknown) => resolve(error)))
  expect(await failed('x', 7, 'nobody')).toMatchObject({ code: 'ENOTFOUND' })
  expect(await failed('x', 7, 'fd55::3')).toMatchObject({ code: 'EINVAL' })
  expect(await failed(Buffer.alloc(65_508), 7, 'b')).toMatchObject({ code: 'EMSGSIZE' })
  expect(() => socket.bind(8)).toThrow(
    expect.objectContaining({ code: 'ERR_SOCKET_ALREADY_BOUND' }),
  )
  expect(() => socket.send('x', 0, 'b')).toThrow(
    expect.objectContaining({ code: 'ERR_SOCKET_BAD_PORT' }),
  )
  expect(() => socket.send(7, 7)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }))
  expect(() => socket.send('x', 0, 9, 7, 'b')).toThrow(
    expect.objectContaining({ code: 'ERR_BUFFER_OUT_OF_BOUNDS' }),
  )
  expect(() => createSocket(a, 'udp' as never)).toThrow(
    expect.objectContaining({ code: 'ERR_SOCKET_BAD_TYPE' }),
  )
  expect(() => createSocket(a, 'udp4').address()).toThrow(
    expect.objectContaining({ code: 'EBADF' }),
  )
  expect(await emitted(createSocket(a, 'udp4').bind(7), 'error')).toMatchObject({
    ...{ code: 'EADDRINUSE', syscall: 'bind', address: '0.0.0.0', port: 7 },
  })
  expect(await emitted(createSocket(a, 'udp4').bind(8, '10.9.9.9'), 'error')).toMatchObject({
    code: 'EADDRNOTAVAIL',
  })
  const closed = once(socket, 'close')
  socket.close()
  await closed
  expect(() => socket.send('x', 7, 'b')).toThrow(
    expect.objectContaining({ code: 'ERR_SOCKET_DGRAM_NOT_RUNNING' }),
  )
  const controller = new AbortController()
  const aborted = createSocket(a, { type: 'udp4', signal: controller.signal }).bind(7)
  controller.abort()
  await once(aborted, 'close')
  await lab.close()
})

test('a client waits for an answer: time passes up to a timer that is unrefed', async () => {
  const { lab, a } = await pair({ timers: 'fake' })
  const socket = createSocket(a, 'udp4')
  socket.send('query', 53, 'b')
  const timedOut = new Promise((resolve) => setTimeout(resolve, 3000).unref())
  await timedOut
  expect(lab.now).toBe(3000)
  socket.close()
  await lab.close()
})

test('one that was answered, or bound, waits for whoever comes', async () => {
  const { lab, a, b } = await pair({ timers: 'fake' })
  const server = echo(createSocket(b, 'udp4')).bind(7)
  const socket = createSocket(a, 'udp4')
  socket.send('1', 7, 'b')
  socket.send('2', 7, 'b')
  await once(socket, 'message')
  const { now } = await lab.run()
  setTimeout(() => {}, 3000).unref()
  server.send('x', 9, 'a')
  await lab.run()
  expect(lab.now).toBeLessThan(now + 3000)
  await lab.close()
})

test('a client is told that no answer can come, where it takes errors', async () => {
  const { lab, a } = await pair()
  const [socket, silent] = [createSocket(a, 'udp4'), createSocket(a, 'udp4')]
  for (const each of [socket, silent]) each.send('query', 53, 'b')
  const error = await emitted(socket, 'error')
  expect(error).toMatchObject({ code: 'IDLE' })
  expect(String(error)).toContain('waits for a datagram on UDP port')
  socket.send('again', 53, 'b')
  await lab.run()
  await lab.close()
})
