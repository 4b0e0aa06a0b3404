/** The packet path has no tunnels yet. When it has, this file goes, and the calls with it. */
import type { Config } from '../config/types.js'
import { LinkspanError } from '../error.js'

/** Without an underlay no bridge has tunnels: the config's checks see to it. */
export function refuseOverlay({ underlay }: Pick<Config, 'underlay'>): void {
  if (underlay === undefined) return
  throw new LinkspanError(
    'INVALID',
    'this version does not yet run VXLAN: take "underlay" and every "vxlan" out of the config',
  )
}
