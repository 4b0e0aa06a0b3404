/** Static NAT, NPTv6 and NAT66 in namespaces, called from both sides. */
import { describe, expect, test } from 'vitest'
import { up } from '../support/linkspan.js'
import { answer, ask, masquerade, natLab } from '../support/nat-hosts.js'
import { ip, ping } from '../support/netns.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const PROTOCOLS = ['tcp', 'udp'] as const

describe('one host behind one outer address', () => {
  test.each([
    ['10.55.0.2', '203.0.113.20', '203.0.113.1'],
    ['fd55::2', '2001:db8::20', '2001:db8::1'],
  ])('%s is %s, both ways', async (host, outer, far) => {
    const { inside, outside, config } = natLab({
      nat: [{ type: 'static', inside: host, outside: outer, uplink: 'wan' }, masquerade],
    })
    await up(config)
    expect(await ping(inside, far)).toEqual(all)
    expect(await ping(outside, outer)).toEqual(all)
    await answer(inside, 'inside', 80)
    await answer(outside, 'outside', 8000)
    for (const protocol of PROTOCOLS) {
      expect(await ask(inside, far, 8000, { protocol })).toBe(`outside 8000 ${outer}`)
      expect(await ask(outside, outer, 80, { protocol })).toBe(`inside 80 ${far}`)
    }
  })
})

describe('one IPv6 prefix for another (RFC 6296)', () => {
  test('leads out and in, and neither checksum nor state is asked for', async () => {
    const { inside, outside, config } = natLab({
      nat: [{ type: 'nptv6', inside: 'fd55::/64', outside: '2001:db8:55::/64', uplink: 'wan' }],
    })
    const running = await up(config)
    ip('-n', outside, '-6', 'route', 'add', '2001:db8:55::/64', 'via', '2001:db8::10')
    expect(await ping(inside, '2001:db8::1')).toEqual(all)
    await answer(outside, 'outside', 8000)
    const told = await ask(inside, '2001:db8::1', 8000)
    expect(told).toMatch(/^outside 8000 2001:db8:55:/)
    // The host's outer address is the same whoever calls whom.
    const outer = told.slice('outside 8000 '.length)
    expect(await ping(outside, outer)).toEqual(all)
    await answer(inside, 'inside', 80)
    for (const protocol of PROTOCOLS) {
      expect(await ask(outside, outer, 80, { protocol })).toBe('inside 80 2001:db8::1')
      expect(await ask(inside, '2001:db8::1', 8000, { protocol })).toBe(told)
    }
    expect(await running.do('flow', 'del', '--all')).toMatch(/flows ended/)
    expect(await ask(outside, outer, 80)).toBe('inside 80 2001:db8::1')
  })
})

describe('masquerade of IPv6', () => {
  test('lets out under the address of the uplink, and answers in', async () => {
    const { inside, outside, config } = natLab({ nat: [masquerade] })
    await up(config)
    expect(await ping(inside, '2001:db8::1')).toEqual(all)
    await answer(outside, 'outside', 8000)
    for (const protocol of PROTOCOLS) {
      expect(await ask(inside, '2001:db8::1', 8000, { protocol })).toBe('outside 8000 2001:db8::10')
    }
  })
})
