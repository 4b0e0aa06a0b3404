/** A tunnel port among access ports of its VLAN: all of them send untagged, and only it may send nested. */
import { expect, test } from 'vitest'
import { OPEN } from '../../src/config/open-policy.js'
import type { VlanPolicy } from '../../src/config/types.js'
import { onEveryBuild } from '../support/builds.js'
import { BROADCAST, EtherType, ethernet, station } from '../support/frames.js'
import { type Rig, rig } from '../support/rig.js'

const access: VlanPolicy = {
  mode: 'access',
  native: 10,
  tagged: [],
  nativeTagged: false,
  admit: 'untagged',
}
const tunnel: VlanPolicy = { ...access, mode: 'tunnel', admit: 'all' }
const trunk: VlanPolicy = { mode: 'trunk', tagged: [10], nativeTagged: false, admit: 'all' }

/** Port `t` is a trunk; each other is of VLAN 10, the tunnel named. */
function bench(build: Parameters<typeof rig>[0], tunnelName: string): Rig {
  const made = rig(build).ports('abct')
  made.topology.setBridge('lan', { ageing: 300_000, vlanAware: true })
  for (const name of 'abct') {
    const vlan = name === 't' ? trunk : name === tunnelName ? tunnel : access
    made.topology.setPort(name, { policy: { ...OPEN, vlan } })
  }
  return made.apply()
}

const nested = ethernet(BROADCAST, station(1), EtherType.LOCAL, new Uint8Array(46), [
  { vid: 10 },
  { vid: 20 },
])

onEveryBuild('a tunnel port among access ports', (build) => {
  // Ports alike are sent to together: whichever is first must not decide for the others.
  test.each(['a', 'b', 'c'])(
    'B9, T8: of a flood with two tags only tunnel %s gets the inner',
    (name) => {
      const made = bench(build, name).inject('t', nested).run()
      expect(made.deliveries()).toEqual({ [name]: 1 })
      const others = ['a', 'b', 'c'].filter((each) => each !== name)
      expect(made.drops()).toEqual(
        Object.fromEntries(others.map((each) => [`${each} vlan-nested`, 1])),
      )
    },
  )
})
