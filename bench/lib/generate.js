// `linkspan generate` between the two sides of a lab: what the figures offer frames by.
import { at } from '../../scripts/lib/house.js'
import { ifnames } from './lab.js'
import { run } from './process.js'

/** Octets of the frame check sequence, which a TAP or veth does not carry and sizes of RFC 2544 include. */
export const FCS = 4

/** What it takes to start and to wait for the last frames, ms. */
const AROUND = 20_000

/** A time as generate takes it. */
const time = (seconds) => `${Math.round(seconds * 1000)}ms`

/**
 * Runs the generator from side a.
 *
 * @param {import('./lab.js').Lab} lab
 * @param {object} traffic
 * @param {string[]} traffic.flow e.g. ['ethernet']
 * @param {number} traffic.seconds
 * @param {string[]} [traffic.options] more of its options
 * @param {boolean} [traffic.receive] on side b, by a thread of its own
 * @param {{signal?: AbortSignal}} context
 * @returns {Promise<{sender: object, receiver: object | null}>} its report (docs/generate.md)
 */
export async function generate(lab, { flow, seconds, options = [], receive = false }, { signal }) {
  const from = receive ? ['--from', lab.endpoint('b')] : []
  const how = ['--duration', time(seconds), '--threads', '1', '--json', ...options]
  const words = ['generate', ...flow, '--to', lab.endpoint('a'), ...from, ...how]
  const timeout = seconds * 1000 + AROUND
  const output = await run(process.execPath, [at('dist/cli/linkspan.js'), ...words], {
    ...{ signal, timeout },
  })
  return JSON.parse(output)
}

/** The MAC of an interface. */
export async function macOf(lab, side) {
  const [link] = JSON.parse(await run('ip', ['-n', lab[side], '-j', 'link', 'show', ifnames[side]]))
  return link.address
}

const BEFORE = 0.3
/** What the sender goes on for after the window: it is told how long to send before it has begun. */
const AFTER = 0.3

/**
 * Offers frames as fast as one thread sends them, and counts what the kernel takes in on side b: nobody
 * receives there, so that receiving costs no processor that the switch could have.
 *
 * @param {import('./lab.js').Lab} lab
 * @param {import('./received.js').Counters} counters of side b
 * @param {{flow: string[], options?: string[]}} traffic
 * @param {{seconds: number, signal?: AbortSignal}} context
 * @returns {Promise<import('./alternate.js').Sample>} k frames/s; `taken` and `refused` are the sender's
 */
export async function overload(lab, counters, traffic, { seconds, signal }) {
  const total = BEFORE + seconds + AFTER
  const sending = generate(lab, { ...traffic, seconds: total }, { signal })
  const counted = counters.count(sending, { before: BEFORE, seconds })
  const [{ frames, seconds: took }, { sender }] = await Promise.all([counted, sending])
  return { value: frames / took / 1e3, taken: sender.frames, refused: sender.refused }
}
