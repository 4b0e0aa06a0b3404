/** What is acknowledged when, what waits for its turn, and how the window follows the reader. */
import { describe, expect, test } from 'vitest'
import { plainMss, type Seen, TcpPeer, timestamps, usual } from '../support/tcp-peer.js'

const plain = { timestamps: false }
const block = (octets: number, from = 1) => new Uint8Array(octets).map((_, at) => at + from)

/** Blocks of a segment's SACK option, in positions of the other end's. */
function blocksOf(peer: TcpPeer, seen: Seen | undefined): number[] {
  const option = Uint8Array.from(seen?.options[5] ?? [])
  const view = new DataView(option.buffer)
  const edges = Array.from({ length: (option.length - 2) / 4 }, (_, at) =>
    view.getUint32(2 + 4 * at),
  )
  return edges.map((edge) => (edge - peer.theirs) | 0)
}

describe('acknowledgments (RFC 9293 3.8.6.3, RFC 5681 4.2)', () => {
  test('wait 40 ms for data to go with, and not for a second full-sized segment', async () => {
    const peer = new TcpPeer()
    await peer.opened(plain)
    peer.send({ payload: block(1000) })
    await peer.clock.advance(39)
    expect(peer.took()).toEqual([])
    await peer.clock.advance(1)
    expect(peer.took()).toEqual(['ACK 1 a1001'])
    peer.send({ sequence: 1001, payload: block(1000) })
    peer.send({ sequence: 2001, payload: block(1000) })
    expect(peer.took()).toEqual(['ACK 1 a3001'])
    await peer.clock.drain()
    expect(peer.took()).toEqual([])
  })

  test('go with data', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened(plain)
    peer.send({ payload: block(10) })
    await connection.writable.getWriter().write(block(5))
    expect(peer.took()).toEqual(['PSH ACK 1-6 a11'])
    await peer.clock.advance(100)
    expect(peer.take().every(({ acknowledgment }) => acknowledgment === 11)).toBe(true)
  })

  test('do not wait where that is asked for', async () => {
    const peer = new TcpPeer()
    await peer.opened({ ...plain, delayedAck: 0 })
    peer.send({ payload: block(10) })
    expect(peer.took()).toEqual(['ACK 1 a11'])
  })

  test('say at once that something is missing, and that it has come', async () => {
    const peer = new TcpPeer()
    await peer.opened(plain)
    peer.send({ sequence: 11, payload: block(10) })
    peer.send({ sequence: 21, payload: block(10) })
    peer.send({ payload: block(10) })
    expect(peer.took()).toEqual(['ACK 1 a1', 'ACK 1 a1', 'ACK 1 a31'])
  })

  test('say at once where we are to somebody who sends what we have', async () => {
    const peer = new TcpPeer()
    await peer.opened({ ...plain, delayedAck: 0 })
    peer.send({ payload: block(10) })
    peer.send({ payload: block(10) })
    expect(peer.took()).toEqual(['ACK 1 a11', 'ACK 1 a11'])
  })
})

