/** The lab: what cannot be built, and that nothing of it is there afterwards. */
import { expect, test } from 'vitest'
import { createLab, type HostOptions, type LabOptions } from '../../src/testing/index.js'
import { caught } from '../support/errors.js'

const build = async () => {
  const lab = await createLab()
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24'] })
  lab.host('a', { bridge: lan })
  return { lab, lan }
}

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return expect.fail('nothing was thrown')
}

test.each([1, -1, 0, 0.5, 2 ** 53 - 1, 7n, -7n, 2n ** 100n, '', 'a seed', '🌱'])(
  'a seed may be %s',
  async (seed) => {
    await (await createLab({ seed })).close()
  },
)

test.each([
  [{ seed: Number.NaN }, 'found NaN; expected a seed: a finite number, a bigint or a string'],
  [{ seed: Infinity }, 'found Infinity; expected a seed'],
  [{ seed: null }, 'found nothing; expected a seed'],
  [{ seed: true }, 'found true; expected a seed'],
  [{ seed: {} }, 'found a mapping; expected a seed'],
  [{ seed: Symbol('s') }, 'found a symbol; expected a seed'],
  [{ clock: 'fast' }, 'found clock "fast"; expected "auto", "manual" or "real"'],
])('createLab refuses %o', async (options, message) => {
  expect(await caught(createLab(options as LabOptions))).toMatchObject({
    code: 'INVALID',
    message: expect.stringContaining(message),
  })
})

test.each<[string, HostOptions, string, string]>([
  ['a', {}, 'EXISTS', 'the lab has a host "a": take another name'],
  ['b', { bridge: 'wan' }, 'NOT_FOUND', 'no bridge "wan"; expected "lan"'],
  ['b', { addresses: ['10.55.0.2/24'] }, 'EXISTS', 'host "b": host "a" has "10.55.0.2/24" already'],
  ['b', { addresses: ['10.55.0.1/24'] }, 'EXISTS', 'the gateway of bridge "lan" has'],
  ['b', { addresses: ['192.0.2.1/24'] }, 'INVALID', 'is in no network of bridge "lan"'],
  ['b', { addresses: ['10.55.0.9'] }, 'INVALID', 'an address with a prefix length'],
  [
    'b',
    { addresses: ['10.55.0.9/24', '10.55.0.9/24'] },
    'INVALID',
    '"10.55.0.9/24" twice; expected',
  ],
  ['b', { gateway: '192.0.2.1' }, 'INVALID', 'its gateway "192.0.2.1" is in no network of its own'],
  ['b', { mac: 'xx' }, 'INVALID', 'a MAC address'],
  ['b', { mac: '01:00:5e:00:00:01' }, 'INVALID', 'not a group'],
  ['b', { adresses: [] } as HostOptions, 'INVALID', 'did you mean "addresses"?'],
  [
    'b',
    { link: { delay: 'soon' } },
    'CONFIG',
    'links.b.delay: found "soon"; expected milliseconds',
  ],
  ['b', { link: { out: { los: 1 } as never } }, 'CONFIG', 'links.b.out.los: unknown key'],
  ['b', { link: null as never }, 'CONFIG', 'links.b: missing; expected a mapping'],
  ['b', { port: { vlan: { access: 7 } } }, 'CONFIG', 'ports.b.vlan'],
  ['', {}, 'INVALID', 'a name of 1 to 64'],
  ['10.0.0.1', {}, 'INVALID', 'does not look like an address'],
  ['fd00::1', {}, 'INVALID', 'does not look like an address'],
  ['__proto__', {}, 'INVALID', 'a name of 1 to 64'],
])('host %j %o is %s', async (name, options, code, message) => {
  const { lab, lan } = await build()
  expect(thrownBy(() => lab.host(name, options))).toMatchObject({
    code,
    message: expect.stringContaining(message),
  })
  // Neither name nor address is taken.
  expect([...lab.hosts.keys()]).toEqual(['a'])
  const next = lab.host('b', { bridge: lan })
  expect(next.addresses).toEqual(['10.55.0.3'])
  expect(await next.ping('a')).toMatchObject({ received: 1 })
  await lab.close()
})

