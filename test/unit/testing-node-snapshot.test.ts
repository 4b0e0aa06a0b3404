// What going back means for the shapes of linkspan/testing/node, for fake timers and for tunnels.
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import { expect, test } from 'vitest'
import { createLab, type Lab } from '../../src/testing/index.js'
import { connect, labAgent, serve } from '../../src/testing/node/index.js'

/** A page over the agent. */
async function page(agent: ReturnType<typeof labAgent>): Promise<string> {
  const [response] = await once(get('http://web/', { agent }), 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return text
}

async function network(): Promise<Lab> {
  const lab = await createLab({ seed: 3, timers: 'fake' }) // HTTP has the date in its header
  lab.bridge('lan')
  lab.host('client', { link: { delay: '5ms' } })
  const web = createServer((_, response) => response.end('hello'))
  serve(lab.host('web'), 80, web)
  return lab
}

test('a server and an idle connection of a pool go on, each time in the same way', async () => {
  const lab = await network()
  const agent = labAgent(lab.hosts.get('client')!, { keepAlive: true })
  expect(await page(agent)).toBe('hello')
  await lab.run()
  const [snapshot, hash] = [lab.snapshot(), lab.hash()]
  const seen: string[] = []
  for (let round = 0; round < 3; round++) {
    expect(await page(agent)).toBe('hello')
    await lab.run()
    seen.push(`${lab.now} ${lab.link('client').counters.sent} ${lab.switch().production.hash()}`)
    lab.restore(snapshot)
    expect(lab.hash()).toBe(hash)
  }
  expect(seen).toEqual([seen[0], seen[0], seen[0]])
  agent.destroy()
  await lab.close()
})

test('a connection that was made since is told', async () => {
  const lab = await network()
  const snapshot = lab.snapshot()
  const socket = connect(lab.hosts.get('client')!, { host: 'web', port: 80 })
  await once(socket, 'connect')
  const failed = once(socket, 'error')
  lab.restore(snapshot)
  expect((await failed)[0]).toMatchObject({ code: 'RESTORED' })
  expect(await page(labAgent(lab.hosts.get('client')!))).toBe('hello')
  await lab.close()
})

test('timers of the program that were pending are so again; those made since are gone', async () => {
  const lab = await createLab({ timers: 'fake', clock: 'manual' })
  const seen: string[] = []
  setTimeout(() => seen.push(`then ${lab.now}`), 100)
  await lab.advance(10)
  const snapshot = lab.snapshot()
  setTimeout(() => seen.push(`since ${lab.now}`), 50)
  await lab.advance(20)
  lab.restore(snapshot)
  await lab.advance(200)
  lab.restore(snapshot)
  await lab.advance(200)
  expect(seen).toEqual(['then 100', 'then 100'])
  expect(lab.waiting).toEqual([])
  await lab.close()
})

test('tunnels: what their ends know is that of then', async () => {
  const lab = await createLab({ seed: 5 })
  const underlay = lab.bridge('internet', { subnets: ['192.0.2.0/24'] })
  const ends = ['192.0.2.1', '192.0.2.2']
  for (const [index, name] of ['west', 'east'].entries()) {
    const edge = lab.switch(name)
    edge.underlay({ bridge: underlay, addresses: [`${ends[index]}/24`] })
    edge.bridge(`blue-${name}`, {
      subnets: ['10.1.0.0/24'],
      vxlan: { vni: 42, peers: [ends[1 - index]!] },
    })
    lab.host(`host-${name}`, { bridge: `blue-${name}` })
  }
  lab.link('west:underlay.internet').set({ delay: '3ms', loss: '20%' })
  const ping = () => lab.hosts.get('host-west')!.ping('host-east', { count: 20 })
  await ping()
  const [snapshot, hash] = [lab.snapshot(), lab.hash()]
  const first = { ...(await ping()), hash: lab.hash() }
  lab.partition(['west'], ['east'])
  expect((await ping()).received).toBe(0)
  lab.restore(snapshot)
  expect(lab.hash()).toBe(hash)
  expect({ ...(await ping()), hash: lab.hash() }).toEqual(first)
  await lab.close()
})
