import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { lab, type Station, two } from '../support/lab.js'
import { type Linkspan, up } from '../support/linkspan.js'
import { finishPing, interfaces, ipJson, namespace, ping, startPing } from '../support/netns.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

/** Words of `port add` for a port `name` with interface `eth0`. */
function add(name: string, netns: string, ...more: string[]): string[] {
  return ['port', 'add', name, '--bridge', 'lan', '--ifname', 'eth0', '--netns', netns, ...more]
}

/** A command that must be refused. @returns what it said */
async function refused(running: Linkspan, ...words: string[]): Promise<string> {
  const { status, stdout, stderr } = await running.run(...words)
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toMatch(/^linkspan: .*\n$/)
  return stderr
}

describe('fdb', () => {
  test('add makes a static entry that no frame overrides, del removes it', async () => {
    const { stations, config } = lab(3)
    const running = await up(config)
    const [a, b] = two(stations)
    await running.do('fdb', 'add', 'lan', b.mac, 'c')
    // Frames for b go to c now, whatever b says.
    expect(await ping(a.netns, b.ip4, '-c', '1', '-W', '1')).toMatchObject({ received: 0 })
    expect(await running.fdb()).toMatchObject({ [b.mac]: 'c' })
    await running.do('fdb', 'del', 'lan', b.mac)
    expect(await running.fdb()).not.toHaveProperty(b.mac)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })

  test('add --dynamic makes one that the next frame moves', async () => {
    const { stations, config } = lab(3, { ipv6: false })
    const running = await up(config)
    const [a, b] = two(stations)
    await running.do('fdb', 'add', 'lan', b.mac, 'c', '--dynamic')
    expect(await running.show('fdb')).toContainEqual(
      expect.objectContaining({ mac: b.mac, port: 'c', static: false }),
    )
    expect(await ping(b.netns, a.ip4)).toEqual(all)
    expect(await running.fdb()).toMatchObject({ [b.mac]: 'b' })
    await running.program.prints('address moved')
  })

  test('flush forgets what was learnt: of a port, of a bridge, altogether; static stays', async () => {
    const { stations, config } = lab(2)
    const [a, b] = two(stations)
    const fixed = '02:e2:e0:00:00:99'
    const running = await up({ ...config, fdb: [{ bridge: 'lan', mac: fixed, port: 'b' }] })
    const whole = { [a.mac]: 'a', [b.mac]: 'b', [fixed]: 'b' }
    for (const [words, left] of [
      [['--port', 'b'], { [a.mac]: 'a', [fixed]: 'b' }],
      [['--bridge', 'lan'], { [fixed]: 'b' }],
      [[], { [fixed]: 'b' }],
    ] as const) {
      await ping(a.netns, b.ip4)
      expect(await running.fdb()).toEqual(whole)
      // A host asks after its neighbour when it likes: who spoke since the flush is flushed again.
      await until(`${words.join(' ')} leaves ${Object.keys(left)}`, async () => {
        await running.do('fdb', 'flush', ...words)
        return isDeepStrictEqual(await running.fdb(), left)
      })
    }
  })

  test('what cannot be done is refused', async () => {
    const { config } = lab(1)
    const running = await up(config)
    for (const [words, says] of [
      ['add wan 02:00:00:00:00:01 a', 'there is no bridge "wan"; there is lan'],
      ['add lan 02:00:00:00:00:01 z', 'there is no port "z"; there is a'],
      ['add lan zz a', 'found "zz"; expected a MAC'],
      ['add lan 01:00:5e:00:00:01 a', 'is not the MAC of a station'],
      ['add lan 00:00:00:00:00:00 a', 'is not the MAC of a station'],
      ['del lan 02:00:00:00:00:01', 'bridge "lan" has no entry for 02:00:00:00:00:01'],
      ['flush --port z', 'there is no port "z"'],
      ['flush --bridge wan', 'there is no bridge "wan"'],
    ] as const) {
      expect(await refused(running, 'fdb', ...words.split(' ')), words).toContain(says)
    }
  })
})

