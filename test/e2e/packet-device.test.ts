/** Ports on interfaces that exist: what operators do with them, and what happens to them. */
import { describe, expect, test } from 'vitest'
import { PacketDevice } from '../../src/device/packet.js'
import { defer } from '../support/cleanup.js'
import { BROADCAST, EtherType, ethernet, frame, station as mac, markOf } from '../support/frames.js'
import { cpuPerSecond, IDLE } from '../support/idle.js'
import { configOf, type Station, station } from '../support/lab.js'
import { up, upFails } from '../support/linkspan.js'
import { ip, ipJson, makeNamespace, namespace, ping, within } from '../support/netns.js'
import { packetSocket } from '../support/packet.js'
import { run } from '../support/process.js'
import { heard, iperf, listen } from '../support/traffic.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

/** A station `eth0` in a namespace, at the end of a veth whose other end is `sw` in `inside`. */
function veth({ netns, ip4, ip6, mac: address }: Station, inside: string, sw: string): void {
  const station = ['name', 'eth0', 'netns', netns, 'address', address]
  ip('-n', inside, 'link', 'add', sw, 'type', 'veth', 'peer', ...station)
  ip('-n', inside, 'link', 'set', sw, 'up')
  ip('-n', netns, 'link', 'set', 'eth0', 'up')
  ip('-n', netns, 'address', 'add', `${ip4}/24`, 'dev', 'eth0')
  ip('-n', netns, 'address', 'add', `${ip6}/64`, 'dev', 'eth0', 'nodad')
}

interface PacketLab {
  /** Behind a TAP. */
  a: Station
  /** Behind a veth each. */
  b: Station
  c: Station
  /** Where the switch's ends of the veths are, `sw1` and `sw2`. */
  inside: string
  config: { version: number; bridges: object; ports: Record<string, unknown> }
}

function packetLab(more: object = {}): PacketLab {
  const [a, b, c] = [0, 1, 2].map((index) => station(index)) as [Station, Station, Station]
  for (const { netns } of [a, b, c]) namespace(netns)
  // No IPv6 of its own on the switch's ends.
  const inside = namespace(undefined, { ipv6: false })
  veth(b, inside, 'sw1')
  veth(c, inside, 'sw2')
  const config = configOf([a])
  const port = (name: string) => {
    return { bridge: 'lan', device: { type: 'packet', name, netns: inside, ...more } }
  }
  return {
    a,
    b,
    c,
    inside,
    config: { ...config, ports: { ...config.ports, b: port('sw1'), c: port('sw2') } },
  }
}

function promiscuity(netns: string, name: string): number | undefined {
  const [link] = ipJson<{ promiscuity: number }[]>(netns, '-d', 'link', 'show', name)
  return link?.promiscuity
}

