// TAP to TAP: minimum frames of few and of many stations.
import { howMany } from '../lib/format.js'
import { macOf, overload } from '../lib/generate.js'
import { ifnames } from '../lib/lab.js'
import { Peers } from '../lib/peers/index.js'
import { Counters } from '../lib/received.js'
import { eachPeer } from './peers.js'
import { senderRemarks } from './sender.js'

const MACS = [1, 10_000]

async function measuring({ lab }, macs, context) {
  const counters = new Counters(lab.b, ifnames.b, context.cleanup)
  await counters.ready(context)
  const many = String(macs)
  const to = ['--destination-mac', await macOf(lab, 'b')]
  const options = [...to, '--macs', many, '--flows', many, '--size', '60']
  return async () => {
    await lab.connected(context) // the switch knows where side b is
    return overload(lab, counters, { flow: ['ethernet'], options }, context)
  }
}

/** @returns {import('../lib/figure.js').Figure} */
const figureFor = (macs) => ({
  name: `many-macs-${macs}`,
  title: `TAP to TAP, minimum frames of ${howMany(macs, 'MAC')}`,
  variant: howMany(macs, 'MAC'),
  unit: 'k frames/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping'] },
  seconds: 0.7,
  rounds: 2,
  method:
    'linkspan generate sends Ethernet frames of 60 octets (64 with FCS) as fast as one thread can, source MACs in turn, all to one station; counted is what the kernel took in on the other side (rx_packets) in a window that begins when they have flowed for 0.3 s. Switches are started for it. Open vSwitch is told to have room for 65,536 MACs, for which its default has none; the others have their defaults.',
  targets: ['vde', 'ovs', 'bridge'].map((to) => ({ of: 'linkspan', to })),
  remarks: senderRemarks,
  setUp: (context) => {
    const peers = new Peers({ ...context, tag: 'macs' })
    const names = ['linkspan', 'vde', 'ovs', 'bridge']
    return eachPeer(names, { ...context, peers }, (peer) => measuring(peer, macs, context))
  },
})

export const figures = MACS.map(figureFor)
