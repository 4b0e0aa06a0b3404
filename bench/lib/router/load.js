// Flows of many hosts through a router: their first frames, the answers to what became of these, and
// traffic of both.
import { HouseError } from '../../../scripts/lib/house.js'
import { makeStream, packed } from '../pipeline/stream.js'
import { random, scatter } from '../random.js'
import { ipv4, ipv6, resize, writeDatagram } from './frames.js'
import { GATEWAY, HOSTS, macOfHost, NEXT_HOP, side4, side6, UPLINK } from './hosts.js'

/** Frames a burst. */
const BURST = 256
/** The clock's start: not zero, which would hide a stamp that was never set. */
const START = 1000

/** The inside endpoint of a flow, `fan` of which share one, and what it talks to. */
function endsOf(side, flow, fan, destinationOf) {
  const endpoint = Math.floor(flow / fan)
  const host = endpoint % HOSTS
  const port = 2048 + Math.floor(endpoint / HOSTS)
  return { host, source: [side.host(host), port], destination: destinationOf(flow) }
}

/** Somebody far away; what one endpoint talks to differs by port at least. */
const anybodyOn = (side) => (flow) => [side.anybody(scatter(flow)), 1000 + (flow % 16)]

const families = [
  { family: ipv4, side: side4 },
  { family: ipv6, side: side6 },
]

const shapeFor = ({ record, least }, flows) => ({
  ...{ recordSize: record, stride: packed(least), burstFrames: BURST, start: START, step: 0 },
  burstCount: Math.ceil(flows / BURST),
})

/**
 * Every flow's first frame, from inside (the last burst goes round).
 *
 * @param {number} flows
 * @param {number} fan flows of each inside endpoint
 * @param {object} [options]
 * @param {boolean} [options.wide] of IPv6
 * @param {(flow: number) => readonly [address: number | Buffer, port: number]} [options.destinationOf]
 */
export function firstStream(flows, fan, { wide = false, destinationOf } = {}) {
  const { family, side } = families[Number(wide)]
  const to = destinationOf ?? anybodyOn(side)
  return makeStream(
    shapeFor(family, flows),
    () => 0,
    (record, burst, frame) => {
      const { host, ...ends } = endsOf(side, (burst * BURST + frame) % flows, fan, to)
      return writeDatagram(family, record, { macs: [GATEWAY, macOfHost(host)], ...ends })
    },
  )
}

/** Runs a stream of first frames and returns that of their answers, to whatever they left as. */
export function answers(router, first, flows) {
  const { burstCount } = first
  const { family } = families[router.wide]
  const { address, least } = family
  const octets = 2 * address + 4
  const stride = packed(least)
  const left = new Map()
  router.load(first)
  const memory = Buffer.from(router.memory.buffer)
  const { entries } = router.run(0, burstCount, (burst) => {
    const ends = Buffer.alloc(BURST * octets)
    for (let frame = 0; frame < BURST; frame++) {
      const from = router.firstFrame + frame * stride + family.ends
      memory.copy(ends, frame * octets, from, from + octets)
    }
    left.set(burst, ends)
  })
  if (entries !== burstCount * BURST) throw new HouseError(`bench: ${entries} frames came out`)
  if (router.flowCount !== flows) {
    throw new HouseError(`bench: ${router.flowCount} of ${flows} flows were begun`)
  }
  return makeStream(
    shapeFor(family, flows),
    () => 1,
    (record, burst, frame) => {
      const ends = left.get(burst).subarray(frame * octets)
      const end = (which) => [
        Buffer.from(ends.subarray(which * address, (which + 1) * address)),
        ends.readUInt16BE(2 * address + 2 * which),
      ]
      const [destination, source] = [end(0), end(1)]
      return writeDatagram(family, record, { macs: [UPLINK, NEXT_HOP], source, destination })
    },
  )
}

/**
 * Random flows, a burst from inside and one from outside in turn.
 *
 * @param {object} [options]
 * @param {boolean} [options.wide] of IPv6
 * @param {(frame: number) => number} [options.lengthOf] octets of a frame without FCS; if left out, the least
 */
export function mixedStream(directions, flows, mpps, { wide = false, lengthOf } = {}) {
  const { family } = families[Number(wide)]

  const frames = 2 ** Math.min(20, Math.max(14, Math.ceil(Math.log2(flows)) + 4))
  const shape = { ...shapeFor(family, frames), step: BURST / mpps / 1e3 }
  if (lengthOf) shape.stride = 0
  const next = random(1)
  const portOf = (burst) => burst % 2
  return makeStream(shape, portOf, (record, burst, frame) => {
    const { bytes, burstCount } = directions[portOf(burst)]
    const from = 32 + burstCount * 4 + (next() % flows) * family.record + 4
    bytes.copy(record, 0, from, from + family.record - 4)
    return resize(family, record, lengthOf?.(frame) ?? family.least)
  })
}
