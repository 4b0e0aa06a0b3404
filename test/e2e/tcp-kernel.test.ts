/** The TCP of the lab against the kernel's: what both agree on is TCP. */
import { describe, expect, test } from 'vitest'
import type { TcpConnection } from '../../src/testing/tcp/connection.js'
import { Random } from '../support/random.js'
import { type KernelPeer, kernelPeer } from '../support/tcp-kernel.js'
import { readAll, writeAll } from '../support/tcp-stream.js'

const MB = 1_000_000
const bad = { loss: 0.02, duplicate: 0.02, overtaken: 0.02 }

/** Sends back what comes, on port 80. */
const echo = `
  require('node:net').createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket))
    .listen(80, () => console.log('listening'))`

async function echoing(peer: KernelPeer): Promise<void> {
  await peer.run(echo).prints('listening')
}

/** Sends octets that all come back, both directions at once, and both close. */
async function thereAndBack(connection: TcpConnection, octets: number): Promise<void> {
  const bytes = new Random(3).bytes(octets)
  const [back] = await Promise.all([readAll(connection), writeAll(connection, bytes)])
  expect(Buffer.compare(back, bytes)).toBe(0)
  await connection.closed
}

describe('we connect, and the kernel sends back what we send', () => {
  test.each([4, 6] as const)('5 MB over a bad link, IPv%i', async (family) => {
    const peer = await kernelPeer()
    await echoing(peer)
    peer.harm = bad
    const connection = peer.stack.connect(peer.kernel[family], 80)
    await thereAndBack(connection, 5 * MB)
    const statistics = connection.statistics()
    expect(statistics.fastRecoveries).toBeGreaterThan(0)
  })

  test.each([
    { sack: false },
    { timestamps: false },
    { windowScale: false },
    { sack: false, timestamps: false, windowScale: false, mss: 536 },
    { receiveBuffer: 5000, sendBuffer: 5000 },
    { noDelay: true, delayedAck: 0 },
  ])('1 MB with %o', async (options) => {
    const peer = await kernelPeer()
    await echoing(peer)
    peer.harm = bad
    await thereAndBack(peer.stack.connect(peer.kernel[4], 80, options), MB)
  })

  test('a kernel that does not read for a while shuts its window, and we go on then', async () => {
    const peer = await kernelPeer()
    const program = peer.run(`
      require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
        socket.pause()
        setTimeout(() => socket.pipe(socket), 2000)
      }).listen(80, () => console.log('listening'))`)
    await program.prints('listening')
    await thereAndBack(peer.stack.connect(peer.kernel[4], 80), 20 * MB)
  })
})

test('the kernel connects over a bad link, sends back what we send, and closes', async () => {
  const peer = await kernelPeer()
  const server = peer.stack.listen(80)
  peer.harm = bad
  peer.run(`
    const socket = require('node:net').connect({ port: 80, host: '10.77.0.99', allowHalfOpen: true })
    socket.pipe(socket)`)
  await thereAndBack(await server.accept(), 5 * MB)
})

test('nobody listens: REFUSED', async () => {
  const peer = await kernelPeer()
  await expect(peer.stack.connect(peer.kernel[4], 81).opened).rejects.toMatchObject({
    code: 'REFUSED',
  })
})

test('the kernel resets: RESET; we abort: the kernel knows it', async () => {
  const peer = await kernelPeer()
  const program = peer.run(`
    require('node:net').createServer((socket) => {
      socket.on('error', ({ code }) => console.log(code))
      socket.on('data', (data) => {
        if (data[0] === 1) socket.resetAndDestroy()
        else console.log('read')
      })
    }).listen(80, () => console.log('listening'))`)
  await program.prints('listening')
  const first = peer.stack.connect(peer.kernel[4], 80)
  await first.writable.getWriter().write(Uint8Array.of(1))
  await expect(first.closed).rejects.toMatchObject({ code: 'RESET' })
  const second = peer.stack.connect(peer.kernel[4], 80)
  await second.opened
  await second.writable.getWriter().write(Uint8Array.of(2))
  await program.prints('read')
  second.abort()
  await program.prints('ECONNRESET')
  await expect(second.closed).rejects.toMatchObject({ code: 'ABORTED' })
})