test('a host that is refused says nothing of the networks of its bridge', async () => {
  const lab = await createLab()
  const lan = lab.bridge('lan')
  const gateway = '1.2.3.4'
  expect(() => lab.host('a', { addresses: ['192.168.7.1/24'], gateway })).toThrow(gateway)
  expect(() => lab.host('a', { gateway })).toThrow(gateway)
  expect(lan.subnets).toEqual([])
  expect(lab.host('b').addresses).toEqual(['10.55.0.1', 'fd55:0:0:37::1'])
  lab.bridge('dmz')
  expect(lab.host('c', { bridge: 'dmz', slaac: true }).addresses).toEqual(['10.56.0.1'])
  expect(lab.host('d', { bridge: 'dmz' }).addresses).toEqual(['10.56.0.2', 'fd55:0:0:38::1'])
  await lab.close()
})

test('the MAC of its bridge’s gateway', async () => {
  const { lab, lan } = await build()
  const mac = lan.on.production.config.bridges.lan?.gateway?.mac as string
  expect(() => lab.host('b', { mac })).toThrow('the gateway of bridge "lan" has the MAC')
  await lab.close()
})

test('uplinks that say which networks a bridge has, together', async () => {
  const lab = await createLab()
  const bridge = lab.bridge('internet')
  const [one, two] = ['192.0.2.1/24', '192.0.2.1/25'].map((text) => ({ bridge, addresses: [text] }))
  expect(() => lab.router({ uplinks: { one: one!, two: two! } })).toThrow()
  expect(bridge.subnets).toEqual([])
  lab.router({ uplinks: { one: one! } })
  expect(bridge.subnets).toEqual(['192.0.2.0/24'])
  await lab.close()
})

test('the MAC of another host on the bridge', async () => {
  const { lab } = await build()
  const mac = lab.hosts.get('a')?.mac as string
  expect(() => lab.host('b', { mac })).toThrow(`host "a" has the MAC "${mac}"`)
  await lab.close()
})

test('a network that is full', async () => {
  const lab = await createLab()
  const lan = lab.bridge('lan', { subnets: ['192.0.2.0/30'] })
  lab.host('a', { bridge: lan })
  lab.host('b', { bridge: lan })
  expect(() => lab.host('c', { bridge: lan })).toThrow('no address is free in "192.0.2.0/30"')
  await lab.close()
})

test('which bridge, where there is none or more than one', async () => {
  const lab = await createLab()
  expect(() => lab.host('a')).toThrow('host "a" needs a bridge: make one with lab.bridge()')
  const lan = lab.bridge('lan')
  expect(lab.host('a').addresses).toEqual(['10.55.0.1', 'fd55:0:0:37::1'])
  lab.bridge('dmz')
  expect(() => lab.host('b')).toThrow('say which')
  expect(() => lab.bridge('lan')).toThrow('the lab has a bridge "lan"')
  const other = await createLab()
  expect(() => other.host('a', { bridge: lan })).toThrow('bridge "lan" is of another lab')
  await lab.close()
  await other.close()
})

test.each([
  [{ gateway: ['10.55.0.0/24'] }, 'CONFIG'],
  [{ gateway: ['10.55.0.7/24'] }, 'CONFIG'],
  [{ subnets: ['10.55.0.0'] }, 'INVALID'],
  [{ ageing: 1 }, 'CONFIG'],
  [{ mtu: 9, colour: 1 }, 'CONFIG'],
])('bridge %o is refused, and its name is free', async (input, code) => {
  const { lab } = await build()
  expect(thrownBy(() => lab.bridge('dmz', input as never))).toMatchObject({ code })
  lab.bridge('dmz')
  await lab.close()
})

