/** What is sent when, and what is sent again. */
import { describe, expect, test } from 'vitest'
import type { TcpConnection } from '../../src/testing/tcp/connection.js'
import type { ConnectOptions } from '../../src/testing/tcp/stack.js'
import { word } from '../support/frames.js'
import { plainMss, TcpPeer, timestamps, usual } from '../support/tcp-peer.js'

const SACK_PERMITTED = [4, 2]
const syn = [...plainMss(1000), ...SACK_PERMITTED]

/** Octets are in the send buffer when this has run; more than fits waits. */
function write(connection: TcpConnection, octets: number): void {
  const writer = connection.writable.getWriter()
  writer.write(new Uint8Array(octets).map((_, at) => at)).catch(() => {})
  writer.releaseLock()
}

/** A connection with segments of 1000 octets that has so many to send. */
async function sending(octets: number, options: ConnectOptions = {}, window = 65_535) {
  const peer = new TcpPeer()
  const connection = await peer.opened({ timestamps: false, ...options }, { syn, window })
  write(connection, octets)
  return { peer, connection }
}

/** A SACK option of blocks of positions of ours. */
const sack = (peer: TcpPeer, ...edges: number[]) => {
  const numbers = edges.flatMap((edge) => {
    const number = (peer.ours + edge) >>> 0
    return [...word(number >>> 16), ...word(number & 0xffff)]
  })
  return [1, 1, 5, 2 + numbers.length, ...numbers]
}

describe('the windows', () => {
  test('the initial window is ten segments (RFC 6928), and each ACK doubles what it acknowledges', async () => {
    const { peer } = await sending(100_000)
    expect(peer.took().length).toBe(10)
    peer.send({ acknowledgment: 2001 })
    expect(peer.took().length).toBe(4)
  })

  test('no more than the other end has room for', async () => {
    const { peer } = await sending(10_000, {}, 2500)
    expect(peer.took()).toEqual(['ACK 1-1001 a1', 'ACK 1001-2001 a1'])
  })

  test('octets are those that were written', async () => {
    const { peer } = await sending(3000)
    const payload = peer.take().flatMap((seen) => [...seen.payload])
    expect(payload).toEqual([...new Uint8Array(3000).map((_, at) => at)])
  })

  test('a window that grows lets more through; an old segment does not shrink it (SND.WL1)', async () => {
    const { peer } = await sending(5000, {}, 2000)
    peer.take()
    peer.send({ window: 4000, payload: [1] })
    expect(peer.took().length).toBe(2)
    peer.send({ window: 1000 })
    peer.send({ window: 5000, sequence: 2 })
    expect(peer.took()).toEqual(['ACK 4001 a2', 'PSH ACK 4001-5001 a2'])
  })
})

describe('small segments', () => {
  test('wait for what is under way to be acknowledged (Nagle, 3.7.4)', async () => {
    const { peer, connection } = await sending(10)
    write(connection, 20)
    write(connection, 30)
    await peer.clock.advance(0)
    expect(peer.took()).toEqual(['PSH ACK 1-11 a1'])
    peer.send({ acknowledgment: 11 })
    expect(peer.took()).toEqual(['PSH ACK 11-61 a1'])
  })

  test('do not wait with noDelay', async () => {
    const { peer, connection } = await sending(10, { noDelay: true })
    write(connection, 20)
    await peer.clock.advance(0)
    expect(peer.took()).toEqual(['PSH ACK 1-11 a1', 'PSH ACK 11-31 a1'])
  })

  test('are not made for a small window, before half of the largest (3.8.6.2.1)', async () => {
    const { peer } = await sending(10_000, {}, 4000)
    peer.take()
    peer.send({ acknowledgment: 4001, window: 300 })
    expect(peer.took()).toEqual([])
    peer.send({ acknowledgment: 4001, window: 1000 })
    expect(peer.took().length).toBe(1)
  })
})

