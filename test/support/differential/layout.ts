/** What the ports of both switches are, in words that neither of them uses. */
import type { Random } from '../random.js'

/** Ports of each switch; the last is the observer: plain, and in every VLAN. */
export const PORTS = 6
export const OBSERVER = PORTS - 1
export const VLANS = [10, 20, 30] as const

export interface Trunk {
  mode: 'trunk'
  tagged: 'all' | readonly number[]
  native?: number
  nativeTagged: boolean
}

export type Vlan = { mode: 'access' | 'tunnel'; vid: number } | Trunk

/** Port flags as the kernel bridge has them. */
export interface Policy {
  isolated: boolean
  learning: boolean
  locked: boolean
  unknownUnicast: boolean
  multicast: boolean
  broadcast: boolean
}

export interface PortLayout {
  /** Only on VLAN-aware bridges. */
  vlan?: Vlan
  policy: Policy
}

export const OPEN: Policy = {
  isolated: false,
  learning: true,
  locked: false,
  unknownUnicast: true,
  multicast: true,
  broadcast: true,
}

/** Ports of a VLAN-aware bridge: each mode is likely to be there, and no two layouts are alike. */
export function vlanLayout(random: Random): PortLayout[] {
  const layout = Array.from({ length: OBSERVER }, () => ({ vlan: vlan(random), policy: OPEN }))
  const all: Vlan = { mode: 'trunk', tagged: VLANS, nativeTagged: false }
  return [...layout, { vlan: all, policy: OPEN }]
}

function vlan(random: Random): Vlan {
  const vid = random.pick(VLANS)
  const kind = random.below(6)
  if (kind < 2) return { mode: 'access', vid }
  if (kind === 2) return { mode: 'tunnel', vid }
  const some = VLANS.filter((each) => each !== vid && random.chance(0.7))
  if (kind === 3) return { mode: 'trunk', tagged: [...some, vid].sort(), nativeTagged: false }
  return { mode: 'trunk', tagged: some, native: vid, nativeTagged: kind === 4 }
}

/** Ports of a plain bridge, each flag now and then not as usual. */
export function plainLayout(random: Random): PortLayout[] {
  const layout = Array.from({ length: OBSERVER }, () => {
    const locked = random.chance(0.2)
    const policy: Policy = {
      isolated: random.chance(0.4),
      learning: !locked && random.chance(0.8), // together Linkspan refuses them
      locked,
      unknownUnicast: random.chance(0.8),
      multicast: random.chance(0.8),
      broadcast: random.chance(0.8),
    }
    return { policy }
  })
  return [...layout, { policy: OPEN }]
}
