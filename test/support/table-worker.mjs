/**
 * A forwarding thread with no device: it makes bursts of frames in its arena, has them processed, and
 * looks where they would go, until it is told to stop. Plain JavaScript: a thread of a test cannot
 * load TypeScript.
 *
 * Its port is its number. Stations come in four kinds: `fixed` ones send from their own port only, so
 * that nobody may ever be sent to another for them; `roaming` ones send from all ports; strangers are
 * seen once; `pinned` ones have a static entry on a port without a thread, and must be found whatever
 * happens around them. Words: 0 says stop, 1 is the clock.
 */
import { parentPort, workerData } from 'node:worker_threads'

const { module, memory, worker, workers, pinned, fixed, roaming, words } = workerData
const BURST = 64
const SLOT = 256
const LENGTH = 60

const exports = new WebAssembly.Instance(module, { env: { memory } }).exports
exports.attach(worker)
const view = new DataView(memory.buffer)
const first = ((exports.arena(worker) + 128 + 63) & ~63) + 14
const transmit = exports.transmit(worker)
const counts = { bursts: 0, right: 0, wrong: 0, floods: 0, lost: 0 }

let state = 0x9e3779b1 * (worker + 1)
function below(end) {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return Math.floor(((state >>> 0) / 2 ** 32) * end)
}

/** A station: { high, low, owner }; owner is -1 where it has none. */
function source() {
  const kind = below(10)
  if (kind < 6) return { high: 0x0200 + 2 * worker, low: below(fixed) }
  if (kind < 8) return { high: 0x0a00, low: below(roaming) }
  return { high: 0x0c00 + 2 * worker, low: below(2 ** 32) }
}

function destination() {
  const owner = below(workers)
  const kind = below(8)
  if (kind < 3) return { high: 0x1000, low: below(pinned), owner: workers }
  if (kind < 6) return { high: 0x0200 + 2 * owner, low: below(fixed), owner }
  return { high: 0x0a00, low: below(roaming), owner: -1 }
}

function prepare(owners) {
  for (let index = 0; index < BURST; index++) {
    const address = first + index * SLOT
    const to = destination()
    const from = source()
    view.setUint16(address, to.high)
    view.setUint32(address + 2, to.low)
    view.setUint16(address + 6, from.high)
    view.setUint32(address + 8, from.low)
    view.setUint16(address + 12, 0x88b5)
    view.setUint32(exports.received(worker) + 8 * index, address, true)
    view.setUint32(exports.received(worker) + 8 * index + 4, LENGTH, true)
    owners[index] = to.owner
  }
}

/** Counts where a burst went: a frame to a fixed station goes to its port, or to all if unknown. */
function judge(entries, owners) {
  for (let entry = transmit; entry < transmit + 32 * entries; entry += 32) {
    const owner = owners[Math.floor((view.getUint32(entry, true) - first + 12) / SLOT)]
    if (view.getUint32(entry + 20, true) > 1) {
      counts.floods++
      if (owner === workers) counts.lost++
    } else if (owner >= 0) {
      const port = view.getUint32(view.getUint32(entry + 16, true), true)
      if (port === owner) counts.right++
      else counts.wrong++
    }
  }
}

const owners = new Array(BURST).fill(-1)
while (Atomics.load(words, 0) === 0) {
  prepare(owners)
  const now = Atomics.load(words, 1)
  judge(exports.process(worker, worker, BURST, now), owners)
  if (counts.bursts % 8 === 0) exports.tick(worker, now)
  exports.quiesce(worker)
  counts.bursts++
  if (counts.bursts === 1) parentPort.postMessage('running')
}
parentPort.postMessage(counts)
