/** Partitions of a lab: who hears whom, and what is told apart. */
import { expect, test } from 'vitest'
import { createLab, type Host, type Lab } from '../../src/testing/index.js'

async function on<T>(names: string, use: (lab: Lab, hosts: Record<string, Host>) => Promise<T>) {
  const lab = await createLab()
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
  const hosts = [...names].map((name) => [name, lab.host(name, { bridge: lan })] as const)
  try {
    return await use(lab, Object.fromEntries(hosts))
  } finally {
    await lab.close()
  }
}

/** Pairs that hear each other, of all pairs of hosts, by a family's addresses. */
async function talking(lab: Lab, family: 4 | 6 = 4): Promise<string> {
  const hosts = [...lab.hosts.values()]
  const pairs: string[] = []
  for (const [at, from] of hosts.entries()) {
    for (const to of hosts.slice(at + 1)) {
      const address = to.addresses[family === 4 ? 0 : 1] as string
      const { received } = await from.ping(address, { timeout: '100ms' })
      if (received > 0) pairs.push(from.name + to.name)
    }
  }
  return pairs.join(' ')
}

const ALL = 'ab ac ad bc bd cd'

test.each([4, 6] as const)('IPv%i: groups do not hear each other until it is healed', (family) =>
  on('abcd', async (lab, { a, b }) => {
    expect(await talking(lab, family)).toBe(ALL)
    lab.partition([a!, b!], ['c'])
    // d is in none.
    expect(await talking(lab, family)).toBe('ab ad bd cd')
    expect(lab.link('c').counters.drops.partition).toBeGreaterThan(0)
    lab.heal()
    expect(await talking(lab, family)).toBe(ALL)
  }),
)

test('nobody is found across it either: ARP is cut as well', () =>
  on('ab', async (lab, { a, b }) => {
    lab.partition([a!], [b!])
    expect((await a!.ping(b!)).errors).toMatchObject([{ reason: 'host-unreachable' }])
    lab.heal()
    expect(await a!.ping(b!)).toMatchObject({ received: 1 })
  }))

test('three groups; a second partition adds to the first', () =>
  on('abcd', async (lab, { a, b, c, d }) => {
    expect(await talking(lab)).toBe(ALL)
    lab.partition([a!], [b!], [c!])
    expect(await talking(lab)).toBe('ad bd cd')
    lab.partition([d!], ['a', 'b'])
    expect(await talking(lab)).toBe('cd')
    lab.heal()
    expect(await talking(lab)).toBe(ALL)
  }))

test('cut: one way', () =>
  on('abc', async (lab, { a, b, c }) => {
    await talking(lab)
    const heard: string[] = []
    for (const host of lab.hosts.values()) {
      host.udp(9, ({ text }) => void heard.push(`${text}${host.name}`))
    }
    lab.cut([a!, c!], [b!])
    for (const from of lab.hosts.values()) {
      for (const to of lab.hosts.values()) {
        if (to !== from) await from.udp().send(to, 9, from.name)
      }
    }
    await lab.run()
    expect(heard.sort()).toEqual(['ac', 'ba', 'bc', 'ca'])
  }))

test('links keep their faults, and settings may change, while hosts are cut off', () =>
  on('ab', async (lab, { a, b }) => {
    lab.link('b').set({ delay: '5ms' })
    await a!.ping(b!)
    lab.partition([a!], [b!])
    lab.link('b').set({ delay: '7ms' })
    expect(await a!.ping(b!)).toMatchObject({ received: 0 })
    lab.heal()
    expect((await a!.ping(b!)).rtt).toMatchObject({ max: 14 })
  }))

test('what is under way at the time arrives', () =>
  on('ab', async (lab, { a, b }) => {
    await a!.ping(b!)
    lab.link('b').set({ delay: '1s' })
    const socket = b!.udp(9)
    await a!.udp().send(b!, 9, 'under way')
    await lab.advance('1ms')
    lab.partition([a!], [b!])
    expect((await socket.receive()).text).toBe('under way')
  }))

