/** The filter in namespaces: rules between ports of a bridge, changed while it runs. */
import { expect, test } from 'vitest'
import type { RuleView } from '../../src/control/rule-view.js'
import { lab, two } from '../support/lab.js'
import { configFile, up } from '../support/linkspan.js'
import { ping } from '../support/netns.js'
import { twoBridges } from '../support/routed.js'

const none = { transmitted: 1, received: 0, duplicates: 0 }
const once = { transmitted: 1, received: 1, duplicates: 0 }
const short = ['-c', '1', '-W', '1']

test('rules decide, count, and change with apply', async () => {
  const { stations, config } = lab(2)
  const [a, b] = two(stations)
  const echo = { protocol: 'icmp', icmpType: ['echo-request', 'echo-reply'] }
  const filter = [
    { name: 'ping', action: 'allow', ...echo },
    { name: 'rest', action: 'deny', from: { port: 'a' } },
  ]
  const running = await up({ ...config, filter })
  expect(await ping(a.netns, b.ip4, ...short)).toEqual(once)
  expect(await ping(a.netns, b.ip6, ...short)).toEqual(none)
  const rules = await running.show<RuleView[]>('rules')
  expect(rules.map(({ name, packets }) => [name, packets > 0])).toEqual([
    ['ping', true],
    ['rest', true],
  ])
  expect(await running.do('show', 'rules')).toMatch(/^ *2 {2}rest {2}deny +port=a +any +all +\d/m)
  expect(await running.do('metrics')).toMatch(/^linkspan_rule_packets_total\{rule="ping"\} [1-9]/m)

  const turned = [filter[1], filter[0]]
  expect(await running.do('apply', '-c', configFile({ ...config, filter: turned }))).toBe(
    '~ filter *  order\n',
  )
  expect(await ping(a.netns, b.ip4, ...short)).toEqual(none)
  expect(await running.do('apply', '-c', configFile(config))).toBe('- filter rest\n- filter ping\n')
  expect(await ping(a.netns, b.ip6, ...short)).toEqual(once)
  const closed = { ...config, bridges: { lan: { policy: 'deny' } } }
  expect(await running.do('apply', '-c', configFile(closed))).toBe('~ bridge lan  policy\n')
  expect(await ping(a.netns, b.ip4, ...short)).toEqual(none)
})

test('routed packets are asked too: one way is allowed, and its answers', async () => {
  const { left, right, config } = twoBridges()
  const filter = [
    { name: 'answers', action: 'allow', state: ['established', 'related'] },
    { name: 'out', action: 'allow', from: { bridge: 'blue' }, to: { bridge: 'red' } },
    { name: 'told', action: 'reject', from: { bridge: 'red' }, to: { bridge: 'blue' } },
  ]
  const running = await up({ ...config, filter })
  for (const to of ['10.66.0.2', 'fd66::2']) expect(await ping(left, to, ...short)).toEqual(once)
  for (const to of ['10.55.0.2', 'fd55::2']) expect(await ping(right, to, ...short)).toEqual(none)
  const rules = await running.show<RuleView[]>('rules')
  expect(rules.map(({ name, packets }) => [name, packets > 0])).toEqual([
    ['answers', true],
    ['out', true],
    ['told', true],
  ])
})
