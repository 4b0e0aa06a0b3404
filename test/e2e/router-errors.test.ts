/** What hosts are told by the router's ICMP errors. */
import { describe, expect, test } from 'vitest'
import { up } from '../support/linkspan.js'
import { ip, ping, within } from '../support/netns.js'
import { run } from '../support/process.js'
import { twoBridges } from '../support/routed.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }
const DONT_FRAGMENT = ['-M', 'do', '-s']

describe('what hosts see of the router', () => {
  test('it is a hop: TTL and hop limit end at it', async () => {
    const { left, config } = twoBridges()
    await up(config)
    const hop = async (to: string, ...more: string[]) =>
      (await run(within(left, 'ping', '-n', '-c', '1', '-W', '2', '-t', '1', ...more, to))).stdout
    expect(await hop('10.66.0.2')).toMatch(/From 10\.55\.0\.1 icmp_seq=1 Time to live exceeded/)
    expect(await hop('fd66::2')).toMatch(/From fd55::1 icmp_seq=1 Time exceeded: Hop limit/)
    expect(await ping(left, '10.66.0.2', '-t', '2')).toEqual(all)
    expect(await ping(left, 'fd66::2', '-t', '2')).toEqual(all)
  })

  test('what is routed nowhere is unreachable', async () => {
    const { left, config } = twoBridges()
    const routes = [{ to: '10.99.0.0/16', unreachable: true }]
    await up({ ...config, routes })
    const answer = await run(within(left, 'ping', '-n', '-c', '1', '-W', '2', '10.99.0.1'))
    expect(answer.stdout).toMatch(/From 10\.55\.0\.1 icmp_seq=1 Destination (Net|Host) Unreachable/)
    const other = await run(within(left, 'ping', '-n', '-c', '1', '-W', '2', '10.98.0.1'))
    expect(other.stdout).toMatch(/From 10\.55\.0\.1 icmp_seq=1 Destination (Net|Host) Unreachable/)
  })

  test('an MTU that shrinks on the way is found out (RFC 1191, RFC 8201)', async () => {
    const { left, config } = twoBridges({ red: { mtu: 1400 } })
    await up(config)
    // Known before: no more than three frames wait for a neighbour, and these come in parts.
    expect(await ping(left, '10.66.0.2')).toEqual(all)
    expect(await ping(left, '10.66.0.2', '-M', 'dont', '-s', '1472')).toEqual(all)
    const big = await run(
      within(left, 'ping', '-n', '-c', '1', '-W', '2', ...DONT_FRAGMENT, '1372', '10.66.0.2'),
    )
    expect(big.stdout).toMatch(/1 received/)
    await run(within(left, 'ping', '-c', '1', '-W', '1', ...DONT_FRAGMENT, '1373', '10.66.0.2'))
    await run(within(left, 'ping', '-c', '1', '-W', '1', ...DONT_FRAGMENT, '1400', 'fd66::2'))
    expect(ip('-n', left, 'route', 'get', '10.66.0.2')).toMatch(/mtu 1400/)
    expect(ip('-n', left, '-6', 'route', 'get', 'fd66::2')).toMatch(/mtu 1400/)
  })
})

test('what the router itself sends has drops of its own, as of a port "router"', async () => {
  const { config } = twoBridges()
  const running = await up(config)
  expect(await running.do('show', 'drops', '--port', 'router')).toMatch(/^PORT .*\n$/)
  const { status, stderr } = await running.run('show', 'drops', '--port', 'routers')
  expect([status, stderr]).toEqual([1, expect.stringContaining('routers')])
})
