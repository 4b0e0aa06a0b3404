// A retry policy against a link that loses 30 % of all frames.
import { createLab } from 'linkspan/testing'
import { expect, test } from 'vitest'

/** What is tested: asks over UDP, again after 200 ms, 400 ms, 800 ms …, until there is an answer. */
async function ask(host, server, question, { attempts }) {
  const socket = host.udp()
  try {
    for (let attempt = 0; attempt < attempts; attempt++) {
      await socket.send(server, 53, question)
      try {
        return (await socket.receive({ timeout: 200 * 2 ** attempt })).text
      } catch (error) {
        if (error.code !== 'TIMEOUT') throw error
      }
    }
    throw new Error(`no answer to ${question} after ${attempts} attempts`)
  } finally {
    socket.close()
  }
}

/** Asks 100 times over the link; returns how often there was an answer, and for how long it all took. */
async function hundred(policy, { seed = 7 } = {}) {
  const lab = await createLab({ seed })
  try {
    lab.bridge('lan')
    const client = lab.host('client')
    const server = lab.host('server')
    server.udp(53, (datagram) => void datagram.reply(`answer to ${datagram.text}`))
    await client.ping(server) // now each knows the other's MAC
    lab.link(client).set({ loss: '30%', delay: '20ms' })

    let answered = 0
    for (let n = 0; n < 100; n++) {
      const answer = await ask(client, server, `question ${n}`, policy).catch(() => undefined)
      if (answer === `answer to question ${n}`) answered++
    }
    return { answered, seconds: lab.now / 1000 }
  } finally {
    await lab.close()
  }
}

test('one attempt: about half of the questions have no answer (0.7 there, 0.7 back)', async () => {
  const { answered } = await hundred({ attempts: 1 })
  expect(answered).toBeGreaterThan(35)
  expect(answered).toBeLessThan(65)
})

test('eight attempts: all have one', async () => {
  const { answered, seconds } = await hundred({ attempts: 8 })
  expect(answered).toBeGreaterThanOrEqual(98)
  expect(seconds).toBeGreaterThan(20) // of the lab's clock: the test takes a fraction of one
})

test('the same seed loses the same frames, so a failure can be repeated', async () => {
  const once = await hundred({ attempts: 2 })
  expect(await hundred({ attempts: 2 })).toEqual(once)
  expect(await hundred({ attempts: 2 }, { seed: 8 })).not.toEqual(once)
})

test('a server that is away for three seconds is found again', async () => {
  const lab = await createLab()
  lab.bridge('lan')
  const [client, server] = [lab.host('client'), lab.host('server')]
  server.udp(53, (datagram) => void datagram.reply('here'))
  await client.ping(server)
  lab.link(server).schedule([
    { at: 0, settings: { up: false } },
    { at: '3s', settings: { up: true } },
  ])
  expect(await ask(client, server, 'where?', { attempts: 6 })).toBe('here')
  expect(lab.now).toBe(3000) // asked at 0, 0.2, 0.6, 1.4 and 3 s
  await lab.close()
})
