/** What is taken away ends its flows at once: nobody is led to who was there before. */
import { describe, expect, test } from 'vitest'
import { configFile, type Linkspan, up } from '../support/linkspan.js'
import { answer, ask, keepSending, natLab } from '../support/nat-hosts.js'
import { ip, makeNamespace, processesIn } from '../support/netns.js'
import { tap } from '../support/routed.js'
import { until } from '../support/until.js'

const CLIENT = { protocol: 'udp', from: 40_000 } as const
const published = (to: string) => [
  { name: 'web', listen: 'wan:5353', to: [to], protocol: ['tcp', 'udp'] },
]
const flowsOf = (running: Linkspan) => running.show<object[]>('flows?protocol=udp')

/** A service that has been called, and so has a flow. */
async function called() {
  const { inside, outside, config } = natLab()
  const withService = { ...config, publish: published('10.55.0.2:53') }
  const running = await up(withService)
  await answer(inside, 'old', 53)
  expect(await ask(outside, '203.0.113.10', 5353, CLIENT)).toBe('old 53 203.0.113.1')
  expect(await flowsOf(running)).toHaveLength(1)
  return { inside, outside, config, withService, running }
}

/** Ends a container: its processes, and its namespace with them. */
async function end(netns: string, running: Linkspan): Promise<void> {
  for (const pid of processesIn(netns)) process.kill(pid, 'SIGKILL')
  ip('netns', 'del', netns)
  await running.portIs('web', { state: 'waiting' })
}

describe('its flows end with', () => {
  test('a publish entry of the config', async () => {
    const { outside, config, running } = await called()
    await running.do('apply', '-c', configFile(config))
    expect(await flowsOf(running)).toEqual([])
    const told = await ask(outside, '203.0.113.10', 5353, { ...CLIENT, patience: 500 })
    expect(told).not.toMatch(/^old/)
  })

  test('a publish entry by hand', async () => {
    const { inside, outside, config } = natLab()
    const running = await up(config)
    const words = ['web', 'wan:5353', '10.55.0.2:53', '--protocol', 'udp']
    await running.do('publish', 'add', ...words)
    await answer(inside, 'old', 53)
    expect(await ask(outside, '203.0.113.10', 5353, CLIENT)).toBe('old 53 203.0.113.1')
    await running.do('publish', 'del', 'web')
    expect(await flowsOf(running)).toEqual([])
  })

  test('the port', async () => {
    const { running } = await called()
    await running.do('port', 'del', 'web')
    expect(await flowsOf(running)).toEqual([])
  })

  test('the bridge', async () => {
    const { withService, running } = await called()
    const red = { gateway: { addresses: ['10.66.0.1/24'] } }
    const next = { ...withService, bridges: { red }, ports: {}, publish: [] }
    await running.do('apply', '-c', configFile(next))
    expect(await flowsOf(running)).toEqual([])
  })

  test('the namespace of the port', async () => {
    const { inside, running } = await called()
    await end(inside, running)
    expect(await flowsOf(running)).toEqual([])
  })
})

describe('a container that comes again with another address', () => {
  test.each([
    ['by one apply', false],
    ['while nothing was published', true],
  ])('has the UDP of a client that never paused: %s', async (_, pause) => {
    const { inside, outside, withService, config, running } = await called()
    const client = await keepSending(outside, '203.0.113.10', 5353, CLIENT.from)
    await client.prints('old 53')
    await end(inside, running)
    if (pause) {
      await running.do('apply', '-c', configFile(config))
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
    makeNamespace(inside)
    const web = { bridge: 'blue', device: tap(inside, ['10.55.0.3/24']) }
    const next = { ...withService, ports: { web }, publish: published('10.55.0.3:53') }
    await running.do('apply', '-c', configFile(next))
    await running.portIs('web', { state: 'up' })
    await answer(inside, 'new', 53)
    await until('the client to be answered by the new one', () =>
      client.stdout.includes('new 53 203.0.113.1'),
    )
    expect(await flowsOf(running)).toMatchObject([
      { original: { sourcePort: CLIENT.from }, reply: { source: '10.55.0.3' } },
    ])
  })
})
