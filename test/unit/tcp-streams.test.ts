/** Connections as user code has them: streams, promises, and what a lab is told of who waits. */
import { describe, expect, test } from 'vitest'
import { LinkspanError } from '../../src/error.js'
import type { Wait, Waits } from '../../src/testing/tcp/waits.js'
import { TcpLink } from '../support/tcp-link.js'
import { TcpPeer } from '../support/tcp-peer.js'
import { readAll, writeAll } from '../support/tcp-stream.js'

async function pair(options = {}) {
  const link = new TcpLink(options)
  const server = link.b.listen(80)
  const client = link.a.connect(link.addresses.b, 80)
  const accepted = await link.clock.settle(server.accept())
  return { link, server, client, accepted }
}

describe('readable', () => {
  test('gives in one piece what came in one instant', async () => {
    const { link, client, accepted } = await pair({ delay: 0, a: { defaults: { noDelay: true } } })
    const reading = accepted.readable.getReader().read()
    await client.writable.getWriter().write(new Uint8Array(10_000))
    expect((await link.clock.settle(reading)).value?.length).toBe(10_000)
  })

  test('fills a buffer of the reader’s own, and gives it back at the end', async () => {
    const { link, client, accepted } = await pair()
    await link.clock.settle(writeAll(client, Uint8Array.of(1, 2, 3, 4, 5)))
    const reader = accepted.readable.getReader({ mode: 'byob' })
    const read = async () => {
      const { done, value } = await link.clock.settle(reader.read(new Uint8Array(3)))
      return [done, [...(value ?? [])]]
    }
    expect([await read(), await read(), await read()]).toEqual([
      [false, [1, 2, 3]],
      [false, [4, 5]],
      [true, []],
    ])
  })

  test.each([0, 100])(
    'fails a read whose elements the octets do not fill, and nothing else; the end %i ms later',
    async (ms) => {
      const { link, client, accepted } = await pair()
      const reader = accepted.readable.getReader({ mode: 'byob' })
      const writer = client.writable.getWriter()
      await writer.write(Uint8Array.of(1, 2, 3))
      const { value } = await link.clock.settle(reader.read(new Uint16Array(8)))
      expect(value?.length).toBe(1)
      const last = reader.read(new Uint16Array(8)).catch((error: unknown) => error)
      await link.clock.advance(ms)
      const closing = Promise.all([writer.close(), accepted.writable.close()])
      // What an event throws comes out here.
      await link.clock.advance(1000)
      expect(await last).toBeInstanceOf(TypeError)
      await Promise.all([closing, client.closed, accepted.closed])
      expect(accepted.failure).toBeUndefined()
    },
  )

  test('takes nothing from the receive buffer before somebody reads', async () => {
    const { link, client, accepted } = await pair()
    await client.writable.getWriter().write(new Uint8Array(10_000))
    await link.clock.advance(1000)
    expect(accepted.statistics().unread).toBe(10_000)
  })

  test('a reader that is slow makes the writer wait', async () => {
    const options = { receiveBuffer: 20_000, sendBuffer: 20_000 }
    const { link, client, accepted } = await pair({
      a: { defaults: options },
      b: { defaults: options },
    })
    const writer = client.writable.getWriter()
    const written = writer.write(new Uint8Array(100_000))
    let isWritten = false
    written.then(() => {
      isWritten = true
    })
    await link.clock.advance(60_000)
    expect(isWritten).toBe(false)
    expect(writer.desiredSize).toBeLessThan(0)
    expect(accepted.statistics().unread).toBe(20_000)
    const reader = accepted.readable.getReader()
    for (let got = 0; got < 100_000; ) {
      got += (await link.clock.settle(reader.read())).value?.length ?? 0
    }
    expect(isWritten).toBe(true)
  })
})

