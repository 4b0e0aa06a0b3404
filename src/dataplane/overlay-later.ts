/** An in-process switch has no sockets to reach other hosts by. */
import type { Config } from '../config/types.js'
import { LinkspanError } from '../error.js'

/** Without an underlay no bridge has tunnels: the config's checks see to it. */
export function refuseOverlay({ underlay }: Pick<Config, 'underlay'>): void {
  if (underlay === undefined) return
  throw new LinkspanError(
    'INVALID',
    'an in-process switch has no underlay: use startSwitch of linkspan/node, or take "underlay" and every "vxlan" out of the config',
  )
}