describe('packet ports', () => {
  test('carry every pair of TAP and veth, over IPv4 and IPv6', async () => {
    const { a, b, c, inside, config } = packetLab()
    const running = await up(config)
    for (const [from, to] of [
      [a, b],
      [b, a],
      [b, c],
    ] as const) {
      const answers = await Promise.all([ping(from.netns, to.ip4), ping(from.netns, to.ip6)])
      expect(answers).toEqual([all, all])
    }
    expect(await running.port('b')).toMatchObject({
      device: 'packet',
      ifname: 'sw1',
      netns: inside,
      state: 'up',
      mtu: 1500,
      kernelDrops: 0,
    })
    expect(await running.fdb()).toEqual({ [a.mac]: 'a', [b.mac]: 'b', [c.mac]: 'c' })
  })

  test.each([
    ['from the TAP to the veth', (lab: PacketLab) => [lab.a, lab.b]],
    ['from the veth to the TAP', (lab: PacketLab) => [lab.b, lab.a]],
    ['from veth to veth', (lab: PacketLab) => [lab.b, lab.c]],
  ])('iperf3 over TCP %s: super-frames arrive whole', async (_, choose) => {
    const lab = packetLab()
    const running = await up(lab.config)
    const [from, to] = choose(lab) as [Station, Station]
    const ear = await listen(to.netns, 'tcp and greater 3000')
    expect((await iperf(from, to, to.ip4, '-n', '50M')).bitsPerSecond).toBeGreaterThan(1e6)
    expect((await iperf(from, to, to.ip6, '-n', '20M')).bitsPerSecond).toBeGreaterThan(1e6)
    const large = await heard(ear)
    expect(large.filter((line) => line.includes('ethertype IPv4')).length).toBeGreaterThan(10)
    expect(large.filter((line) => line.includes('ethertype IPv6')).length).toBeGreaterThan(10)
    // Stations speak before everything is up; nothing else may have been dropped.
    const drops = await running.show<{ reason: string }[]>('drops')
    const early = ['port-down', 'no-destination', 'egress-down']
    expect(drops.filter(({ reason }) => !early.includes(reason))).toEqual([])
  })

  test('UDP: every datagram arrives, fragments too', async () => {
    const { a, b, config } = packetLab()
    await up(config)
    for (const options of [['-u'], ['-u', '-R'], ['-u', '-l', '20000']]) {
      // Slow, and with more room than usual: who receives may have to wait for a processor.
      const pace = ['-b', '10M', '-w', '200K']
      const { lost, packets } = await iperf(a, b, b.ip4, ...pace, ...options)
      expect(packets).toBeGreaterThan(50)
      expect(lost).toBe(0)
    }
  })

  test('carry tagged frames both ways, as they are', async () => {
    const { a, b, config } = packetLab()
    await up(config)
    const tagged = (vid: number) =>
      ethernet(BROADCAST, mac(vid), EtherType.LOCAL, new Uint8Array(46), [{ vid }])
    for (const [from, to, vid] of [
      [a, b, 101],
      [b, a, 102],
    ] as const) {
      const ear = await listen(to.netns, 'vlan')
      packetSocket(from.netns).send(tagged(vid))
      await ear.prints(`vlan ${vid}, p 0, ethertype`)
    }
  })

  test('hear what is for others, and put the interface back when they go', async () => {
    const { a, b, inside, config } = packetLab()
    const running = await up(config)
    expect(promiscuity(inside, 'sw1')).toBe(1)
    // Unknown to the switch, and not the MAC of `sw1`.
    const ear = packetSocket(a.netns)
    packetSocket(b.netns).send(frame(mac(77), mac(78), 4711))
    await until('the frame to be flooded', () => {
      return ear.take().some(({ frame: bytes }) => markOf(bytes) === 4711)
    })
    await running.do('port', 'del', 'b')
    expect(promiscuity(inside, 'sw1')).toBe(0)
    await running.stop()
    expect(promiscuity(inside, 'sw2')).toBe(0)
    expect(ipJson<{ ifname: string }[]>(inside, 'link').map(({ ifname }) => ifname)).toContain(
      'sw2',
    )
  })

  test('put the interface back even when the switch is killed', async () => {
    const { inside, config } = packetLab()
    const running = await up(config)
    expect(promiscuity(inside, 'sw1')).toBe(1)
    await running.stop('SIGKILL')
    await until('the interface to be as it was', () => promiscuity(inside, 'sw1') === 0)
  })

  test('leave the interface as it is where its config says so', async () => {
    const { inside, config } = packetLab({ promiscuous: false })
    await up(config)
    expect(promiscuity(inside, 'sw1')).toBe(0)
  })
})

