// TAP to TAP: how long frames are on their way while others are, at rates that are the same for all.
import { HouseError } from '../../scripts/lib/house.js'
import { format } from '../lib/format.js'
import { FCS, generate } from '../lib/generate.js'
import { median } from '../lib/statistics.js'
import { eachPeer } from './peers.js'

const RATES = [20, 50]
const SIZE = 512
const PEERS = ['linkspan', 'relay', 'vde', 'ovs', 'bridge']

const micro = (nanoseconds) => nanoseconds / 1e3

async function measure({ label, lab }, rate, { seconds, signal }) {
  const options = ['--size', String(SIZE - FCS), '--rate', `${rate}k`, '--drain', '100ms']
  const traffic = { flow: ['ethernet'], seconds, options, receive: true }
  const { sender, receiver } = await generate(lab, traffic, { signal })
  if (receiver.frames === 0) throw new HouseError(`bench: ${label}: no frame arrived`)
  const { p50, p99, p999, max } = receiver.latency
  return {
    value: micro(p99),
    ...{ p50: micro(p50), p999: micro(p999), max: micro(max) },
    lost: receiver.lossRatio,
    kept: sender.framesPerSecond / sender.framesPerSecondWanted,
  }
}

/** The other percentiles, and what makes them worth less. */
function remarks(samples) {
  return [...samples].flatMap(([name, list]) => {
    if (list.length === 0) return []
    const of = (field) => median(list.map((sample) => sample[field]))
    const said = [`p50 ${format(of('p50'))}, p99.9 ${format(of('p999'))} µs`]
    const lost = Math.max(...list.map((sample) => sample.lost))
    if (lost > 0) said.push(`up to ${format(lost * 100)} % lost, which have no latency`)
    if (list.some(({ kept }) => kept < 0.99)) said.push('the sender did not keep the rate')
    return [`${name}: ${said.join('; ')}`]
  })
}

/** @returns {import('../lib/figure.js').Figure} */
const figureFor = (rate) => ({
  name: `load-latency-${rate}k`,
  title: `TAP to TAP, one way at ${rate} k frames/s of ${SIZE} B, p99`,
  variant: `${rate} k frames/s`,
  unit: 'µs',
  better: 'less',
  needs: { root: true, commands: ['ip', 'ping'] },
  seconds: 1,
  rounds: 3,
  method: `linkspan generate offers Ethernet frames of ${SIZE} octets (with FCS) at the same constant rate to everybody, and says of each how long it took from the time stamp, taken when its batch was made up (at these rates a frame or two), to the kernel's time of its arrival on the other side. p99: one frame of a hundred takes longer; p50 and p99.9 stand among what was seen beside, each the median of the measurements. One way: the answer of a host is not in it, and neither is waking it.`,
  targets: PEERS.slice(1).map((to) => ({ of: 'linkspan', to })),
  remarks,
  setUp: (context) => eachPeer(PEERS, context, async (peer) => () => measure(peer, rate, context)),
})

export const figures = RATES.map(figureFor)
