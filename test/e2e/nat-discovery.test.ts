/** What a STUN client finds out about our NAT, and about the kernel's, in three namespaces. */
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { up } from '../support/linkspan.js'
import { ip, namespace, uniqueName, within } from '../support/netns.js'
import { discover, stunServer } from '../support/stun.js'

const SERVERS = ['203.0.113.1', '203.0.113.2'] as const

/** A host inside, and one outside with two addresses, each in a namespace. */
function places(): { inside: string; outside: string } {
  return { inside: namespace(), outside: namespace() }
}

function configOf(inside: string, outside: string, filtering: string) {
  const device = { type: 'tap', name: 'eth0' }
  return {
    version: 1,
    bridges: { lan: { gateway: { addresses: ['10.55.0.1/24'] } } },
    ports: {
      a: {
        bridge: 'lan',
        device: { ...device, netns: inside, addresses: ['10.55.0.2/24'], routes: 'auto' },
      },
    },
    uplinks: {
      wan: {
        device: { ...device, netns: outside, addresses: SERVERS.map((address) => `${address}/24`) },
        addresses: ['203.0.113.10/24'],
      },
    },
    nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan', filtering }],
  }
}

describe('A1 A7 A8 what a STUN client finds', () => {
  test.each([
    ['endpoint-independent', 'Endpoint Independent'],
    ['address-dependent', 'Address Dependent'],
  ])('with %s filtering', async (filtering, found) => {
    const { inside, outside } = places()
    await up(configOf(inside, outside, filtering))
    await stunServer(outside, SERVERS)
    expect(await discover(inside, SERVERS[0])).toMatchObject({
      mapping: 'Endpoint Independent',
      filtering: found,
      hairpin: true,
      untouched: true,
    })
  })

  test("the kernel's masquerade does not hairpin, and filters by address and port", async () => {
    const { inside, outside } = places()
    const router = namespace()
    wire(router, inside, ['10.55.0.1/24'], ['10.55.0.2/24'])
    wire(
      router,
      outside,
      ['203.0.113.10/24'],
      SERVERS.map((address) => `${address}/24`),
    )
    ip('-n', inside, 'route', 'add', 'default', 'via', '10.55.0.1')
    const chain = 'type nat hook postrouting priority 100; ip saddr 10.55.0.0/24 masquerade;'
    execFileSync('ip', within(router, 'nft', `table ip n { chain c { ${chain} }; }`).slice(1))
    const forward = 'echo 1 > /proc/sys/net/ipv4/ip_forward'
    execFileSync('ip', within(router, 'sh', '-c', forward).slice(1))
    await stunServer(outside, SERVERS)
    expect(await discover(inside, SERVERS[0])).toMatchObject({
      mapping: 'Endpoint Independent',
      filtering: 'Address and Port Dependent',
      hairpin: false,
    })
  })
})

/** A veth from the router to a host, with addresses at both ends. */
function wire(
  router: string,
  host: string,
  ours: readonly string[],
  theirs: readonly string[],
): void {
  const name = uniqueName()
  ip('-n', router, 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', host)
  for (const address of ours) ip('-n', router, 'address', 'add', address, 'dev', name)
  for (const address of theirs) ip('-n', host, 'address', 'add', address, 'dev', 'eth0')
  ip('-n', router, 'link', 'set', name, 'up')
  ip('-n', host, 'link', 'set', 'eth0', 'up')
}
