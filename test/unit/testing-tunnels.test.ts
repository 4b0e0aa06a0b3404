/** The lab: VXLAN between switches, over a network of the lab that does what such networks do. */
import { describe, expect, test } from 'vitest'
import { parseMac } from '../../src/config/address.js'
import { dissect } from '../../src/packet/dissect/dissect.js'
import { wrap } from '../../src/packet/outer.js'
import { type Bridge, createLab, type Lab, type LabOptions } from '../../src/testing/index.js'
import { codeOf } from '../support/errors.js'
import { packet, station } from '../support/frames.js'
import { isSame } from '../support/octets.js'
import { vxlanHeader } from '../support/vxlan.js'

const NUMBERS = [1, 2, 3]
const vtep = (number: number) => `192.0.2.${number}`

/** Edges on one bridge of the lab, each with a bridge of VNI 42 and a host on it. */
async function edges(
  count: number,
  { options, more }: { options?: LabOptions; more?: object } = {},
) {
  const lab = await createLab(options)
  const internet = lab.bridge('internet', { subnets: ['192.0.2.0/24'] })
  const numbers = NUMBERS.slice(0, count)
  const all = numbers.map((number) => {
    const edge = lab.switch(`edge${number}`)
    edge.underlay({ bridge: internet, addresses: [`${vtep(number)}/24`] })
    const peers = numbers.filter((other) => other !== number).map(vtep)
    edge.bridge(`blue${number}`, { vxlan: { vni: 42, peers }, ...more })
    return edge
  })
  const hosts = numbers.map((number) => lab.host(`h${number}`, { bridge: `blue${number}` }))
  return { lab, internet, edges: all, hosts }
}

const [first, second, third] = [0, 1, 2] as const

test('hosts of one VNI on several switches have addresses of one network, and reach each other', async () => {
  const { lab, hosts, edges: all } = await edges(3)
  expect(hosts.map(({ addresses }) => addresses[0])).toEqual([
    '10.55.0.1',
    '10.55.0.2',
    '10.55.0.3',
  ])
  for (const from of hosts) {
    for (const to of hosts) expect((await from.ping(to)).received).toBe(1)
  }
  expect(all[first]!.production.fdb.list()).toContainEqual(
    expect.objectContaining({ mac: hosts[third]!.mac, vtep: vtep(3), port: null }),
  )
  await lab.close()
})

test.each([
  ['IPv4', ['192.0.2.0/24'], ['192.0.2.1', '192.0.2.2'], 1450],
  ['IPv6', ['2001:db8::/64'], ['2001:db8::1', '2001:db8::2'], 1430],
] as const)('over %s: TCP in both directions', async (_, subnets, vteps, mtu) => {
  const lab = await createLab()
  const internet = lab.bridge('internet', { subnets: [...subnets] })
  const [one, other] = vteps.map((address, index) => {
    const edge = lab.switch(`edge${index}`)
    const length = address.includes(':') ? 64 : 24
    edge.underlay({ bridge: internet, addresses: [`${address}/${length}`] })
    const peers = vteps.filter((peer) => peer !== address)
    return lab.host(`h${index}`, { bridge: edge.bridge(`b${index}`, { vxlan: { vni: 7, peers } }) })
  })
  other!.listen(7, (connection) => connection.readable.pipeTo(connection.writable))
  const connection = await one!.connect(other!, 7)
  const sent = Uint8Array.from({ length: 100_000 }, (_, index) => index * 7)
  const writer = connection.writable.getWriter()
  void writer.write(sent).then(() => writer.close())
  const echo = new Uint8Array(await new Response(connection.readable).arrayBuffer())
  expect(isSame(echo, sent)).toBe(true)
  expect(lab.switch('edge0').production.tunnels()).toMatchObject([
    { vni: 7, local: vteps[0], vtep: vteps[1], mtu, pathMtu: null },
  ])
  await lab.close()
})

