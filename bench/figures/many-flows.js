// TAP to TAP through NAT: small frames of few and of many flows, beside the kernel's NAT.
import { howMany } from '../lib/format.js'
import { overload } from '../lib/generate.js'
import { ifnames } from '../lib/lab.js'
import { Counters } from '../lib/received.js'
import { eachPeer } from './peers.js'
import { senderRemarks } from './sender.js'

const FLOWS = [1, 1000, 10_000]
/** For benchmarks (RFC 2544, C.2.2): side b gets them by its router's default route, and has no such address. */
const TARGET = '198.18.0.1:5000'
const SOURCE = '10.55.0.1:1024'
const GATEWAY = '10.55.0.254'

async function measuring({ lab, forget }, flows, context) {
  const counters = new Counters(lab.b, ifnames.b, context.cleanup)
  await counters.ready(context)
  const options = ['--via', GATEWAY, '--flows', String(flows)]
  const traffic = { flow: ['udp', SOURCE, TARGET], options }
  return async () => {
    const sample = await overload(lab, counters, traffic, context)
    await forget(lab)
    return sample
  }
}

/** @returns {import('../lib/figure.js').Figure} */
const figureFor = (flows) => ({
  name: `many-flows-${flows}`,
  title: `TAP to TAP, minimum frames of ${howMany(flows, 'flow')} through NAT`,
  variant: howMany(flows, 'flow'),
  unit: 'k frames/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping'] },
  seconds: 0.7,
  rounds: 3,
  method:
    'linkspan generate sends UDP frames of 74 octets (78 with FCS) as fast as one thread can, flows in turn, from a host on a bridge with a gateway to one outside of an uplink, masqueraded; counted is what the kernel took in on the other side (rx_packets) in a window that begins when they have flowed for 0.3 s. Flows differ in their source ports, and are ended after. Beside it the kernel, which routes and masquerades by nft between two veth pairs: there the sender does the work.',
  targets: [{ of: 'nat', to: 'nft' }],
  remarks: senderRemarks,
  setUp: (context) => eachPeer(['nat', 'nft'], context, (peer) => measuring(peer, flows, context)),
})

export const figures = FLOWS.map(figureFor)
