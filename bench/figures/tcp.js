// TAP to TAP, TCP: one iperf3 stream from side a to side b.
import { Background } from '../lib/process.js'
import { metered } from '../lib/processor.js'
import { costReading, costRemarks } from './cost.js'
import { eachPeer } from './peers.js'

/** Runs the server on side b. */
export async function serve({ lab }, { cleanup, signal }) {
  const iperf = ['netns', 'exec', lab.b, 'iperf3', '-s', '--forceflush']
  const server = new Background('ip', iperf)
  cleanup.add(() => server.stop())
  await server.until(/listening/, { signal })
}

/** One stream from side a; `cost` is what a gigabit took of processors, see cost.js. */
export async function measure({ lab, pids }, { seconds, signal }) {
  const client = ['-c', lab.target, '-t', String(seconds), '-J', '--connect-timeout', '3000']
  const timeout = (seconds + 20) * 1000
  const stream = () => lab.inside(lab.a, 'iperf3', client, { signal, timeout })
  const { result, machine, own } = await metered(pids, stream)
  const { end } = JSON.parse(result)
  const { host_total: sender, remote_total: receiver } = end.cpu_utilization_percent
  const gigabits = (end.sum_received.bytes * 8) / 1e9
  return {
    value: end.sum_received.bits_per_second / 1e9,
    retransmits: end.sum_sent.retransmits,
    senderCpu: sender,
    receiverCpu: receiver,
    cost: machine / gigabits,
    ...(pids.length > 0 ? { ownCost: own / gigabits } : {}),
  }
}

const title = 'TAP to TAP, TCP, one stream'

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'tcp',
  title,
  unit: 'Gbit/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping', 'iperf3'] },
  seconds: 3,
  method:
    'iperf3, one stream, between two network namespaces that are joined by the switch alone; MTU 1500; what the receiver got. The kernel bridge joins them by veth pairs, not TAPs: its packets never leave the kernel.',
  targets: [
    { of: 'linkspan', to: 'relay', atLeast: 0.9 },
    { of: 'linkspan', to: 'vde', atLeast: 5 },
    { of: 'linkspan', to: 'ovs', atLeast: 5 },
    { of: 'linkspan', to: 'bridge' },
  ],
  readings: [costReading('tcp', title, 'linkspan', ['relay', 'vde', 'ovs', 'bridge'])],
  remarks: (samples) => costRemarks(samples),
  setUp: (context) =>
    eachPeer(['linkspan', 'relay', 'vde', 'ovs', 'bridge'], context, async (peer) => {
      await serve(peer, context)
      return () => measure(peer, context)
    }),
}