test('a link of an underlay is as any other: counted, captured, with faults', async () => {
  const { lab, hosts, edges: all } = await edges(2)
  const link = lab.link('edge1:underlay.internet')
  expect(all[first]!.link).toBe(link)
  const seen: Uint8Array[] = []
  link.tap((frame) => void seen.push(frame.slice()))
  await hosts[first]!.ping(hosts[second]!)
  const layers = seen.map((frame) => dissect(frame, { vxlanPort: 4789 }).map(({ layer }) => layer))
  expect(layers).toContainEqual(['ethernet', 'arp', 'padding'])
  const ping = ['ethernet', 'ipv4', 'udp', 'vxlan', 'ethernet', 'ipv4', 'icmp']
  expect(layers.filter((one) => one[6] === 'icmp').map((one) => one.slice(0, 7))).toEqual([
    ping,
    ping,
  ])
  link.set({ delay: '10ms' })
  expect((await hosts[first]!.ping(hosts[second]!)).rtt?.min).toBe(20)
  link.set({ up: false })
  expect((await hosts[first]!.ping(hosts[second]!)).received).toBe(0)
  expect(link.counters.drops.down).toBeGreaterThan(0)
  await lab.close()
})

test('DF is set, the type of service is that of the packet inside, and the checksum is right', async () => {
  const { lab, hosts, edges: all } = await edges(2)
  const outer: Record<string, unknown>[] = []
  all[first]!.link.tap((frame) => {
    const [, ip, udp] = dissect(frame)
    if (udp?.layer === 'udp') outer.push({ ...ip?.fields, ...udp.fields })
  })
  await hosts[first]!.ping(hosts[second]!)
  expect(outer.length).toBeGreaterThan(2)
  for (const fields of outer) {
    expect(fields).toMatchObject({ flags: ['DF'], ttl: 64, destinationPort: 4789 })
    expect(fields.checksumState).toBe('right')
  }
  await lab.close()
})

test('the type of service goes out with the datagram, and a mark comes in with it (RFC 6040)', async () => {
  const { lab, edges: all } = await edges(2)
  const inside = all[first]!.production.addPort('own', { bridge: 'blue1' })
  const outside = lab.switch().production.addPort('raw', { bridge: 'internet' })
  const outer: unknown[] = []
  all[first]!.link.tap((frame) => {
    const [, ip, udp] = dissect(frame)
    if (udp?.layer === 'udp') outer.push([ip?.fields.dscp, ip?.fields.ecn])
  })
  const { frame: made } = packet({ version: 6, protocol: 'udp', payload: 20 })
  made.set([0x6b, 0xa0], 14) // DSCP 46, ECT(0)
  inside.send(made)
  lab.host('waker', { bridge: 'blue1' }).udp().send('10.55.255.255', 7, '')
  await lab.advance(10)
  expect(outer).toContainEqual([46, 2])
  const ends = { source: vtep(2), destination: vtep(1), sourcePort: 50_000, destinationPort: 4789 }
  const datagram = wrap(Uint8Array.from([...vxlanHeader(42), ...made]), {
    ...{ ...ends, ttl: 64, dscp: 46, ecn: 3 },
  })
  datagram.set([...parseMac(all[first]!.mac), ...station(9)])
  inside.take()
  outside.send(datagram)
  await lab.host('other', { bridge: 'internet' }).udp().send('192.0.2.255', 7, '')
  await lab.advance(10)
  expect(inside.take().map((frame) => [...frame.subarray(14, 16)])).toContainEqual([0x6b, 0xb0])
  await lab.close()
})

