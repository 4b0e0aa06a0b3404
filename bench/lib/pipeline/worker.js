// A thread that handles bursts as one of a memory's workers: as soon as all have begun, until all are told
// to stop. See workers.js.
import { parentPort, workerData } from 'node:worker_threads'
import { Bursts } from './bursts.js'
import { dataplane } from './dataplane.js'

const { attachment, number, stream, words, begun } = workerData
/** Words of all threads: how many have begun, and whether they are to stop. */
const [BEGUN, STOP] = [0, 1]
/** Bursts between two looks at the words: a fraction of a millisecond. */
const BATCH = 32

const bursts = new Bursts(await dataplane(), attachment, number)
// Workers of one memory have one clock: each burst at the time at which it is handled.
const base = stream.start - begun
bursts.clock = () => base + performance.timeOrigin + performance.now()
bursts.load({ ...stream, bytes: Buffer.from(stream.bytes) })
/** Workers are at different places of the ring. */
let next = number * Math.floor(stream.burstCount / 2)

parentPort.on('message', (threads) => {
  let milliseconds = 0
  let entries = 0
  const first = next
  Atomics.add(words, BEGUN, 1)
  while (Atomics.load(words, BEGUN) < threads);
  while (Atomics.load(words, STOP) === 0) {
    const done = bursts.run(next, BATCH)
    bursts.forwarder.quiesce()
    milliseconds += done.milliseconds
    entries += done.entries
    next += BATCH
  }
  parentPort.postMessage({ milliseconds, entries, bursts: next - first })
})
parentPort.postMessage('ready')