describe('port', () => {
  test('add makes one that forwards at once, del takes it away', async () => {
    const { stations, config } = lab(1)
    const running = await up(config)
    const [a] = two(stations)
    const netns = namespace()
    const more = ['--mac', '02:e2:e0:00:00:42', '--mtu', '1400']
    const addresses = ['--address', '10.77.0.42/24', 'fd77::42/64']
    await running.do(...add('b', netns, ...more, ...addresses))
    expect(await ping(a.netns, '10.77.0.42')).toEqual(all)
    expect(await ping(netns, a.ip6)).toEqual(all)
    expect(await running.port('b')).toMatchObject({ origin: 'api', mtu: 1400, netns })
    const [link] = ipJson<object[]>(netns, 'link', 'show', 'eth0')
    expect(link).toMatchObject({ address: '02:e2:e0:00:00:42', mtu: 1400 })
    expect(await running.fdb()).toMatchObject({ '02:e2:e0:00:00:42': 'b' })
    await running.do('port', 'del', 'b')
    expect(interfaces(netns)).toEqual([])
    expect(await running.fdb()).not.toHaveProperty('02:e2:e0:00:00:42')
    expect((await running.show<object[]>('ports')).length).toBe(1)
  })

  test('add waits for a namespace where told to, and says so', async () => {
    const { stations, config } = lab(1)
    const running = await up(config)
    const [a] = two(stations)
    const netns = `${a.netns}x`
    const told = await running.do(...add('b', netns, '--wait', '--address', '10.77.0.42/24'))
    expect(told).toMatch(/^port b is waiting: .*namespace/)
    namespace(netns)
    await running.portIs('b', { state: 'up' })
    expect(await ping(a.netns, '10.77.0.42')).toEqual(all)
  })

  test('a second one in a namespace is up from the start', async () => {
    const { stations, config } = lab(1)
    const running = await up(config)
    const [a] = two(stations)
    await running.do('port', 'add', 'b', '--bridge', 'lan', '--ifname', 'eth1', '--netns', a.netns)
    expect(await running.port('b')).toMatchObject({ state: 'up' })
    await running.do('port', 'del', 'b')
    // No "port is down" that a stale event of its making would give.
    expect(running.program.stderr).toBe('')
  })

  test('what cannot be done is refused, and nothing has changed', async () => {
    const { stations, config } = lab(2)
    const [a, b] = two(stations)
    const running = await up(config)
    const flow = await startPing(a.netns, b.ip4)
    const picture = async () => {
      const ports = (await running.show<{ name: string }[]>('ports')).map(({ name }) => name)
      return { config: await running.show('config'), ports, interfaces: interfaces(a.netns) }
    }
    const before = await picture()
    for (const { what, words, says } of refusals(a)) {
      expect(await refused(running, ...words), what).toMatch(says)
      expect(await picture(), what).toEqual(before)
    }
    const { transmitted, received } = await finishPing(flow)
    expect(received).toBe(transmitted)
  })
})

interface Refusal {
  what: string
  words: string[]
  says: string | RegExp
}

function refusals(a: Station): Refusal[] {
  const plain = (...words: string[]) => ['port', 'add', 'new', '--bridge', 'lan', ...words]
  return [
    {
      what: 'a name that is taken',
      words: add('a', a.netns),
      says: 'there is a port "a" already',
    },
    {
      what: 'an interface name that another port has',
      words: add('new', a.netns),
      says: /ports.new.device.name: .*port "a"/,
    },
    {
      what: 'a MAC that another port has',
      words: plain('--mac', a.mac),
      says: /ports.new.device.mac: .*port "a" has this one/,
    },
    {
      what: 'a missing bridge',
      words: ['port', 'add', 'new', '--bridge', 'wan'],
      says: 'there is no bridge "wan"; there is lan',
    },
    {
      what: 'a missing namespace',
      words: add('new', 'e2enowhere'),
      says: 'there is nothing at /run/netns/e2enowhere; "ip netns add NAME"',
    },
    {
      what: 'a name of 16 bytes',
      words: plain('--ifname', 'e2e4567890123456'),
      says: /ports.new.device.name: found "e2e4567890123456"/,
    },
    {
      what: 'an MTU that no interface has',
      words: plain('--mtu', '70000'),
      says: /ports.new.device.mtu: found 70000/,
    },
    {
      what: 'an address that is none',
      words: plain('--address', '10.0.0.300/24'),
      says: /ports.new.device.addresses.*10.0.0.300/,
    },
    {
      what: 'attaching to what is not there',
      words: plain('--ifname', 'e2enotap', '--attach'),
      says: 'there is no interface of that name; "ip tuntap add e2enotap',
    },
    {
      what: 'an interface that the kernel refuses half-way',
      words: plain('--netns', a.netns, '--ifname', 'lo'),
      says: 'an interface named lo exists there already',
    },
    {
      what: 'removing what is not there',
      words: ['port', 'del', 'z'],
      says: 'there is no port "z"; there is a, b',
    },
  ]
}
