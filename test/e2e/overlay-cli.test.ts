/** The overlay as a person sees it: two switches on a wire, and the commands that show and change it. */
import { describe, expect, test } from 'vitest'
import { type Linkspan, up } from '../support/linkspan.js'
import { ip, ping } from '../support/netns.js'
import { overlayConfigs, overlayLab, VNI } from '../support/overlay-lab.js'
import { until } from '../support/until.js'

const whole = { transmitted: 3, received: 3, duplicates: 0 }
const someTraffic = { frames: expect.any(Number), bytes: expect.any(Number), drops: 0 }

async function json<T extends object>(running: Linkspan, ...words: string[]): Promise<T[]> {
  return JSON.parse(await running.do('show', ...words, '--json')) as T[]
}

/** A switch on each of two hosts; traffic has gone both ways. */
async function pinged(options?: Parameters<typeof overlayLab>[0]) {
  const [a, b] = await overlayLab(options)
  expect(await ping(a.station.netns, b.station.ip4)).toEqual(whole)
  return { a, b }
}

/** A command that must be refused. @returns what it said */
async function refused(running: Linkspan, words: string, status = 1): Promise<string> {
  const ended = await running.run(...words.split(' '))
  expect({ words, status: ended.status, out: ended.stdout }).toEqual({ words, status, out: '' })
  return ended.stderr
}

describe('show tunnels', () => {
  test('has every field of the contract, and no other', async () => {
    const { a, b } = await pinged()
    const tunnels = await json<{ rx: { frames: number; bytes: number } }>(a.running, 'tunnels')
    expect(tunnels).toEqual([
      {
        name: `blue@${b.vtep}`,
        bridge: 'blue',
        vni: VNI,
        vtep: b.vtep,
        local: a.vtep,
        port: 4789,
        state: 'up',
        error: null,
        mtu: 1450,
        pathMtu: null,
        learning: true,
        rx: someTraffic,
        tx: someTraffic,
        entries: 1,
        errors: { tooBig: 0, unreachable: 0 },
      },
    ])
    // An ARP reply and three of ping: octets of the frames inside.
    expect(tunnels[0]?.rx.frames).toBeGreaterThanOrEqual(3)
    expect(tunnels[0]?.rx.bytes).toBeGreaterThanOrEqual(3 * 98)
    expect(await a.running.do('show', 'tunnels')).toMatch(
      /^BRIDGE .* MACS\nblue +42 +10\.9\.0\.2 +4789 +10\.9\.0\.1 +up +1450 +- +\d+ +\d+ +0 +0 +1\n$/,
    )
  })

  test('of a bridge, to a VTEP; what is not there is an error', async () => {
    const more = (peer: string) => ({
      bridges: {
        blue: { vxlan: { vni: 42, peers: [peer, '10.9.0.9'] } },
        red: { vxlan: { vni: 7, peers: [peer], learning: false, port: 8472 } },
        plain: {},
      },
    })
    const [{ running }] = await overlayLab({ more })
    const names = async (...words: string[]) =>
      (await json<{ name: string }>(running, 'tunnels', ...words)).map(({ name }) => name)
    expect(await names()).toEqual(['blue@10.9.0.2', 'blue@10.9.0.9', 'red@10.9.0.2'])
    expect(await names('--bridge', 'blue')).toEqual(['blue@10.9.0.2', 'blue@10.9.0.9'])
    expect(await names('--bridge', 'plain')).toEqual([])
    expect(await names('--vtep', '10.9.0.2')).toEqual(['blue@10.9.0.2', 'red@10.9.0.2'])
    expect(await names('--vtep', '10.9.0.9', '--bridge', 'blue')).toEqual(['blue@10.9.0.9'])
    expect(await json(running, 'tunnels', '--bridge', 'red')).toMatchObject([
      { vni: 7, port: 8472, learning: false, entries: 0 },
    ])
    for (const [words, says] of [
      ['--bridge wan', 'there is no bridge "wan"'],
      ['--vtep 10.9.0.7', 'there is no tunnel to VTEP "10.9.0.7"'],
      ['--vtep 10.9.0.9 --bridge red', 'there is no tunnel of bridge "red" to VTEP "10.9.0.9"'],
      ['--vtep web', 'found "web"'],
    ] as const) {
      expect(await refused(running, `show tunnels ${words}`)).toContain(says)
    }
  })

  test('says what the way to a VTEP takes, and how often it said so', async () => {
    const { a, b } = await pinged()
    ip('-n', a.underlay, 'route', 'add', `${b.vtep}/32`, 'dev', 'eth0', 'mtu', 'lock', '1400')
    const tunnel = await until('the path MTU', async () => {
      await ping(a.station.netns, b.station.ip4, '-M', 'do', '-s', '1400', '-c', '1', '-W', '1')
      const [found] = await json<{ pathMtu: number | null }>(a.running, 'tunnels')
      return found?.pathMtu === null ? undefined : found
    })
    expect(tunnel).toMatchObject({ pathMtu: 1400, mtu: 1350, errors: { unreachable: 0 } })
    expect(tunnel).not.toMatchObject({ errors: { tooBig: 0 } })
    expect(await a.running.do('show', 'tunnels')).toMatch(/ up +1350 +1400 /)
  })
})

