import { describe, expect, test } from 'vitest'
import { configOf, type Station, station } from '../support/lab.js'
import { startUp, up, upFails } from '../support/linkspan.js'
import { interfaces, ip, ipJson, namespace, ping } from '../support/netns.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

/** A TAP as an operator makes one for a virtual machine. */
function tuntap({ netns, mac, ip4 }: Station, ...mode: string[]): void {
  ip('-n', netns, 'tuntap', 'add', 'vm0', 'mode', 'tap', ...mode)
  ip('-n', netns, 'address', 'add', `${ip4}/24`, 'dev', 'vm0')
  ip('-n', netns, 'link', 'set', 'vm0', 'up', 'address', mac)
}

/** A station whose TAP is made by the switch, and one that it attaches to. */
function pair(missing: 'error' | 'wait' = 'error') {
  const [a, b] = [station(0), station(1)]
  for (const { netns } of [a, b]) namespace(netns)
  const made = configOf([a])
  const device = { type: 'tap', name: 'vm0', netns: b.netns, create: false, missing }
  const ports = { ...made.ports, b: { bridge: 'lan', device } }
  return { a, b, config: { ...made, ports } }
}

describe('a TAP that is there already', () => {
  test.each([
    ['with one queue', []],
    ['with many', ['multi_queue']],
  ])('%s carries frames, and is left in place', async (_, mode) => {
    const { a, b, config } = pair()
    tuntap(b, ...mode)
    const running = await up(config)
    expect(await running.port('b')).toMatchObject({ state: 'up', ifname: 'vm0', netns: b.netns })
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    expect(await ping(b.netns, a.ip4, '-s', '4000')).toEqual(all)
    await running.stop()
    expect(interfaces(b.netns)).toEqual(['vm0'])
    expect(interfaces(a.netns)).toEqual([])
    const [link] = ipJson<{ address: string; operstate: string }[]>(b.netns, 'link', 'show', 'vm0')
    expect(link).toMatchObject({ address: b.mac, operstate: 'DOWN' })
    expect(await ping((await again(config, a)).netns, b.ip4)).toEqual(all)
  })

  async function again(config: unknown, a: Station): Promise<Station> {
    await up(config)
    return a
  }

  test('is left in place when the port is removed', async () => {
    const { b, config } = pair()
    tuntap(b)
    const running = await up(config)
    await running.do('port', 'del', 'b')
    expect(interfaces(b.netns)).toEqual(['vm0'])
  })

  test('and is deleted: error', async () => {
    const { a, b, config } = pair()
    tuntap(b)
    const running = await up(config)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    ip('-n', b.netns, 'link', 'del', 'vm0')
    await running.portIs('b', { state: 'error' })
    expect(await running.fdb()).not.toHaveProperty(b.mac)
  })

  test('and is deleted and made again: waited for', async () => {
    const { a, b, config } = pair('wait')
    tuntap(b)
    const running = await up(config)
    ip('-n', b.netns, 'link', 'del', 'vm0')
    const { error } = await running.portIs('b', { state: 'waiting' })
    expect(error).not.toBeNull()
    expect(interfaces(b.netns)).toEqual([])
    tuntap(b)
    await running.portIs('b', { state: 'up' })
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })

  test('goes with its namespace, which ends', async () => {
    const { b, config } = pair('wait')
    tuntap(b)
    const running = await up(config)
    ip('netns', 'del', b.netns)
    await running.portIs('b', { state: 'waiting' })
  })
})

describe('a TAP that is not there', () => {
  test('is an error that says how to make one, and leaves nothing behind', async () => {
    const { a, b, config } = pair()
    const { status, stderr } = await upFails(config)
    expect(status).toBe(1)
    expect(stderr).toContain(`cannot attach to TAP 'vm0' in namespace '${b.netns}'`)
    expect(stderr).toContain('"ip tuntap add vm0 mode tap multi_queue" makes one')
    expect([interfaces(a.netns), interfaces(b.netns)]).toEqual([[], []])
  })

  test('is waited for, and never made', async () => {
    const { a, b, config } = pair('wait')
    const running = await up(config)
    expect(await running.port('b')).toMatchObject({ state: 'waiting' })
    expect(interfaces(b.netns)).toEqual([])
    tuntap(b, 'multi_queue')
    await running.portIs('b', { state: 'up' })
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })

  test('but an interface of another kind is: an error, waiting or not', async () => {
    const { b, config } = pair('wait')
    ip('-n', b.netns, 'link', 'add', 'vm0', 'type', 'bridge')
    const { program } = startUp(config)
    const { status, stderr } = await program.end()
    expect(status).toBe(1)
    expect(stderr).toContain('it is no TAP but bridge')
    expect(interfaces(b.netns)).toEqual(['vm0'])
  })
})
