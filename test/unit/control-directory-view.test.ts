/** The directory as the API has it: told as a whole, shown in order, with its marks. */
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/parse.js'
import { MemoryDirectory } from '../../src/control/directory/memory.js'
import { remove, say } from '../../src/control/directory-edit.js'
import { endpointViews, peerViews } from '../../src/control/directory-view.js'

const mac = (last: number) => `02:00:00:00:00:0${last}`
const endpoint = (last: number, vtep = '192.0.2.11', vni = 42) => {
  return { vni, mac: mac(last), addresses: [] as string[], vtep }
}
const some = (...endpoints: ReturnType<typeof endpoint>[]) => ({ peers: [], endpoints })

/** A directory, what its listener heard, and a switch with two bridges of VNI 42. */
function setUp() {
  const directory = new MemoryDirectory({ now: () => 0, keep: 1000, schedule: () => {} })
  const heard: string[] = []
  directory.watch(({ snapshot, endpoints, peers }) => {
    if (snapshot) return
    heard.push(...[...peers, ...endpoints].map(({ op }) => op))
  })
  const config = parseConfig({
    version: 1,
    underlay: { addresses: ['192.0.2.10'] },
    bridges: {
      blue: { vxlan: { vni: 42, peers: ['192.0.2.11'] } },
      twin: { vxlan: { vni: 42, port: 8472, peers: ['192.0.2.11'] } },
      plain: {},
    },
  })
  const take = () => {
    directory.flush()
    return heard.splice(0)
  }
  return { directory, host: { directory, config }, take }
}

test('what a source says again as a whole is no change, what it does not say goes', () => {
  const { directory, take } = setUp()
  const peers = [{ vni: 42, vtep: '192.0.2.11' }]
  say(directory, 'a', { peers, endpoints: [endpoint(1), endpoint(2)] }, true)
  expect(take()).toEqual(['added', 'added', 'added'])
  say(directory, 'a', { peers, endpoints: [endpoint(1), endpoint(2)] }, true)
  expect(take()).toEqual([])
  say(directory, 'a', some(endpoint(1, '192.0.2.12')), true)
  expect(take().sort()).toEqual(['changed', 'removed', 'removed'])
  say(directory, 'a', some(endpoint(3)), false)
  expect(take()).toEqual(['added'])
})

test('one that is wrong leaves the directory as it was', () => {
  const { directory, take } = setUp()
  say(directory, 'a', some(endpoint(1)), true)
  take()
  const bad = some(endpoint(2), endpoint(3, '0.0.0.0'))
  for (const whole of [true, false]) {
    expect(() => say(directory, 'a', bad, whole)).toThrow(/^endpoints\[1\]: found "0.0.0.0"/)
  }
  const gone = { peers: [], endpoints: [endpoint(1), { vni: 42, mac: 'x' }] }
  expect(() => remove(directory, 'a', gone)).toThrow(/^endpoints\[1\]: found "x"/)
  expect(take()).toEqual([])
})

test('what is removed counts where the source had said it', () => {
  const { directory } = setUp()
  say(directory, 'a', some(endpoint(1), endpoint(2)), true)
  expect(remove(directory, 'b', { peers: [], endpoints: [endpoint(1)] })).toEqual({ removed: 0 })
  const peers = [{ vni: 42, vtep: '192.0.2.11' }]
  expect(remove(directory, 'a', { peers, endpoints: [endpoint(1)] })).toEqual({ removed: 1 })
  expect([...directory.endpoints()]).toHaveLength(1)
})

test('endpoints are in the order of VNIs and MACs, with the first bridge of the VNI', () => {
  const { directory, host } = setUp()
  say(directory, 'a', some(endpoint(2), endpoint(1), endpoint(3, '192.0.2.11', 7)), true)
  directory.lose('a')
  const marks = { source: 'a', stale: true, contested: false }
  const rest = { addresses: [], vtep: '192.0.2.11', ...marks }
  expect(endpointViews(host, {})).toEqual([
    { bridge: null, vni: 7, mac: mac(3), ...rest },
    { bridge: 'blue', vni: 42, mac: mac(1), ...rest },
    { bridge: 'blue', vni: 42, mac: mac(2), ...rest },
  ])
})

test('they are narrowed by bridge, VNI, VTEP, source and MAC, however those are written', () => {
  const { directory, host } = setUp()
  say(directory, 'a', some(endpoint(1), endpoint(2, '2001:db8::1')), true)
  say(directory, 'b', some(endpoint(3, '192.0.2.11', 7)), true)
  const macs = (scope: object) => endpointViews(host, scope).map((one) => one.mac.slice(-1))
  expect(macs({ bridge: 'blue' })).toEqual(['1', '2'])
  expect(macs({ bridge: 'plain' })).toEqual([])
  expect(macs({ vni: 7 })).toEqual(['3'])
  expect(macs({ vtep: '2001:DB8:0::1' })).toEqual(['2'])
  expect(macs({ source: 'b' })).toEqual(['3'])
  expect(macs({ mac: '02-00-00-00-00-01' })).toEqual(['1'])
  expect(() => macs({ vtep: 'x' })).toThrow('found "x"')
})

test('peers have the host that has them, or null', () => {
  const { directory, host } = setUp()
  const peers = [
    { vni: 42, vtep: '192.0.2.12' },
    { vni: 42, vtep: '192.0.2.11', host: 'b' },
  ]
  say(directory, 'a', { peers, endpoints: [] }, true)
  const rest = { bridge: 'blue', vni: 42, source: 'a', stale: false, contested: false }
  expect(peerViews(host, {})).toEqual([
    { ...rest, vtep: '192.0.2.11', host: 'b' },
    { ...rest, vtep: '192.0.2.12', host: null },
  ])
  expect(peerViews(host, { vtep: '192.0.2.12' })).toHaveLength(1)
})
