/** How connections open, and how they do not. */
import { describe, expect, test } from 'vitest'
import { word } from '../support/frames.js'
import { TcpLink } from '../support/tcp-link.js'
import { plainMss, TcpPeer, usual } from '../support/tcp-peer.js'

describe('active open (RFC 9293 3.5)', () => {
  test('a SYN offers MSS, SACK, window scale and timestamps; the answer is acknowledged', async () => {
    const peer = new TcpPeer()
    const connection = peer.stack.connect(peer.remote, 80)
    const [syn] = peer.take()
    expect(syn).toMatchObject({ flags: 'SYN', sequence: 0, window: 65_535 })
    expect(syn?.options).toMatchObject({ 2: [2, 4, ...word(1460)], 3: [3, 3, 5], 4: [4, 2] })
    expect(syn?.options[8]?.slice(6)).toEqual([0, 0, 0, 0])
    peer.send({ flags: 'SYN ACK', sequence: 0, options: usual(77) })
    await connection.opened
    const [ack] = peer.take()
    expect(ack).toMatchObject({ flags: 'ACK', sequence: 1, acknowledgment: 1, window: 32_768 })
    expect(ack?.options[8]?.slice(6)).toEqual([0, 0, 0, 77])
    expect(connection.statistics()).toMatchObject({ state: 'ESTABLISHED', mss: 1460 })
    expect(connection.remotePort).toBe(80)
    expect(connection.localPort).toBeGreaterThanOrEqual(49_152)
  })

  test('what the other end does not offer is not used', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened({}, { syn: plainMss(600) })
    await connection.writable.getWriter().write(new Uint8Array(700))
    const [first] = peer.take()
    expect(first?.options).toEqual({})
    expect(first?.payload.length).toBe(600)
  })

  test('without the option a segment has 536 octets (RFC 9293 3.7.1)', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened({}, { syn: [] })
    expect(connection.statistics().mss).toBe(536)
  })

  test('TIMEOUT after 7 SYNs, 1 s, 2 s, 4 s … apart, with names and what to look for', async () => {
    const peer = new TcpPeer()
    const connection = peer.stack.connect(peer.remote, 80)
    await peer.clock.drain()
    expect(peer.take().map(({ at, flags }) => [at, flags])).toEqual(
      [0, 1000, 3000, 7000, 15_000, 31_000, 63_000].map((at) => [at, 'SYN']),
    )
    expect(peer.clock.now).toBe(123_000)
    await expect(connection.opened).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(
        /a \(10\.55\.0\.1:\d+\) to 10\.55\.0\.2:80: no answer .* 7 tries/,
      ),
    })
    await expect(connection.closed).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(peer.stack.connections).toBe(0)
  })

  test('REFUSED by a RST that acknowledges the SYN, and by no other', async () => {
    const peer = new TcpPeer()
    const connection = peer.stack.connect(peer.remote, 80)
    peer.take()
    peer.send({ flags: 'RST ACK', acknowledgment: 2 })
    peer.send({ flags: 'RST', sequence: 0 })
    expect(connection.statistics().state).toBe('SYN-SENT')
    peer.send({ flags: 'RST ACK', acknowledgment: 1 })
    await expect(connection.opened).rejects.toMatchObject({ code: 'REFUSED' })
    expect(peer.took()).toEqual([])
    expect(peer.clock.pending).toBe(0)
  })

  test('an answer to something else gets a RST (3.5.1, figure 9)', () => {
    const peer = new TcpPeer()
    const connection = peer.stack.connect(peer.remote, 80)
    peer.take()
    peer.send({ flags: 'SYN ACK', sequence: 0, acknowledgment: 500 })
    peer.send({ flags: 'ACK', sequence: 0, acknowledgment: 500 })
    expect(peer.took()).toEqual(['RST 500', 'RST 500'])
    expect(connection.statistics().state).toBe('SYN-SENT')
  })

  test.each([
    ['port-unreachable', 'REFUSED'],
    ['host-unreachable', 'UNREACHABLE'],
    ['prohibited', 'UNREACHABLE'],
  ] as const)('ICMP says %s: %s at once', async (kind, code) => {
    const peer = new TcpPeer()
    const connection = peer.stack.connect(peer.remote, 80)
    const [syn] = peer.take()
    const quoted = Uint8Array.of(...word(syn!.ports[0]), ...word(80), 0, 0, 0, 0)
    new DataView(quoted.buffer).setUint32(4, peer.ours)
    const forged = quoted.slice()
    new DataView(forged.buffer).setUint32(4, peer.ours + 1)
    const way = { from: peer.local, to: peer.remote }
    peer.stack.error({ kind, quoted: forged, ...way })
    peer.stack.error({ kind, quoted: quoted.subarray(0, 7), ...way })
    expect(connection.statistics().state).toBe('SYN-SENT')
    expect(peer.stack.counters.drops.errors).toBe(2)
    peer.stack.error({ kind, quoted, ...way, by: peer.remote })
    await expect(connection.opened).rejects.toMatchObject({ code })
  })

  test('what is written before it opens is sent when it does', async () => {
    const peer = new TcpPeer()
    const connection = peer.stack.connect(peer.remote, 80)
    await connection.writable.getWriter().write(Uint8Array.of(1, 2, 3))
    expect(peer.took()).toEqual(['SYN 0'])
    peer.send({ flags: 'SYN ACK', sequence: 0 })
    expect(peer.took()).toEqual(['PSH ACK 1-4 a1'])
  })
})

