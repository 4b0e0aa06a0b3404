import { expect, test } from 'vitest'
import { lab, two } from '../support/lab.js'
import { finishPing, interfaces, namespace, startPing, within } from '../support/netns.js'
import { startScript } from '../support/script.js'

const ROUNDS = 1
const PORTS = 1000

/** Adds and removes ports in its own namespace, and counts what it has open. */
const source = `
  import { readdirSync } from 'node:fs'
  import { startSwitch } from 'linkspan/node'
  const descriptors = () => readdirSync('/proc/self/fd').length
  const names = Array.from({ length: ${PORTS} }, (_, index) => 'p' + index)
  const port = (name) => ({ bridge: 'lan', device: { type: 'tap', name } })
  const running = await startSwitch(config)
  // Once first: what is opened once and kept is no leak, as is the thread that waits for another to die.
  const threads = () => readdirSync('/proc/self/task').length
  for (const bare = threads(); threads() === bare; ) await new Promise((done) => setTimeout(done, 50))
  await running.addPort('first', port('first'))
  await running.removePort('first')
  console.log('started')
  const before = descriptors()
  for (let round = 0; round < ${ROUNDS}; round++) {
    for (const name of names) await running.addPort(name, port(name))
    const up = [...running.ports.values()].filter(({ state }) => state === 'up').length
    const more = descriptors() - before >= ${PORTS}
    // One by one, and all at once.
    if (round % 2 === 0) for (const name of names) await running.removePort(name)
    else await Promise.all(names.map((name) => running.removePort(name)))
    console.log(JSON.stringify({ up, more, left: descriptors() - before, ports: running.ports.size }))
  }
  console.log('done')
  await new Promise((resolve) => process.once('SIGTERM', resolve))
  await running.close()`

test('1,000 ports are added and removed, and a flow beside them loses nothing', async () => {
  const { stations, config } = lab(2)
  const [a, b] = two(stations)
  // What hundreds of interfaces in one namespace say to each other over IPv6 would take all the time.
  const crowd = namespace(undefined, { ipv6: false })
  const program = startScript(source, config, within(crowd))
  await program.prints('started')
  const flow = await startPing(a.netns, b.ip4)
  await program.prints('done', 180_000)
  const { transmitted, received, duplicates } = await finishPing(flow)
  expect(transmitted).toBeGreaterThan(500)
  expect({ received, duplicates }).toEqual({ received: transmitted, duplicates: 0 })
  const rounds = program.stdout.split('\n').slice(1, 1 + ROUNDS)
  const expected = { up: PORTS + 2, more: true, left: 0, ports: 2 }
  expect(rounds.map((line) => JSON.parse(line))).toEqual(rounds.map(() => expected))
  expect(interfaces(crowd)).toEqual([])
  program.kill('SIGTERM')
  expect(await program.end()).toMatchObject({ status: 0, stderr: '' })
  expect([a, b].flatMap(({ netns }) => interfaces(netns))).toEqual([])
}, 240_000)
