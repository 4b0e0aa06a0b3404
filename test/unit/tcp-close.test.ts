/** How connections end: in every order, and by force. */
import { describe, expect, test } from 'vitest'
import type { TcpConnection } from '../../src/testing/tcp/connection.js'
import { TcpPeer } from '../support/tcp-peer.js'

const MSL = 30_000
const state = (connection: TcpConnection) => connection.statistics().state
/** The FIN goes out; its acknowledgment is another matter. */
const shut = (connection: TcpConnection) => {
  const closing = connection.writable.close()
  closing.catch(() => {})
  return closing
}

describe('closing (RFC 9293 3.6)', () => {
  test('we first: FIN-WAIT-1, FIN-WAIT-2, TIME-WAIT for 2 MSL', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    const closing = shut(connection)
    expect(peer.took()).toEqual(['FIN ACK 1 a1'])
    expect(state(connection)).toBe('FIN-WAIT-1')
    peer.send({ acknowledgment: 2 })
    expect(state(connection)).toBe('FIN-WAIT-2')
    await closing
    peer.send({ flags: 'FIN ACK', acknowledgment: 2 })
    expect(state(connection)).toBe('TIME-WAIT')
    expect(peer.took()).toEqual(['ACK 2 a2'])
    await connection.closed
    expect(peer.clock.underWay).toBe(1) // that the end is there to read, in this instant
    await peer.clock.advance(2 * MSL - 1)
    expect(peer.stack.connections).toBe(1)
    expect(peer.clock.underWay).toBe(0)
    await peer.clock.advance(1)
    expect(peer.stack.connections).toBe(0)
    expect(peer.clock.pending).toBe(0)
  })

  test('they first: CLOSE-WAIT, LAST-ACK, and nothing stays', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    peer.send({ flags: 'FIN ACK', payload: [5] })
    expect(peer.took()).toEqual(['ACK 1 a3'])
    expect(state(connection)).toBe('CLOSE-WAIT')
    const writer = connection.writable.getWriter()
    await writer.write(Uint8Array.of(1, 2))
    expect(peer.took()).toEqual(['PSH ACK 1-3 a3'])
    const closing = writer.close()
    expect(peer.took()).toEqual(['FIN ACK 3 a3'])
    expect(state(connection)).toBe('LAST-ACK')
    peer.send({ sequence: 3, acknowledgment: 4 })
    await Promise.all([closing, connection.closed])
    expect(peer.stack.connections).toBe(0)
  })

  test('both at once: CLOSING, TIME-WAIT', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    shut(connection)
    peer.send({ flags: 'FIN ACK' })
    expect(state(connection)).toBe('CLOSING')
    peer.send({ sequence: 2, acknowledgment: 2 })
    expect(state(connection)).toBe('TIME-WAIT')
    expect(peer.took()).toEqual(['FIN ACK 1 a1', 'ACK 2 a2'])
  })

  test('their FIN acknowledges ours: TIME-WAIT at once', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    shut(connection)
    peer.send({ flags: 'FIN ACK', acknowledgment: 2 })
    expect(state(connection)).toBe('TIME-WAIT')
  })

  test('half closed, they go on for as long as they like', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    shut(connection)
    peer.send({ acknowledgment: 2 })
    await peer.clock.advance(10 * 60_000)
    const reader = connection.readable.getReader()
    const read = reader.read()
    peer.send({ acknowledgment: 2, payload: [7] })
    expect((await peer.clock.settle(read)).value).toEqual(Uint8Array.of(7))
  })

  test('a FIN ahead of data waits for them', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    peer.send({ flags: 'FIN ACK', sequence: 4 })
    expect(state(connection)).toBe('ESTABLISHED')
    peer.send({ payload: [1, 2, 3] })
    expect(peer.took()).toEqual(['ACK 1 a1', 'ACK 1 a5'])
    expect(state(connection)).toBe('CLOSE-WAIT')
  })

  test('a FIN that is not acknowledged is sent again', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    shut(connection)
    await peer.clock.advance(1500)
    expect(peer.take().map(({ at, flags }) => [at, flags])).toEqual(
      [0, 200, 600, 1400].map((at) => [at, 'FIN ACK']),
    )
  })

  test('a FIN goes with the last of the data', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened({}, { window: 0 })
    const writer = connection.writable.getWriter()
    await writer.write(new Uint8Array(300))
    writer.close().catch(() => {})
    await Promise.resolve()
    expect(peer.took()).toEqual([])
    peer.send({ window: 1000 })
    expect(peer.took()).toEqual(['FIN PSH ACK 1-301 a1'])
  })
})

