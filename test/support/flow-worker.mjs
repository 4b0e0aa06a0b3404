/**
 * A thread that puts packets through connection tracking and translation (test/support/flow-entry.ts)
 * until it is told to stop. Plain JavaScript: a thread of a test cannot load TypeScript.
 *
 * Stations in 10.9/16 have `pinned` flows, which were answered before: in both directions every packet of
 * theirs must get through, and be translated as ever. Those in 10.8/16 begin more flows than there is room
 * for, all threads the same ones, and answer what the others began. Words: 0 says stop; 1 is the clock in
 * milliseconds, which moves with every packet, so that flows end of age however fast the machine is; then
 * what was begun lately, two words each: station << 16 | port, and remote << 16 | external port; at the end one
 * for each thread: how often it has done all of what it does.
 */
import { parentPort, workerData } from 'node:worker_threads'

const { module, memory, worker, pinned, external, words } = workerData
const LENGTH = 54
const STEP_MS = 5
const LATELY = 64
const SYN = 2
const RST = 4

const exports = new WebAssembly.Instance(module, { env: { memory } }).exports
exports.attach(worker)
const view = new DataView(memory.buffer)
const octets = new Uint8Array(memory.buffer)
const at = exports.arena(worker) + 128
const [IP, L4] = [at + 14, at + 34]
const counts = { packets: 0, right: 0, wrong: 0, begun: 0, answered: 0, drops: {} }

let state = 0x9e3779b1 * (worker + 1)
function below(end) {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  return Math.floor(((state >>> 0) / 2 ** 32) * end)
}

/** Puts one packet through both places; true if it may go. The frame is what it left as. */
function pass(from, [source, sourcePort], [destination, destinationPort], flags = 0) {
  octets.fill(0, at, at + LENGTH)
  view.setUint16(at + 12, 0x0800)
  view.setUint16(IP, 0x4500)
  view.setUint16(IP + 2, flags === 0 ? 28 : 40)
  view.setUint16(IP + 6, 0x4000)
  view.setUint16(IP + 8, 0x4000 | (flags === 0 ? 17 : 6))
  view.setUint32(IP + 12, source)
  view.setUint32(IP + 16, destination)
  let sum = 0
  for (let word = 0; word < 20; word += 2) sum += view.getUint16(IP + word)
  view.setUint16(IP + 10, ~((sum & 0xffff) + (sum >>> 16)))
  view.setUint16(L4, sourcePort)
  view.setUint16(L4 + 2, destinationPort)
  if (flags === 0) view.setUint16(L4 + 4, 8)
  else view.setUint16(L4 + 12, 0x5000 | flags)
  const now = Atomics.add(words, 1, STEP_MS)
  let code = exports.frameOf(worker, at, flags === 0 ? 42 : LENGTH, from, from)
  if (code === 0) code = exports.place(worker, 0, 0, now)
  if (code === 0) code = exports.place(worker, 1, 3 - from, now)
  if (counts.packets++ % 8 === 0) exports.tick(worker, now)
  if (code !== 0) counts.drops[code] = (counts.drops[code] ?? 0) + 1
  return code === 0
}

const came = () => [view.getUint32(IP + 12), view.getUint16(L4)]
const goes = () => [view.getUint32(IP + 16), view.getUint16(L4 + 2)]
const same = ([a, b], [c, d]) => a === c && b === d

/** A packet of a flow that stays, in either direction. */
function meetPinned() {
  const { inside, outside, port } = pinned[below(pinned.length)]
  const out = below(2) === 0
  const passed = out ? pass(1, inside, outside) : pass(2, outside, [external, port])
  const right = passed && (out ? same(came(), [external, port]) : same(goes(), inside))
  counts[right ? 'right' : 'wrong']++
}

const remoteOf = (index) => 0xc6336414 + index // 198.51.100.20 and those behind it

/** One of a few endpoints inside calls one of a few outside; some are answered, some from another port. */
function call() {
  const station = below(12)
  const port = 4000 + below(40)
  const remote = below(4)
  const inside = [0x0a080001 + station, port]
  if (below(8) === 0) {
    if (pass(1, inside, [remoteOf(remote), 80], SYN)) pass(1, inside, [remoteOf(remote), 80], RST)
    return
  }
  if (!pass(1, inside, [remoteOf(remote), 53])) return
  counts.begun++
  const slot = 2 + 2 * below(LATELY)
  Atomics.store(words, slot, (station << 16) | port)
  Atomics.store(words, slot + 1, (remote << 16) | came()[1])
}

/** Goes on with what some thread began: answers it, from elsewhere too, and answers that from inside. */
function answer() {
  const slot = 2 + 2 * below(LATELY)
  const [inner, outer] = [Atomics.load(words, slot), Atomics.load(words, slot + 1)]
  if (outer === 0) return
  const inside = [0x0a080001 + (inner >>> 16), inner & 0xffff]
  const outside = [remoteOf(outer >>> 16), below(2) === 0 ? 53 : 9000 + below(3)]
  const passed = below(2) ? pass(2, outside, [external, outer & 0xffff]) : pass(1, inside, outside)
  if (passed) counts.answered++
}

const share = 2 + 2 * LATELY + worker
meetPinned()
parentPort.postMessage('running')
while (Atomics.load(words, 0) === 0) {
  const kind = below(4)
  if (kind === 0) meetPinned()
  else if (kind === 1) answer()
  else call()
  Atomics.store(words, share, Math.min(counts.right, counts.begun, counts.answered))
}
parentPort.postMessage(counts)
