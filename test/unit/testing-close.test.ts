/** The lab's end: nothing that nobody waits for ends the process. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLab } from '../../src/testing/index.js'

const unhandled: unknown[] = []
const note = (error: unknown) => void unhandled.push(error)
let others: NodeJS.UnhandledRejectionListener[] = []

beforeEach(() => {
  unhandled.length = 0
  others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', note)
})
afterEach(() => {
  process.removeAllListeners('unhandledRejection')
  for (const other of others) process.on('unhandledRejection', other)
})

const turn = () => new Promise((resolve) => setTimeout(resolve, 5))

async function pair() {
  const lab = await createLab()
  lab.bridge('lan')
  return { lab, a: lab.host('a'), b: lab.host('b') }
}

test('who serves is in the middle of a read, or sleeps', async () => {
  const { lab, a, b } = await pair()
  const [web, socket] = [b.listen(80), b.udp(7)]
  void (async () => {
    for await (const { readable } of web) await new Response(readable).text()
  })()
  void (async () => {
    for await (const datagram of socket) {
      await lab.sleep('1m')
      await datagram.reply('late')
    }
  })()
  await a.connect('b', 80)
  await a.udp().send('b', 7, 'x')
  await lab.advance('1s')
  await lab.close()
  await turn()
  expect(unhandled).toEqual([])
})

test('what was begun and not waited for', async () => {
  const { lab, a } = await pair()
  const awaited = a.udp().receive()
  void a.udp().receive()
  void a.ping('10.55.0.99', { count: 5 })
  void a.connect('10.55.0.99', 80)
  void lab.advance('1h')
  void a.listen(80).accept()
  void lab.run()
  await lab.close()
  await expect(awaited).rejects.toMatchObject({ code: 'CLOSED' })
  await turn()
  expect(unhandled).toEqual([])
})

test('an answer to where there is no way back, or when the socket was closed, is lost', async () => {
  const lab = await createLab()
  lab.bridge('l1', { gateway: ['10.1.0.1/24'] })
  lab.bridge('l2', { gateway: ['10.2.0.1/24'] })
  const a = lab.host('a', { bridge: 'l1' })
  const b = lab.host('b', { bridge: 'l2', gateway: false })
  b.udp(7, (datagram) => void datagram.reply('x'))
  await a.udp().send(b, 7, 'x')
  await lab.run()
  await lab.close()
  await turn()
  expect(unhandled).toEqual([])
})