describe('what comes out of turn', () => {
  async function open(options: object = {}) {
    const peer = new TcpPeer()
    const connection = await peer.opened(
      { ...plain, ...options },
      { syn: [...plainMss(1460), 4, 2] },
    )
    return { peer, connection, reader: connection.readable.getReader() }
  }

  test('is told of by SACK, the latest first (RFC 2018 4)', async () => {
    const { peer } = await open()
    for (const sequence of [101, 301, 501]) peer.send({ sequence, payload: block(100) })
    expect(peer.take().map((seen) => blocksOf(peer, seen))).toEqual([
      [101, 201],
      [301, 401, 101, 201],
      [501, 601, 301, 401, 101, 201],
    ])
    peer.send({ sequence: 201, payload: block(100) })
    expect(blocksOf(peer, peer.take()[0])).toEqual([101, 401, 501, 601])
    peer.send({ payload: block(100) })
    const [filled] = peer.take()
    expect(filled?.acknowledgment).toBe(401)
    expect(blocksOf(peer, filled)).toEqual([501, 601])
  })

  test('has its place among data that overlap', async () => {
    const { peer, reader } = await open()
    const all = block(100, 1)
    const send = (from: number, to: number) =>
      peer.send({ sequence: 1 + from, payload: all.slice(from, to) })
    send(50, 60)
    send(20, 55)
    send(58, 100)
    send(0, 30)
    expect((await reader.read()).value).toEqual(all)
  })

  test('is not touched by what comes again before it', async () => {
    const { peer, reader } = await open({ receiveBuffer: 4096 })
    const all = new Uint8Array(7000).map((_, at) => at >>> 5)
    const send = (from: number, to: number) =>
      peer.send({ sequence: 1 + from, payload: all.slice(from, to) })
    send(0, 3000)
    expect((await reader.read()).value).toEqual(all.slice(0, 3000))
    send(5000, 7000)
    send(0, 3100)
    send(3100, 5000)
    expect((await reader.read()).value).toEqual(all.slice(3000))
  })

  test('is bounded: by the window, and by the number of holes', async () => {
    const { peer, connection } = await open({ receiveBuffer: 10_000 })
    peer.send({ sequence: 12_000, payload: block(10) })
    expect(peer.stack.counters.drops.outOfWindow).toBe(1)
    peer.send({ sequence: 9991, payload: block(100) })
    expect(blocksOf(peer, peer.take().at(-1))).toEqual([9991, 10_001])
    for (let at = 3; at < 900; at += 2) peer.send({ sequence: at, payload: [1] })
    expect(peer.stack.counters.drops.holes).toBe(449 - 255)
    expect(connection.statistics().unread).toBe(0)
  })

  test('blocks leave less room for data', async () => {
    const { peer, connection } = await open()
    peer.send({ sequence: 101, payload: block(100) })
    peer.take()
    await connection.writable.getWriter().write(new Uint8Array(1460))
    const [first] = peer.take()
    expect(first?.payload.length).toBe(1460 - 12)
    expect(blocksOf(peer, first)).toEqual([101, 201])
  })
})

describe('the window follows the reader', () => {
  test('down to nothing, and up again when he reads: then the other end is told', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened({ ...plain, receiveBuffer: 10_000 })
    for (let at = 1; at < 10_000; at += 1000) peer.send({ sequence: at, payload: block(1000) })
    expect(peer.take().map(({ window }) => window)).toEqual([8000, 6000, 4000, 2000, 0])
    peer.send({ sequence: 10_001, payload: [1] })
    expect(peer.take()).toMatchObject([{ acknowledgment: 10_001, window: 0 }])
    expect(connection.statistics().unread).toBe(10_000)
    const reader = connection.readable.getReader({ mode: 'byob' })
    await reader.read(new Uint8Array(1500))
    expect(peer.take()).toEqual([])
    const { value } = await reader.read(new Uint8Array(1500))
    expect(value?.length).toBe(1500)
    expect(peer.take()).toMatchObject([{ flags: 'ACK', acknowledgment: 10_001, window: 3000 }])
  })

  test('a probe is answered, and not taken (3.8.6.1)', async () => {
    const peer = new TcpPeer()
    await peer.opened({ ...plain, receiveBuffer: 2000 })
    peer.send({ payload: block(2000) })
    await peer.clock.advance(50)
    peer.take()
    peer.send({ sequence: 2000 })
    expect(peer.take()).toMatchObject([{ acknowledgment: 2001, window: 0 }])
  })

  test('a FIN needs no room', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened({ ...plain, receiveBuffer: 2000 })
    peer.send({ payload: block(2000) })
    peer.send({ flags: 'FIN ACK', sequence: 2001 })
    expect(connection.statistics().state).toBe('CLOSE-WAIT')
  })

  test('is scaled where both ends scale (RFC 7323 2)', async () => {
    const peer = new TcpPeer()
    await peer.opened({ receiveBuffer: 4_000_000 }, { syn: usual(1) })
    peer.send({ payload: [1], options: timestamps(2, 0) })
    await peer.clock.advance(50)
    const [{ window } = { window: 0 }] = peer.take()
    expect(window * 2 ** 6).toBeGreaterThan(3_900_000)
  })
})

