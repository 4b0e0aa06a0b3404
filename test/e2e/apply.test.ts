/** Reconciliation: the running switch moves to another config in one step, or not at all. */
import { type ConfigInput, type RunningSwitch, startSwitch } from 'linkspan/node'
import { describe, expect, test } from 'vitest'
import { defer } from '../support/cleanup.js'
import { finishFlow, startFlow } from '../support/flow.js'
import { lab, type Station, three, two } from '../support/lab.js'
import { interfaces, ip, ipJson, namespace, ping, uniqueName } from '../support/netns.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

async function started(config: unknown): Promise<RunningSwitch> {
  const running = await startSwitch(config as unknown as ConfigInput)
  defer(() => running.close())
  return running
}

const tap = (netns: string, more: object = {}) => ({ type: 'tap', name: 'eth0', netns, ...more })

/** Addresses and routes of a namespace as `ip` shows them, without what counts on. */
function addressing(netns: string): unknown {
  const links = ipJson<Record<string, unknown>[]>(netns, 'addr')
  const routes = [...ipJson<object[]>(netns, 'route'), ...ipJson<object[]>(netns, '-6', 'route')]
  return { links, routes }
}

/** What can be seen of a switch, but for its traffic. */
function picture(running: RunningSwitch, namespaces: readonly string[]): unknown {
  const ports = [...running.ports.values()].map((port) => {
    const { name, config, origin, state, error, mtu, index } = port
    return { name, config, origin, state, error, mtu, index, mac: port.info?.mac }
  })
  const fixed = running.fdb.list().filter((entry) => entry.static)
  const { config } = running
  const bridges = [...running.topology.bridges]
  return { ports, fixed, config, bridges, hosts: namespaces.map(addressing) }
}

describe('a thousand applies', () => {
  test('that change other ports and bridges lose and double no frame', async () => {
    const { stations, config } = lab(3, { ipv6: false })
    const [a, b] = two(stations)
    const { c, ...flow } = config.ports
    const spare = namespace()
    const running = await started({ ...config, ports: flow })
    const program = await startFlow(a, b)
    for (let round = 0; round < 1000; round++) {
      await running.apply(
        variant(round, { ...config, ports: flow }, c, spare) as unknown as ConfigInput,
      )
    }
    const { sent, received, duplicates } = await finishFlow(program)
    expect({ received, duplicates }).toEqual({ received: sent, duplicates: 0 })
    expect(sent).toBeGreaterThan(1000)
    expect(running.drops().filter(({ port }) => port === 'a' || port === 'b')).toEqual([])
  }, 240_000)
})

/** The config with other neighbours than the round before; a TAP, which costs 20 ms, now and then. */
function variant(
  round: number,
  base: { bridges: object; ports: object },
  third: unknown,
  spare: string,
): object {
  const taps = Math.floor(round / 10)
  const extra = { bridge: taps % 2 ? 'lan' : 'other', device: tap(spare, { name: `e${taps % 3}` }) }
  const mac = `02:e2:e0:00:01:${(round % 90) + 10}`
  return {
    ...base,
    bridges: {
      ...base.bridges,
      other: { ageing: 10_000 + (round % 7) * 1000 },
      ...(round % 2 && { [`b${round % 5}`]: {} }),
    },
    ports: {
      ...base.ports,
      ...(taps % 4 > 0 && { third: Object.assign({}, third, { up: round % 3 > 0 }) }),
      ...(taps % 3 > 0 && { extra }),
    },
    fdb: round % 2 ? [{ bridge: 'lan', mac, port: 'b' }] : [],
  }
}