describe('a partition', () => {
  test('between edges keeps those apart, and nobody else; healing joins them', async () => {
    const { lab, hosts, edges: all } = await edges(3)
    const reach = async (from: number, to: number) =>
      (await hosts[from]!.ping(hosts[to]!, { timeout: '1s' })).received === 1
    expect(await reach(first, second)).toBe(true)
    lab.partition([all[first]!], [all[second]!])
    expect(await reach(first, second)).toBe(false)
    expect(await reach(first, third)).toBe(true)
    expect(await reach(second, third)).toBe(true)
    lab.heal()
    await lab.sleep('2s')
    expect(await reach(first, second)).toBe(true)
    await lab.close()
  })

  test('one way: the other way frames go on', async () => {
    const { lab, hosts, edges: all } = await edges(2)
    const heard: string[] = []
    for (const host of hosts) host.udp(7, ({ text }) => void heard.push(text))
    for (const [from, to] of [hosts, [...hosts].reverse()]) await from!.ping(to!)
    lab.cut(['edge1'], ['edge2'])
    await hosts[first]!.udp().send(hosts[second]!, 7, 'from 1')
    await hosts[second]!.udp().send(hosts[first]!, 7, 'from 2')
    await lab.advance(10)
    expect(heard).toEqual(['from 2'])
    expect(all[second]!.link.counters.drops.partition).toBe(1)
    lab.heal()
    await hosts[first]!.udp().send(hosts[second]!, 7, 'from 1')
    await lab.advance(10)
    expect(heard).toEqual(['from 2', 'from 1'])
    await lab.close()
  })

  test('of hosts holds across tunnels', async () => {
    const { lab, hosts } = await edges(2)
    expect((await hosts[first]!.ping(hosts[second]!)).received).toBe(1)
    lab.partition([hosts[first]!], [hosts[second]!])
    expect((await hosts[first]!.ping(hosts[second]!)).received).toBe(0)
    await lab.close()
  })

  test('of a switch without an underlay is refused', async () => {
    const { lab, edges: all } = await edges(2)
    expect(codeOf(() => lab.partition([lab.switch()], [all[first]!]))).toBe('NOT_FOUND')
    await lab.close()
  })
})

test('two VNIs do not mix, on one edge or between edges', async () => {
  const { lab, edges: all, hosts } = await edges(2)
  const [red1, red2] = all.map((edge, index) =>
    edge.bridge(`red${index + 1}`, {
      subnets: ['10.55.0.0/16'],
      vxlan: { vni: 43, peers: [vtep(2 - index)] },
    }),
  )
  // The same addresses as those of the others.
  const twin = lab.host('r1', { bridge: red1 as Bridge, addresses: ['10.55.0.1/16'] })
  const other = lab.host('r2', { bridge: red2 as Bridge, addresses: ['10.55.0.2/16'] })
  const heard: string[] = []
  for (const host of [...hosts, twin, other]) {
    host.udp(7, ({ text }) => void heard.push(`${host.name}: ${text}`))
  }
  await twin.udp().send('10.55.0.2', 7, 'red')
  await hosts[first]!.udp().send('10.55.255.255', 7, 'all blue')
  await lab.advance(100)
  expect(heard.sort()).toEqual(['h1: all blue', 'h2: all blue', 'r2: red'])
  await lab.close()
})

