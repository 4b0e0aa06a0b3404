// TAP to TAP, TCP: one iperf3 stream through the router, with translation and without.
import { costReading, costRemarks } from './cost.js'
import { eachPeer } from './peers.js'
import { measure, serve } from './tcp.js'

const title = 'TAP to TAP, TCP, one stream through NAT'

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'routed',
  title,
  unit: 'Gbit/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping', 'iperf3'] },
  seconds: 3,
  method:
    'iperf3, one stream, from a network namespace on a bridge with a gateway to one outside of an uplink, masqueraded; MTU 1500; what the receiver got. Beside it the same without translation, and the kernel, which routes and masquerades by nft between two veth pairs: its packets never leave it.',
  targets: [
    { of: 'nat', to: 'routed', atLeast: 0.9 },
    { of: 'nat', to: 'nft' },
  ],
  readings: [costReading('routed', title, 'nat', ['routed', 'nft'])],
  remarks: (samples) => costRemarks(samples),
  setUp: (context) =>
    eachPeer(['nat', 'routed', 'nft'], context, async (peer) => {
      await serve(peer, context)
      return () => measure(peer, context)
    }),
}
