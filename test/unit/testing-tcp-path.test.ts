/** The lab: connections through routers: NAT, path MTU, and what the switch shows of them. */

import { expect, test } from 'vitest'
import { createLab, type Lab } from '../../src/testing/index.js'
import { isSame } from '../support/octets.js'
import { Random } from '../support/random.js'
import { echo, first, heard, pair, say } from '../support/tcp-lab.js'
import { readAll, writeAll } from '../support/tcp-stream.js'

async function nat() {
  const lab = await createLab()
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24'] })
  const internet = lab.bridge('internet', { subnets: ['203.0.113.0/24'] })
  const inside = lab.host('inside', { bridge: lan, addresses: ['10.55.0.9/24'] })
  const web = lab.host('web', { bridge: internet })
  lab.router({
    uplinks: { wan: { bridge: internet, addresses: ['203.0.113.10/24'] } },
    nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' }],
    publish: [{ name: 'web', protocol: ['tcp'], listen: 'wan:8080', to: ['10.55.0.9:80'] }],
  })
  return { lab, inside, web }
}

const flows = (lab: Lab) => [...lab.switch().production.flows.list()]

test('out through a masquerade, as a flow of the switch', async () => {
  const { lab, inside, web } = await nat()
  web.listen(80, (connection) => say(connection, connection.remoteAddress.text))
  const connection = await inside.connect('web', 80)
  expect(await first(connection)).toBe('203.0.113.10')
  const [flow] = flows(lab)
  expect(flow).toMatchObject({ protocol: 'tcp' })
  expect(JSON.stringify(flow)).toContain(`${connection.localPort}`)
  expect(JSON.stringify(flow)).toContain('203.0.113.10')
  await lab.close()
})

test('in through a published port', async () => {
  const { lab, inside, web } = await nat()
  inside.listen(80, echo)
  const connection = await web.connect('203.0.113.10', 8080)
  await say(connection, 'from outside')
  expect(await heard(connection)).toBe('from outside')
  expect(flows(lab)).toHaveLength(1)
  await lab.close()
})

test.each([4, 6] as const)('IPv%i: a bridge with a smaller MTU behind a router', async (family) => {
  const lab = await createLab()
  const [near, far] = family === 4 ? ['10.1.0.1/24', '10.2.0.1/24'] : ['fd01::1/64', 'fd02::1/64']
  const wide = lab.bridge('wide', { gateway: [near] })
  const narrow = lab.bridge('narrow', { gateway: [far], mtu: 1300 })
  const a = lab.host('a', { bridge: wide })
  const b = lab.host('b', { bridge: narrow })
  const bytes = new Random(3).bytes(300_000)
  b.listen(9, echo)
  const connection = await a.connect(b, 9)
  // What b asked for; MTU less IP, TCP.
  const mss = 1300 - (family === 4 ? 40 : 60)
  expect(connection.statistics().mss).toBe(mss)
  const [back] = await Promise.all([readAll(connection), writeAll(connection, bytes)])
  expect(isSame(back, bytes)).toBe(true)
  expect(connection.statistics().timeouts).toBe(0)
  await lab.close()
})

test.each([4, 6] as const)('IPv%i: the way becomes narrower: a router says so', async (family) => {
  const lab = await createLab()
  const ip = (net: number, host: number | '' = '') =>
    family === 4 ? `10.${net}.0.${host === '' ? 0 : host}` : `fd0${net}::${host}`
  const on = (net: number, host: number) => [`${ip(net, host)}/${family === 4 ? 24 : 64}`]
  const [left, right] = [lab.switch('left'), lab.switch('right')]
  const near = left.bridge('near', { gateway: on(1, 1) })
  const wide = left.bridge('wide', { gateway: on(2, 1) })
  const narrow = left.bridge('narrow', { gateway: on(4, 1), mtu: 1300 })
  const far = right.bridge('far', { gateway: on(3, 1) })
  const by = (via: string) => ({
    routes: [{ to: `${ip(3)}/${family === 4 ? 24 : 64}`, via }],
  })
  left.router(by(ip(2, 2)))
  right.router({
    uplinks: {
      first: { bridge: wide, addresses: on(2, 2) },
      second: { bridge: narrow, addresses: on(4, 2), mtu: 1300 },
    },
    routes: [{ to: `${ip(1)}/${family === 4 ? 24 : 64}`, via: ip(2, 1) }],
  })
  const a = lab.host('a', { bridge: near })
  const b = lab.host('b', { bridge: far })
  const bytes = new Random(3).bytes(300_000)
  b.listen(9, echo)
  const connection = await a.connect(b, 9)
  const headers = family === 4 ? 40 : 60
  expect(connection.statistics().mss).toBe(1500 - headers)
  left.router(by(ip(4, 2)))
  const [back] = await Promise.all([readAll(connection), writeAll(connection, bytes)])
  expect(isSame(back, bytes)).toBe(true)
  expect(connection.statistics()).toMatchObject({ mss: 1300 - headers, timeouts: 0 })
  await lab.close()
})

test.each([7, 'seven'])(
  'seed %s: the same octets on every run, other ones of another seed',
  async (seed) => {
    const run = async (of: number | string) => {
      const { lab, a, b } = await pair({ seed: of }, { delay: '3ms' })
      const capture = lab.capture()
      b.listen(7, echo)
      const talk = async () => {
        const connection = await a.connect('b', 7)
        await Promise.all([readAll(connection), writeAll(connection, new Random(5).bytes(100_000))])
      }
      await Promise.all([talk(), talk()])
      const bytes = capture.bytes()
      await lab.close()
      return bytes
    }
    const [one, other, different] = [await run(seed), await run(seed), await run('another')]
    expect(one.length).toBeGreaterThan(400_000)
    expect(isSame(one, other)).toBe(true)
    expect(isSame(one, different)).toBe(false)
  },
)
