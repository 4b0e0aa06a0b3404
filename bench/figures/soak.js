// A switch under mixed load for long: throughput by slice of time, drops, memory, descriptors.
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { HouseError } from '../../scripts/lib/house.js'
import { ask } from '../lib/api.js'
import { generate } from '../lib/generate.js'
import { ifnames } from '../lib/lab.js'
import { GATEWAY, socketOf } from '../lib/peers/gateway.js'
import { Peers } from '../lib/peers/index.js'
import { residentOf } from '../lib/processor.js'
import { dropsSince, GROWTH, growthOf, soakRemarks } from '../lib/soak.js'
import { median } from '../lib/statistics.js'
import { serve } from './tcp.js'

const SLICE = 10
/** Small frames a second, beside TCP that takes all there is. */
const SMALL = '5k'
/**
 * Connections a second while the generator runs, and in one go of it. What was refused stays for 4 minutes
 * (RFC 5382, REQ-5): so many that those of 4 minutes fit into the ports of the one outer address.
 */
const BEGUN = '400'
const GO = 400
/** Who begins them, in turn: a host may have a quarter of the flows that there is room for (docs/nat.md). */
const HOSTS = Array.from({ length: 8 }, (_, index) => `10.55.0.${index + 11}`)
/** Of a host: ports that no go before has used, as long as there are. */
const PORTS = { first: 2048, last: 62_000 }
/** Nobody has that address: side b gets what is sent there. */
const NOBODY = '198.18.0.1:5000'
/** What has begun when traffic ends is over then, ms. */
const CALM = 1000

/** One iperf3 run with a stream in each direction. @returns {Promise<import('../lib/soak.js').Slice[]>} */
async function streams({ lab }, seconds, slice, options) {
  const how = ['-t', String(seconds), '-i', String(slice), '--bidir', '-J']
  const output = await lab.inside(lab.a, 'iperf3', ['-c', lab.target, ...how], options)
  const rate = (sum) => sum.bits_per_second / 1e9
  // What is left over at the end is no slice.
  const whole = JSON.parse(output).intervals.filter(({ sum }) => sum.seconds > slice / 2)
  return whole.map(({ sum, sum_bidir_reverse: back }) => {
    return { forward: rate(sum), backward: rate(back) }
  })
}

async function smallFrames({ lab }, seconds, { signal }) {
  const options = ['--via', GATEWAY, '--rate', SMALL]
  const flow = ['udp', '10.55.0.1:1024', NOBODY]
  const traffic = { flow, seconds, options, receive: true }
  const { sender, receiver } = await generate(lab, traffic, { signal })
  return { sent: sender.frames, lost: receiver.lost }
}

/** Connections that are asked for and refused (by RST), over and over. @returns how many */
async function connections({ lab }, end, { signal }) {
  const room = Math.floor((PORTS.last - PORTS.first) / GO)
  let begun = 0
  for (let turn = 0; performance.now() < end; turn++) {
    const host = HOSTS[turn % HOSTS.length]
    const port = PORTS.first + (Math.floor(turn / HOSTS.length) % room) * GO
    const flow = ['tcp', `${host}:${port}`, `${lab.target}:9`]
    const many = ['--flows', String(GO), '--count', String(GO)]
    const options = ['--via', GATEWAY, '--syn', '--rate', BEGUN, ...many]
    const { sender } = await generate(lab, { flow, seconds: SLICE, options }, { signal })
    begun += sender.frames
  }
  return begun
}

function look([pid]) {
  try {
    return { memory: residentOf(pid), descriptors: readdirSync(`/proc/${pid}/fd`).length }
  } catch (error) {
    throw new HouseError(`bench: the switch ended: ${error.message}`)
  }
}

