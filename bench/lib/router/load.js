// Flows of many hosts through a router: their first frames, the answers to what became of these, and
// traffic of both.
import { HouseError } from '../../../scripts/lib/house.js'
import { makeStream } from '../pipeline/stream.js'
import { random, scatter } from '../random.js'
import { Field, LENGTH, RECORD, writeDatagram } from './frames.js'
import { addressOfHost, GATEWAY, HOSTS, macOfHost, NEXT_HOP, UPLINK } from './router.js'

/** What a device's reads of such frames keep from one to the next. */
const STRIDE = 256
/** Frames a burst. */
const BURST = 256
/** The clock's start: not zero, which would hide a stamp that was never set. */
const START = 1000

/** The inside endpoint of a flow, `fan` of which share one, and what it talks to. */
function endsOf(flow, fan, destinationOf) {
  const endpoint = Math.floor(flow / fan)
  const host = endpoint % HOSTS
  const port = 2048 + Math.floor(endpoint / HOSTS)
  return { host, source: [addressOfHost(host), port], destination: destinationOf(flow) }
}

/** Somebody in 100.64.0.0/10; what one endpoint talks to differs by port at least. */
export const anybody = (flow) => [0x64400000 + (scatter(flow) & 0x3fffff), 1000 + (flow % 16)]

const shapeFor = (flows) => ({
  ...{ recordSize: RECORD, stride: STRIDE, burstFrames: BURST, start: START, step: 0 },
  burstCount: Math.ceil(flows / BURST),
})

/**
 * Every flow's first frame, from inside (the last burst goes round).
 *
 * @param {number} flows
 * @param {number} fan flows of each inside endpoint
 * @param {(flow: number) => readonly [address: number, port: number]} [destinationOf]
 */
export function firstStream(flows, fan, destinationOf = anybody) {
  return makeStream(
    shapeFor(flows),
    () => 0,
    (record, burst, frame) => {
      const { host, ...ends } = endsOf((burst * BURST + frame) % flows, fan, destinationOf)
      return writeDatagram(record, { macs: [GATEWAY, macOfHost(host)], ...ends })
    },
  )
}

/** Runs a stream of first frames and returns that of their answers, to whatever they left as. */
export function answers(router, first, flows) {
  const { burstCount } = first
  const left = new Map()
  router.load(first)
  const memory = Buffer.from(router.memory.buffer)
  const { entries } = router.run(0, burstCount, (burst) => {
    const ends = Buffer.alloc(BURST * 12)
    for (let frame = 0; frame < BURST; frame++) {
      const from = router.firstFrame + frame * STRIDE + Field.source
      memory.copy(ends, frame * 12, from, from + 12)
    }
    left.set(burst, ends)
  })
  if (entries !== burstCount * BURST) throw new HouseError(`bench: ${entries} frames came out`)
  if (router.flowCount !== flows) {
    throw new HouseError(`bench: ${router.flowCount} of ${flows} flows were begun`)
  }
  return makeStream(
    shapeFor(flows),
    () => 1,
    (record, burst, frame) => {
      const ends = left.get(burst).subarray(frame * 12)
      const source = [ends.readUInt32BE(4), ends.readUInt16BE(10)]
      const destination = [ends.readUInt32BE(0), ends.readUInt16BE(8)]
      return writeDatagram(record, { macs: [UPLINK, NEXT_HOP], source, destination })
    },
  )
}

/** Random flows, a burst from inside and one from outside in turn. */
export function mixedStream(directions, flows, mpps) {
  const frames = 2 ** Math.min(20, Math.max(14, Math.ceil(Math.log2(flows)) + 4))
  const shape = { ...shapeFor(frames), step: BURST / mpps / 1e3 }
  const next = random(1)
  const portOf = (burst) => burst % 2
  return makeStream(shape, portOf, (record, burst) => {
    const { bytes, burstCount } = directions[portOf(burst)]
    const from = 32 + burstCount * 4 + (next() % flows) * RECORD + 4
    bytes.copy(record, 0, from, from + RECORD - 4)
    return LENGTH
  })
}