describe('show underlay', () => {
  test('has every field of the contract, and no other', async () => {
    const { a } = await pinged()
    expect(await json(a.running, 'underlay')).toEqual([
      {
        name: `underlay@${a.vtep}:4789`,
        address: a.vtep,
        port: 4789,
        netns: a.underlay,
        state: 'up',
        error: null,
        mtu: 1500,
        sourcePorts: { first: expect.any(Number), count: 64 },
        rx: someTraffic,
        tx: someTraffic,
        kernel: { drops: 0, checksumErrors: 0, bufferErrors: 0 },
      },
    ])
    expect(await a.running.do('show', 'underlay')).toMatch(
      /^ADDRESS .*\n10\.9\.0\.1 +4789 +\S+ +up +1500 +\d+-\d+ +\d+ +\d+ +0 +0 +0\n$/,
    )
  })

  test('of an address that is not there it waits, and so do its tunnels', async () => {
    const [host] = overlayConfigs()
    if (host === undefined) throw new Error('no host')
    const { config, underlay, vtep } = host
    ip('-n', underlay, 'address', 'del', `${vtep}/24`, 'dev', 'eth0')
    const running = await up(config)
    const waiting = { state: 'waiting', error: expect.stringContaining(vtep) }
    expect(await json(running, 'tunnels')).toMatchObject([waiting])
    expect(await json(running, 'underlay')).toMatchObject([
      { ...waiting, mtu: null, sourcePorts: null, kernel: null },
    ])
    expect(await running.do('show', 'underlay')).toMatch(/ waiting: .*10\.9\.0\.1/)
    ip('-n', underlay, 'address', 'add', `${vtep}/24`, 'dev', 'eth0')
    await until('the tunnel to be up', async () => {
      const [tunnel] = await json<{ state: string }>(running, 'tunnels')
      return tunnel?.state === 'up'
    })
    expect(await json(running, 'underlay')).toMatchObject([{ state: 'up', error: null, mtu: 1500 }])
  })
})

describe('fdb', () => {
  test('shows what is behind a VTEP, and by it', async () => {
    const { a, b } = await pinged()
    const [behind, ...more] = await json(a.running, 'fdb', '--vtep', b.vtep)
    expect(more).toEqual([])
    expect(behind).toEqual({
      bridge: 'blue',
      vlan: null,
      mac: b.station.mac,
      port: null,
      vtep: b.vtep,
      age: expect.any(Number),
      static: false,
      sticky: false,
      external: false,
    })
    expect(await json(a.running, 'fdb', '--port', `blue@${b.vtep}`)).toMatchObject([
      { mac: b.station.mac },
    ])
    expect(await json(a.running, 'fdb', '--port', 'web', '--vtep', b.vtep)).toEqual([])
    const text = await a.running.do('show', 'fdb')
    expect(text).toMatch(/^blue +- +02:0e:11:00:00:02 +vtep 10\.9\.0\.2 +\d+\.\ds$/m)
    expect(text).toMatch(/^blue +- +02:0e:11:00:00:01 +web +\d+\.\ds$/m)
  })

  test('add --vtep: static until it is deleted, or as if learnt', async () => {
    const { a, b } = await pinged()
    const [fixed, learnt] = ['02:0e:11:00:00:98', '02:0e:11:00:00:97']
    await a.running.do('fdb', 'add', 'blue', fixed, '--vtep', b.vtep)
    await a.running.do('fdb', 'add', 'blue', learnt, '--vtep', b.vtep, '--dynamic')
    expect(await json(a.running, 'fdb', '--vtep', b.vtep)).toMatchObject([
      { mac: b.station.mac },
      { mac: learnt, port: null, vtep: b.vtep, static: false },
      { mac: fixed, port: null, vtep: b.vtep, static: true, age: null },
    ])
    expect(await json(a.running, 'tunnels')).toMatchObject([{ entries: 3 }])
    await a.running.do('fdb', 'del', 'blue', fixed)
    await a.running.do('fdb', 'del', 'blue', learnt)
    expect(await json(a.running, 'fdb', '--vtep', b.vtep)).toHaveLength(1)
  })

  test('flush --vtep forgets what was learnt from there, and nothing else', async () => {
    const { a, b } = await pinged()
    const fixed = '02:0e:11:00:00:98'
    await a.running.do('fdb', 'add', 'blue', fixed, '--vtep', b.vtep)
    for (const words of [[], ['--bridge', 'blue']]) {
      await ping(a.station.netns, b.station.ip4)
      expect(await a.running.fdb()).toHaveProperty(b.station.mac)
      await a.running.do('fdb', 'flush', '--vtep', b.vtep, ...words)
      const left = await a.running.fdb()
      expect(left).toMatchObject({ [a.station.mac]: 'web', [fixed]: `blue@${b.vtep}` })
      expect(left).not.toHaveProperty(b.station.mac)
    }
  })

  test('what cannot be is refused', async () => {
    const [{ running }] = await overlayLab()
    const mac = '02:0e:11:00:00:98'
    for (const [words, says, status] of [
      [`fdb add blue ${mac}`, 'say either a port or', 2],
      [`fdb add blue ${mac} web --vtep 10.9.0.2`, 'say either a port or', 2],
      [`fdb add blue ${mac} --vtep 10.9.0.7`, 'one of the peers of bridge "blue"'],
      [`fdb add blue ${mac} --vtep 10.9.0.7 --dynamic`, 'no tunnel of bridge "blue" to VTEP'],
      [`fdb add red ${mac} --vtep 10.9.0.2 --dynamic`, 'there is no bridge "red"'],
      [`fdb add blue ${mac} --vtep 224.0.0.1`, 'found "224.0.0.1"'],
      ['fdb flush --vtep 10.9.0.7', 'there is no tunnel to VTEP "10.9.0.7"'],
      ['show fdb --vtep 10.9.0.7', 'there is no tunnel to VTEP "10.9.0.7"'],
      ['port set blue@10.9.0.2 --down', 'is of the overlay: change "underlay" or the "vxlan"'],
      ['port del blue@10.9.0.2', 'is of the overlay'],
      ['port del underlay@10.9.0.1:4789', 'is of the overlay'],
      ['show port blue@10.9.0.2', '"linkspan show tunnels" has it'],
    ] as const) {
      expect(await refused(running, words, status)).toContain(says)
    }
  })
})

