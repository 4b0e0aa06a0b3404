// In memory: what putting frames into a tunnel and taking them out costs, the whole way and headers alone.
import { HouseError } from '../../scripts/lib/house.js'
import { innerStream, OverlaySwitch, outerStream } from '../lib/pipeline/overlay.js'

const BURST = 256
/** The pace at which the clock of the frames goes. */
const MPPS = 20
/** Datagrams of a run: what one message of a socket with UDP_GRO holds of the usual MTU. */
const RUN = 43
const RUNS = 5
/** The least that headers are said to take, ns: of two rates that are nearly the same the difference is noise. */
const LEAST = 1

/** Frames through a switch of their own; each frame that goes in comes out. */
async function contestant(name, label, { stream, frames }, { seconds }) {
  const runner = await OverlaySwitch.create()
  runner.load(stream)
  const bursts = Math.ceil((seconds * MPPS * 1e6) / frames)
  let next = 0
  const measure = () => {
    const { milliseconds, entries } = runner.run(next, bursts)
    next += bursts
    if (entries !== bursts * frames) {
      throw new HouseError(`bench: ${label}: ${entries} of ${bursts * frames} frames came out`)
    }
    each.value = (bursts * frames) / milliseconds / 1e3
    return { value: each.value }
  }
  const each = { name, label, measure, value: 0 }
  measure() // V8 compiles the hot path anew in the background, after the first work
  return each
}

/** The rate at which headers alone would go: what both took in the same round, one less the other. */
function headersAlone(tunnel, plain) {
  const measure = () => ({
    value: 1e3 / Math.max(LEAST, 1e3 / tunnel.value - 1e3 / plain.value),
  })
  return { name: 'headers', label: 'headers alone', derived: true, measure }
}

/** What the headers alone take, from the rates of both. */
function remark(samples) {
  const [tunnel, plain] = ['tunnel', 'plain'].map((name) => samples.get(name) ?? [])
  const costs = tunnel.map(({ value }, index) => 1e3 / value - 1e3 / plain[index]?.value)
  const known = costs.filter(Number.isFinite).sort((a, b) => a - b)
  if (known.length === 0) return []
  return [`beyond a plain hop, a frame takes ${known[known.length >> 1].toFixed(1)} ns`]
}

/** @returns {import('../lib/figure.js').Figure} */
function figureFor({ name, title, label, method, streams }) {
  return {
    ...{ name, title, unit: 'Mpps', better: 'more', needs: {}, seconds: 0.1 },
    method: `${method} “Headers alone” is no rate that anything was sent at: it is 1000 over the nanoseconds that a frame takes beyond those of the plain hop measured next to it, ${LEAST} at least, in each round, and the median of these.`,
    targets: [
      { of: 'headers', atLeast: 30 },
      { of: 'tunnel', atLeast: 30 },
      { of: 'tunnel', to: 'plain', as: 'time' },
    ],
    setUp: async (context) => {
      const { through, plain } = streams()
      const tunnel = await contestant('tunnel', `${label}, the whole way`, through, context)
      const hop = await contestant('plain', 'a plain hop', plain, context)
      return { contestants: [tunnel, hop, headersAlone(tunnel, hop)] }
    },
    remarks: remark,
  }
}

const singles = (stream) => ({ stream, frames: BURST })
const plainHop = (length) => singles(innerStream('here', length, BURST, MPPS))

const into = (length) =>
  figureFor({
    name: `encap-${length + 4}`,
    title: `Into a tunnel in memory, ${length + 4} B`,
    label: 'into a tunnel',
    method: `Time in \`process\` alone, one thread, bursts of ${BURST} frames of UDP flows from a port to a MAC that is known behind a tunnel over IPv4; what comes out are entries with outer headers made. Beside it the same frames to a MAC on another port: what is beyond that are the headers.`,
    streams: () => ({
      through: singles(innerStream('far', length, BURST, MPPS)),
      plain: plainHop(length),
    }),
  })

const outOf = (length) =>
  figureFor({
    name: `decap-${length + 4}`,
    title: `Out of a tunnel in memory, ${length + 4} B`,
    label: 'out of a tunnel',
    method: `The same the other way: bursts of ${BURST} datagrams from the underlay, each with a frame to a MAC that is known on a port.`,
    streams: () => ({
      through: singles(outerStream(length, 1, BURST, MPPS)),
      plain: plainHop(length),
    }),
  })

const outOfRuns = (length) =>
  figureFor({
    name: `decap-runs-${length + 4}`,
    title: `Out of a tunnel in memory, runs of ${RUN} datagrams, ${length + 4} B`,
    label: 'out of a tunnel',
    method: `The same from runs of ${RUN} datagrams, ${RUNS} a burst, as a socket with UDP_GRO gives them. Each is a UDP packet, so that none is joined to another.`,
    streams: () => ({
      through: { stream: outerStream(length, RUN, RUNS, MPPS), frames: RUN * RUNS },
      plain: plainHop(length),
    }),
  })

export const figures = [
  ...[60, 1496].map(into),
  ...[60, 1496].map(outOf),
  ...[60, 1446].map(outOfRuns),
]