describe('timestamps (RFC 7323)', () => {
  test('are echoed: that of the last segment that came in order', async () => {
    const peer = new TcpPeer()
    await peer.opened({ delayedAck: 0 }, { syn: usual(100) })
    const echo = () => peer.take()[0]?.options[8]?.slice(6)
    peer.send({ payload: [1], options: timestamps(200, 0) })
    expect(echo()).toEqual([0, 0, 0, 200])
    peer.send({ sequence: 5, payload: [1], options: timestamps(300, 0) })
    expect(echo()).toEqual([0, 0, 0, 200])
  })

  test('an older one is an old duplicate: dropped, and answered (PAWS, 5)', async () => {
    const peer = new TcpPeer()
    const connection = await peer.opened({ delayedAck: 0 }, { syn: usual(100) })
    peer.send({ payload: [1], options: timestamps(99, 0) })
    expect(peer.took()).toEqual(['ACK 1 a1'])
    expect(connection.statistics().octetsReceived).toBe(0)
    expect(peer.stack.counters.drops.outOfWindow).toBe(1)
  })
})

describe('what is no segment is counted and nothing else', () => {
  const base = [0, 80, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0]
  const withOptions = (...options: number[]) => {
    const bytes = [...base, ...options]
    bytes[12] = (bytes.length / 4) << 4
    return bytes
  }
  const changed = (at: number, value: number) =>
    base.map((octet, index) => (index === at ? value : octet))
  test.each([
    ['nothing', []],
    ['a header that is cut', base.slice(0, 19)],
    ['a header of 16 octets', changed(12, 0x40)],
    ['a header that is longer than the segment', changed(12, 0x60)],
    ['source port 0', changed(1, 0)],
    ['destination port 0', changed(3, 0)],
    ['an option that ends behind the header', withOptions(1, 1, 8, 10)],
    ['an option without a length', withOptions(1, 1, 1, 2)],
    ['an option of length 0', withOptions(254, 0, 0, 0)],
    ['an MSS of 3 octets', withOptions(2, 3, 5, 0)],
    ['timestamps of 8', withOptions(8, 8, 0, 0, 0, 0, 0, 0)],
    ['a window scale of 4', withOptions(3, 4, 1, 0)],
    ['a SACK without a block', withOptions(5, 2, 0, 0)],
    ['a SACK of a block and a half', withOptions(1, 1, 5, 14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
  ])('%s', (_, octets) => {
    const peer = new TcpPeer()
    peer.raw(Uint8Array.from(octets))
    expect(peer.stack.counters.drops.malformed).toBe(1)
    expect(peer.take()).toEqual([])
  })

  test('options that nobody knows, and what is behind their end, are passed over', () => {
    const peer = new TcpPeer()
    peer.raw(Uint8Array.from(withOptions(254, 4, 1, 2, 0, 77, 0, 0)))
    expect(peer.stack.counters.drops).toMatchObject({ malformed: 0, closed: 1 })
  })
})

test('a network that answers before it has returned is told so: half of the work is done then', async () => {
  const peer = new TcpPeer()
  const connection = await peer.opened()
  const told: unknown[] = []
  peer.onSend = () => {
    try {
      peer.send({ payload: [1] })
    } catch (error) {
      told.push(error)
    }
  }
  await connection.writable.getWriter().write(Uint8Array.of(1))
  expect(told).toMatchObject([{ code: 'INVALID' }])
  peer.onSend = () => {}
  peer.send({ payload: [1] })
  expect(connection.statistics().octetsReceived).toBe(1)
})
