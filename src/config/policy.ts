/** What a port does with frames beyond forwarding them, as far as it is a switch or two. */
import * as z from 'zod'
import { flag } from './values.js'

const FLOOD = 'true, false or a mapping such as { unknownUnicast: false }'

/** Which floods leave by a port; `true` and `false` mean all of them. */
export const floodSchema = z.union(
  [
    flag.transform((all) => ({ unknownUnicast: all, multicast: all, broadcast: all })),
    z.strictObject(
      {
        unknownUnicast: flag.default(true).describe('Frames to MACs that nobody has'),
        multicast: flag.default(true),
        broadcast: flag.default(true),
      },
      FLOOD,
    ),
  ],
  FLOOD,
)

const CONTROL = ['eapol', 'lacp', 'lldp', 'stp'] as const
const CONTROLS = 'a list of "eapol", "lacp", "lldp" and "stp"'

/**
 * Link-local protocols that a bridge forwards by way of exception (802.1Q table 8-1): stp
 * 01-80-C2-00-00-00, lacp -02, eapol -03, lldp -0E. PAUSE, -01, never leaves a link.
 */
export const controlFrames = z
  .array(z.enum(CONTROL, '"eapol", "lacp", "lldp" or "stp"'), CONTROLS)
  .transform((list) => CONTROL.filter((kind) => list.includes(kind)))

export const policyShape = {
  isolated: flag
    .optional()
    .describe("true: reaches only ports that are not isolated; left out: the bridge's"),
  learning: flag.optional().describe('false: its MACs are not learnt; true unless locked'),
  flood: floodSchema.prefault(true).describe('Which floods leave by this port'),
  locked: flag
    .default(false)
    .describe('true: only MACs with an FDB entry on this port may send, and none is learnt'),
  sticky: flag.default(false).describe('true: MACs learnt here neither age nor move'),
}
