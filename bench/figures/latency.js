// TAP to TAP, request and response, one at a time.
import { compiled } from '../lib/compile.js'
import { addresses } from '../lib/lab.js'
import { Background, run } from '../lib/process.js'
import { eachPeer } from './peers.js'

const PORT = '7007'

/** Runs what answers on side b. */
export async function respond({ lab }, pump, { cleanup, signal }) {
  const responder = new Background(pump, ['respond', lab.b, PORT])
  cleanup.add(() => responder.stop())
  await responder.until(/^ready/, { signal })
}

/** Asks from side a. */
export async function measure({ lab }, pump, { seconds, signal }) {
  const request = ['request', lab.a, addresses.b, PORT, String(seconds)]
  const output = await run(pump, request, { signal, timeout: (seconds + 20) * 1000 })
  const { p50, ...details } = JSON.parse(output)
  return { value: p50, ...details }
}

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'latency',
  title: 'TAP to TAP, request and response',
  unit: 'µs',
  better: 'less',
  needs: { root: true, commands: ['ip', 'ping', 'cc'] },
  seconds: 1,
  method:
    'A UDP datagram of 64 octets goes out and comes back, one at a time, both ends waiting in the kernel; the median of the round trips of a measurement. The C program waits in epoll too; the kernel bridge, between veth pairs, has nobody to wake.',
  targets: [
    { of: 'linkspan', to: 'relay', atMost: 1.05 },
    { of: 'linkspan', to: 'bridge' },
  ],
  setUp: async (context) => {
    const pump = await compiled('pump')
    return eachPeer(['linkspan', 'relay', 'vde', 'ovs', 'bridge'], context, async (peer) => {
      await respond(peer, pump, context)
      return () => measure(peer, pump, context)
    })
  },
}