describe('lengths', () => {
  test('hosts behind tunnels have what those carry; the longest packet passes', async () => {
    const { lab, hosts } = await edges(2)
    const ping = (size: number) =>
      hosts[first]!.ping(hosts[second]!, { size, dontFragment: true, timeout: '1s' })
    expect((await ping(1450 - 28)).received).toBe(1)
    const { errors } = await ping(1450 - 27)
    expect(errors).toMatchObject([{ reason: 'too-big', mtu: 1450 }])
    // In fragments, each of which fits.
    expect((await hosts[first]!.ping(hosts[second]!, { size: 5000 })).received).toBe(1)
    await lab.close()
  })

  test('a host that may send more is told by the switch', async () => {
    const { lab, hosts, edges: all } = await edges(2, { more: { mtu: 1500 } })
    await hosts[first]!.ping(hosts[second]!)
    const { errors } = await hosts[first]!.ping(hosts[second]!, { size: 1472, dontFragment: true })
    expect(errors).toMatchObject([{ reason: 'too-big', mtu: 1450 }])
    expect(all[first]!.production.drops('h1')).toEqual([
      { port: 'h1', reason: 'needs-fragmentation', frames: 1 },
    ])
    await lab.close()
  })

  test('the MTU of the bridge between edges is that of the tunnels', async () => {
    const lab = await createLab()
    const wide = lab.bridge('wide', { mtu: 9000, subnets: ['192.0.2.0/24'] })
    const edge = lab.switch('edge').underlay({ bridge: wide, addresses: ['192.0.2.1/24'] })
    edge.bridge('blue', { vxlan: { vni: 1, peers: [vtep(2)] } })
    expect(edge.production.tunnels()[0]?.mtu).toBe(8950)
    await lab.close()
  })

  test('what does not fit into the link does not leave, and is a drop of the underlay', async () => {
    const lab = await createLab()
    const internet = lab.bridge('internet', { subnets: ['192.0.2.0/24'] })
    const edge = lab.switch('edge')
    edge.underlay({ bridge: internet, addresses: ['192.0.2.1/24'], mtu: 9000 }) // the link takes 1500
    const blue = edge.bridge('blue', { mtu: 3000, vxlan: { vni: 1, peers: [vtep(2)] } })
    const socket = lab.host('h', { bridge: blue }).udp()
    for (let count = 0; count < 2; count++) {
      await socket.send('10.55.255.255', 7, new Uint8Array(2000))
      await lab.advance(10)
    }
    expect(edge.link.counters.sent).toBe(0)
    expect(edge.production.drops()).toEqual([
      { port: 'underlay@192.0.2.1:4789', reason: 'underlay-too-big', frames: 1 },
      { port: 'blue@192.0.2.2', reason: 'over-mtu', frames: 1 },
    ])
    expect(edge.production.tunnels()[0]).toMatchObject({ mtu: 1450, errors: { tooBig: 1 } })
    await lab.close()
  })

  /** Two edges on networks of their own, with a router between whose second network takes less. */
  async function narrow(mtu: number): Promise<{ lab: Lab; edge: ReturnType<Lab['switch']> }> {
    const lab = await createLab()
    const near = lab.bridge('near', { gateway: ['192.0.2.254/24'] })
    const far = lab.bridge('far', { gateway: ['198.51.100.254/24'], mtu })
    const edge = lab.switch('edge1').underlay({ bridge: near, addresses: ['192.0.2.1/24'] })
    const other = lab.switch('edge2').underlay({ bridge: far, addresses: ['198.51.100.1/24'] })
    const [one, two] = [edge, other].map((on, index) =>
      on.bridge(`blue${index + 1}`, {
        vxlan: { vni: 1, peers: (index === 0 ? other : edge).addresses },
      }),
    )
    lab.host('h1', { bridge: one as Bridge })
    lab.host('h2', { bridge: two as Bridge })
    return { lab, edge }
  }

  test('what a router on the way says makes the tunnel narrower, for ten minutes', async () => {
    const { lab, edge } = await narrow(1400)
    const [h1] = [...lab.hosts.values()]
    const ping = (size: number) => h1!.ping('h2', { size, dontFragment: true, timeout: '1s' })
    expect((await ping(56)).received).toBe(1)
    const tunnel = () => edge.production.tunnels()[0]
    // The datagram is lost, and its length is learnt …
    expect((await ping(1350)).received).toBe(0)
    expect(tunnel()).toMatchObject({ mtu: 1350, pathMtu: 1400, errors: { tooBig: 1 } })
    // … so that the next one's sender is told.
    expect((await ping(1350)).errors).toMatchObject([{ reason: 'too-big', mtu: 1350 }])
    expect((await ping(1350 - 28)).received).toBe(1)
    await lab.advance('11m')
    expect(tunnel()).toMatchObject({ mtu: 1450, pathMtu: null })
    await lab.close()
  })

  test('TCP through a tunnel that is narrower than its ends know finds its way', async () => {
    const { lab } = await narrow(1400)
    const [h1, h2] = [...lab.hosts.values()]
    h2!.listen(7, (connection) => connection.readable.pipeTo(connection.writable))
    const connection = await h1!.connect(h2!, 7)
    const writer = connection.writable.getWriter()
    const sent = new Uint8Array(50_000).fill(7)
    void writer.write(sent).then(() => writer.close())
    expect((await new Response(connection.readable).arrayBuffer()).byteLength).toBe(50_000)
    await lab.close()
  })
})

