// TAP to TAP, TCP: one iperf3 stream through the router, with translation and without.
import { eachPeer } from './peers.js'
import { measure, serve } from './tcp.js'

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'routed',
  title: 'TAP to TAP, TCP, one stream through NAT',
  unit: 'Gbit/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping', 'iperf3'] },
  seconds: 3,
  method:
    'iperf3, one stream, from a network namespace on a bridge with a gateway to one outside of an uplink, masqueraded; MTU 1500; what the receiver got. Beside it the same without translation.',
  targets: [{ of: 'nat', to: 'routed', atLeast: 0.9 }],
  setUp: (context) =>
    eachPeer(['nat', 'routed'], context, async (peer) => {
      await serve(peer, context)
      return () => measure(peer, context)
    }),
}
