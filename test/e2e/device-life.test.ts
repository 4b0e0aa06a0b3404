import { describe, expect, test } from 'vitest'
import { cpuPerSecond, IDLE } from '../support/idle.js'
import { lab, two } from '../support/lab.js'
import { type Linkspan, up } from '../support/linkspan.js'
import { finishPing, interfaces, ip, ping, startPing } from '../support/netns.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

/** Until both are learnt. */
async function meet(running: Linkspan, from: string, to: string): Promise<void> {
  expect(await ping(from, to)).toEqual(all)
  expect(Object.values(await running.fdb()).length).toBeGreaterThan(1)
}

describe('a TAP that is deleted under the switch', () => {
  test('leaves its port in error, its addresses forgotten, and the others untouched', async () => {
    const { stations, config } = lab(3)
    const running = await up(config)
    const [a, b] = two(stations)
    const c = stations[2]
    for (const { ip4 } of stations.slice(1)) await meet(running, a.netns, ip4)
    const flow = await startPing(a.netns, b.ip4)
    ip('-n', c?.netns ?? '', 'link', 'del', 'eth0')
    const port = await running.portIs('c', { state: 'error' })
    expect(port.error).toBe('its interface was deleted, or moved to another namespace')
    expect(port.kernelDrops).toBeNull()
    expect(await running.fdb()).toEqual({ [a.mac]: 'a', [b.mac]: 'b' })
    const { transmitted, received } = await finishPing(flow)
    expect(received).toBe(transmitted)
    expect(await cpuPerSecond(running.pid)).toBeLessThan(IDLE)
    expect(running.program.stderr).toContain('port lost its device')
  })

  test('is made again where its config says to wait', async () => {
    const { stations, config } = lab(2, { missing: 'wait' })
    const running = await up(config)
    const [a, b] = two(stations)
    await meet(running, a.netns, b.ip4)
    ip('-n', b.netns, 'link', 'del', 'eth0')
    await running.portIs('b', { state: 'up' })
    expect(interfaces(b.netns)).toEqual(['eth0'])
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    expect(await ping(b.netns, a.ip6)).toEqual(all)
  })

  test('can be replaced by hand: the port removed and added', async () => {
    const { stations, config } = lab(2)
    const running = await up(config)
    const [a, b] = two(stations)
    ip('-n', b.netns, 'link', 'del', 'eth0')
    await running.portIs('b', { state: 'error' })
    await running.do('port', 'del', 'b')
    const where = ['--bridge', 'lan', '--ifname', 'eth0', '--netns', b.netns]
    await running.do('port', 'add', 'b', ...where, '--address', `${b.ip4}/24`, '--mac', b.mac)
    expect(await running.port('b')).toMatchObject({ state: 'up', origin: 'api', ifname: 'eth0' })
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })

  test('while it is under fire', async () => {
    const { stations, config } = lab(3)
    const running = await up(config)
    const [a, b] = two(stations)
    const flow = await startPing(a.netns, b.ip4)
    ip('-n', a.netns, 'link', 'del', 'eth0')
    await running.portIs('a', { state: 'error' })
    flow.kill()
    expect(await ping(b.netns, stations[2]?.ip4 ?? '')).toEqual(all)
    expect(await cpuPerSecond(running.pid)).toBeLessThan(IDLE)
  })
})

describe('a link', () => {
  test('that goes down takes its addresses with it, and forwards again when it is up', async () => {
    const { stations, config } = lab(3)
    const running = await up(config)
    const [a, b] = two(stations)
    for (const { ip4 } of stations.slice(1)) await meet(running, a.netns, ip4)
    ip('-n', b.netns, 'link', 'set', 'eth0', 'down')
    expect(await running.portIs('b', { state: 'down' })).toMatchObject({ error: null })
    expect(await running.fdb()).not.toHaveProperty(b.mac)
    expect(await ping(a.netns, b.ip4, '-W', '1', '-c', '1')).toMatchObject({ received: 0 })
    ip('-n', b.netns, 'link', 'set', 'eth0', 'up')
    await running.portIs('b', { state: 'up' })
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    expect(await running.fdb()).toHaveProperty(b.mac, 'b')
  })

  test('whose MTU is changed from outside is known by its new one', async () => {
    const { stations, config } = lab(2)
    const running = await up(config)
    const [a, b] = two(stations)
    for (const { netns } of stations) ip('-n', netns, 'link', 'set', 'eth0', 'mtu', '4000')
    for (const { name } of stations) await running.portIs(name, { mtu: 4000, state: 'up' })
    expect(await ping(a.netns, b.ip4, '-M', 'do', '-s', String(4000 - 28))).toEqual(all)
  })

  test('that is renamed goes on', async () => {
    const { stations, config } = lab(2)
    const running = await up(config)
    const [a, b] = two(stations)
    ip('-n', b.netns, 'link', 'set', 'eth0', 'name', 'lan0')
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    expect(await running.port('b')).toMatchObject({ state: 'up' })
  })
})
