/**
 * A worker without devices that does nothing but what time asks for, as fast as it can, until it is told to
 * stop; its clock stands still. Plain JavaScript: a thread of a test cannot load TypeScript. Words: 0 says
 * stop, 1 counts.
 */
import { parentPort, workerData } from 'node:worker_threads'

const { module, memory, worker, words, now } = workerData
const exports = new WebAssembly.Instance(module, { env: { memory } }).exports
exports.attach(worker)
parentPort.postMessage('running')
while (Atomics.load(words, 0) === 0) {
  exports.tick(worker, now)
  Atomics.add(words, 1, 1)
}
exports.quiesce(worker)
