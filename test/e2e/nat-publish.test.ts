/** Published services of every kind in namespaces, called from outside and from inside. */
import { describe, expect, test } from 'vitest'
import { up } from '../support/linkspan.js'
import { answer, ask, masquerade, natLab } from '../support/nat-hosts.js'
import { namespace, ping } from '../support/netns.js'
import { tap } from '../support/routed.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const PROTOCOLS = ['tcp', 'udp'] as const
const far = { 4: '203.0.113.1', 6: '2001:db8::1' } as const

describe('a published service', () => {
  test.each([
    [4, 'wan:8080', '10.55.0.2:80', '203.0.113.10'],
    [4, '203.0.113.10:8080', '10.55.0.2:80', '203.0.113.10'],
    [6, 'wan:8080', '[fd55::2]:80', '2001:db8::10'],
    [6, '[2001:db8::10]:8080', '[fd55::2]:80', '2001:db8::10'],
  ] as const)('of IPv%i on %s, by TCP and UDP', async (family, listen, to, address) => {
    const publish = [{ name: 'web', listen, to: [to], protocol: ['tcp', 'udp'] }]
    const { inside, outside, config } = natLab({ publish })
    await up(config)
    await answer(inside, 'web', 80)
    for (const protocol of PROTOCOLS) {
      const told = await ask(outside, address, 8080, { protocol })
      expect(told, protocol).toBe(`web 80 ${far[family]}`)
    }
  })

  test('of a range has each port at its own', async () => {
    const publish = [
      { name: 'four', listen: 'wan:8080-8082', to: ['10.55.0.2:90-92'], protocol: ['tcp', 'udp'] },
      { name: 'six', listen: 'wan:8080-8082', to: ['[fd55::2]:90-92'], protocol: ['tcp', 'udp'] },
    ]
    const { inside, outside, config } = natLab({ publish })
    await up(config)
    await answer(inside, 'web', 90, 91, 92)
    for (const at of [0, 1, 2]) {
      for (const protocol of PROTOCOLS) {
        const told = await ask(outside, '203.0.113.10', 8080 + at, { protocol })
        expect(told).toBe(`web ${90 + at} 203.0.113.1`)
      }
      expect(await ask(outside, '2001:db8::10', 8080 + at)).toBe(`web ${90 + at} 2001:db8::1`)
    }
    for (const port of [8079, 8083]) {
      expect(await ask(outside, '203.0.113.10', port, { patience: 500 })).not.toMatch(/^web/)
    }
  })

  test('of echo requests is who answers pings of the address', async () => {
    const publish = [
      { name: 'echo', listen: '203.0.113.10', to: ['10.55.0.2'], protocol: ['icmp'] },
      { name: 'echo6', listen: '2001:db8::10', to: ['fd55::2'], protocol: ['icmp'] },
    ]
    const { outside, config } = natLab({ publish })
    const running = await up(config)
    for (const address of ['203.0.113.10', '2001:db8::10']) {
      expect(await ping(outside, address)).toEqual(all)
    }
    for (const [protocol, host] of [
      ['icmp', '10.55.0.2'],
      ['icmpv6', 'fd55::2'],
    ]) {
      expect(await running.show<object[]>(`flows?protocol=${protocol}`)).toMatchObject([
        { reply: { source: host }, nat: ['destination'] },
      ])
    }
  })
})

describe('called from inside', () => {
  test('a published service answers its own host, its neighbours and other bridges', async () => {
    const [beside, other] = [namespace(), namespace()]
    const publish = [
      { name: 'four', listen: 'wan:8080', to: ['10.55.0.2:80'], protocol: ['tcp', 'udp'] },
      { name: 'six', listen: 'wan:8080', to: ['[fd55::2]:80'], protocol: ['tcp', 'udp'] },
    ]
    const { inside, config } = natLab({ nat: [masquerade], publish })
    const red = { gateway: { addresses: ['10.66.0.1/24', 'fd66::1/64'] } }
    await up({
      ...config,
      bridges: { ...config.bridges, red },
      ports: {
        ...config.ports,
        beside: { bridge: 'blue', device: tap(beside, ['10.55.0.3/24', 'fd55::3/64']) },
        other: { bridge: 'red', device: tap(other, ['10.66.0.2/24', 'fd66::2/64']) },
      },
    })
    await answer(inside, 'web', 80)
    for (const [who, netns] of Object.entries({ inside, beside, other })) {
      for (const address of ['203.0.113.10', '2001:db8::10']) {
        for (const protocol of PROTOCOLS) {
          const told = await ask(netns, address, 8080, { protocol })
          expect(told, `${who} to ${address} by ${protocol}`).toMatch(/^web 80 /)
        }
      }
    }
  })
})
