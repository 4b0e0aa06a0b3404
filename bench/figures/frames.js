// TAP to TAP, as many frames as the switch takes, by size.
import { compiled } from '../lib/compile.js'
import { FCS } from '../lib/generate.js'
import { run } from '../lib/process.js'
import { eachPeer } from './peers.js'
import { senderRemarks } from './sender.js'

const PEERS = ['linkspan', 'relay', 'vde', 'ovs', 'bridge']
/** Simple IMIX, in turn: 7 of the least, 4 of 590, 1 of 1514 octets without FCS. */
const IMIX = [60, 590, 60, 60, 590, 60, 1514, 60, 590, 60, 590, 60]

const METHOD =
  "as fast as it can, 64 a system call, so that the switch's queue is always full; counted are the frames that the kernel took from the switch on the other side (its rx_packets). Sender and switch have a processor each on a machine with two; over veth pairs what the bridge does is done by the sender."

/** @param {number[]} sizes octets without FCS, taken in turn */
export async function measure({ lab }, pump, { seconds, signal }, sizes = [60]) {
  const flood = ['flood', lab.endpoint('a'), lab.endpoint('b'), String(seconds), sizes.join()]
  const output = await run(pump, flood, { signal, timeout: (seconds + 20) * 1000 })
  const { received, taken, refused, seconds: took } = JSON.parse(output)
  return { value: received / took / 1e3, taken, refused }
}

/** @returns {Pick<import('../lib/figure.js').Figure, 'setUp' | 'remarks' | 'unit' | 'better' | 'needs'>} */
const withSizes = (sizes) => ({
  unit: 'k frames/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping', 'cc'] },
  remarks: senderRemarks,
  setUp: async (context) => {
    const pump = await compiled('pump')
    return eachPeer(PEERS, context, async (peer) => () => measure(peer, pump, context, sizes))
  },
})

/** @type {import('../lib/figure.js').Figure} */
const minimum = {
  name: 'frames',
  title: 'TAP to TAP, minimum frames',
  variant: '64 B',
  seconds: 2,
  method: `A packet socket in one namespace sends Ethernet frames of 60 octets (64 with FCS) ${METHOD}`,
  targets: [
    { of: 'linkspan', to: 'relay', atLeast: 0.85 },
    { of: 'linkspan', to: 'vde', atLeast: 3 },
    { of: 'linkspan', to: 'ovs', atLeast: 3 },
    { of: 'linkspan', to: 'bridge' },
  ],
  ...withSizes([60]),
}

/** @returns {import('../lib/figure.js').Figure} */
const sized = (name, variant, sizes) => ({
  name: `frames-${name}`,
  title: `TAP to TAP, at overload, ${variant}`,
  variant,
  seconds: 0.5,
  rounds: 3,
  method: `The same with larger frames (512 and 1518 octets with FCS), and with a mix of sizes in turn: of twelve seven have 64 octets, four 594, one 1518. A packet socket sends ${METHOD}`,
  targets: PEERS.slice(1).map((to) => ({ of: 'linkspan', to })),
  ...withSizes(sizes),
})

export const figures = [
  minimum,
  sized('512', '512 B', [512 - FCS]),
  sized('1518', '1518 B', [1518 - FCS]),
  sized('imix', 'IMIX', IMIX),
]
