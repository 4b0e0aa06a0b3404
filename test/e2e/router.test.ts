/** The router in namespaces: gateways, uplinks and routes as programs of Linux see them. */
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { configFile, up } from '../support/linkspan.js'
import { finishPing, ip, ipJson, namespace, ping, startPing } from '../support/netns.js'
import { inNamespace, tap, twoBridges } from '../support/routed.js'
import { iperf } from '../support/traffic.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

describe('two bridges with gateways', () => {
  test('are routed, and the gateways answer', async () => {
    const { left, right, config } = twoBridges()
    const running = await up(config)
    expect(ipJson<{ gateway: string }[]>(left, 'route', 'show', 'default')).toMatchObject([
      { gateway: '10.55.0.1' },
    ])
    for (const to of ['10.55.0.1', '10.66.0.1', '10.66.0.2']) {
      expect(await ping(left, to), to).toEqual(all)
    }
    expect(await ping(right, '10.55.0.2')).toEqual(all)
    const [host] = ipJson<{ dst: string; lladdr: string }[]>(left, 'neigh', 'show', '10.55.0.1')
    const { bridges } = await running.show<{
      bridges: Record<string, { gateway: { mac: string } }>
    }>('config')
    expect(host?.lladdr).toBe(bridges.blue?.gateway.mac)
  })
})

describe('iperf3 through the router', () => {
  test.each([
    ['TCP', '10.66.0.2', []],
    ['TCP, the other way', '10.66.0.2', ['-R']],
  ])('%s', async (_, to, options) => {
    const { left, right, config } = twoBridges()
    await up(config)
    const { bitsPerSecond } = await iperf(inNamespace(left), inNamespace(right), to, ...options)
    expect(bitsPerSecond).toBeGreaterThan(1e6)
  })

  test('UDP: every datagram arrives, fragmented ones too', async () => {
    const { left, right, config } = twoBridges()
    await up(config)
    const options = ['-u', '-b', '4M', '-l', '4000']
    const { lost, packets } = await iperf(
      inNamespace(left),
      inNamespace(right),
      '10.66.0.2',
      ...options,
    )
    expect(packets).toBeGreaterThan(10)
    expect(lost).toBe(0)
  })
})

