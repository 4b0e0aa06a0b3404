import { describe, expect, test } from 'vitest'
import { planText } from '../../src/cli/plan-text.js'
import { planChanges } from '../../src/config/diff.js'
import { parseConfig } from '../../src/config/parse.js'
import {
  applied,
  type Desired,
  fromFile,
  hasEntry,
  withApiBridge,
  withApiEntry,
  withApiPort,
  withApiPublish,
  withoutAnyEntry,
  withoutAnyPort,
  withoutAnyPublish,
} from '../../src/control/desired.js'
import { planView } from '../../src/control/plan.js'

const tap = (name: string, more: object = {}) => ({ type: 'tap' as const, name, ...more })
const madeByApi = ({ origins }: Desired) => [...origins.ports.keys(), ...origins.bridges.keys()]
const base = parseConfig({
  bridges: { lan: {}, lab: {} },
  ports: { web: { bridge: 'lan', device: tap('t0') } },
})

describe('a config beside what came by the API', () => {
  const byHand = withApiPort(withApiBridge(fromFile(base), 'hand', {}), 'mine', {
    bridge: 'hand',
    device: tap('t1'),
  })

  test('leaves it', () => {
    const next = applied(byHand, base, false)
    expect(Object.keys(next.config.bridges).sort()).toEqual(['hand', 'lab', 'lan'])
    expect(Object.keys(next.config.ports).sort()).toEqual(['mine', 'web'])
    expect(madeByApi(next)).toEqual(['mine', 'hand'])
  })

  test('takes it away when it is told to prune', () => {
    const next = applied(byHand, base, true)
    expect(next.config).toEqual(base)
    expect(madeByApi(next)).toEqual([])
  })

  test('keeps static entries, and forgets them with their port', () => {
    const mac = '02-00-00-00-00-0A'
    const place = { bridge: 'hand', mac: '02:00:00:00:00:0a' }
    const withEntry = withApiEntry(byHand, { bridge: 'hand', mac, port: 'mine' })
    expect(hasEntry(withEntry, place)).toBe(true)
    expect(applied(withEntry, base, false).config.fdb).toEqual([{ ...place, port: 'mine' }])
    expect(hasEntry(withoutAnyEntry(withEntry, place), place)).toBe(false)
    const without = withoutAnyPort(withEntry, 'mine')
    expect([without.config.fdb, [...without.origins.fdb]]).toEqual([[], []])
  })

  test('of another port replaces a static entry', () => {
    const place = { bridge: 'lan', mac: '02:00:00:00:00:0a' }
    const more = withApiPort(fromFile(base), 'db', { bridge: 'lan', device: tap('t2') })
    const once = withApiEntry(more, { ...place, port: 'web' })
    expect(withApiEntry(once, { ...place, port: 'db' }).config.fdb).toEqual([
      { ...place, port: 'db' },
    ])
  })

  test('with a static entry that no config may have is refused, so that later changes are not', () => {
    const vlan = (tagged: number[], native?: number) => ({ tagged, ...(native && { native }) })
    const config = parseConfig({
      bridges: { lan: { vlanAware: true } },
      ports: {
        a: { bridge: 'lan', vlan: vlan([10], 20), mirror: { port: 'sniffer' } },
        b: { bridge: 'lan', vlan: vlan([30]) },
        sniffer: { bridge: 'lan', vlan: vlan([10]) },
      },
    })
    const add = (port: string, vlan?: number) => () =>
      withApiEntry(fromFile(config), {
        bridge: 'lan',
        mac: '02:00:00:00:00:0a',
        port,
        ...(vlan !== undefined && { vlan }),
      }).config.fdb[0]?.vlan
    expect([add('a')(), add('a', 10)(), add('b', 30)()]).toEqual([20, 10, 30])
    expect(add('a', 30)).toThrow('fdb[0].vlan: found 30; expected a VLAN of port "a" (10, 20)')
    expect(add('b')).toThrow('fdb[0].vlan: missing; expected a VLAN of port "b" (30)')
    expect(add('sniffer', 10)).toThrow('this one is the target of a mirror')
  })

  test('cannot take the bridge from under it, nor its interface', () => {
    const onLab = withApiPort(fromFile(base), 'mine', { bridge: 'lab', device: tap('t1') })
    const without = parseConfig({ bridges: { lan: {} }, ports: base.ports })
    expect(() => applied(onLab, without, false)).toThrow(/bridges\.lab: missing, but port "mine"/)
    expect(applied(onLab, without, true).config).toEqual(without)
    const same = parseConfig({ ...base, ports: { web: { bridge: 'lan', device: tap('t1') } } })
    expect(() => applied(onLab, same, false)).toThrow(/"mine".*--prune removes it/)
  })
})

