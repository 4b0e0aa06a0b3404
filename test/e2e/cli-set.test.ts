import { describe, expect, test } from 'vitest'
import type { PortView } from '../../src/control/view.js'
import type { VlanView } from '../../src/control/vlan-view.js'
import { lab, two } from '../support/lab.js'
import { configFile, up } from '../support/linkspan.js'
import { finishPing, ipJson, ping, startPing } from '../support/netns.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const none = { received: 0 }
const oneTry = ['-c', '1', '-W', '1']

/** Two stations in VLAN 10 of a VLAN-aware bridge, and a third in 20. */
async function tagged() {
  const { stations, config } = lab(3, { ipv6: false })
  const ports = Object.entries(config.ports).map(([name, port]) => {
    return [name, { ...port, vlan: { access: name === 'c' ? 20 : 10 } }]
  })
  const bridges = { lan: { vlanAware: true } }
  const whole = { ...config, bridges, ports: Object.fromEntries(ports) }
  const running = await up(whole)
  const [a, b] = two(stations)
  return { running, a, b, config: whole }
}

describe('port set', () => {
  test('moves a port to another VLAN, and back with the next apply', async () => {
    const { running, a, b, config } = await tagged()
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    await running.do('port', 'set', 'b', '--access', '20')
    expect(await ping(a.netns, b.ip4, ...oneTry)).toMatchObject(none)
    expect(await running.port('b')).toMatchObject({ origin: 'config', vlan: { native: 20 } })
    const file = configFile(config)
    expect(await running.do('apply', '-c', file, '--dry-run')).toContain('~ port b  vlan.native')
    await running.do('apply', '-c', file)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })

  test('what is not named stays', async () => {
    const { running } = await tagged()
    const more = '--sticky on --receive 100M,frames=5000 --flood broadcast --guard 10.0.0.0/8'
    await running.do('port', 'set', 'a', '--isolated', 'on', '--macs', '3', ...more.split(' '))
    await running.do('port', 'set', 'a', '--macs', 'none', '--sticky', 'off')
    const receive = { bits: 1e8, frames: 5000, burst: 1_250_000 }
    expect(await running.port('a')).toMatchObject({
      isolated: true,
      sticky: false,
      flood: { broadcast: true, multicast: false, unknownUnicast: false },
      limits: { macs: null, receive },
      guard: { macs: null, addresses: ['10.0.0.0/8'] },
      vlan: { mode: 'access', native: 10 },
    })
  })

  test('a port that was added by hand keeps it through an apply', async () => {
    const { running, a, config } = await tagged()
    const add = ['port', 'add', 'd', '--bridge', 'lan', '--netns', a.netns, '--tagged', '10,20-22']
    await running.do(...add, '--isolated', 'on', '--down')
    await running.do('port', 'set', 'd', '--untag', '21', '--tag', '30', '--up')
    await running.do('apply', '-c', configFile(config))
    const expected = { origin: 'api', state: 'up', isolated: true }
    const port = await running.port('d')
    expect(port).toMatchObject(expected)
    expect(port.vlan).toMatchObject({ mode: 'trunk', native: null, tagged: [10, 20, 22, 30] })
  })

  test('takes a port down and up, and changes its MTU, without loss on others', async () => {
    const { running, a, b } = await tagged()
    const flow = await startPing(a.netns, b.ip4)
    await running.do('port', 'set', 'c', '--mtu', '1400', '--down')
    expect(await running.port('c')).toMatchObject({ state: 'down', up: false, mtu: 1400 })
    await running.do('port', 'set', 'c', '--up')
    expect(await running.port('c')).toMatchObject({ state: 'up', up: true })
    const { transmitted, received } = await finishPing(flow)
    expect(received).toBe(transmitted)
    const netns = (await running.port('c')).netns ?? ''
    expect(ipJson<object[]>(netns, 'link', 'show', 'eth0')[0]).toMatchObject({ mtu: 1400 })
  })

  test('what cannot be is refused in a line, and changes nothing', async () => {
    const { running } = await tagged()
    const before = await running.show('config')
    for (const [words, status, says] of [
      ['a', 2, 'nothing to set'],
      ['a --access 4095', 2, 'Expected a VLAN ID from 1 to 4094'],
      ['a --tagged 1;2', 2, 'Expected VLAN IDs and ranges'],
      ['a --isolated yes', 2, 'Expected "on" or "off"'],
      ['a --flood all', 2, 'Expected on, off, or some of unknownUnicast,multicast,broadcast'],
      ['a --receive rate=1', 2, 'Expected bits='],
      ['a --config [1]', 2, '--config: expected a JSON object'],
      ['a --up --down', 2, '--up and --down'],
      ['z --up', 1, 'there is no port "z"; there is a, b, c'],
      ['a --mirror a', 1, 'ports.a.mirror.port: found "a"'],
      ['a --locked on --sticky on', 1, 'ports.a.sticky'],
      ['a --bridge wan', 1, 'ports.a.bridge: there is no bridge "wan"'],
      ['a --receive 5x', 1, 'ports.a.limits.receive.bits: found "5x"'],
    ] as const) {
      const answer = await running.run('port', 'set', ...words.split(' '))
      expect({ words, status: answer.status }).toEqual({ words, status })
      expect(answer.stderr, words).toContain(says)
    }
    expect(await running.show('config')).toEqual(before)
  })
})