describe('an interface', () => {
  test('that goes down and up is a port that does so', async () => {
    const { a, b, inside, config } = packetLab()
    const running = await up(config)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    for (let round = 0; round < 3; round++) {
      ip('-n', inside, 'link', 'set', 'sw1', 'down')
      await running.portIs('b', { state: 'down', error: null })
      expect(Object.values(await running.fdb())).not.toContain('b')
      ip('-n', inside, 'link', 'set', 'sw1', 'up')
      await running.portIs('b', { state: 'up' })
      expect(await ping(a.netns, b.ip4)).toEqual(all)
    }
    expect(await cpuPerSecond(running.pid)).toBeLessThan(IDLE)
  })

  test('that is down at the start, or whose peer is, is a port that is down', async () => {
    const { a, b, inside, config } = packetLab()
    ip('-n', inside, 'link', 'set', 'sw1', 'down')
    const running = await up(config)
    await running.portIs('b', { state: 'down' })
    ip('-n', inside, 'link', 'set', 'sw1', 'up')
    await running.portIs('b', { state: 'up' })
    ip('-n', b.netns, 'link', 'set', 'eth0', 'down')
    await running.portIs('b', { state: 'down' })
    ip('-n', b.netns, 'link', 'set', 'eth0', 'up')
    await running.portIs('b', { state: 'up' })
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })

  test('that is deleted is an error, and the others go on', async () => {
    const { a, c, inside, config } = packetLab()
    const running = await up(config)
    ip('-n', inside, 'link', 'del', 'sw1')
    await running.portIs('b', {
      state: 'error',
      error: 'its interface was deleted, or moved to another namespace',
    })
    expect(await ping(a.netns, c.ip4)).toEqual(all)
    expect(await cpuPerSecond(running.pid)).toBeLessThan(IDLE)
  })

  test('that is deleted and made again is found again where its port waits', async () => {
    const { a, b, inside, config } = packetLab({ missing: 'wait' })
    const running = await up(config)
    for (let round = 0; round < 2; round++) {
      ip('-n', inside, 'link', 'del', 'sw1')
      await running.portIs('b', { state: 'waiting' })
      expect(await cpuPerSecond(running.pid)).toBeLessThan(IDLE)
      veth(b, inside, 'sw1')
      await running.portIs('b', { state: 'up' })
      expect(promiscuity(inside, 'sw1')).toBe(1)
      expect(await ping(a.netns, b.ip4)).toEqual(all)
    }
  })

  test('whose namespace is deleted goes with it, and comes again with it', async () => {
    const { a, b, inside, config } = packetLab({ missing: 'wait' })
    const running = await up(config)
    ip('netns', 'del', inside)
    await running.portIs('b', { state: 'waiting' })
    // Nothing holds the namespace any more: the kernel deletes its veths, and their peers.
    await until('the namespace to end', () => {
      return !ipJson<{ ifname: string }[]>(b.netns, 'link').some(({ ifname }) => ifname === 'eth0')
    })
    makeNamespace(inside, { ipv6: false })
    veth(b, inside, 'sw1')
    await running.portIs('b', { state: 'up' })
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })

  test('that is not there is an error that says so, or is waited for', async () => {
    const inside = namespace()
    const device = { type: 'packet', name: 'eth9', netns: inside }
    const config = { version: 1, bridges: { lan: {} }, ports: { p: { bridge: 'lan', device } } }
    const { status, stderr } = await upFails(config)
    expect(status).toBe(1)
    expect(stderr).toContain(`cannot open a packet socket on 'eth9' in namespace '${inside}'`)
    expect(stderr).toContain('there is no interface of that name')
    const waiting = { bridge: 'lan', device: { ...device, missing: 'wait' } }
    const running = await up({ ...config, ports: { p: waiting } })
    await running.portIs('p', { state: 'waiting' })
    ip('-n', inside, 'link', 'add', 'eth9', 'up', 'type', 'veth')
    await running.portIs('p', { state: 'down' })
  })

  test('that is no Ethernet is refused', async () => {
    const inside = namespace()
    const made = await run(within(inside, 'ip', 'tuntap', 'add', 'tun0', 'mode', 'tun'))
    expect(made.status).toBe(0)
    expect(() => PacketDevice.open({ name: 'tun0', netns: inside, promiscuous: true })).toThrow(
      'it is no Ethernet interface',
    )
  })
})

test('frames for which the socket has no room are counted, once', () => {
  const netns = namespace(undefined, { ipv6: false })
  ip('-n', netns, 'link', 'add', 'sw', 'up', 'type', 'veth', 'peer', 'name', 'eth0')
  ip('-n', netns, 'link', 'set', 'eth0', 'up')
  const device = PacketDevice.open({ name: 'sw', netns, promiscuous: false })
  defer(() => device.close())
  const mouth = packetSocket(netns)
  expect(device.info()?.kernelDrops).toBe(0)
  const long = frame(mac(1), mac(2), 0, 1514)
  for (let count = 0; count < 8000; count++) mouth.send(long)
  const drops = device.info()?.kernelDrops ?? 0
  expect(drops).toBeGreaterThan(0)
  expect(device.info()?.kernelDrops).toBe(drops)
  // It is full but for less than a frame, which takes some of the kernel's memory besides its octets.
  const { unit, used = 0, capacity = 0 } = device.info()?.queue ?? {}
  expect(unit).toBe('bytes')
  expect(used).toBeLessThanOrEqual(capacity + 4096)
  expect(used).toBeGreaterThan(capacity - 4096)
})
