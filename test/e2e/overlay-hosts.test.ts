/** Three hosts, three switches, one flat subnet, and what befalls them. */
import { describe, expect, test } from 'vitest'
import { type Linkspan, up } from '../support/linkspan.js'
import { finishPing, ip, ipJson, ping, startPing } from '../support/netns.js'
import {
  type Container,
  container,
  type Host,
  switchOn,
  type UnderlayNet,
  underlayNet,
} from '../support/overlay-net.js'
import { heard, listen } from '../support/traffic.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const none = { transmitted: 3, received: 0, duplicates: 0 }
const IMPATIENT = ['-W', '1']

type Three<T> = [T, T, T]

interface Lab extends UnderlayNet {
  inside: Three<Container>
  configs: Three<ReturnType<typeof switchOn>>
  switches: Three<Linkspan>
}

/** A container on each host, and `mover`'s beside it. */
async function three(mover?: Three<Container | undefined>): Promise<Lab> {
  const net = underlayNet(3)
  const inside = [1, 2, 3].map(container) as Three<Container>
  const configs = net.hosts.map((host, index) => {
    const also = mover?.[index]
    const containers = [inside[index] as Container, ...(also ? [also] : [])]
    return switchOn({ host, containers, vxlan: { peers: peersOf(net, host) } })
  }) as Three<ReturnType<typeof switchOn>>
  const switches = (await Promise.all(configs.map((config) => up(config)))) as Three<Linkspan>
  return { ...net, inside, configs, switches }
}

const peersOf = ({ hosts }: UnderlayNet, own: Host) =>
  hosts.filter((host) => host !== own).map(({ ip4 }) => ip4)

const dropsOf = async (running: Linkspan) => {
  const list = await running.show<{ port: string; reason: string; frames: number }[]>('drops')
  return Object.fromEntries(list.map(({ port, reason, frames }) => [`${port} ${reason}`, frames]))
}

/** Whether the kernel still sends requests for an address. */
const isAsking = (netns: string, address: string) =>
  ipJson<{ state: string[] }[]>(netns, 'neigh', 'show', 'to', address).some(({ state }) =>
    state.includes('INCOMPLETE'),
  )

describe('three hosts', () => {
  test('containers on all of them reach each other, and floods come once', async () => {
    const { inside, switches } = await three()
    for (const from of inside) {
      for (const to of inside.filter((one) => one !== from)) {
        expect(await ping(from.netns, to.ip4)).toEqual(all)
        expect(await ping(from.netns, to.ip6)).toEqual(all)
      }
    }
    const [a, b, c] = inside
    const [nobody, last] = ['10.55.0.77', '10.55.0.78']
    const said = await listen(a.netns, 'arp', 'eth0', 'out')
    const ears = await Promise.all([b, c].map(({ netns }) => listen(netns, 'arp')))
    await ping(a.netns, nobody, '-c', '1', ...IMPATIENT)
    await until('nobody to wait for the answer', () => !isAsking(a.netns, nobody))
    // What was flooded before it has come where this has.
    await ping(a.netns, last, '-c', '1', ...IMPATIENT)
    await until('the last question to come', () =>
      [said, ...ears].every(({ stdout }) => stdout.includes(last)),
    )
    const times = (lines: string[]) =>
      lines.filter((line) => line.includes(`who-has ${nobody}`)).length
    const asked = times(await heard(said))
    expect(asked).toBeGreaterThan(0)
    for (const ear of ears) expect(times(await heard(ear))).toBe(asked)
    for (const running of switches) expect(await dropsOf(running)).toEqual({})
  })

  test('two that are cut from each other silently still reach the third, and heal', async () => {
    const { inside, hub } = await three()
    const [a, b, c] = inside
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    const cut = (on: 'on' | 'off') => {
      for (const port of ['h0', 'h1']) {
        ip('netns', 'exec', hub, 'bridge', 'link', 'set', 'dev', port, 'isolated', on)
      }
    }
    cut('on')
    expect(await ping(a.netns, b.ip4, ...IMPATIENT)).toEqual(none)
    expect(await ping(a.netns, c.ip4)).toEqual(all)
    expect(await ping(b.netns, c.ip4)).toEqual(all)
    cut('off')
    await until('the two to hear of each other', async () => {
      return (await ping(a.netns, b.ip4, ...IMPATIENT)).received > 0
    })
    expect(await ping(b.netns, a.ip4)).toEqual(all)
  })

  test('a route that is unreachable is a drop with a reason, and heals at once', async () => {
    const { inside, hosts, switches } = await three()
    const [a, b, c] = inside
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    const route = ['unreachable', `${hosts[1]?.ip4}/32`]
    ip('-n', hosts[0]?.netns ?? '', 'route', 'add', ...route)
    const flow = await startPing(a.netns, c.ip4)
    expect(await ping(a.netns, b.ip4, ...IMPATIENT)).toEqual(none)
    const { transmitted, received } = await finishPing(flow)
    expect(received).toBe(transmitted)
    expect(Object.keys(await dropsOf(switches[0]))).toContainEqual(
      expect.stringContaining('underlay-unreachable'),
    )
    ip('-n', hosts[0]?.netns ?? '', 'route', 'del', ...route)
    expect(await ping(a.netns, b.ip4)).toEqual(all)
  })

  test('an interface that goes down and comes up again', async () => {
    const { inside, hosts } = await three()
    const [a, b, c] = inside
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    ip('-n', hosts[1]?.netns ?? '', 'link', 'set', 'eth0', 'down')
    expect(await ping(a.netns, b.ip4, ...IMPATIENT)).toEqual(none)
    expect(await ping(a.netns, c.ip4)).toEqual(all)
    ip('-n', hosts[1]?.netns ?? '', 'link', 'set', 'eth0', 'up')
    await until('the host to be back', async () => {
      return (await ping(a.netns, b.ip4, ...IMPATIENT)).received > 0
    })
    expect(await ping(c.netns, b.ip4)).toEqual(all)
  })

  test('a MAC that moves takes its traffic along with its first frame', async () => {
    const [here, there] = [container(9), container(9)]
    const { inside, switches } = await three([here, there, undefined])
    const link = ({ netns }: Container, state: 'up' | 'down') =>
      ip('-n', netns, 'link', 'set', 'eth0', state)
    link(there, 'down')
    const [, , c] = inside
    expect(await ping(here.netns, c.ip4)).toEqual(all)
    const flow = await startPing(c.netns, here.ip4)
    link(here, 'down')
    link(there, 'up')
    const before = flow.stdout.length
    expect(await ping(there.netns, c.ip4)).toMatchObject({ received: 3 })
    await until('the flow to follow', () => flow.stdout.indexOf('bytes from', before) > 0)
    expect((await switches[2].fdb())[here.mac]).toBe('blue@10.9.0.2')
  })

  test('a switch that is killed and started again; others lose nothing meanwhile', async () => {
    const { inside, configs, switches } = await three()
    const [a, b, c] = inside
    expect(await ping(a.netns, b.ip4)).toEqual(all)
    const [broken, other] = [await startPing(a.netns, b.ip4), await startPing(a.netns, c.ip4)]
    await switches[1].stop('SIGKILL')
    const before = broken.stdout.length
    await up(configs[1])
    await until('the flow to go on', () => broken.stdout.indexOf('bytes from', before) > 0)
    const untouched = await finishPing(other)
    expect(untouched.received).toBe(untouched.transmitted)
    expect(await ping(b.netns, c.ip4)).toEqual(all)
  })
})