describe('bridge set', () => {
  test('ageing, control frames and VLAN awareness, while it runs', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const running = await up(config)
    const [a, b] = two(stations)
    const words = ['bridge', 'set', 'lan', '--ageing', '60s', '--control-frames', 'lldp,stp']
    await running.do(...words, '--vlan-aware', 'on')
    const [bridge] = await running.show<object[]>('bridges')
    expect(bridge).toMatchObject({ ageing: 60_000, vlans: [1], controlFrames: ['lldp', 'stp'] })
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    await running.do('port', 'set', 'b', '--access', '7')
    expect(await ping(a.netns, b.ip4, ...oneTry)).toMatchObject(none)
    await running.do('bridge', 'set', 'lan', '--vlan-aware', 'off', '--control-frames', 'none')
    expect((await running.show<object[]>('bridges'))[0]).toMatchObject({
      vlans: null,
      controlFrames: [],
    })
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })

  test('nothing, and a bridge that is not there', async () => {
    const { config } = lab(1)
    const running = await up(config)
    expect(await running.run('bridge', 'set', 'lan')).toMatchObject({ status: 2 })
    const { status, stderr } = await running.run('bridge', 'set', 'wan', '--ageing', '60s')
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'linkspan: there is no bridge "wan"; there is lan\n',
    })
  })
})

describe('VLANs of the FDB', () => {
  test('entries are added, shown, flushed and removed by VLAN', async () => {
    const { running, a, b } = await tagged()
    await ping(a.netns, b.ip4)
    const shown = async (...words: string[]) => {
      const entries = JSON.parse(await running.do('show', 'fdb', '--json', ...words))
      return (entries as { vlan: number; mac: string }[]).map(({ vlan, mac }) => `${vlan} ${mac}`)
    }
    const mac = '02:e2:e0:00:00:99'
    await running.do('fdb', 'add', 'lan', mac, 'c', '--vlan', '20')
    // Without a VLAN it is that of the port.
    await running.do('fdb', 'add', 'lan', mac, 'b')
    expect(await shown('--mac', mac.toUpperCase())).toEqual([`10 ${mac}`, `20 ${mac}`])
    expect(await shown('--vlan', '10')).toEqual([`10 ${a.mac}`, `10 ${b.mac}`, `10 ${mac}`])
    expect(await shown('--bridge', 'lan', '--port', 'b')).toEqual([`10 ${b.mac}`, `10 ${mac}`])
    await running.do('fdb', 'flush', '--vlan', '10', '--port', 'a')
    expect(await shown('--vlan', '10')).toEqual([`10 ${b.mac}`, `10 ${mac}`])
    await running.do('fdb', 'flush', '--vlan', '10')
    expect(await shown('--vlan', '10')).toEqual([`10 ${mac}`])
    await running.do('fdb', 'del', 'lan', mac, '--vlan', '10')
    expect(await shown('--mac', mac)).toEqual([`20 ${mac}`])
    expect((await running.run('fdb', 'add', 'lan', mac, 'c', '--vlan', '30')).stderr).toContain(
      '30',
    )
    await running.do('fdb', 'add', 'lan', mac, 'b')
    await running.do('fdb', 'del', 'lan', mac)
    expect(await shown('--mac', mac)).toEqual([])
  })

  test('an entry by hand stays through an apply, and is removed after it', async () => {
    const { running, config } = await tagged()
    const mac = '02:e2:e0:00:00:99'
    await running.do('fdb', 'add', 'lan', mac, 'b')
    await running.do('apply', '-c', configFile(config))
    expect(await running.fdb()).toMatchObject({ [mac]: 'b' })
    await running.do('fdb', 'del', 'lan', mac, '--vlan', '10')
    await running.do('apply', '-c', configFile(config))
    expect(await running.fdb()).not.toHaveProperty(mac)
  })
})

describe('show', () => {
  test('vlans has a row for each VLAN of each port', async () => {
    const { running } = await tagged()
    await running.do('port', 'set', 'c', '--tagged', '10', '--native', '5')
    const rows = await running.show<VlanView[]>('vlans')
    expect(rows).toEqual([
      { bridge: 'lan', vlan: 5, port: 'c', mode: 'trunk', tagged: false, native: true },
      { bridge: 'lan', vlan: 10, port: 'a', mode: 'access', tagged: false, native: true },
      { bridge: 'lan', vlan: 10, port: 'b', mode: 'access', tagged: false, native: true },
      { bridge: 'lan', vlan: 10, port: 'c', mode: 'trunk', tagged: true, native: false },
    ])
    const text = await running.do('show', 'vlans', '--port', 'c')
    expect(text).toMatch(/^BRIDGE +VLAN +PORT +MODE +EGRESS +NATIVE\n/)
    expect(text).toMatch(/^lan +5 +c +trunk +untagged +native\nlan +10 +c +trunk +tagged +-$/m)
    expect(await running.do('show', 'ports', '--wide')).toMatch(/native 5 tagged 10 +-$/m)
  })

  test('port has all of one port', async () => {
    const { running, a } = await tagged()
    await running.do('port', 'set', 'a', '--isolated', 'on', '--macs', '4', '--broadcast', '100')
    const text = await running.do('show', 'port', 'a')
    expect(text).toMatch(/^port +a on lan, of the config$/m)
    expect(text).toContain(`tap eth0 in ${a.netns}, MAC ${a.mac}, MTU 1500`)
    expect(text).toMatch(/^vlan +access 10$/m)
    expect(text).toMatch(/^policy +isolated macs=4 broadcast=100\/s$/m)
    const port = JSON.parse(await running.do('show', 'port', 'a', '--json')) as PortView
    expect(port).toMatchObject({ name: 'a', isolated: true, limits: { macs: 4 } })
    expect((await running.run('show', 'port', 'z')).status).toBe(1)
  })
})
