/** The in-process switch: many ports in one step, a router that comes later, time of its own clock. */
import { expect, test } from 'vitest'
import { createSwitch } from '../../src/index.js'
import { codeOf } from '../support/errors.js'
import { BROADCAST, frame, markOf, station } from '../support/frames.js'

test('addPorts: all, or none where one is wrong', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} }, capacity: { ports: 3 } })
  const plain = { bridge: 'lan' }
  expect(codeOf(() => sw.addPorts({ a: plain, b: { bridge: 'wan' } }))).toBe('NOT_FOUND')
  expect(codeOf(() => sw.addPorts({ a: plain, b: { ...plain, vlan: { access: 2 } } }))).toBe(
    'CONFIG',
  )
  expect(codeOf(() => sw.addPorts({ a: plain, b: plain, c: plain, d: plain }))).toBe('CONFIG')
  expect([...sw.ports.keys()]).toEqual([])
  const ports = sw.addPorts({ a: plain, b: plain })
  expect([...ports.keys()]).toEqual(['a', 'b'])
  expect(codeOf(() => sw.addPorts({ c: plain, a: plain }))).toBe('EXISTS')
  expect(Object.keys(sw.config.ports)).toEqual(['a', 'b'])
  ports.get('a')?.send(frame(BROADCAST, station(1), 7))
  sw.process()
  expect(ports.get('b')?.take().map(markOf)).toEqual([7])
})

test('advanceTo goes to a time, fractions too, and not back; nextDeadline says when time acts', async () => {
  await using sw = await createSwitch({ bridges: { lan: {} } })
  sw.advance(1)
  expect(sw.nextDeadline()).toBe(Infinity)
  const { a } = Object.fromEntries(sw.addPorts({ a: { bridge: 'lan' } }))
  a?.send(frame(BROADCAST, station(1)))
  sw.process()
  expect(sw.nextDeadline()).toBeLessThan(Infinity)
  sw.advanceTo(1.25)
  expect(sw.now).toBe(1.25)
  expect(codeOf(() => sw.advanceTo(1.2))).toBe('INVALID')
  sw.advanceTo(400_000)
  expect([sw.now, sw.fdb.list()]).toEqual([400_000, []])
  sw.close()
  expect(codeOf(() => sw.nextDeadline())).toBe('CLOSED')
})

const WAN = { addresses: ['203.0.113.10/24'] }
const NAT = { type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' } as const

test.each([
  [100, 2],
  [6144, 3],
  [8192, 4],
] as const)(
  'with room for %i flows, %i addresses to translate to, and no more',
  async (flows, most) => {
    const bridges = { lan: { gateway: { addresses: ['10.55.0.1/24'] } } }
    const source = ['203.0.113.10', '203.0.113.11', '203.0.113.12', '203.0.113.13', '203.0.113.14']
    await using sw = await createSwitch({ bridges, capacity: { flows } })
    sw.configure({ uplinks: { wan: { addresses: source.map((each) => `${each}/24`) } } })
    const pool = (size: number) =>
      sw.configure({ nat: [{ ...NAT, source: source.slice(0, size) }] })
    expect(codeOf(() => pool(most + 1))).toBe('LIMIT')
    pool(most)
    expect(sw.config.nat).toMatchObject([{ source: source.slice(0, most) }])
  },
)

test('configure: uplinks and NAT, or nothing of them', async () => {
  const gateway = { addresses: ['10.55.0.1/24'] }
  await using sw = await createSwitch({ bridges: { lan: { gateway } } })
  expect(codeOf(() => sw.configure({ nat: [NAT] }))).toBe('CONFIG')
  expect(codeOf(() => sw.configure({ uplinks: { wan: { addresses: ['10.55.0.9/24'] } } }))).toBe(
    'CONFIG',
  )
  expect([...sw.ports.keys()]).toEqual([])
  sw.configure({ uplinks: { wan: WAN }, nat: [NAT] })
  expect([...sw.ports.keys()]).toEqual(['wan'])
  expect(codeOf(() => sw.configure({ uplinks: { wan: WAN } }))).toBe('EXISTS')
  // What is left out stays.
  sw.configure({ filter: [{ name: 'none', action: 'deny', protocol: 'tcp' }] })
  expect(sw.config).toMatchObject({ nat: [{ uplink: 'wan' }], filter: [{ name: 'none' }] })
  expect(codeOf(() => sw.removePort('wan'))).toBe('INVALID')
})

test('what is answered to an advertisement is forwarded in the same process()', async () => {
  const gateway = { addresses: ['fd55::1/64'] }
  await using sw = await createSwitch({ bridges: { lan: { gateway } } })
  const { a, b } = Object.fromEntries(sw.addPorts({ a: { bridge: 'lan' }, b: { bridge: 'lan' } }))
  let heard = 0
  a?.onFrame(() => {
    heard++
    a.send(frame(BROADCAST, station(1), heard))
  })
  b?.take()
  while (heard === 0) {
    sw.advanceTo(sw.nextDeadline())
    sw.process()
  }
  expect(b?.take().map(markOf)).toContain(heard)
})

test('configure: a filter for which there is no room leaves neither uplinks nor their ports', async () => {
  const gateway = { addresses: ['10.55.0.1/24'] }
  const options = { bridges: { lan: { gateway } }, capacity: { rules: 16 } }
  await using sw = await createSwitch(options)
  const filter = Array.from({ length: 16 }, (_, index) => ({
    ...{ name: `rule-${index}`, action: 'deny', protocol: 'tcp' },
    // Many ranges a rule: more than the filter has room for.
    destinationPort: Array.from(
      { length: 60 },
      (_, range) => `${range * 20 + index + 1}-${range * 20 + index + 3}`,
    ),
    sourcePort: Array.from(
      { length: 60 },
      (_, range) => `${range * 30 + index + 1}-${range * 30 + index + 3}`,
    ),
  })) as never
  const all = { uplinks: { wan: WAN }, nat: [NAT], filter }
  expect(codeOf(() => sw.configure(all))).toBe('LIMIT')
  expect([...sw.ports.keys()]).toEqual([])
  sw.configure({ uplinks: { wan: WAN }, nat: [NAT] })
  expect([...sw.ports.keys()]).toEqual(['wan'])
})
