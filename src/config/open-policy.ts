/** What a port without policy does: forwards everything. */
import type { PortPolicy } from './types.js'

export const OPEN: PortPolicy = {
  isolated: false,
  learning: true,
  flood: { unknownUnicast: true, multicast: true, broadcast: true },
  locked: false,
  sticky: false,
  limits: {},
}
