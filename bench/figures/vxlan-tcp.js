// Container to container on two hosts, TCP: one iperf3 stream through the overlay.
import { costReading, costRemarks } from './cost.js'
import { eachPeer } from './peers.js'
import { measure, serve } from './tcp.js'

const title = 'VXLAN between two hosts, TCP, one stream'

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'vxlan-tcp',
  title,
  unit: 'Gbit/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping', 'iperf3'] },
  seconds: 3,
  method:
    'iperf3, one stream, between two network namespaces on two hosts, which are namespaces too and joined by a veth pair of MTU 1500; each host runs its own switch, MTU 1450 inside; what the receiver got. The C program is a TAP and a UDP socket with UDP_SEGMENT and UDP_GRO, cuts and coalesces TCP super-frames and knows one peer. The kernel has a vxlan device and a bridge on each host, and containers on veth pairs. n2n is not VXLAN: it encrypts, and has an MTU of 1400.',
  targets: [
    { of: 'vxlan', to: 'vxlan-relay', atLeast: 0.9 },
    { of: 'vxlan', to: 'vxlan-kernel', atLeast: 0.5 },
    { of: 'vxlan', to: 'n2n', atLeast: 25 },
  ],
  readings: [costReading('vxlan-tcp', title, 'vxlan', ['vxlan-relay', 'vxlan-kernel', 'n2n'])],
  remarks: (samples) => costRemarks(samples),
  setUp: (context) =>
    eachPeer(['vxlan', 'vxlan-relay', 'vxlan-kernel', 'n2n'], context, async (peer) => {
      await serve(peer, context)
      return () => measure(peer, context)
    }),
}
