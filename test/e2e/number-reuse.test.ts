/** A port's number given to another port: what happened to the first must not happen to the second. */
import { startSwitch } from 'linkspan/node'
import { expect, test } from 'vitest'
import { defer } from '../support/cleanup.js'
import { interfaces, ip, namespace } from '../support/netns.js'
import { until } from '../support/until.js'

test('a deleted device of a removed port does no harm to the port that has its number', async () => {
  const [first, second] = [namespace(), namespace()]
  const running = await startSwitch({ bridges: { lan: {} }, capacity: { ports: 1 } })
  defer(() => running.close())
  const tap = (netns: string) => ({
    bridge: 'lan',
    device: { type: 'tap' as const, netns, name: 'eth0' },
  })
  for (let round = 0; round < 5; round++) {
    await running.addPort('a', tap(first))
    ip('-n', first, 'link', 'del', 'eth0')
    await running.removePort('a')
    const port = await running.addPort('b', tap(second))
    expect(port.index).toBe(0)
    // Longer than control takes to look at all devices, twice.
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(port.state).toBe('up')
    expect(interfaces(second)).toContain('eth0')
    await running.removePort('b')
    await until('the interface is gone', () => !interfaces(second).includes('eth0'))
  }
})