describe('an apply', () => {
  test('adds, changes and removes', async () => {
    const { stations, config } = lab(3)
    const [a, b, c] = three(stations)
    const { a: portA, b: portB, c: portC } = config.ports
    const running = await started({ ...config, ports: { a: portA, b: portB } })
    const second = {
      ...portA,
      device: { ...portA?.device, mtu: 1400, addresses: ['10.77.0.9/24'] },
    }
    const { changes } = await running.apply({
      bridges: { lan: {} },
      ports: { a: second, c: portC },
      fdb: [{ bridge: 'lan', mac: '02:e2:e0:00:00:99', port: 'c' }],
    } as unknown as ConfigInput)
    expect(changes.map(({ op }) => op).sort()).toEqual(['add', 'add', 'remove', 'update'])
    expect(interfaces(b.netns)).toEqual([])
    expect(await ping(c.netns, '10.77.0.9')).toEqual(all)
    expect(running.ports.get('a')?.mtu).toBe(1400)
    expect(running.topology.port('a').mtu).toBe(1400)
    const [link] = ipJson<{ mtu: number; addr_info: { local: string }[] }[]>(
      a.netns,
      ...['addr', 'show', 'eth0'],
    )
    expect(link?.mtu).toBe(1400)
    expect(link?.addr_info.map(({ local }) => local)).not.toContain(a.ip4)
    expect(running.fdb.list()).toContainEqual(
      expect.objectContaining({ mac: '02:e2:e0:00:00:99', port: 'c', static: true }),
    )
  })

  test('moves a port to another bridge and takes one up', async () => {
    const { stations, config } = lab(3, { ipv6: false })
    const [a, b, c] = three(stations)
    const ports = config.ports as Record<string, object>
    const off = { ...config, ports: { ...ports, c: { ...ports.c, up: false } } }
    const running = await started(off)
    expect(await ping(a.netns, c.ip4, '-W', '1')).toMatchObject({ received: 0 })
    const moved = { bridge: 'two', up: true }
    await running.apply({
      ...config,
      bridges: { lan: {}, two: {} },
      ports: { ...ports, b: { ...ports.b, ...moved }, c: { ...ports.c, ...moved } },
    } as unknown as ConfigInput)
    expect(await ping(a.netns, b.ip4, '-W', '1')).toMatchObject({ received: 0 })
    expect(await ping(b.netns, c.ip4)).toEqual(all)
    await running.apply(config as unknown as ConfigInput)
    expect([...running.topology.bridges.keys()]).toEqual(['lan'])
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })

  test('gives a port that goes its interface and its default route to one that comes', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const [a, b] = two(stations)
    const routes = [{ to: 'default', via: b.ip4 }]
    const device = (more: object) => tap(a.netns, { addresses: [`${a.ip4}/24`], routes, ...more })
    const portB = config.ports.b
    const running = await started({
      bridges: { lan: {} },
      ports: { old: { bridge: 'lan', device: device({}) }, b: portB },
    })
    for (const more of [{}, { name: 'eth1' }, { name: 'eth1', owner: 1 }]) {
      const name = uniqueName()
      await running.apply({
        bridges: { lan: {} },
        ports: { [name]: { bridge: 'lan', device: device(more) }, b: portB },
      } as unknown as ConfigInput)
      expect([...running.ports.keys()].sort()).toEqual(['b', name].sort())
      expect(await ping(a.netns, b.ip4)).toEqual(all)
      expect(ip('-n', a.netns, 'route')).toMatch(/^default via/)
    }
  })

  test('replaces the device of a port, which keeps its number and its counters', async () => {
    const { stations, config } = lab(2, { ipv6: false })
    const [a, b] = two(stations)
    const running = await started(config)
    await ping(a.netns, b.ip4)
    const before = running.ports.get('a')
    const frames = before?.counters().rxFrames ?? 0
    const device = { ...config.ports.a?.device, name: 'eth7' }
    await running.apply({
      ...config,
      ports: { ...config.ports, a: { bridge: 'lan', device } },
    } as unknown as ConfigInput)
    expect(interfaces(a.netns)).toEqual(['eth7'])
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    expect(running.ports.get('a')?.index).toBe(before?.index)
    expect(running.ports.get('a')?.counters().rxFrames).toBeGreaterThan(frames)
    // The same interface anew, since the kernel cannot take an owner away.
    const owned = { ...device, owner: 1 }
    for (const next of [owned, device]) {
      await running.apply({
        ...config,
        ports: { ...config.ports, a: { bridge: 'lan', device: next } },
      } as unknown as ConfigInput)
      expect(await ping(a.netns, b.ip4)).toEqual(all)
    }
  })

  test('of what is waited for waits, and of what is there no more', async () => {
    const { stations, config } = lab(1)
    const [a] = two(stations)
    const netns = uniqueName()
    const running = await started(config)
    const late = { bridge: 'lan', device: tap(netns, { missing: 'wait' }) }
    const ports = { ...config.ports, late }
    await running.apply({ ...config, ports } as unknown as ConfigInput)
    expect(running.ports.get('late')?.state).toBe('waiting')
    const there = { ...late, device: { ...late.device, netns: a.netns, name: 'eth1' } }
    await running.apply({
      ...config,
      ports: { ...config.ports, late: there },
    } as unknown as ConfigInput)
    expect(running.ports.get('late')?.state).toBe('up')
    await running.apply({ ...config, ports } as unknown as ConfigInput)
    expect(interfaces(a.netns)).toEqual(['eth0'])
    namespace(netns)
    await until('the port is up', () => running.ports.get('late')?.state === 'up')
  })
})

test('an apply changes VLANs and locks of ports that stay, and the switch tells what it blocks', async () => {
  const { stations, config } = lab(2, { ipv6: false })
  const [a, b] = two(stations)
  const ports = config.ports as Record<string, object>
  const bridges = { lan: { vlanAware: true } }
  const running = await started({ ...config, bridges })
  const apply = (more: object) =>
    running.apply({
      ...config,
      bridges,
      ports: { ...ports, b: { ...ports.b, ...more } },
    } as unknown as ConfigInput)
  const blocked: unknown[] = []
  running.on('blocked', (event) => blocked.push(event))
  expect(await ping(a.netns, b.ip4)).toEqual(all)
  await apply({ vlan: { access: 10 } })
  expect(await ping(a.netns, b.ip4, '-c', '1', '-W', '1')).toMatchObject({ received: 0 })
  await apply({})
  expect(await ping(a.netns, b.ip4)).toEqual(all)
  await apply({ locked: true })
  running.fdb.flush()
  expect(await ping(a.netns, b.ip4, '-c', '1', '-W', '1')).toMatchObject({ received: 0 })
  await until('the switch tells', () => blocked.length > 0)
  expect(blocked[0]).toMatchObject({ port: 'b', bridge: 'lan', reason: expect.any(String) })
  expect(running.ports.get('b')?.info).toBeDefined()
})