test('a router that contradicts itself changes nothing', async () => {
  const { lab } = await build()
  const internet = lab.bridge('internet', { subnets: ['203.0.113.0/24'] })
  const wan = { bridge: internet, addresses: ['203.0.113.10/24'] }
  const masquerade = { type: 'masquerade', from: { bridge: 'lan' }, uplink: 'nowhere' } as const
  expect(() => lab.router({ uplinks: { wan }, nat: [masquerade] })).toThrow('nowhere')
  expect(() => lab.router({ uplinks: { wan: { ...wan, bridge: 'moon' } } })).toThrow('no bridge')
  expect(() => lab.router({ uplinks: { lan: { ...wan, addresses: ['10.0.0.1/8'] } } })).toThrow()
  lab.router({ uplinks: { wan }, nat: [{ ...masquerade, uplink: 'wan' }] })
  expect(() => lab.router({ uplinks: { wan } })).toThrow('has "203.0.113.10/24" already')
  expect(() => lab.host('x', { bridge: internet, addresses: ['203.0.113.10/24'] })).toThrow('wan')
  await lab.close()
})

test.each([
  [{ bridges: { lan: {} } }, 'found bridges; expected', 'make them with bridge()'],
  [{ ports: {} }, 'found ports; expected', 'make them with host()'],
  [{ uplinks: {} }, 'found uplinks; expected', 'make them with router()'],
])('%o is not for the config of a lab’s switch', async (config, found, expected) => {
  const lab = await createLab({ config })
  expect(() => lab.bridge('lan')).toThrow(found)
  expect(() => lab.bridge('lan')).toThrow(expected)
  await lab.close()
})

test('a switch has one config', async () => {
  const lab = await createLab()
  lab.switch('b', { capacity: { ports: 8 } })
  expect(() => lab.switch('b', {})).toThrow('switch "b" is there')
  await lab.close()
})

test('whom nobody knows, and where there is no way', async () => {
  const { lab } = await build()
  const a = lab.hosts.get('a')!
  expect(await caught(a.ping('b'))).toMatchObject({
    code: 'NOT_FOUND',
    message: 'no host of the lab is called "b"; expected "a"',
  })
  expect(await caught(a.ping('fd00::1'))).toMatchObject({
    code: 'UNREACHABLE',
    message: 'host "a" has no way to fd00::1: it has no IPv6 address',
  })
  const other = await build()
  for (const name of ['a', 'far']) {
    const far = other.lab.hosts.get(name) ?? other.lab.host(name)
    const message = `host "${name}" is of another lab`
    expect(await caught(a.ping(far))).toMatchObject({ code: 'NOT_FOUND', message })
  }
  await other.lab.close()
  const alone = lab.host('alone', { gateway: false })
  expect(await caught(alone.ping('192.0.2.1'))).toMatchObject({
    message: 'host "alone" has no way to 192.0.2.1: it has 10.55.0.3/24 and no gateway',
  })
  for (const options of [{ count: 0 }, { size: 65_508 }, { ttl: 256 }, { interval: -1 }]) {
    expect(await caught(a.ping(a, options))).toMatchObject({ code: 'INVALID' })
  }
  expect(() => lab.link('b')).toThrow('no link "b"; expected "a" or "alone"')
  await lab.close()
})

/** Uplinks of several switches on one bridge. */
async function internet() {
  const lab = await createLab()
  const to = lab.bridge('internet', { subnets: ['203.0.113.0/24'] })
  const wan = (last: number) => ({ bridge: to, addresses: [`203.0.113.${last}/24`] })
  return { lab, to, wan }
}

test('uplinks of one name, of several switches, on one bridge', async () => {
  const { lab, to, wan } = await internet()
  lab.router({ uplinks: { wan: wan(10) } })
  for (const [at, name] of ['r1', 'r2'].entries()) {
    const router = lab.switch(name)
    router.bridge(`lan-${name}`, { gateway: [`10.${at}.0.1/24`] })
    router.router({
      uplinks: { wan: wan(20 + at) },
      nat: [{ type: 'masquerade', from: { bridge: `lan-${name}` }, uplink: 'wan' }],
    })
  }
  const web = lab.host('web', { bridge: to })
  for (const name of ['r1', 'r2']) {
    const host = lab.host(`in-${name}`, { bridge: `lan-${name}` })
    expect(await host.ping(web)).toMatchObject({ received: 1 })
    expect(lab.link(`${name}:wan.internet`).counters.sent).toBeGreaterThan(0)
  }
  expect(lab.link('wan.internet').counters.drops.loss).toBe(0)
  await lab.close()
})

