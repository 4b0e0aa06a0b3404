// TAP to TAP, minimum frames, as many as the switch takes.
import { compiled } from '../lib/compile.js'
import { run } from '../lib/process.js'
import { eachPeer } from './peers.js'

async function measure({ lab }, pump, { seconds, signal }) {
  const flood = ['flood', lab.endpoint('a'), lab.endpoint('b'), String(seconds)]
  const output = await run(pump, flood, { signal, timeout: (seconds + 20) * 1000 })
  const { received, taken, refused, seconds: took } = JSON.parse(output)
  return { value: received / took / 1e3, taken, refused }
}

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'frames',
  title: 'TAP to TAP, minimum frames',
  unit: 'k frames/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping', 'cc'] },
  seconds: 2,
  method:
    "A packet socket in one namespace sends Ethernet frames of 60 octets (64 with FCS) as fast as it can, 64 a system call, so that the switch's queue is always full; counted are the frames that the kernel took from the switch on the other side (its rx_packets). Sender and switch have a processor each on a machine with two.",
  targets: [
    { of: 'linkspan', to: 'relay', atLeast: 0.85 },
    { of: 'linkspan', to: 'vde', atLeast: 3 },
    { of: 'linkspan', to: 'ovs', atLeast: 3 },
  ],
  setUp: async (context) => {
    const pump = await compiled('pump')
    return eachPeer(['linkspan', 'relay', 'vde', 'ovs'], context, async (peer) => {
      return () => measure(peer, pump, context)
    })
  },
  /** A sender that nobody holds back did not find the limit of the switch. */
  remarks: (samples) =>
    [...samples]
      .filter(([, list]) => list.some(({ refused }) => refused === 0))
      .map(([name]) => `${name}: the sender was the limit in at least one measurement`),
}
