/** The router over IPv6. */
import { describe, expect, test } from 'vitest'
import { up } from '../support/linkspan.js'
import { ipJson, ping } from '../support/netns.js'
import { inNamespace, twoBridges } from '../support/routed.js'
import { iperf } from '../support/traffic.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

describe('IPv6 hosts', () => {
  test('are routed, and the gateways answer', async () => {
    const { left, right, config } = twoBridges()
    await up(config)
    for (const to of ['fd55::1', 'fd66::1', 'fd66::2'])
      expect(await ping(left, to), to).toEqual(all)
    expect(await ping(right, 'fd55::2')).toEqual(all)
  })

  test('transfer by TCP', async () => {
    const { left, right, config } = twoBridges()
    await up(config)
    const { bitsPerSecond } = await iperf(inNamespace(left), inNamespace(right), 'fd66::2', '-6')
    expect(bitsPerSecond).toBeGreaterThan(1e6)
  })

  test('hosts make their IPv6 addresses of its advertisements (RFC 4862)', async () => {
    const { left, right, config } = twoBridges({ left: { addresses: ['10.55.0.2/24'] } })
    await up(config)
    const address = await until('an address of fd55::/64', () => {
      const [link] = ipJson<{ addr_info: { local: string }[] }[]>(
        left,
        '-6',
        'addr',
        'show',
        'eth0',
      )
      return link?.addr_info.find(({ local }) => local.startsWith('fd55:'))?.local
    })
    expect(ipJson<object[]>(left, '-6', 'route', 'show', 'default')).toMatchObject([
      { protocol: 'ra', dev: 'eth0' },
    ])
    expect(await ping(left, 'fd66::2')).toEqual(all)
    expect(await ping(right, address)).toEqual(all)
  })

  test('advertise: false keeps it to itself', async () => {
    const { left, config } = twoBridges({
      left: { addresses: ['10.55.0.2/24'] },
      blue: { gateway: { addresses: ['10.55.0.1/24', 'fd55::1/64'], advertise: false } },
    })
    await up(config)
    await new Promise((resolve) => setTimeout(resolve, 3000))
    expect(ipJson<object[]>(left, '-6', 'route', 'show', 'default')).toEqual([])
  })
})