describe('a window that is shut (3.8.6.1)', () => {
  test('is asked about again and again; when it opens it goes on', async () => {
    const { peer, connection } = await sending(1500, {}, 0)
    await peer.clock.advance(0)
    expect(peer.take()).toEqual([])
    await peer.clock.advance(1500)
    expect(peer.take().map(({ at, sequence, payload }) => [at, sequence, payload.length])).toEqual([
      [200, 0, 0],
      [600, 0, 0],
      [1400, 0, 0],
    ])
    peer.send({ window: 3000 })
    expect(peer.took()).toEqual(['ACK 1-1001 a1'])
    peer.send({ acknowledgment: 1001, window: 3000 })
    expect(peer.took()).toEqual(['PSH ACK 1001-1501 a1'])
    peer.send({ acknowledgment: 1501, window: 3000 })
    expect(peer.clock.pending).toBe(0)
    expect(connection.statistics().octetsAcknowledged).toBe(1500)
  })

  test('for ever is no answer: TIMEOUT', async () => {
    const { peer, connection } = await sending(10, { stallTimeout: 600_000 }, 0)
    for (let minute = 0; minute < 12; minute++) {
      await peer.clock.advance(60_000)
      if (connection.statistics().state !== 'CLOSED') peer.send({ window: 0 })
    }
    await expect(connection.closed).rejects.toThrow(/has not read for 600 s/)
  })

  test('and nobody answers: TIMEOUT', async () => {
    const { peer, connection } = await sending(10, { userTimeout: 100_000 }, 0)
    await peer.clock.drain()
    await expect(connection.closed).rejects.toThrow(
      /no acknowledgment of a question for the window/,
    )
  })

  test('a little room is used when nothing better comes', async () => {
    const { peer } = await sending(10_000, {}, 4000)
    peer.take()
    peer.send({ acknowledgment: 4001, window: 300 })
    await peer.clock.advance(300)
    expect(peer.took()).toEqual(['ACK 4001-4301 a1'])
  })
})

