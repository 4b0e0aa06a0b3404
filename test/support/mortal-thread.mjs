// In place of the detour's thread: does nothing, and dies when it is told to. What comes after a death is
// answered by what it was told, as errors.
import { parentPort, workerData } from 'node:worker_threads'

// Of all that share the counters: whether one died before.
const died = new Float64Array(workerData.counts)
const told = ({ op, port, impair, queues }) =>
  `told ${op} ${port} ${impair?.seed ?? queues?.[0].fd ?? ''}`

parentPort.on('message', ({ number, order }) => {
  const isSecond = died[died.length - 1] > 0
  if (order.name === 'die always' || (order.name === 'die' && !isSecond)) {
    died[died.length - 1] += 1
    throw new Error('as told')
  }
  if (order.name === 'refuse') parentPort.postMessage({ number, error: `no, ${order.port}` })
  else parentPort.postMessage(isSecond ? { number, error: told(order) } : { number })
})
const stop = new Int32Array(workerData.stop)
setInterval(() => {
  if (Atomics.load(stop, 0) !== 0) process.exit()
}, 5)