describe('TIME-WAIT', () => {
  async function waiting() {
    const peer = new TcpPeer({ timestamps: false })
    const server = peer.stack.listen(8080)
    peer.ports = [4000, 8080]
    peer.send({ flags: 'SYN', sequence: 0 })
    peer.send({})
    const connection = await server.accept()
    shut(connection)
    peer.send({ flags: 'FIN ACK', acknowledgment: 2 })
    peer.take()
    expect(state(connection)).toBe('TIME-WAIT')
    return peer
  }

  test('a FIN that comes again is acknowledged again, and the time begins anew', async () => {
    const peer = await waiting()
    await peer.clock.advance(MSL)
    peer.send({ flags: 'FIN ACK', acknowledgment: 2 })
    expect(peer.took()).toEqual(['ACK 2 a2'])
    await peer.clock.advance(2 * MSL - 1)
    expect(peer.stack.connections).toBe(1)
    await peer.clock.advance(1)
    expect(peer.stack.connections).toBe(0)
  })

  test('a SYN with a later number takes its place (3.10.7.4), an earlier one does not', async () => {
    const peer = await waiting()
    peer.send({ flags: 'SYN', sequence: 1 })
    expect(peer.took()).toEqual(['ACK 2 a2'])
    peer.send({ flags: 'SYN', sequence: 1000 })
    expect(peer.take().map(({ flags, acknowledgment }) => [flags, acknowledgment])).toEqual([
      ['SYN ACK', 1001],
    ])
  })

  test('late segments do not set keep-alive going again', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened({ keepAlive: 1000 })
    shut(connection)
    peer.send({ flags: 'FIN ACK', acknowledgment: 2 })
    expect(state(connection)).toBe('TIME-WAIT')
    peer.take()
    peer.send({ sequence: 2, acknowledgment: 2 })
    await peer.clock.advance(2 * MSL)
    expect(peer.took()).toEqual([])
    expect(peer.clock.pending).toBe(0)
  })

  test('does not keep a port from being listened on', async () => {
    const peer = await waiting()
    expect(() => peer.stack.listen(8080)).toThrow(/in use/)
    expect(peer.stack.listen(8081).port).toBe(8081)
  })
})

describe('nobody is there any more', () => {
  test('FIN-WAIT-2 ends where nobody reads, though they never close', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    const closed = connection.close()
    peer.send({ acknowledgment: 2 })
    await peer.clock.advance(2 * MSL)
    await closed
    expect(peer.stack.connections).toBe(0)
  })

  test('time passes for that where the end is awaited, and for TIME-WAIT never', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    shut(connection)
    await connection.readable.cancel()
    peer.send({ acknowledgment: 2 })
    expect([peer.clock.underWay, peer.clock.pending]).toEqual([0, 1])
    await peer.clock.advance(MSL)
    const { closed } = connection
    expect([peer.clock.underWay, peer.clock.pending]).toEqual([1, 1])
    peer.send({ flags: 'FIN ACK', acknowledgment: 2 })
    await closed
    await peer.clock.advance(0)
    expect([peer.clock.underWay, peer.clock.pending]).toEqual([0, 1])
  })

  test('what comes where nobody reads is acknowledged and thrown away', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened({ receiveBuffer: 5000 })
    await connection.readable.cancel()
    for (let at = 1; at < 20_000; at += 1000)
      peer.send({ sequence: at, payload: new Uint8Array(1000) })
    expect(peer.take().at(-1)).toMatchObject({ acknowledgment: 20_001, window: 5000 })
    expect(connection.statistics()).toMatchObject({ unread: 0, octetsReceived: 20_000 })
  })
})

describe('by force (RFC 9293 3.10.5, RFC 5961)', () => {
  test('abort: a RST, and everybody who waits is told', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    const reading = connection.readable.getReader().read()
    connection.abort()
    expect(peer.took()).toEqual(['RST ACK 1 a1'])
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(connection.closed).rejects.toMatchObject({ code: 'ABORTED' })
    expect(peer.clock.pending).toBe(0)
    expect([...peer.clock.waiting]).toEqual([])
  })

  test('aborting the writable aborts the connection', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    await connection.writable.abort(new Error('no more'))
    expect(peer.took()).toEqual(['RST ACK 1 a1'])
    await expect(connection.closed).rejects.toThrow(/gave it up: no more/)
  })

  test('a RST at the very place ends it; in the window it is asked about; outside it is dropped', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    peer.send({ flags: 'RST', sequence: 100 })
    expect(peer.took()).toEqual(['ACK 1 a1'])
    peer.send({ flags: 'RST', sequence: 0 })
    peer.send({ flags: 'RST', sequence: 2 ** 21 })
    expect(peer.took()).toEqual([])
    expect(state(connection)).toBe('ESTABLISHED')
    peer.send({ flags: 'RST' })
    await expect(connection.closed).rejects.toMatchObject({
      code: 'RESET',
      message: expect.stringMatching(/^TCP a \(10\.55\.0\.1:\d+\) to 10\.55\.0\.2:80: .* reset/),
    })
  })

  test('a SYN in the window is asked about (4.2)', async () => {
    const peer = new TcpPeer()
    await peer.opened()
    peer.send({ flags: 'SYN', sequence: 50 })
    expect(peer.took()).toEqual(['ACK 1 a1'])
  })

  test('an ACK of what was not sent is asked about (5.2), ten times a second', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    for (let count = 0; count < 50; count++) peer.send({ acknowledgment: 5000 })
    expect(peer.take().length).toBe(10)
    await peer.clock.advance(1000)
    peer.send({ acknowledgment: 5000 })
    expect(peer.take().length).toBe(1)
    expect(peer.stack.counters.drops.unacceptable).toBe(51)
    expect(state(connection)).toBe('ESTABLISHED')
  })

  test('without ACK nothing is taken', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened()
    peer.send({ flags: 'PSH', payload: [1] })
    expect(connection.statistics().octetsReceived).toBe(0)
  })
})
