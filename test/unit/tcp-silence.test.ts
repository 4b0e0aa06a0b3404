/** What becomes of connections whose other end says nothing for long. */
import { expect, test } from 'vitest'
import { TcpPeer, timestamps, usual } from '../support/tcp-peer.js'

test('data that are never acknowledged: TIMEOUT after the user timeout, and a RST', async () => {
  const peer = new TcpPeer()
  const connection = await peer.opened({ userTimeout: 100_000 })
  await connection.writable.getWriter().write(new Uint8Array(10))
  await peer.clock.advance(300_000)
  await expect(connection.closed).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringContaining('no acknowledgment of 10 octets of data for 100 s'),
  })
  expect(peer.take().at(-1)?.flags).toBe('RST ACK')
  expect(peer.clock.pending).toBe(0)
})

test('keep-alive, where it is asked for: an answer is enough, none is TIMEOUT', async () => {
  const peer = new TcpPeer()
  const connection = await peer.opened({ keepAlive: 7_200_000 })
  await peer.clock.advance(7_200_000)
  expect(peer.took()).toEqual(['ACK 0 a1'])
  peer.send({})
  await peer.clock.advance(7_199_000)
  expect(peer.took()).toEqual([])
  await peer.clock.advance(1000 + 9 * 75_000)
  expect(peer.take().length).toBe(9)
  await expect(connection.closed).rejects.toMatchObject({ code: 'TIMEOUT' })
})

test('without it silence lasts for ever', async () => {
  const peer = new TcpPeer()
  const connection = await peer.opened()
  await peer.clock.advance(30 * 86_400_000)
  expect(peer.took()).toEqual([])
  expect(connection.statistics().state).toBe('ESTABLISHED')
  expect(peer.clock.pending).toBe(0)
})

test('timestamps that are weeks old do not end a connection (RFC 7323 5.5)', async () => {
  const peer = new TcpPeer()
  const connection = await peer.opened({}, { syn: usual(0x7000_0000) })
  await peer.clock.advance(30 * 86_400_000)
  peer.send({ payload: [1], options: timestamps(5, 0) })
  expect(connection.statistics().octetsReceived).toBe(1)
})
