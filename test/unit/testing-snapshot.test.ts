/** lab.snapshot() and restore(): the network of then, the programs of now. */
import { expect, test } from 'vitest'
import { createLab, type Lab } from '../../src/testing/index.js'

test('a lab goes on from a snapshot as it went on without', async () => {
  const run = async (lab: Lab) => {
    await lab.hosts.get('a')!.ping('b', { count: 20, interval: '100ms' })
    await lab.run()
  }
  const make = async () => {
    const lab = await createLab({ seed: 7 })
    const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
    const net = lab.bridge('net', { subnets: ['203.0.113.0/24'] })
    lab.router({
      uplinks: { wan: { bridge: net, addresses: ['203.0.113.10/24'] } },
      nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' }],
    })
    lab.host('a', { bridge: lan, link: { delay: '3ms', loss: '20%', jitter: '2ms' } })
    lab.host('b', { bridge: net })
    return { lab, file: lab.capture() }
  }
  const { lab, file } = await make()
  await using _ = lab
  await run(lab)
  const [snapshot, hash] = [lab.snapshot(), lab.hash()]
  await run(lab)
  const [first, end] = [file.bytes(), lab.hash()]
  for (let time = 0; time < 2; time++) {
    lab.restore(snapshot)
    expect(lab.hash()).toBe(hash)
    await run(lab)
    expect(lab.hash()).toBe(end)
    expect(file.bytes()).toEqual(first)
  }
  const other = await make()
  await using __ = other.lab
  await run(other.lab)
  await run(other.lab)
  expect(other.file.bytes()).toEqual(first)
  expect(other.lab.hash()).toBe(end)
})
