/** Whatever a link does: every octet arrives, in order, or both ends know why not; and nothing stays. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LinkspanError } from '../../src/error.js'
import type { TcpConnection } from '../../src/testing/tcp/connection.js'
import { Random } from '../support/random.js'
import { TcpLink } from '../support/tcp-link.js'
import { TcpPeer } from '../support/tcp-peer.js'
import { readAll, writeAll } from '../support/tcp-stream.js'

const chance = (most: number) => fc.double({ min: 0, max: most, noNaN: true })

const impairments = fc.record({
  delay: fc.constantFrom(0, 0.1, 5, 150, 2000),
  jitter: fc.constantFrom(0, 1, 30, 400),
  loss: chance(0.3),
  duplicate: chance(0.3),
  corrupt: chance(0.1),
})

const options = fc.record(
  {
    receiveBuffer: fc.integer({ min: 1072, max: 100_000 }),
    sendBuffer: fc.integer({ min: 1072, max: 100_000 }),
    mss: fc.integer({ min: 64, max: 9000 }),
    noDelay: fc.boolean(),
    delayedAck: fc.constantFrom(0, 40, 500),
    sack: fc.boolean(),
    timestamps: fc.boolean(),
    windowScale: fc.boolean(),
  },
  { requiredKeys: [] },
)

const side = fc.record({
  options,
  octets: fc.nat(60_000),
  piece: fc.integer({ min: 1, max: 20_000 }),
})

interface Outcome {
  got: Uint8Array
  error: unknown
}

/** Reads and writes to the end. */
async function talk(connection: TcpConnection, bytes: Uint8Array, piece: number): Promise<Outcome> {
  try {
    const pieces = Math.max(piece, Math.ceil(bytes.length / 200))
    const [got] = await Promise.all([readAll(connection), writeAll(connection, bytes, pieces)])
    await connection.closed
    return { got, error: undefined }
  } catch (error) {
    return { got: new Uint8Array(0), error }
  }
}

const stated = ['TIMEOUT', 'RESET', 'REFUSED']

test('over any link, with any options, both directions at once', async () => {
  const scene = fc.record({
    seed: fc.nat(),
    family: fc.constantFrom(4, 6),
    a: side,
    b: side,
    impairments,
  })
  await fc.assert(
    fc.asyncProperty(scene, async ({ seed, family, a, b, impairments }) => {
      const link = new TcpLink({
        seed,
        family: family as 4 | 6,
        ...impairments,
        a: { defaults: a.options },
        b: { defaults: b.options },
      })
      link.keeps = false
      const there = new Random(seed + 1).bytes(a.octets)
      const back = new Random(seed + 2).bytes(b.octets)
      const server = link.b.listen(80)
      const client = link.a.connect(link.addresses.b, 80)
      const serving = server.accept().then((connection) => talk(connection, back, b.piece))
      const one = await link.clock.settle(talk(client, there, a.piece))
      // A server whose client gave up while it connected has nobody to accept.
      const opened = await client.opened.then(
        () => true,
        () => false,
      )
      if (!opened) await link.clock.drain()
      server.close()
      const other = await link.clock.settle(serving.catch((error) => ({ got: there, error })))
      for (const [{ got, error }, expected] of [
        [one, back],
        [other, there],
      ] as const) {
        if (error === undefined) expect(Buffer.compare(got, expected)).toBe(0)
        else expect(stated).toContain(error instanceof LinkspanError ? error.code : error)
      }
      await link.clock.drain()
      expect(link.clock.pending).toBe(0)
      expect(link.a.connections + link.b.connections).toBe(0)
      expect([...link.clock.waiting]).toEqual([])
    }),
    { numRuns: 150 },
  )
}, 120_000)

test('a link that comes and goes, and a path whose MTU changes', async () => {
  const change = fc.record({
    after: fc.integer({ min: 1, max: 3000 }),
    loss: fc.constantFrom(0, 0.1, 1),
    mtu: fc.constantFrom(1500, 1280, 576),
    jitter: fc.constantFrom(0, 50),
  })
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(change, { maxLength: 10 }), async (seed, changes) => {
      const link = new TcpLink({ seed, delay: 10 })
      link.keeps = false
      let at = 0
      for (const { after, ...settings } of [
        ...changes,
        { after: 5000, loss: 0, mtu: 1400, jitter: 0 },
      ]) {
        at += after
        link.clock.after(at, () => link.set(settings))
      }
      const bytes = new Random(seed).bytes(400_000)
      const server = link.b.listen(80)
      const client = link.a.connect(link.addresses.b, 80)
      const serving = server.accept().then((connection) => talk(connection, bytes, 10_000))
      const [one, other] = await link.clock.settle(
        Promise.all([talk(client, bytes, 50_000), serving]),
      )
      expect([one.error, other.error]).toEqual([undefined, undefined])
      expect(Buffer.compare(one.got, bytes) || Buffer.compare(other.got, bytes)).toBe(0)
      server.close()
      await link.clock.drain()
      expect(link.clock.pending).toBe(0)
    }),
    { numRuns: 30 },
  )
}, 120_000)

test('the same seed is the same course of things', async () => {
  const course = async () => {
    const link = new TcpLink({ seed: 4, loss: 0.1, jitter: 5, duplicate: 0.1 })
    const server = link.b.listen(80)
    const client = link.a.connect(link.addresses.b, 80)
    const bytes = new Random(1).bytes(200_000)
    const serving = server.accept().then((connection) => talk(connection, bytes, 10_000))
    await link.clock.settle(Promise.all([talk(client, bytes, 10_000), serving]))
    return link.sent.map(
      ({ at, from, bytes }) => `${at} ${from} ${Buffer.from(bytes).toString('base64')}`,
    )
  }
  expect(await course()).toEqual(await course())
})

test('no segment whatever makes a stack throw, or takes its place away', async () => {
  const flags = fc.subarray(['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'])
  const near = fc.oneof(fc.integer({ min: -5, max: 40 }), fc.integer())
  const segment = fc.record({
    flags: flags.map((names) => names.join(' ')),
    sequence: near,
    acknowledgment: near,
    window: fc.nat(0xffff),
    options: fc.oneof(fc.constant([]), fc.array(fc.nat(255), { maxLength: 40 })),
    payload: fc.uint8Array({ maxLength: 30 }),
    wait: fc.constantFrom(0, 10, 500),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(segment, { maxLength: 40 }),
      fc.array(fc.uint8Array()),
      async (segments, wild) => {
        const peer = new TcpPeer({ userTimeout: 10_000 })
        peer.stack.listen(8080)
        const connection = await peer.opened()
        const ports = peer.ports
        connection.writable
          .getWriter()
          .write(new Uint8Array(20))
          .catch(() => {})
        for (const { wait, ...each } of segments) {
          peer.send({ ...each, ports: wait === 10 ? [4000, 8080] : ports })
          if (wait > 0) await peer.clock.advance(wait)
        }
        for (const bytes of wild) peer.raw(bytes)
        const { drops, segmentsReceived } = peer.stack.counters
        expect(segmentsReceived).toBe(1 + segments.length + wild.length)
        expect(Object.values(drops).every((count) => count >= 0 && count <= segmentsReceived)).toBe(
          true,
        )
        peer.stack.close()
        expect(peer.clock.pending).toBeLessThanOrEqual(1) // what came is due in this instant
        await peer.clock.drain()
        expect(peer.stack.connections).toBe(0)
      },
    ),
    { numRuns: 300 },
  )
}, 60_000)
