// TAP to TAP: minimum frames through a switch of two ports, and of a hundred.
import { compiled } from '../lib/compile.js'
import { Peers } from '../lib/peers/index.js'
import { measure } from './frames.js'
import { eachPeer } from './peers.js'
import { senderRemarks } from './sender.js'

const PORTS = [2, 100]

/** @returns {import('../lib/figure.js').Figure} */
const figureFor = (ports) => ({
  name: `many-ports-${ports}`,
  title: `TAP to TAP, minimum frames, ${ports} ports`,
  variant: `${ports} ports`,
  unit: 'k frames/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping', 'cc'] },
  seconds: 1,
  rounds: 2,
  method:
    'Minimum frames at overload as above, between two ports of a switch that has so many: the others are TAPs (of the kernel bridge, veth pairs) that are up, and over which nothing goes. Switches are started for it.',
  targets: ['vde', 'ovs', 'bridge'].map((to) => ({ of: 'linkspan', to })),
  remarks: senderRemarks,
  setUp: async (context) => {
    const pump = await compiled('pump')
    const peers = new Peers({ ...context, tag: 'ports', idlePorts: ports - 2 })
    const names = ['linkspan', 'vde', 'ovs', 'bridge']
    return eachPeer(names, { ...context, peers }, async (peer) => {
      return () => measure(peer, pump, context)
    })
  },
})

export const figures = PORTS.map(figureFor)
