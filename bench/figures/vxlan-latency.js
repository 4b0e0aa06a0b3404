// Container to container on two hosts, request and response, one at a time.
import { compiled } from '../lib/compile.js'
import { measure, respond } from './latency.js'
import { eachPeer } from './peers.js'

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'vxlan-latency',
  title: 'VXLAN between two hosts, request and response',
  unit: 'µs',
  better: 'less',
  needs: { root: true, commands: ['ip', 'ping', 'cc'] },
  seconds: 1,
  method:
    'A UDP datagram of 64 octets goes out and comes back, one at a time, between the same namespaces, both ends waiting in the kernel; the median of the round trips of a measurement. The C program waits in poll.',
  targets: [
    { of: 'vxlan', to: 'vxlan-relay', atMost: 1.2 },
    { of: 'vxlan', to: 'vxlan-kernel' },
  ],
  setUp: async (context) => {
    const pump = await compiled('pump')
    return eachPeer(['vxlan', 'vxlan-relay', 'vxlan-kernel', 'n2n'], context, async (peer) => {
      await respond(peer, pump, context)
      return () => measure(peer, pump, context)
    })
  },
}