describe('writable', () => {
  test('what was written may be changed afterwards', async () => {
    const { link, client, accepted } = await pair()
    const bytes = Uint8Array.of(1, 2, 3)
    const writer = client.writable.getWriter()
    await writer.write(bytes)
    bytes.fill(9)
    const { value } = await link.clock.settle(accepted.readable.getReader().read())
    expect(value).toEqual(Uint8Array.of(1, 2, 3))
  })

  test('takes views of any kind, and says what it does not take', async () => {
    const { link, client, accepted } = await pair()
    const writer = client.writable.getWriter() as WritableStreamDefaultWriter<unknown>
    await writer.write(new Uint16Array([0x0101]))
    await writer.write(new ArrayBuffer(1))
    const { value } = await link.clock.settle(accepted.readable.getReader().read())
    expect(value).toEqual(Uint8Array.of(1, 1))
    await expect(writer.write('text')).rejects.toMatchObject({ code: 'INVALID' })
    await expect(client.closed).rejects.toThrow(
      /found a chunk that is string; expected a Uint8Array/,
    )
  })

  test('close waits until the other end has everything', async () => {
    const { link, client, accepted } = await pair({ delay: 500 })
    const start = link.clock.now
    await link.clock.settle(writeAll(client, Uint8Array.of(1)))
    expect(link.clock.now - start).toBeGreaterThanOrEqual(1000)
    expect(accepted.statistics().state).toBe('CLOSE-WAIT')
  })
})

test('connections are disposed of: written to the end, and closed', async () => {
  const { link, client, accepted } = await pair()
  const got = readAll(accepted).then(async (bytes) => {
    await accepted.close()
    return bytes.length
  })
  const use = async () => {
    await using connection = client
    const writer = connection.writable.getWriter()
    await writer.write(new Uint8Array(100))
    writer.releaseLock()
  }
  const [length] = await link.clock.settle(Promise.all([got, use()]))
  expect(length).toBe(100)
  await link.clock.drain()
  expect([link.a.connections, link.b.connections, link.clock.pending]).toEqual([0, 0, 0])
})

test('errors that nobody looks at bring nothing down', async () => {
  const peer = new TcpPeer()
  const connection = peer.stack.connect(peer.remote, 80)
  connection.closed
  connection.opened
  await peer.clock.drain()
  await new Promise((resolve) => setTimeout(resolve))
  expect(connection.statistics().state).toBe('CLOSED')
})

describe('a lab is told who waits for what', () => {
  class Told implements Waits {
    readonly waiting = new Map<string, ((error: LinkspanError) => void) | undefined>()
    woken = 0
    alarm = () => {}

    begin(what: string, fail?: (error: LinkspanError) => void): Wait {
      this.waiting.set(what, fail)
      return { end: () => void this.waiting.delete(what) }
    }

    woke(): void {
      this.woken++
      this.alarm()
    }
  }

  test('by name, as long as it does', async () => {
    const told = new Told()
    const link = new TcpLink({ b: { waits: told, defaults: { sendBuffer: 2000 } } })
    told.alarm = () => link.clock.woke()
    const server = link.b.listen(80)
    const accepting = server.accept()
    expect([...told.waiting.keys()]).toEqual(['a connection to TCP port 80 of b'])
    link.a.connect(link.addresses.b, 80)
    const connection = await link.clock.settle(accepting)
    expect(told.waiting.size).toBe(0)
    connection.readable
      .getReader()
      .read()
      .catch(() => {})
    connection.writable
      .getWriter()
      .write(new Uint8Array(5000))
      .catch(() => {})
    await link.clock.advance(0)
    const ends = `TCP b (10.55.0.2:80) to 10.55.0.1:${connection.remotePort}`
    expect([...told.waiting.keys()]).toEqual([`data of ${ends}`, `room to write to ${ends}`])
    connection.closed.catch(() => {})
    expect(told.waiting.size).toBe(3)
    const woken = told.woken
    connection.abort()
    expect(told.waiting.size).toBe(0)
    expect(told.woken).toBeGreaterThan(woken)
  })

  test('and may end it: nothing can come any more', async () => {
    const told = new Told()
    const link = new TcpLink({ b: { waits: told } })
    told.alarm = () => link.clock.woke()
    const server = link.b.listen(80)
    const accepting = server.accept()
    const [fail] = told.waiting.values()
    fail?.(new LinkspanError('IDLE', 'nothing can come'))
    await expect(accepting).rejects.toMatchObject({ code: 'IDLE' })
    const next = server.accept()
    link.a.connect(link.addresses.b, 80)
    const connection = await link.clock.settle(next)
    const reading = connection.readable.getReader().read()
    await link.clock.advance(0)
    for (const fail of told.waiting.values()) fail?.(new LinkspanError('IDLE', 'nothing can come'))
    await expect(reading).rejects.toMatchObject({ code: 'IDLE' })
  })
})
