/**
 * A forwarding thread with no device that does to the table what it is told to, in the order in which it is
 * told: each message is a row of steps [port, now, count, low 0, low 1 …], bursts of stations whose MACs begin
 * with `high`, or, where the port is DELETE, their entries' end. It answers when they are done. Plain
 * JavaScript: a thread of a test cannot load TypeScript.
 */
import { parentPort, workerData } from 'node:worker_threads'

const { module, memory, worker, high } = workerData
const SLOT = 256
const LENGTH = 60
const DELETE = 0xffffffff
const DOMAIN = 1
const BUSY = 4
/** Whoever holds a lock may wait for a processor meanwhile, milliseconds. */
const PATIENCE = 5000

const exports = new WebAssembly.Instance(module, { env: { memory } }).exports
exports.attach(worker)
const view = new DataView(memory.buffer)
const first = ((exports.arena(worker) + 128 + 63) & ~63) + 14
const received = exports.received(worker)
const scratch = exports.scratch(worker)

/** To everybody, so that nothing else is looked up than the source. */
function prepare(index, low) {
  const address = first + index * SLOT
  view.setUint16(address, 0xffff)
  view.setUint32(address + 2, 0xffffffff)
  view.setUint16(address + 6, high)
  view.setUint32(address + 8, low)
  view.setUint16(address + 12, 0x88b5)
  view.setUint32(received + 8 * index, address, true)
  view.setUint32(received + 8 * index + 4, LENGTH, true)
}

/** A frame whose source finds its bucket locked for long is not learnt from: the next one is. */
function learn(port, now, lows) {
  for (const end = performance.now() + PATIENCE; performance.now() < end; ) {
    for (const [index, low] of lows.entries()) prepare(index, low)
    let part = exports.process(worker, port, lows.length, now)
    while (part < 0) part = exports.resume(worker, now)
    if (lows.every((low) => isOn(port, low, now))) return true
  }
  return false
}

function isOn(port, low, now) {
  const found = exports.fdbFind(worker, DOMAIN, high, low, now) !== 0
  return found && view.getUint32(scratch + 4, true) === port
}

function forget(low) {
  for (const end = performance.now() + PATIENCE; performance.now() < end; ) {
    if (exports.fdbDelete(worker, DOMAIN, high, low) !== BUSY) return
  }
  throw new Error('an entry could not be deleted')
}

parentPort.on('message', (steps) => {
  for (let at = 0; at < steps.length; ) {
    const [port, now, count] = steps.subarray(at, at + 3)
    const lows = steps.subarray(at + 3, at + 3 + count)
    at += 3 + count
    if (port === DELETE) for (const low of lows) forget(low)
    else if (!learn(port, now, lows)) throw new Error(`a station was not learnt on port ${port}`)
    exports.quiesce(worker)
  }
  parentPort.postMessage('done')
})
parentPort.postMessage('running')
