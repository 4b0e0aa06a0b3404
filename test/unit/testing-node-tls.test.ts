/** linkspan/testing/node: what Node's TLS does not ask of the lab's sockets by itself. */
import { once } from 'node:events'
import * as http2 from 'node:http2'
import * as https from 'node:https'
import * as tls from 'node:tls'
import { expect, test } from 'vitest'
import { connect, connectTls, labHttpsAgent, serve } from '../../src/testing/node/index.js'
import { emitted, pair, textOf } from '../support/node-lab.js'
import { CERTIFICATE, KEY } from '../support/self-signed.js'

const own = { key: KEY, cert: CERTIFICATE }
const trusted = { ca: CERTIFICATE }

test('the timeout of an https request is on the clock of the lab', async () => {
  const { lab, a, b } = await pair({}, { delay: '20ms' })
  serve(
    b,
    443,
    https.createServer(own, () => {}),
  )
  for (const settings of [{ timeout: 5000 }, {}]) {
    const agent = labHttpsAgent(a, { ...trusted, timeout: 5000 })
    const began = lab.now
    const request = https.get('https://b/', { agent, ...settings })
    await once(request, 'timeout')
    expect(lab.now - began).toBeGreaterThanOrEqual(5000)
    expect(lab.now - began).toBeLessThan(5200)
    const gone = emitted(request, 'error')
    request.destroy()
    expect(await gone).toMatchObject({ code: 'ECONNRESET' })
  }
  await lab.close()
})

test('a timeout begins anew with octets, is given up by 0, and says who is there', async () => {
  const { lab, a, b } = await pair({}, { delay: '20ms' })
  const server = tls.createServer(own, (socket) => socket.pipe(socket))
  serve(b, 443, server)
  const accepted = once(server, 'secureConnection')
  const socket = connectTls(a, { ...trusted, port: 443, host: 'b', timeout: 1000 })
  let count = 0
  socket.on('timeout', () => count++)
  await once(socket, 'secureConnect')
  const [other] = (await accepted) as [tls.TLSSocket]
  await lab.advance(900)
  socket.write('x')
  await lab.advance(900)
  expect([socket.timeout, count]).toEqual([1000, 0])
  await lab.advance(200)
  expect(count).toBe(1)
  expect(socket.setTimeout(0)).toBe(socket)
  await lab.advance(5000)
  expect(count).toBe(1)
  const called = () => count++
  socket.setTimeout(50, called).setTimeout(0, called)
  expect(() => socket.setTimeout(-1)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }))
  expect([socket.remoteAddress, socket.remotePort]).toEqual(['10.55.0.3', 443])
  expect([socket.localAddress, socket.localPort]).toEqual(['10.55.0.2', other.remotePort])
  expect([other.localPort, other.remoteFamily]).toEqual([443, 'IPv4'])
  expect(other.address()).toEqual({ address: '10.55.0.3', family: 'IPv4', port: 443 })
  await lab.close()
})

test('a timeout of an https server', async () => {
  const { lab, a, b } = await pair({}, { delay: '20ms' })
  const server = https.createServer(own, () => {}).setTimeout(2000)
  serve(b, 443, server)
  const request = https.get('https://b/', { agent: labHttpsAgent(a, trusted), timeout: 60_000 })
  expect(await emitted(request, 'error')).toMatchObject({ code: 'ECONNRESET' })
  expect(lab.now).toBeGreaterThan(2000)
  expect(lab.now).toBeLessThan(2300)
  await lab.close()
})

/** How long three short writes, 1 ms apart, take to come one by one. */
async function gaps(socket: NodeJS.ReadableStream, lab: { now: number }): Promise<number[]> {
  const at: number[] = []
  socket.on('data', () => at.push(lab.now))
  await once(socket, 'end')
  return at.slice(1).map((one, index) => Math.round(one - (at[index] as number)))
}

test('setNoDelay of a TLS socket: short records wait for nothing', async () => {
  const { lab, a, b } = await pair({}, { delay: '50ms' })
  const server = tls.createServer(own)
  serve(b, 443, server)
  const accepted = once(server, 'secureConnection')
  const socket = connectTls(a, { ...trusted, port: 443, host: 'b' })
  await once(socket, 'secureConnect')
  const [other] = (await accepted) as [tls.TLSSocket]
  const come = gaps(other, lab)
  expect(socket.setNoDelay()).toBe(socket)
  for (const text of ['a', 'b', 'c']) {
    socket.write(text)
    await lab.sleep(1)
  }
  socket.end()
  expect(await come).toEqual([1, 1])
  await lab.close()
})

test('http2: a server’s short frames wait for nothing', async () => {
  const { lab, a, b } = await pair({}, { delay: '50ms' })
  const server = http2.createServer(async (_, response) => {
    for (const text of ['a', 'b', 'c']) {
      response.write(text)
      await lab.sleep(1)
    }
    response.end()
  })
  serve(b, 80, server)
  const options = { port: 80, host: 'b', noDelay: true }
  const session = http2.connect('http://b', {
    createConnection: () => connect(a, options) as never,
  })
  expect(await gaps(session.request({ ':path': '/' }), lab)).toEqual([1, 1])
  expect(await textOf(session.request({ ':path': '/' }))).toBe('abc')
  session.destroy()
  await lab.close()
})