type Ports = Record<string, { bridge: string; device: Record<string, unknown> }>

/** Each changes much that could be done, and one thing that cannot. */
const failures: [string, RegExp, (ports: Ports, a: Station) => object][] = [
  [
    'a namespace that is not there',
    /nothing at \/run\/netns\/e2enowhere/,
    (ports) => ({ ports: { ...ports, z: { bridge: 'lan', device: tap('e2enowhere') } } }),
  ],
  [
    'an interface that somebody else has',
    /lo exists there already/,
    (ports, { netns }) => ({
      ports: { ...ports, z: { bridge: 'lan', device: tap(netns, { name: 'lo' }) } },
    }),
  ],
  [
    'a route that somebody else has',
    /add the route 10\.99\.0\.0\/16/,
    ({ a, b, ...ports }) => ({
      // c is changed by then.
      ports: { ...ports, a, b: changed(b, { routes: [{ to: '10.99.0.0/16' }] }) },
    }),
  ],
  [
    'a taken interface, after one that had to go for it',
    /lo exists there already/,
    ({ a, b }, { netns }) => ({
      // y wants what a has; z cannot be had.
      ports: {
        y: { bridge: 'lan', device: a?.device },
        z: { bridge: 'lan', device: tap(netns, { name: 'lo' }) },
        b,
      },
    }),
  ],
  [
    'a replaced device that cannot be had',
    /nothing at \/run\/netns\/e2enowhere/,
    ({ a, b, c }) => ({ ports: { a, b: changed(b, { netns: 'e2enowhere' }), c } }),
  ],
  [
    'more ports, for as long as it takes, than there is room for',
    /no room for another port/,
    ({ a: _, ...ports }) => ({
      ports: {
        ...ports,
        ...Object.fromEntries(
          [1, 2, 3].map((n) => [`n${n}`, { bridge: 'lan', device: tap('e2enowhere', wait(n)) }]),
        ),
      },
    }),
  ],
  ['a change of capacity', /capacity\.macs needs a restart/, () => ({ capacity: { macs: 4096 } })],
  [
    'a change of the socket',
    /control\.mode needs a restart/,
    () => ({ control: { mode: '0660' } }),
  ],
  ['a port on no bridge', /ports\.a\.bridge/, () => ({ bridges: { other: {} } })],
]

const wait = (n: number) => ({ name: `n${n}`, missing: 'wait' })

function changed(port: Ports[string] | undefined, device: object): unknown {
  return { ...port, device: { ...port?.device, ...device } }
}

describe('an apply that fails', () => {
  test.each(failures)('by %s leaves everything as it was', async (_, says, change) => {
    const { stations, config } = lab(3)
    const [a, b, c] = three(stations)
    const fdb = [{ bridge: 'lan', mac: '02:e2:e0:00:00:99', port: 'c' }]
    const base = { ...config, fdb, workers: 1, capacity: { ports: 5 } }
    const running = await started(base)
    // Of others: an address, and a route which the change must not take.
    ip('-n', a.netns, 'addr', 'add', '10.88.0.1/24', 'dev', 'eth0')
    ip('-n', b.netns, 'route', 'add', '10.99.0.0/16', 'via', a.ip4)
    const spaces = [a, b, c].map(({ netns }) => netns)
    const before = picture(running, spaces)
    const flow = await startFlow(a, b)
    const ports = {
      ...config.ports,
      c: changed(config.ports.c as never, { mtu: 1300, addresses: ['10.77.0.33/24'] }),
    } as Ports
    const wanted = { bridges: { lan: { ageing: '60s' }, more: {} }, ports, ...change(ports, a) }
    const capacity = {
      ...base.capacity,
      ...('capacity' in wanted ? (wanted.capacity as object) : {}),
    }
    await expect(
      running.apply({ workers: 1, ...wanted, capacity } as unknown as ConfigInput),
    ).rejects.toThrow(says)
    const whole = !String(says).includes('lo exists')
    if (whole) expect(picture(running, spaces)).toEqual(before)
    expect(loose(picture(running, spaces))).toEqual(loose(before))
    const { sent, received, duplicates } = await finishFlow(flow)
    expect(duplicates).toBe(0)
    if (whole) expect(received).toBe(sent)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })
})

/** But for the number of an interface, which one that was closed and made again has anew. */
function loose(of: unknown): unknown {
  return JSON.parse(JSON.stringify(of, (key, value) => (key === 'ifindex' ? 0 : value)))
}