/** Looks at the process at the end of each slice. */
async function watch({ pids }, { begin, slice, count }, { say, signal }) {
  const looks = []
  for (let index = 1; index <= count; index++) {
    await sleep(begin + index * slice * 1000 - performance.now(), undefined, { signal })
    looks.push(look(pids))
    const resident = Math.round(looks.at(-1).memory / 2 ** 20)
    say(`soak: ${Math.round(index * slice)} of ${Math.round(count * slice)} s, ${resident} MiB`)
  }
  return looks
}

/** Whatever fails ends the others. */
async function together(signal, starts) {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  const all = starts.map((start) => start(either))
  try {
    return await Promise.all(all)
  } catch (error) {
    over.abort(error)
    await Promise.allSettled(all)
    throw signal.aborted ? signal.reason : error
  }
}

async function measure(peer, { seconds, signal, say }) {
  const slice = Math.min(SLICE, seconds)
  const count = Math.max(1, Math.floor(seconds / slice))
  const socket = socketOf(peer.lab)
  const before = { look: look(peer.pids), drops: await ask(socket, 'GET', '/v1/drops') }
  const begin = performance.now()
  const length = count * slice
  const timeout = (length + 20) * 1000
  const [slices, frames, begun, looks] = await together(signal, [
    (either) => streams(peer, length, slice, { signal: either, timeout }),
    (either) => smallFrames(peer, length, { signal: either }),
    (either) => connections(peer, begin + length * 1000, { signal: either }),
    (either) => watch(peer, { begin, slice, count }, { say, signal: either }),
  ])
  await sleep(CALM)
  signal.throwIfAborted()
  const all = [before.look, ...looks, look(peer.pids)]
  const drops = dropsSince(before.drops, await ask(socket, 'GET', '/v1/drops'))
  const value = median(slices.map(({ forward, backward }) => forward + backward))
  return { value, ...growthOf(all), slices, looks: all, drops, frames, connections: begun, slice }
}

const title = 'Soak'

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'soak',
  title: `${title}: TCP in both directions`,
  unit: 'Gbit/s',
  better: 'more',
  needs: { root: true, commands: ['ip', 'ping', 'iperf3'] },
  seconds: 60,
  rounds: 1,
  method: `A switch with a router and masquerading, started for it, TAP to TAP, carries at once: an iperf3 stream in each direction, ${SMALL} UDP frames a second of 74 octets in one flow, ${BEGUN} TCP connections a second, that the other side refuses, and whose flows are ended every ${GO.toLocaleString('en')}. Both directions together, the median of slices of ${SLICE} s.`,
  targets: [],
  readings: [
    {
      name: 'soak-memory',
      title: `${title}: resident memory at the end, that after the first slice being 1`,
      ...{ unit: 'x', better: 'less', field: 'memoryGrowth' },
      method:
        'Resident memory of the process a second after all traffic has ended, over that at the end of the first slice, when tables and buffers have been touched and code is compiled. Garbage that was not collected yet is in both.',
      targets: [{ of: 'nat', atMost: GROWTH }],
    },
    {
      name: 'soak-descriptors',
      title: `${title}: descriptors more than after the first slice`,
      ...{ unit: 'descriptors', better: 'less', field: 'descriptorGrowth' },
      method:
        'Open file descriptors of the process a second after all traffic has ended, less those at the end of the first slice: what is opened when something happens for the first time is open by then.',
      targets: [{ of: 'nat', atMost: 0 }],
    },
  ],
  remarks: (samples) => (samples.get('nat') ?? []).flatMap(soakRemarks),
  async setUp(context) {
    const peer = await new Peers({ ...context, tag: 'soak' }).get('nat')
    await serve(peer, context)
    const { lab } = peer
    const add = HOSTS.map((host) => `ip address add ${host}/24 dev ${ifnames.a}`)
    await lab.inside(lab.a, 'sh', ['-ec', add.join('\n')])
    const run = () => measure(peer, context)
    return { contestants: [{ name: 'nat', label: 'Linkspan', measure: run }] }
  },
}
