/** A bench of the router: hosts on a bridge that leave by an uplink. */
import type { Rig } from './rig.js'

/** A gateway on `lan` and an uplink `wan` on a made rig, whose hosts are masqueraded by it, or routed only. */
export function masqueraded(
  made: Rig,
  translated: boolean,
  uplink: { offloads?: boolean } = {},
): Rig {
  made.uplink('wan', { addresses: ['203.0.113.10/24'], mac: '02:ff:00:00:00:02', ...uplink })
  made.gateway('lan', { addresses: ['10.55.0.1/24'], mac: '02:ff:00:00:00:01' })
  made.routes({ to: '0.0.0.0/0', via: '203.0.113.1' })
  made.neighbors({ bridge: 'wan', address: '203.0.113.1', mac: '02:00:00:00:00:90' })
  const source = { from: { bridge: 'lan' }, uplink: 'wan', ports: 'random' } as const
  const filtering = 'endpoint-independent'
  return translated ? made.nat([{ type: 'masquerade', ...source, filtering }], []) : made
}