test.each([4, 6] as const)('IPv%i: across a router, by who the packet is from', (family) =>
  on('ab', async (lab, { a }) => {
    const dmz = lab.bridge('dmz', { gateway: ['10.56.0.1/24', 'fd56::1/64'] })
    const [far, other] = [lab.host('f', { bridge: dmz }), lab.host('o', { bridge: dmz })]
    lab.partition([a!, other], [far])
    expect(await talking(lab, family)).toBe('ab ao bf bo')
    // The router itself is in no group.
    const gateway = family === 4 ? '10.56.0.1' : 'fd56::1'
    expect(await far.ping(gateway)).toMatchObject({ received: 1 })
  }),
)

test('what NAT has changed passes: it is the router’s', () =>
  on('a', async (lab, { a }) => {
    const internet = lab.bridge('internet', { subnets: ['203.0.113.0/24'] })
    const web = lab.host('web', { bridge: internet })
    lab.router({
      uplinks: { wan: { bridge: internet, addresses: ['203.0.113.10/24'] } },
      nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' }],
    })
    const heard: string[] = []
    web.udp(9, ({ from }) => void heard.push(from))
    lab.partition([a!], [web])
    await a!.udp().send(web, 9, 'x')
    await lab.run()
    expect(heard).toEqual(['203.0.113.10'])
    // Answers come from the host that is cut off.
    expect(await a!.ping(web)).toMatchObject({ received: 0 })
  }))

test('hosts of one MAC on different bridges are told apart by address', async () => {
  const lab = await createLab()
  const [lan, dmz] = [
    lab.bridge('lan', { gateway: ['10.55.0.1/24'] }),
    lab.bridge('dmz', { gateway: ['10.56.0.1/24'] }),
  ]
  const mac = '02:00:00:00:00:07'
  const [a, twin] = [lab.host('a', { bridge: lan, mac }), lab.host('t', { bridge: dmz, mac })]
  const [b, other] = [lab.host('b', { bridge: lan }), lab.host('o', { bridge: dmz })]
  const c = lab.host('c', { bridge: lan })
  lab.partition([a, c, other], [b, twin])
  expect(await a.ping(c)).toMatchObject({ received: 1 })
  expect(await a.ping(other)).toMatchObject({ received: 1 })
  expect(await twin.ping(b)).toMatchObject({ received: 1 })
  expect(await a.ping(b)).toMatchObject({ received: 0 })
  await lab.close()
})

test.each<[(lab: Lab, of: Lab) => void, string, string]>([
  [(lab) => lab.partition(), 'INVALID', 'found groups: 0; expected two or more lists of hosts'],
  [(lab) => lab.partition(['a']), 'INVALID', 'expected two or more lists of hosts'],
  [(lab) => lab.partition(['a'], 'b' as never), 'INVALID', 'found "b"; expected a list of hosts'],
  [(lab) => lab.partition(['a'], ['b', 'a']), 'INVALID', 'found host "a" twice'],
  [(lab) => lab.partition(['a'], ['bb']), 'NOT_FOUND', 'no host "bb"; expected "a" or "b"'],
  [(lab) => lab.partition(['a'], [null as never]), 'NOT_FOUND', 'no host nothing'],
  [(lab, of) => lab.partition(['a'], [of.hosts.get('b')!]), 'NOT_FOUND', 'is of another lab'],
  [(lab) => lab.cut(['a'], ['a']), 'INVALID', 'every host once at most'],
])('%s is refused, and cuts nothing', (attempt, code, message) =>
  on('ab', (lab) =>
    on('b', async (of) => {
      expect(() => attempt(lab, of)).toThrow(
        expect.objectContaining({ code, message: expect.stringContaining(message) }),
      )
      expect(await talking(lab)).toBe('ab')
    }),
  ),
)
