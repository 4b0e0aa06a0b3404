/** Threads that write frames to one queue as fast as they can, as workers do; all at once. */
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { QueueKind } from '../../src/device/queue.js'

/** Plain JavaScript, since threads are not given TypeScript: native/abi.h says what lies where. */
const program = `
const { workerData, parentPort } = require('node:worker_threads')
const native = require('node-gyp-build')(workerData.native)
const { buffer } = new WebAssembly.Memory({ initial: 4 })
const bytes = new Uint8Array(buffer), words = new DataView(buffer)
const memory = native.attach(bytes)
const put = (at, ...values) => values.forEach((value, i) => words.setInt32(at + 4 * i, value, true))
put(0, workerData.fd, workerData.kind)
put(16, 0)
const ready = new Int32Array(workerData.ready)
Atomics.add(ready, 0, 1)
while (Atomics.load(ready, 0) < workerData.threads) {}
let sent = 0
for (let n = 0; n < workerData.count; n++) {
  const length = n % 3 === 0 ? 60 : 40_000 + ((n * 7919) % 20_000)
  bytes.fill(workerData.mark, 4096 + 12, 4096 + 12 + length)
  put(64, 4096, 12 + length, 0, 0, 16, 1, -1)
  if (native.writeEntries(memory, 0, 64, 1, 128, 1) === 0) sent++
}
parentPort.postMessage(sent)
`

/** Frames of one octet each, `mark` of its thread. @returns how many were taken, by thread */
export function writers(fd: number, marks: readonly number[], count: number): Promise<number[]> {
  const native = fileURLToPath(new URL('../../native', import.meta.url))
  const ready = new SharedArrayBuffer(4)
  const common = { native, fd, kind: QueueKind.STREAM, count, ready, threads: marks.length }
  const run = async (mark: number) => {
    const data = { ...common, mark }
    const worker = new Worker(program, { eval: true, workerData: data })
    const [sent] = (await once(worker, 'message')) as [number]
    await worker.terminate()
    return sent
  }
  return Promise.all(marks.map(run))
}
