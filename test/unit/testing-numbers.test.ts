/** The lab: many hosts, each with its link. */
import { expect, test } from 'vitest'
import { createLab } from '../../src/testing/index.js'

const HOSTS = 10_000

test('10,000 hosts on 10,000 links: first and last reach each other, and a link among them has faults', async () => {
  const capacity = { ports: HOSTS + 10, macs: 2 * HOSTS }
  const lab = await createLab({ config: { capacity } })
  lab.bridge('lan', { subnets: ['10.55.0.0/16'] })
  const hosts = Array.from({ length: HOSTS }, (_, index) => lab.host(`h${index}`))
  const [first, middle, last] = [hosts[0]!, hosts[HOSTS / 2]!, hosts[HOSTS - 1]!]
  middle.link.set({ delay: '5ms' })
  expect(await first.ping(last)).toMatchObject({ received: 1, rtt: { min: 0 } })
  // The question for its MAC goes there and back, too.
  expect(await first.ping(middle)).toMatchObject({ received: 1, rtt: { min: 20 } })
  // A flood came to everybody by a link of his own; those who are not meant say nothing.
  expect(hosts.filter(({ link }) => link.counters.received > 0)).toHaveLength(HOSTS)
  expect(hosts.filter(({ link }) => link.counters.sent > 0)).toEqual([first, middle, last])
  await lab.close()
}, 120_000)
