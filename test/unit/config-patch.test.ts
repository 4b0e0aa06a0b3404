import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config/parse.js'
import { type PortPatch, patchBridge, patchPort } from '../../src/config/patch.js'
import type { ConfigInput, PortInput } from '../../src/config/types.js'

const vlanAware = { bridges: { lab: { vlanAware: true } } }

/** A port on a VLAN-aware bridge after a patch, as the parser has it. */
function patched(port: Omit<PortInput, 'bridge'>, patch: PortPatch) {
  const of = (input: unknown) => {
    const config = parseConfig({ ...vlanAware, ports: { p: input } } as ConfigInput)
    return Object(config.ports.p)
  }
  return of(patchPort(of({ bridge: 'lab', ...port }), patch))
}

const trunk = { mode: 'trunk', nativeTagged: false, admit: 'all' }

describe('VLANs of a port', () => {
  test.each([
    ['access to access', { access: 10 }, { access: 20 }, { native: 20, mode: 'access' }],
    ['access to trunk', { access: 10 }, { tagged: [5] }, { tagged: [5], mode: 'trunk' }],
    ['trunk to access', { tagged: [5], native: 1 }, { access: 7 }, { native: 7, mode: 'access' }],
    [
      'a trunk keeps its list',
      { tagged: [5], native: 1 },
      { native: 2 },
      { tagged: [5], native: 2 },
    ],
    ['a trunk keeps its native', { tagged: [5], native: 1 }, { tagged: 'all' }, { native: 1 }],
    ['access to tunnel', { access: 3 }, { access: 3, tunnel: true }, { mode: 'tunnel' }],
    ['null takes the default', { access: 3 }, null, { native: 1, tagged: [] }],
  ] as const)('%s', (_, vlan, patch, expected) => {
    const input = vlan as PortInput['vlan']
    expect(patched({ vlan: input }, { port: { vlan: patch } }).vlan).toMatchObject(expected)
  })

  test('without native VLAN nothing of it is left, tagged or not', () => {
    const vlan = { tagged: [5], native: 1, nativeTagged: true }
    const { vlan: after } = patched(
      { vlan },
      { port: { vlan: { native: null, nativeTagged: false } } },
    )
    expect(after).toEqual({ ...trunk, tagged: [5] })
  })

  test('one more and one less', () => {
    const { vlan } = patched({ vlan: { tagged: [5, 6] } }, { tag: [7, 8], untag: [5] })
    expect(vlan).toEqual({ ...trunk, tagged: [6, 7, 8] })
  })

  test('an access port that carries more keeps its VLAN for untagged frames', () => {
    expect(patched({ vlan: { access: 10 } }, { tag: [30] }).vlan).toEqual({
      ...trunk,
      native: 10,
      tagged: [30],
    })
  })

  test('all of them less one has to be said as a list', () => {
    expect(() => patched({ vlan: { tagged: 'all' } }, { untag: [5] })).toThrow('say which')
    expect(patched({ vlan: { tagged: 'all' } }, { tag: [5] }).vlan.tagged).toBe('all')
  })
})

describe('what follows from a setting follows it', () => {
  test('learning from locked, both ways', () => {
    expect(patched({}, { port: { locked: true } }).learning).toBe(false)
    expect(patched({ locked: true }, { port: { locked: false } }).learning).toBe(true)
  })

  test('a burst from a rate, unless it is said', () => {
    const limits = { receive: { bits: '100M' } }
    const rate = (receive: object) => patched({ limits }, { port: { limits: { receive } } })
    expect(rate({ bits: '1G' }).limits.receive).toEqual({ bits: 1e9, burst: 12_500_000 })
    const said = { bits: '1G', burst: 200_000 }
    expect(rate(said).limits.receive).toEqual({ bits: 1e9, burst: 200_000 })
    expect(rate({ frames: 10 }).limits.receive).toEqual({ bits: 1e8, burst: 1_250_000, frames: 10 })
  })
})

test('limits change one by one, and null takes one away', () => {
  const limits = { macs: 3, broadcast: 100 }
  expect(patched({ limits }, { port: { limits: { macs: null } } }).limits).toEqual({
    broadcast: 100,
  })
  expect(patched({ limits }, { port: { limits: null } }).limits).toEqual({})
})

test('a guard is replaced as a whole', () => {
  const guard = { macs: ['02:00:00:00:00:01'], addresses: ['10.0.0.1'] }
  const port = { guard: { addresses: ['10.0.0.2'] } }
  expect(patched({ guard }, { port }).guard).toEqual({ addresses: ['10.0.0.2/32'] })
})

test('a bridge that is VLAN-aware no more takes the VLANs of its ports and entries along', () => {
  const config = parseConfig({
    bridges: { lab: { vlanAware: true }, other: { vlanAware: true } },
    ports: { p: { bridge: 'lab', vlan: { access: 10 } }, q: { bridge: 'other' } },
    fdb: [{ bridge: 'lab', mac: '02:00:00:00:00:01', port: 'p' }],
  })
  const off = parseConfig(patchBridge(config, 'lab', { vlanAware: false }))
  expect(off.ports.p).not.toHaveProperty('vlan')
  expect(off.ports.q).toEqual(config.ports.q)
  expect(off.fdb).toEqual([{ bridge: 'lab', mac: '02:00:00:00:00:01', port: 'p' }])
  const on = parseConfig(patchBridge(off, 'lab', { vlanAware: true }))
  expect(on.ports.p?.vlan).toEqual({ ...trunk, native: 1, tagged: [] })
  expect(on.fdb[0]?.vlan).toBe(1)
})