describe('a plan as it is shown', () => {
  const next = parseConfig({
    bridges: { lan: { ageing: 60_000 } },
    ports: {
      web: { bridge: 'lan', up: false, device: tap('t0', { mtu: 1400 }) },
      db: { bridge: 'lan', device: tap('t1', { netns: 'db' }) },
    },
    fdb: [{ bridge: 'lan', mac: '02:00:00:00:00:01', port: 'db' }],
  })
  const text = (from: typeof base, to: typeof base) => planText(planView(planChanges(from, to)))

  test('is a line a change', () => {
    expect(text(base, next)).toEqual([
      '~ bridge lan  ageing',
      '~ port web  device.mtu, up',
      '+ port db  tap t1 in db, on lan',
      '- bridge lab',
      '+ fdb lan 02:00:00:00:00:01 db',
    ])
    expect(text(next, next)).toEqual([])
  })

  test('has one for a port with another device', () => {
    const ports = { web: { bridge: 'lan', device: tap('t9', { netns: 'web' }) } }
    expect(text(base, parseConfig({ ...base, ports }))).toEqual([
      '~ port web  another device: tap t9 in web; device.name, device.netns',
    ])
  })
})

describe('published services', () => {
  const routed = parseConfig({
    bridges: { lan: { gateway: { addresses: ['10.55.0.1/24'] } } },
    uplinks: { wan: { addresses: ['203.0.113.10/24'] } },
    publish: [{ name: 'web', listen: 'wan:80', to: ['10.55.0.2:80'] }],
  })
  const dns = { name: 'dns', listen: 'wan:53', to: ['10.55.0.3:53'], protocol: ['udp' as const] }
  const made = withApiPublish(fromFile(routed), dns)
  const names = ({ config }: Desired) => config.publish.map(({ name }) => name)

  test('of the API stay beside those of a config, unless pruned', () => {
    expect(names(made)).toEqual(['web', 'dns'])
    expect([...made.origins.publish]).toEqual([['dns', 'api']])
    const next = applied(made, routed, false)
    expect([names(next), [...next.origins.publish]]).toEqual([['web', 'dns'], [['dns', 'api']]])
    const pruned = applied(made, routed, true)
    expect([names(pruned), pruned.origins.publish.size]).toEqual([['web'], 0])
    const without = withoutAnyPublish(made, 'dns')
    expect([names(without), without.origins.publish.size]).toEqual([['web'], 0])
  })

  test("become the config's when it has the same", () => {
    const both = parseConfig({ ...routed, publish: [...routed.publish, dns] })
    const next = applied(made, both, false)
    expect([names(next), next.origins.publish.size]).toEqual([['web', 'dns'], 0])
  })

  test('that collide are refused, with the owner named', () => {
    const other = (more: object) =>
      parseConfig({ ...routed, publish: [...routed.publish, { ...dns, ...more }] })
    expect(() => applied(made, other({ to: ['10.55.0.4:53'] }), false)).toThrow(
      'publish[1].name: the API published another service as "dns"; take another name, remove that one, or apply with --prune',
    )
    expect(() => applied(made, other({ name: 'dns2' }), false)).toThrow(
      /publish entry "dns2" has it \(what the API made stays; --prune removes it\)/,
    )
    expect(() => withApiPublish(made, { ...dns, name: 'more' })).toThrow(
      'publish[2].listen: found "wan:53"; expected what nothing else listens on: publish entry "dns" has it',
    )
  })
})