test.each<[string, string, string]>([
  ['02:00:00:00:00:09', 'EXISTS', 'uplink "wan": host "a" has the MAC "02:00:00:00:00:09"'],
  ['02-00-00-00-00-09', 'EXISTS', 'uplink "wan": host "a" has the MAC "02:00:00:00:00:09"'],
  ['', 'INVALID', 'a MAC address'],
])('an uplink with the MAC %j leaves nothing behind', async (mac, code, message) => {
  const { lab, to, wan } = await internet()
  lab.host('a', { bridge: to, mac: '02:00:00:00:00:09' })
  const said = { code, message: expect.stringContaining(message) }
  expect(thrownBy(() => lab.router({ uplinks: { wan: { ...wan(10), mac } } }))).toMatchObject(said)
  lab.router({ uplinks: { wan: wan(10) } })
  await lab.close()
})

test('two uplinks of one MAC on a bridge, asked for together', async () => {
  const { lab, wan } = await internet()
  const mac = '02:00:00:00:00:09'
  const uplinks = { one: { ...wan(10), mac }, two: { ...wan(11), mac } }
  expect(() => lab.router({ uplinks })).toThrow('uplink "two": uplink "one" has the MAC')
  lab.router({ uplinks: { one: uplinks.one } })
  await lab.close()
})

test('links of hosts and of uplinks have different names', async () => {
  const { lab, to, wan } = await internet()
  const host = lab.host('wan.internet', { bridge: to })
  expect(() => lab.router({ uplinks: { wan: wan(10) } })).toThrow('has a link "wan.internet"')
  lab.router({ uplinks: { up: wan(10) } })
  const inner = lab.switch('inner').bridge('inner')
  expect(() => lab.host('up.internet', { bridge: inner })).toThrow('has a link "up.internet"')
  expect(lab.link(host)).toBe(host.link)
  await lab.close()
})

test('an uplink whose link would have too long a name', async () => {
  const { lab, wan } = await internet()
  const far = lab.switch('a'.repeat(60))
  expect(() => far.router({ uplinks: { wan: wan(10) } })).toThrow('a name of 1 to 64')
  expect(far.production.config.uplinks).toEqual({})
  await lab.close()
})

test('a switch that is full refuses one more host, and goes on', async () => {
  const lab = await createLab({ config: { capacity: { ports: 2 } } })
  const lan = lab.bridge('lan', { subnets: ['192.0.2.0/24'] })
  const [a, b] = [lab.host('a'), lab.host('b')]
  const expected = 'raise capacity.ports in "config" of createLab'
  const full = { code: 'LIMIT', message: `switch "switch" has room for 2 ports: ${expected}` }
  expect(thrownBy(() => lab.host('c'))).toMatchObject(full)
  expect(await a.ping(b)).toMatchObject({ received: 1 })
  expect(thrownBy(() => lab.host('c'))).toMatchObject(full)
  const inner = lab.switch('inner')
  const wan = { bridge: lan, addresses: ['192.0.2.9/24'] }
  expect(thrownBy(() => inner.router({ uplinks: { wan } }))).toMatchObject(full)
  expect(inner.production.config.uplinks).toEqual({})
  expect([...lab.hosts.keys()]).toEqual(['a', 'b'])
  await lab.close()
})

test('an uplink of a switch on its own bridge needs two ports', async () => {
  const lab = await createLab()
  const edge = lab.switch('edge', { capacity: { ports: 1 } })
  const to = edge.bridge('internet', { subnets: ['203.0.113.0/24'] })
  const wan = { bridge: to, addresses: ['203.0.113.9/24'] }
  const expected = 'raise capacity.ports in the config of lab.switch'
  expect(() => edge.router({ uplinks: { wan } })).toThrow(expected)
  expect(edge.production.config.uplinks).toEqual({})
  await lab.close()
})

test('a ping that cannot begin waits for nothing', async () => {
  const { lab } = await build()
  const a = lab.hosts.get('a')!
  const failure = new Error('the cable fails')
  const end = lab.link('a').tap(() => {
    throw failure
  })
  expect(await caught(a.ping('10.55.0.1'))).toBe(failure)
  end()
  expect(lab.waiting).toEqual([])
  await lab.close()
})
