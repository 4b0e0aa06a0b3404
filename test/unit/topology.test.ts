/** Bridges and ports by name: what a change that finds no room leaves behind. */
import { expect, test } from 'vitest'
import { access, trunk } from '../support/policy.js'
import { Rig } from '../support/rig.js'

/** Three VLANs are all there is room for, and `a` has them. */
function full(): Rig {
  const rig = new Rig('single', { capacity: { bridges: 1, vlans: 2 } })
  return rig.bridge('lan', { vlanAware: true }).port('a', { policy: { vlan: trunk([1, 2, 3]) } })
}

test('a port for whose VLAN there is no number is not there, and may be added otherwise', () => {
  const rig = full()
  expect(() => rig.port('b', { policy: { vlan: access(4) } })).toThrow(/no room for another VLAN/)
  expect([...rig.topology.ports.keys()]).toEqual(['a'])
  rig.port('b', { policy: { vlan: access(3) } })
  expect([...rig.topology.ports.keys()]).toEqual(['a', 'b'])
})

test('the same of a bridge', () => {
  const rig = new Rig('single', { capacity: { bridges: 2, vlans: 1 } })
  rig.bridge('lan', { vlanAware: true }).port('a', { policy: { vlan: trunk([1, 2, 3]) } })
  expect(() => rig.bridge('other')).toThrow(/no room for another VLAN/)
  expect([...rig.topology.bridges.keys()]).toEqual(['lan'])
  rig.apply().removePort('a').bridge('other')
  expect([...rig.topology.bridges.keys()]).toEqual(['lan', 'other'])
})