describe('what is lost', () => {
  test('is sent again after the timeout, which doubles (RFC 6298 5)', async () => {
    const { peer } = await sending(10)
    await peer.clock.advance(3100)
    expect(peer.take().map(({ at }) => at)).toEqual([0, 200, 600, 1400, 3000])
    peer.send({ acknowledgment: 11 })
    expect(peer.clock.pending).toBe(0)
  })

  test('the timeout follows the round trip (RFC 6298 2)', async () => {
    const peer = new TcpPeer()
    const connection = peer.stack.connect(peer.remote, 80)
    await peer.clock.advance(400)
    peer.send({ flags: 'SYN ACK', sequence: 0, options: syn })
    expect(connection.statistics()).toMatchObject({ roundTrip: 400, retransmissionTimeout: 1200 })
  })

  test('Karn: what was sent twice does not tell the round trip without timestamps', async () => {
    const { peer, connection } = await sending(10)
    await peer.clock.advance(250)
    peer.send({ acknowledgment: 11 })
    expect(connection.statistics()).toMatchObject({ roundTrip: 0, retransmissionTimeout: 400 })
  })

  test.each([
    ['with timestamps it does, if the echo is of the second', 1, 50 / 8, 200],
    ['an echo of the first may be of an ACK that was lost: it tells nothing', 0, 0, 400],
  ])('%s', async (_, which, roundTrip, retransmissionTimeout) => {
    const peer = new TcpPeer()
    const connection = await peer.opened({}, { syn: usual(1) })
    write(connection, 10)
    await peer.clock.advance(250)
    const stamp = peer.take()[which]!.options[8]!.slice(2, 6)
    const echo = stamp.reduce((sum, octet) => sum * 256 + octet, 0)
    peer.send({ acknowledgment: 11, options: timestamps(2, echo) })
    expect(connection.statistics()).toMatchObject({ roundTrip, retransmissionTimeout })
  })

  test('three duplicate ACKs: again at once, half the window (RFC 5681 3.2, no SACK)', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened({}, { syn: plainMss(1000) })
    write(connection, 50_000)
    expect(peer.took().length).toBe(10)
    peer.send({})
    peer.send({})
    // RFC 3042: what has left the network makes room.
    expect(peer.took().length).toBe(2)
    peer.send({})
    expect(peer.took()).toEqual(['ACK 1-1001 a1'])
    expect(connection.statistics()).toMatchObject({ congestionWindow: 6000, fastRecoveries: 1 })
    // A partial ACK shows the next hole (RFC 6582 3.2).
    peer.send({ acknowledgment: 3001 })
    expect(peer.took()[0]).toBe('ACK 3001-4001 a1')
    peer.send({ acknowledgment: 12_001 })
    expect(connection.statistics().fastRecoveries).toBe(1)
  })

  test('with SACK nothing but the holes is sent again (RFC 6675)', async () => {
    const { peer } = await sending(10_000)
    peer.take()
    peer.send({ options: sack(peer, 1001, 2001) })
    peer.send({ options: sack(peer, 1001, 2001, 3001, 4001) })
    expect(peer.took()).toEqual([])
    peer.send({ options: sack(peer, 1001, 2001, 3001, 5001) })
    expect(peer.took()).toEqual(['ACK 1-1001 a1'])
    peer.send({ options: sack(peer, 1001, 2001, 3001, 8001) })
    expect(peer.took()).toEqual(['ACK 2001-3001 a1'])
    peer.send({ acknowledgment: 10_001 })
    expect(peer.clock.pending).toBe(0)
  })

  test('blocks that cannot be are passed over', async () => {
    const { peer, connection } = await sending(5000)
    peer.take()
    for (const [start, end] of [
      [1, 1001],
      [2001, 2001],
      [3001, 2001],
      [4001, 9001],
      [-500, 400],
    ] as const) {
      peer.send({ options: sack(peer, start, end) })
    }
    expect(peer.took()).toEqual([])
    expect(connection.statistics().fastRecoveries).toBe(0)
  })

  test('after a timeout what was acknowledged selectively is not sent again', async () => {
    const { peer } = await sending(4000)
    peer.take()
    peer.send({ options: sack(peer, 1001, 2001) })
    await peer.clock.advance(250)
    expect(peer.took()).toEqual(['ACK 1-1001 a1'])
    peer.send({ acknowledgment: 2001 })
    expect(peer.took()).toEqual(['ACK 2001-3001 a1', 'PSH ACK 3001-4001 a1'])
  })

  test('a receiver that threw away what it said it had gets it all the same (RFC 2018 8)', async () => {
    const { peer } = await sending(3000)
    peer.send({ options: sack(peer, 1001, 3001) })
    await peer.clock.advance(700)
    peer.take()
    peer.send({ acknowledgment: 1001 })
    expect(peer.took()[0]).toBe('ACK 1001-2001 a1')
  })

  test('a retransmission that is lost is seen by what was sent after it', async () => {
    const { peer } = await sending(40_000)
    peer.take()
    peer.send({ options: sack(peer, 1001, 10_001) })
    const [again, ...more] = peer.took()
    expect(again).toBe('ACK 1-1001 a1')
    expect(more.length).toBeGreaterThan(3)
    peer.send({ options: sack(peer, 1001, 10_001 + 1000 * more.length) })
    expect(peer.took()[0]).toBe('ACK 1-1001 a1')
  })
})

describe('the path’s MTU', () => {
  function tooBig(peer: TcpPeer, mtu: number, sequence: number): void {
    peer.mtu = mtu
    const quoted = new Uint8Array(8)
    const view = new DataView(quoted.buffer)
    view.setUint16(0, peer.ports[1])
    view.setUint16(2, 80)
    view.setUint32(4, peer.ours + sequence)
    peer.stack.error({ kind: 'too-big', from: peer.local, to: peer.remote, quoted })
  }

  test('that is smaller makes segments smaller, what is under way included; the window stays', async () => {
    const { peer, connection } = await sending(3000)
    peer.take()
    tooBig(peer, 640, 1)
    const again = peer.take()
    expect(again.map(({ payload }) => payload.length)).toEqual([600, 600, 600, 600, 600])
    expect(connection.statistics()).toMatchObject({ mss: 600, congestionWindow: 10_000 })
  })

  test('is believed only for what is under way (RFC 5927)', async () => {
    const { peer, connection } = await sending(3000)
    peer.take()
    tooBig(peer, 640, 5000)
    expect(peer.take()).toEqual([])
    expect(connection.statistics().mss).toBe(1000)
  })

  test('that nobody told of is noticed after a timeout', async () => {
    const { peer } = await sending(3000)
    peer.take()
    peer.mtu = 640
    await peer.clock.advance(200)
    expect(peer.take()[0]?.payload.length).toBe(600)
  })
})