describe('passive open', () => {
  function listening(options = {}) {
    const peer = new TcpPeer()
    const server = peer.stack.listen(8080, options)
    peer.ports = [4000, 8080]
    return { peer, server, syn: { flags: 'SYN', sequence: 0, options: usual() } }
  }

  test('a SYN is answered; the ACK of it makes a connection', async () => {
    const { peer, server, syn } = listening()
    peer.send(syn)
    const [answer] = peer.take()
    expect(answer).toMatchObject({ flags: 'SYN ACK', acknowledgment: 1, ports: [8080, 4000] })
    expect(Object.keys(answer!.options)).toEqual(['2', '3', '4', '8'])
    peer.send({})
    const connection = await server.accept()
    expect(connection).toMatchObject({ localPort: 8080, remotePort: 4000 })
    expect(connection.statistics().state).toBe('ESTABLISHED')
  })

  test('options that were not offered are not in the answer', () => {
    const { peer, syn } = listening()
    peer.send({ ...syn, options: plainMss(1000) })
    expect(Object.keys(peer.take()[0]!.options)).toEqual(['2'])
  })

  test('a SYN that comes again is answered again, and an unanswered answer is given up', async () => {
    const { peer, syn } = listening()
    peer.send(syn)
    peer.send(syn)
    expect(peer.took()).toEqual(['SYN ACK 0 a1', 'SYN ACK 0 a1'])
    await peer.clock.drain()
    expect(peer.took().length).toBe(6)
    expect(peer.stack.connections).toBe(0)
  })

  test('data and FIN may wait before anybody accepts', async () => {
    const { peer, server, syn } = listening()
    peer.send(syn)
    peer.send({ flags: 'FIN ACK', payload: [1, 2, 3] })
    const connection = await server.accept()
    const reader = connection.readable.getReader()
    expect(await reader.read()).toEqual({ done: false, value: Uint8Array.of(1, 2, 3) })
    expect((await peer.clock.settle(reader.read())).done).toBe(true)
  })

  test('the backlog bounds what opens or waits; a SYN beyond it is dropped without a word', async () => {
    const { peer, server, syn } = listening({ backlog: 2 })
    for (const port of [4001, 4002, 4003]) peer.send({ ...syn, ports: [port, 8080] })
    expect(peer.take().map(({ ports }) => ports[1])).toEqual([4001, 4002])
    expect(peer.stack.counters.drops.backlog).toBe(1)
    peer.send({ flags: 'RST', ports: [4001, 8080] })
    peer.send({ ...syn, ports: [4003, 8080] })
    expect(peer.take().length).toBe(1)
    server.close()
  })

  test('nobody listens: a RST; an ACK from nowhere: a RST with its number', () => {
    const { peer } = listening()
    peer.send({ flags: 'SYN', sequence: 0, ports: [4000, 9] })
    expect(peer.take()[0]).toMatchObject({ flags: 'RST ACK', acknowledgment: 1 })
    peer.send({ acknowledgment: 5 })
    expect(peer.take()[0]).toMatchObject({ flags: 'RST', sequence: 5 })
    peer.send({ flags: 'RST' })
    expect(peer.take()).toEqual([])
    expect(peer.stack.counters.drops.closed).toBe(3)
  })

  test('EXISTS: one server a port, or one for each address of it', () => {
    const { peer, server } = listening()
    expect(() => peer.stack.listen(8080)).toThrow(/port 8080 is in use/)
    peer.stack.listen(8080, { address: peer.local })
    expect(() => peer.stack.listen(8080, { address: peer.local })).toThrow(/in use/)
    server.close()
    peer.stack.listen(8080)
    expect(peer.stack.listen(0).port).toBeGreaterThanOrEqual(49_152)
  })

  test('a closed server resets who waits, ends the loop over it, and leaves others alone', async () => {
    const { peer, server, syn } = listening()
    peer.send(syn)
    peer.send({})
    const iterator = server[Symbol.asyncIterator]()
    const { value: accepted } = await iterator.next()
    peer.take()
    peer.send({ ...syn, ports: [4001, 8080] })
    const next = iterator.next()
    server.close()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(peer.take().map(({ flags, ports }) => [flags, ports[1]])).toEqual([
      ['SYN ACK', 4001],
      ['RST ACK', 4001],
    ])
    expect(accepted?.statistics().state).toBe('ESTABLISHED')
    await expect(server.accept()).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

test('simultaneous open: both connect to each other, and it is one connection (figure 8)', async () => {
  const link = new TcpLink()
  const { a, b } = link.addresses
  const one = link.a.connect(b, 5000, { localPort: 6000 })
  const other = link.b.connect(a, 6000, { localPort: 5000 })
  await link.clock.settle(Promise.all([one.opened, other.opened]))
  await link.clock.advance(10)
  expect([one, other].map((each) => each.statistics().state)).toEqual([
    'ESTABLISHED',
    'ESTABLISHED',
  ])
  const writer = one.writable.getWriter()
  await writer.write(Uint8Array.of(9))
  const { value } = await link.clock.settle(other.readable.getReader().read())
  expect(value).toEqual(Uint8Array.of(9))
})

test('simultaneous open, octet by octet', async () => {
  const peer = new TcpPeer()
  const connection = peer.stack.connect(peer.remote, 80)
  peer.take()
  peer.send({ flags: 'SYN', sequence: 0 })
  expect(peer.took()).toEqual(['SYN ACK 0 a1'])
  expect(connection.statistics().state).toBe('SYN-RECEIVED')
  peer.send({ flags: 'SYN ACK', sequence: 0 })
  await connection.opened
  expect(peer.took()).toEqual(['ACK 1 a1'])
})

describe('what is asked for and cannot be', () => {
  const peer = new TcpPeer()
  test.each([
    ['a port', () => peer.stack.connect(peer.remote, 70_000), 'INVALID', /65535/],
    ['no port', () => peer.stack.connect(peer.remote, 0), 'INVALID', /found port 0/],
    ['a server’s port', () => peer.stack.listen(1.5), 'INVALID', /1\.5/],
    [
      'an option',
      () => peer.stack.listen(1, { receiveBuffer: 5 }),
      'INVALID',
      /receiveBuffer: found 5/,
    ],
    ['a backlog', () => peer.stack.listen(1, { backlog: 0 }), 'INVALID', /backlog of 0/],
  ] as const)('%s', (_, ask, code, message) => {
    expect(ask).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }))
  })

  test('the same connection twice', () => {
    peer.stack.connect(peer.remote, 80, { localPort: 1234 })
    const again = () => peer.stack.connect(peer.remote, 80, { localPort: 1234 })
    expect(again).toThrow(expect.objectContaining({ code: 'EXISTS' }))
  })

  test('anything of a stack that is closed, which ends what it had', async () => {
    const connection = peer.stack.connect(peer.remote, 80)
    peer.stack.close()
    expect(() => peer.stack.listen(5)).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    await expect(connection.opened).rejects.toMatchObject({ code: 'CLOSED' })
    expect(peer.clock.pending).toBe(0)
    expect(peer.stack.connections).toBe(0)
  })
})
