// TAP to TAP, TCP: one iperf3 stream from side a to side b.
import { Background } from '../lib/process.js'
import { eachPeer } from './peers.js'

/** Runs the server on side b. */
export async function serve({ lab }, { cleanup, signal }) {
  const iperf = ['netns', 'exec', lab.b, 'iperf3', '-s', '--forceflush']
  const server = new Background('ip', iperf)
  cleanup.add(() => server.stop())
  await server.until(/listening/, { signal })
}

/** One stream from side a. */
export async function measure({ lab }, { seconds, signal }) {
  const client = ['-c', lab.target, '-t', String(seconds), '-J', '--connect-timeout', '3000']
  const timeout = (seconds + 20) * 1000
  const output = await lab.inside(lab.a, 'iperf3', client, { signal, timeout })
  const { end } = JSON.parse(output)
  const { host_total: sender, remote_total: receiver } = end.cpu_utilization_percent
  return {
    value: end.sum_received.bits_per_second / 1e9,
    retransmits: end.sum_sent.retransmits,
    senderCpu: sender,
    receiverCpu: receiver,
  }
}

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'tcp',
  title: 'TAP to TAP, TCP, one stream',
  unit: 'Gbit/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping', 'iperf3'] },
  seconds: 3,
  method:
    'iperf3, one stream, between two network namespaces that are joined by the switch alone; MTU 1500; what the receiver got.',
  targets: [
    { of: 'linkspan', to: 'relay', atLeast: 0.9 },
    { of: 'linkspan', to: 'vde', atLeast: 5 },
    { of: 'linkspan', to: 'ovs', atLeast: 5 },
  ],
  setUp: (context) =>
    eachPeer(['linkspan', 'relay', 'vde', 'ovs'], context, async (peer) => {
      await serve(peer, context)
      return () => measure(peer, context)
    }),
}