test('show bridges: the VNI, its peers, and questions that were answered here', async () => {
  const known = { bridge: 'blue', address: '10.78.0.2', mac: '02:0e:11:00:00:02' }
  const { a, b } = await pinged({ more: () => ({ neighbors: [known] }) })
  const vxlan = { vni: VNI, port: 4789, peers: [b.vtep], suppressed: expect.any(Number) }
  expect(await json(a.running, 'bridges')).toMatchObject([{ name: 'blue', vxlan }])
  expect(await a.running.do('show', 'bridges')).toMatch(/^blue .* vxlan=42 +web$/m)
  // Where its MAC is was learnt with the first answer.
  ip('-n', a.station.netns, 'neigh', 'flush', 'dev', 'eth0')
  expect(await ping(a.station.netns, b.station.ip4)).toEqual(whole)
  const [bridge] = await json<{ vxlan: { suppressed: number } }>(a.running, 'bridges')
  expect(bridge?.vxlan.suppressed).toBeGreaterThan(0)
})

test('ports, drops and captures know the names of tunnels and of the underlay', async () => {
  const { a, b } = await pinged()
  const socket = `underlay@${a.vtep}:4789`
  const ports = await json<{ name: string }>(a.running, 'ports')
  expect(ports.find(({ name }) => name === socket)).toMatchObject({ bridge: null, device: 'udp' })
  expect(await a.running.do('show', 'port', socket)).toContain('is of the underlay, of the config')
  // Larger than the tunnel takes.
  ip('-n', a.station.netns, 'link', 'set', 'eth0', 'mtu', '1500')
  await a.running.portIs('web', { mtu: 1500 })
  await ping(a.station.netns, b.station.ip4, '-M', 'dont', '-s', '1450', '-c', '1', '-W', '1')
  const drops = await json<{ frames: number }>(a.running, 'drops', '--port', `blue@${b.vtep}`)
  expect(drops).toMatchObject([{ port: `blue@${b.vtep}`, reason: 'over-mtu' }])
  expect(await json(a.running, 'drops', '--port', socket)).toEqual([])
  for (const [port, says] of [
    [`blue@${b.vtep}`, /02:0e:11:00:00:0[12]/],
    [socket, /10\.9\.0\.[12]/],
  ] as const) {
    const captured = a.running.do('capture', '--port', port, '--count', '2')
    await until('two frames', async () => {
      await ping(a.station.netns, b.station.ip4, '-c', '2')
      return await Promise.race([captured, new Promise((done) => setTimeout(done, 50))])
    })
    expect(await captured).toMatch(says)
  }
})
