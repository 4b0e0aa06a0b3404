/** The lab: UDP sockets of hosts. */
import { expect, test } from 'vitest'
import { createLab } from '../../src/testing/index.js'
import { caught } from '../support/errors.js'

async function three() {
  const lab = await createLab()
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
  const [a, b, c] = ['a', 'b', 'c'].map((name) => lab.host(name, { bridge: lan }))
  return { lab, a: a!, b: b!, c: c! }
}

test('datagrams come in order, by receive and by a loop', async () => {
  const { lab, a, b } = await three()
  const server = b.udp(53)
  const client = a.udp()
  for (const text of ['one', 'two', 'three']) await client.send('b', 53, text)
  expect(await server.receive()).toMatchObject({
    from: '10.55.0.2',
    port: client.port,
    text: 'one',
  })
  const heard: string[] = []
  for await (const datagram of server) {
    heard.push(datagram.text)
    await datagram.reply(datagram.data)
    if (heard.length === 2) break
  }
  expect(heard).toEqual(['two', 'three'])
  expect((await client.receive()).text).toBe('two')
  await lab.close()
})

test.each(['10.55.0.3', 'fd55::3'])('a port that nobody has: %s says so', async (to) => {
  const { lab, a } = await three()
  const socket = a.udp()
  await socket.send(to, 5353, 'x')
  const error = await caught(socket.receive())
  expect(error).toMatchObject({ code: 'REFUSED' })
  expect(error.message).toBe(
    `host "a": a datagram to UDP port 5353 of ${to} did not arrive: ${to} says port-unreachable`,
  )
  expect(socket.errors).toMatchObject([{ reason: 'port-unreachable', from: to, to, port: 5353 }])
  await lab.close()
})

test('everybody: the network’s broadcast address and the limited one; nobody complains', async () => {
  const { lab, a, b, c } = await three()
  const sockets = [b.udp(9), c.udp(9)]
  const sender = a.udp()
  for (const to of ['10.55.0.255', '255.255.255.255']) {
    await sender.send(to, 9, to)
    for (const socket of sockets) expect((await socket.receive()).to).toBe(to)
    await sender.send(to, 10, 'nobody')
  }
  await lab.run()
  expect(sender.errors).toEqual([])
  await lab.close()
})

test.each(['239.1.2.3', 'ff02::1:3'])(
  'a group: who joined %s hears, until it leaves',
  async (group) => {
    const { lab, a, b, c } = await three()
    const [member, other] = [b.udp(9), c.udp(9)]
    member.join(group)
    const sender = a.udp()
    await sender.send(group, 9, 'hello')
    expect(await member.receive()).toMatchObject({ to: group, ttl: 1, text: 'hello' })
    member.leave(group)
    await sender.send(group, 9, 'gone')
    await expect(member.receive()).rejects.toMatchObject({ code: 'IDLE' })
    await expect(other.receive({ timeout: '1s' })).rejects.toMatchObject({ code: 'TIMEOUT' })
    await lab.close()
  },
)

test('65,507 octets over IPv4, 65,527 over IPv6, and not one more', async () => {
  const { lab, a, b } = await three()
  const [server, client] = [b.udp(9), a.udp()]
  for (const [to, most] of [
    ['10.55.0.3', 65_507],
    ['fd55::3', 65_527],
  ] as const) {
    const data = Uint8Array.from({ length: most }, (_, at) => at * 7)
    await client.send(to, 9, data)
    expect((await server.receive()).data).toEqual(data)
    await expect(client.send(to, 9, new Uint8Array(most + 1))).rejects.toThrow(`at most ${most}`)
  }
  await lab.close()
})

test('an answer comes from the address that was asked; to a group, from one of the host’s', async () => {
  const { lab, a } = await three()
  const addresses = ['10.55.0.20/24', '10.55.0.21/24', 'fd55::20/64', 'fd55::21/64']
  const many = lab.host('many', { bridge: 'lan', addresses })
  const server = many.udp(53, (datagram) => void datagram.reply('here'))
  server.join('239.1.2.3')
  const client = a.udp()
  for (const to of ['10.55.0.20', '10.55.0.21', 'fd55::20', 'fd55::21']) {
    await client.send(to, 53, 'who?')
    expect((await client.receive()).from).toBe(to)
  }
  await client.send('239.1.2.3', 53, 'who?')
  expect((await client.receive()).from).toBe('10.55.0.20')
  await lab.close()
})

test('a port has one socket; a closed one is free again, and says nothing', async () => {
  const { lab, b } = await three()
  const socket = b.udp(53)
  expect(() => b.udp(53)).toThrow('host "b" has a socket on UDP port 53')
  const waiting = caught(socket.receive())
  socket.close()
  expect(await waiting).toMatchObject({ code: 'CLOSED' })
  await expect(socket.send('a', 1, 'x')).rejects.toMatchObject({ code: 'CLOSED' })
  expect(b.udp(53).port).toBe(53)
  expect(new Set(Array.from({ length: 100 }, () => b.udp().port)).size).toBe(100)
  await lab.close()
})

test.each([
  [0, 'x', 'a UDP port'],
  [65_536, 'x', 'a UDP port'],
  [9, 7, 'a Uint8Array or a string'],
  [9, null, 'a Uint8Array or a string'],
])('send refuses port %j with %j', async (port, data, expected) => {
  const { lab, a } = await three()
  await expect(a.udp().send('b', port, data as string)).rejects.toThrow(expected)
  await lab.close()
})

test('a handler that throws fails what the test waits for; nothing is half done', async () => {
  const { lab, a, b, c } = await three()
  const cause = new RangeError('mine')
  b.udp(9, () => {
    throw cause
  })
  const other = c.udp(9)
  const socket = a.udp()
  await socket.send('10.55.0.255', 9, 'x')
  const error = await caught(lab.sleep('1s'))
  expect(error).toMatchObject({ code: 'HANDLER', cause })
  expect(error.message).toBe('a handler of host "b", UDP port 9 threw: mine')
  expect((await other.receive()).text).toBe('x')
  expect(await a.ping(b)).toMatchObject({ received: 1 })
  await lab.close()
})

test('what an async handler rejects with is told too; while nobody waits, by close()', async () => {
  const { lab, a, b } = await three()
  const soon = () => new Promise((resolve) => setTimeout(resolve, 5))
  b.udp(9, async (datagram) => {
    if (datagram.text === 'later') await soon()
    throw new Error(datagram.text)
  })
  await a.udp().send(b, 9, 'now')
  await expect(lab.run()).rejects.toThrow('UDP port 9 threw: now')
  await a.udp().send(b, 9, 'later')
  await lab.run()
  await soon()
  await soon()
  await expect(lab.close()).rejects.toThrow('UDP port 9 threw: later')
})
