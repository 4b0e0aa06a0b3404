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
  withoutAnyEntry,
  withoutAnyPort,
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
