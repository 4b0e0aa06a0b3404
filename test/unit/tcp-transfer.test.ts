/** Octets over TCP, from one user to the other. */

import { describe, expect, test } from 'vitest'
import { isSame } from '../support/octets.js'
import { Random } from '../support/random.js'
import { type LinkOptions, TcpLink } from '../support/tcp-link.js'
import { readAll, writeAll } from '../support/tcp-stream.js'

const MB = 1_000_000

async function exchange(options: LinkOptions, octets = MB) {
  const link = new TcpLink(options)
  const server = link.b.listen(80)
  const client = link.a.connect(link.addresses.b, 80)
  const [there, back] = [new Random(7).bytes(octets), new Random(8).bytes(octets / 2)]
  const serve = async () => {
    const connection = await server.accept()
    const [got] = await Promise.all([readAll(connection), writeAll(connection, back)])
    return { got, connection }
  }
  const use = async () => {
    const [got] = await Promise.all([readAll(client), writeAll(client, there)])
    return got
  }
  const [served, used] = await link.clock.settle(Promise.all([serve(), use()]))
  expect(isSame(served.got, there)).toBe(true)
  expect(isSame(used, back)).toBe(true)
  await link.clock.settle(Promise.all([client.closed, served.connection.closed]))
  server.close()
  await link.clock.drain()
  expect(link.clock.pending).toBe(0)
  expect(link.a.connections + link.b.connections).toBe(0)
  expect([...link.clock.waiting]).toEqual([])
}

describe('a megabyte there and half of one back', () => {
  test.each<[string, LinkOptions]>([
    ['a perfect link', {}],
    ['no delay', { delay: 0 }],
    ['IPv6', { family: 6 }],
    ['loss of 1 %', { loss: 0.01 }],
    ['loss of 30 %', { loss: 0.3 }],
    ['reordering', { jitter: 5 }],
    ['duplicates', { duplicate: 0.2 }],
    ['damage', { corrupt: 0.1 }],
    ['everything', { loss: 0.1, jitter: 20, duplicate: 0.1, corrupt: 0.1 }],
    [
      'no options',
      { loss: 0.03, a: { defaults: { sack: false, timestamps: false, windowScale: false } } },
    ],
    ['a small window', { b: { defaults: { receiveBuffer: 3000 } }, loss: 0.01 }],
    ['small segments', { a: { defaults: { mss: 100 } }, loss: 0.01 }],
  ])('over %s', async (_, options) => {
    await exchange(options)
  })
})