describe('a peer that is not there', () => {
  test('nobody has the address: an error of the tunnel', async () => {
    const { lab, hosts, edges: all } = await edges(2)
    all[second]!.link.set({ up: false })
    expect((await hosts[first]!.ping(hosts[second]!)).received).toBe(0)
    await lab.advance('5s')
    const [tunnel] = all[first]!.production.tunnels()
    expect(tunnel?.errors.tooBig).toBe(0)
    expect(tunnel?.errors.unreachable).toBeGreaterThan(0)
    await lab.close()
  })

  test('no way leads there: a drop of the underlay', async () => {
    const lab = await createLab()
    const internet = lab.bridge('internet', { subnets: ['192.0.2.0/24'] })
    const edge = lab.switch('edge').underlay({ bridge: internet, addresses: ['192.0.2.1/24'] })
    const blue = edge.bridge('blue', { vxlan: { vni: 1, peers: ['198.51.100.1'] } })
    await lab.host('h', { bridge: blue }).udp().send('10.55.255.255', 7, 'anybody?')
    await lab.advance(10)
    expect(edge.production.drops()).toEqual([
      { port: 'underlay@192.0.2.1:4789', reason: 'underlay-unreachable', frames: 1 },
    ])
    await lab.close()
  })

  test('a host that has no such port says so', async () => {
    const lab = await createLab()
    const internet = lab.bridge('internet', { subnets: ['192.0.2.0/24'] })
    lab.host('bystander', { bridge: internet, addresses: ['192.0.2.2/24'] })
    const edge = lab.switch('edge').underlay({ bridge: internet, addresses: ['192.0.2.1/24'] })
    const blue = edge.bridge('blue', { vxlan: { vni: 1, peers: [vtep(2)] } })
    await lab.host('h', { bridge: blue }).udp().send('10.55.255.255', 7, 'anybody?')
    await lab.advance(10)
    expect(edge.production.tunnels()[0]?.errors).toEqual({ tooBig: 0, unreachable: 1 })
    await lab.close()
  })

  test('a switch itself says so of ports that its underlay does not have, and is silent on others', async () => {
    const { lab, internet } = await edges(2)
    const socket = lab.host('bystander', { bridge: internet }).udp()
    for (const port of [4788, 4789, 49_152]) await socket.send(vtep(1), port, 'x')
    await lab.advance(10)
    expect(socket.errors).toMatchObject([{ reason: 'port-unreachable', port: 4788 }])
    const reasons = lab
      .switch('edge1')
      .production.drops()
      .map(({ reason }) => reason)
    expect(reasons).toEqual(['vxlan-header'])
    await lab.close()
  })
})

test('hosts use the gateway of another edge, or one that edges share', async () => {
  const lab = await createLab()
  const internet = lab.bridge('internet', { subnets: ['192.0.2.0/24'] })
  const [one, two] = [1, 2].map((number) =>
    lab.switch(`edge${number}`).underlay({ bridge: internet, addresses: [`${vtep(number)}/24`] }),
  )
  const vxlan = (number: number) => ({ vni: 42, peers: [vtep(number)] })
  one!.bridge('blue1', { gateway: ['10.0.0.254/24'], vxlan: vxlan(2) })
  const other = one!.bridge('other', { gateway: ['10.1.0.254/24'] })
  const far = lab.host('far', { bridge: two!.bridge('blue2', { vxlan: vxlan(1) }) })
  expect(far.addresses).toEqual(['10.0.0.1'])
  expect((await far.ping(lab.host('target', { bridge: other }))).received).toBe(1)
  await lab.close()
})

test('a gateway with an address that a host on another edge has is refused, and the bridge is not there', async () => {
  const { lab, edges: all } = await edges(2)
  const gateway = ['10.55.0.1/16']
  const add = () => all[first]!.bridge('late', { gateway, vxlan: { vni: 42, port: 4790 } })
  expect(codeOf(add)).toBe('EXISTS')
  expect(Object.keys(all[first]!.production.config.bridges)).toEqual(['blue1'])
  all[first]!.bridge('late')
  await lab.close()
})