describe('an uplink', () => {
  /** A host that forwards, and a host behind it: the outer network. */
  function outer() {
    const [host, far] = [namespace(), namespace()]
    const forward = 'sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1'
    execFileSync('ip', ['netns', 'exec', host, 'sh', '-c', forward])
    ip('-n', host, 'link', 'add', 'far', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far)
    for (const [netns, name, n] of [
      [host, 'far', 1],
      [far, 'eth0', 2],
    ] as const) {
      ip('-n', netns, 'addr', 'add', `198.51.100.${n}/24`, 'dev', name)
      ip('-n', netns, 'addr', 'add', `2001:db8:51::${n}/64`, 'dev', name)
      ip('-n', netns, 'link', 'set', name, 'up')
    }
    ip('-n', far, 'route', 'add', 'default', 'via', '198.51.100.1')
    ip('-n', far, '-6', 'route', 'add', 'default', 'via', '2001:db8:51::1')
    return { host, far }
  }

  const wan = (host: string) => ({
    device: {
      type: 'tap',
      name: 'up0',
      netns: host,
      addresses: ['203.0.113.1/24', '2001:db8::1/64'],
      routes: [
        { to: '10.55.0.0/24', via: '203.0.113.10' },
        { to: 'fd55::/64', via: '2001:db8::10' },
      ],
    },
    addresses: ['203.0.113.10/24', '2001:db8::10/64'],
    routes: [
      { to: 'default', via: '203.0.113.1' },
      { to: 'default', via: '2001:db8::1' },
    ],
  })

  test('leads by its next hop to the networks outside, and back', async () => {
    const { left, config } = twoBridges()
    const { host, far } = outer()
    const running = await up({ ...config, uplinks: { wan: wan(host) } })
    for (const to of ['203.0.113.10', '203.0.113.1', '198.51.100.2']) {
      expect(await ping(left, to), to).toEqual(all)
    }
    expect(await ping(far, '10.55.0.2')).toEqual(all)
    expect(await running.port('wan')).toMatchObject({ bridge: null, ifname: 'up0', state: 'up' })
    expect(await running.do('show', 'bridges')).not.toContain('wan')
    const routes = await running.do('show', 'routes')
    expect(routes).toMatch(/^0\.0\.0\.0\/0 +203\.0\.113\.1 +wan +static$/m)
    expect(routes).toMatch(/^10\.55\.0\.0\/24 +- +blue +connected$/m)
    expect(await running.do('show', 'neighbors', '--uplink', 'wan')).toMatch(
      /^203\.0\.113\.1 .* wan /m,
    )
    for (const words of [
      ['del', 'wan'],
      ['set', 'wan', '--mtu', '1400'],
    ]) {
      const { status, stderr } = await running.run('port', ...words)
      expect([status, stderr]).toEqual([
        1,
        'linkspan: "wan" is an uplink: change it in the config, and apply that\n',
      ])
    }
  })

  test('comes, changes and goes with apply', async () => {
    const { left, config } = twoBridges()
    const { host, far } = outer()
    const running = await up(config)
    const apply = (more: object) => running.do('apply', '-c', configFile({ ...config, ...more }))
    expect(await apply({ uplinks: { wan: wan(host) } })).toBe(`+ uplink wan  tap up0 in ${host}\n`)
    expect(await ping(left, '198.51.100.2')).toEqual(all)
    const program = await startPing(left, '198.51.100.2')
    expect(await apply({ uplinks: { wan: { ...wan(host), mtu: 1400 } } })).toMatch(
      /^~ uplink wan {2}.*mtu/,
    )
    const { transmitted, received } = await finishPing(program)
    expect(received).toBe(transmitted)
    expect(await apply({})).toBe('- uplink wan\n')
    expect(ipJson<object[]>(host, 'link').length).toBe(2)
    expect((await ping(far, '10.55.0.2', '-c', '1', '-W', '1')).received).toBe(0)
    expect(await ping(left, '10.66.0.2')).toEqual(all)
  })

  test('of a NIC that is there', async () => {
    const { left, config } = twoBridges()
    const [here, far] = [namespace(), namespace()]
    ip('-n', here, 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', far)
    ip('-n', here, 'link', 'set', 'eth1', 'up')
    ip('-n', far, 'link', 'set', 'eth0', 'up')
    ip('-n', far, 'addr', 'add', '192.168.7.1/24', 'dev', 'eth0')
    ip('-n', far, 'route', 'add', '10.0.0.0/8', 'via', '192.168.7.2')
    const device = { type: 'packet', name: 'eth1', netns: here }
    const uplinks = { nic: { device, addresses: ['192.168.7.2/24'] } }
    await up({ ...config, uplinks })
    expect(await ping(left, '192.168.7.1')).toEqual(all)
    expect(await ping(far, '10.66.0.2')).toEqual(all)
  })
})

describe('apply', () => {
  test('gives a gateway another address while packets flow through the others', async () => {
    const { left, config } = twoBridges()
    const running = await up(config)
    const program = await startPing(left, '10.66.0.2')
    for (const last of [7, 8, 1]) {
      const red = { gateway: { addresses: [`10.66.0.1/24`, `10.66.0.${100 + last}/24`] } }
      await running.do(
        'apply',
        '-c',
        configFile({ ...config, bridges: { ...config.bridges, red } }),
      )
      expect(await ping(left, `10.66.0.${100 + last}`)).toEqual(all)
    }
    const { transmitted, received, duplicates } = await finishPing(program)
    expect({ received, duplicates }).toEqual({ received: transmitted, duplicates: 0 })
  })

  test('moves the gateway, and the default routes of its ports with it', async () => {
    const { left, config } = twoBridges()
    const running = await up(config)
    const blue = { gateway: { addresses: ['10.55.0.254/24', 'fd55::1/64'] } }
    const next = { ...config, bridges: { ...config.bridges, blue } }
    expect(await running.do('apply', '-c', configFile(next))).toBe(
      '~ bridge blue  gateway.addresses\n~ port left  device.routes\n',
    )
    expect(ipJson<object[]>(left, 'route', 'show', 'default')).toMatchObject([
      { gateway: '10.55.0.254' },
    ])
    expect(await ping(left, '10.66.0.2')).toEqual(all)
    expect((await ping(left, '10.55.0.1', '-c', '1', '-W', '1')).received).toBe(0)
  })

  test('that fails leaves the router as it was', async () => {
    const { left, config } = twoBridges()
    const running = await up(config)
    const device = { type: 'tap', name: 'up0', netns: 'e2e-none' }
    const next = {
      ...config,
      bridges: { ...config.bridges, blue: { gateway: { addresses: ['10.55.0.254/24'] } } },
      uplinks: { wan: { device, addresses: ['203.0.113.10/24'] } },
    }
    const { status, stderr } = await running.run('apply', '-c', configFile(next))
    expect([status, stderr]).toEqual([1, expect.stringContaining('e2e-none')])
    expect(await ping(left, '10.66.0.2')).toEqual(all)
    expect(await running.do('show', 'routes')).not.toContain('203.0.113')
  })

  test('takes a gateway away', async () => {
    const { left, config } = twoBridges()
    const running = await up(config)
    await running.do(
      'apply',
      '-c',
      configFile({ ...config, bridges: { ...config.bridges, blue: {} } }),
    )
    expect(ipJson<object[]>(left, 'route', 'show', 'default')).toEqual([])
    expect((await ping(left, '10.55.0.1', '-c', '1', '-W', '1')).received).toBe(0)
  })
})

test('a VLAN with a gateway is routed, the others are not', async () => {
  const [one, two, other] = [namespace(), namespace(), namespace()]
  const port = (netns: string, access: number, address: string) => ({
    bridge: 'lab',
    vlan: { access },
    device: tap(netns, [address]),
  })
  await up({
    version: 1,
    bridges: {
      lab: { vlanAware: true, gateway: { addresses: ['10.10.0.1/24'], vlan: 10 } },
      red: { gateway: { addresses: ['10.66.0.1/24'] } },
    },
    ports: {
      one: port(one, 10, '10.10.0.2/24'),
      other: port(other, 20, '10.10.0.3/24'),
      two: { bridge: 'red', device: tap(two, ['10.66.0.2/24']) },
    },
  })
  expect(await ping(one, '10.66.0.2')).toEqual(all)
  expect(await ping(two, '10.10.0.2')).toEqual(all)
  expect((await ping(other, '10.10.0.1', '-c', '1', '-W', '1')).received).toBe(0)
  expect(ipJson<object[]>(other, 'route', 'show', 'default')).toEqual([])
})

test('routes by hand lead through hosts', async () => {
  const { left, right, config } = twoBridges()
  ip('-n', right, 'link', 'set', 'lo', 'up')
  ip('-n', right, 'addr', 'add', '10.99.0.1/32', 'dev', 'lo')
  const running = await up(config)
  expect((await ping(left, '10.99.0.1', '-c', '1', '-W', '1')).received).toBe(0)
  const routes = [{ to: '10.99.0.0/16', via: '10.66.0.2' }]
  expect(await running.do('apply', '-c', configFile({ ...config, routes }))).toBe(
    '+ route 10.99.0.0/16\n',
  )
  expect(await ping(left, '10.99.0.1')).toEqual(all)
})

test('static neighbours are known without asking', async () => {
  const { left, config } = twoBridges()
  const neighbors = [{ bridge: 'red', address: '10.66.0.9', mac: '02:66:00:00:00:09' }]
  const running = await up({ ...config, neighbors })
  expect(await running.do('show', 'neighbors')).toMatch(
    /^10\.66\.0\.9 +02:66:00:00:00:09 +red +- +permanent +-$/m,
  )
  expect(await running.do('apply', '-c', configFile(config))).toBe('- neighbor red 10.66.0.9\n')
  expect(await running.do('show', 'neighbors')).not.toContain('10.66.0.9')
  expect(await ping(left, '10.66.0.2')).toEqual(all)
})
