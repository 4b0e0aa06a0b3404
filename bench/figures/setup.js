// TAP to TAP: new flows through NAT, beside the kernel's.
import { HouseError } from '../../scripts/lib/house.js'
import { compiled } from '../lib/compile.js'
import { run } from '../lib/process.js'
import { eachPeer } from './peers.js'

const FLOWS = 40_000
const GATEWAY = '10.55.0.254'

async function macOfGateway(lab) {
  const [neighbor] = JSON.parse(await run('ip', ['-n', lab.a, '-j', 'neighbor', 'show', GATEWAY]))
  return neighbor.lladdr
}

async function measure({ label, lab, forget }, pump, { signal }) {
  const ends = [lab.endpoint('a'), lab.endpoint('b')]
  const begin = ['flows', ...ends, await macOfGateway(lab), String(FLOWS)]
  const { received, seconds } = JSON.parse(await run(pump, begin, { signal, timeout: 30_000 }))
  await forget(lab)
  if (received < FLOWS * 0.9) throw new HouseError(`${label}: ${received} of ${FLOWS} flows`)
  return { value: received / seconds / 1e3, received }
}

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'setup',
  title: 'TAP to TAP, new flows through NAT',
  unit: 'k flows/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping', 'cc'] },
  method: `A packet socket in one namespace sends ${FLOWS.toLocaleString('en')} minimum UDP frames as fast as they are taken, each from an endpoint of 200 hosts that has not spoken yet; what counts is how long it takes until the kernel has all that arrived on the other side (rx_packets). All flows are ended after. The kernel routes and masquerades between two veth pairs, since it reads no TAP.`,
  targets: [{ of: 'nat', to: 'nft', atLeast: 2 }],
  setUp: async (context) => {
    const pump = await compiled('pump')
    return eachPeer(['nat', 'nft'], context, async (peer) => {
      await measure(peer, pump, context) // memory is touched, code is compiled
      return () => measure(peer, pump, context)
    })
  },
}