describe('is refused, and nothing of it is there', () => {
  test('what the underlay has wrong', async () => {
    const lab = await createLab()
    const internet = lab.bridge('internet', { subnets: ['192.0.2.0/24'] })
    lab.host('a', { bridge: internet, addresses: ['192.0.2.9/24'] })
    const edge = lab.switch('edge')
    const codes = [
      { bridge: 'nowhere' },
      { bridge: internet, addresses: ['192.0.2.9/24'] },
      { bridge: internet, addresses: ['10.0.0.1/24'] },
      { bridge: internet, addresses: ['192.0.2.1/24', '192.0.2.2/24'] },
      { bridge: internet, addresses: [] },
      { bridge: internet, adresses: ['192.0.2.1/24'] },
      { bridge: internet, port: 0 },
    ].map((input) => codeOf(() => edge.underlay(input as never)))
    expect(codes).toEqual([
      'NOT_FOUND',
      'EXISTS',
      'INVALID',
      'CONFIG',
      'CONFIG',
      'CONFIG',
      'CONFIG',
    ])
    expect(codeOf(() => edge.link)).toBe('NOT_FOUND')
    expect(codeOf(() => edge.bridge('blue', { vxlan: { vni: 1 } }))).toBe('CONFIG')
    edge.underlay({ bridge: internet, addresses: ['192.0.2.1/24'] })
    expect(edge.addresses).toEqual(['192.0.2.1'])
    expect(codeOf(() => edge.underlay({ bridge: internet, addresses: ['192.0.2.2/24'] }))).toBe(
      'EXISTS',
    )
    expect(codeOf(() => lab.host('b', { bridge: internet, addresses: ['192.0.2.1/24'] }))).toBe(
      'EXISTS',
    )
    await lab.close()
  })

  test('an underlay in the config of a switch', async () => {
    const lab = await createLab()
    const config = { underlay: { addresses: ['192.0.2.1'] } }
    expect(() => lab.switch('edge', config)).toThrow('underlay()')
    await lab.close()
  })
})

test('an underlay without addresses gets those of its bridge', async () => {
  const lab = await createLab()
  const internet = lab.bridge('internet', { subnets: ['192.0.2.0/24'] })
  const [one, two] = ['one', 'two'].map((name) => lab.switch(name).underlay({ bridge: internet }))
  expect([one!.addresses, two!.addresses]).toEqual([['192.0.2.1'], ['192.0.2.2']])
  await lab.close()
})

test('the first switch may have an underlay on a bridge of its own', async () => {
  const lab = await createLab()
  const internet = lab.bridge('internet', { subnets: ['192.0.2.0/24'] })
  lab.switch().underlay({ bridge: internet, addresses: ['192.0.2.1/24'] })
  const edge = lab.switch('edge').underlay({ bridge: internet, addresses: ['192.0.2.2/24'] })
  const [one, two] = [lab.switch(), edge].map((on, index) =>
    lab.host(`h${index}`, {
      bridge: on.bridge(`blue${index}`, { vxlan: { vni: 1, peers: [vtep(2 - index)] } }),
    }),
  )
  expect((await one!.ping(two!)).received).toBe(1)
  expect(lab.link('underlay.internet')).toBe(lab.switch().link)
  await lab.close()
})

test('the same seed gives the same octets', async () => {
  const files = await Promise.all(
    [7, 7, 8].map(async (seed) => {
      const { lab, hosts, edges: all } = await edges(3, { options: { seed } })
      const file = lab.capture()
      all[first]!.link.set({ loss: '20%', delay: '3ms', jitter: '1ms' })
      await hosts[first]!.ping(hosts[second]!, { count: 20, interval: '100ms' })
      await hosts[third]!.ping(hosts[first]!, { count: 20, interval: '100ms' })
      await lab.close()
      return file.bytes()
    }),
  )
  expect(files[0]).toEqual(files[1])
  expect(files[0]).not.toEqual(files[2])
})
