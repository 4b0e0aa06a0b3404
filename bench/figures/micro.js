// Pieces by themselves, with benchmark.js.

import { HouseError } from '../../scripts/lib/house.js'
import { dataplane } from '../lib/pipeline/dataplane.js'
import { kernels, MACS } from '../micro/module.js'
import { SEGMENTS } from '../micro/super-frame.js'

const ROUNDS = 1000

/** A contestant that runs `call`, which does its work `times` times, and says what one takes. */
function contestant(name, label, { times, call }, { Benchmark, seconds }) {
  const measure = () => {
    const run = new Benchmark(name, call, { maxTime: seconds, minSamples: 5 }).run()
    if (run.error) throw run.error
    return { value: (run.stats.mean * 1e9) / times, relativeError: run.stats.rme }
  }
  return { name, label, measure }
}

function mustBe(found, expected) {
  if (found !== expected) throw new HouseError(`bench: micro: ${found}, expected ${expected}`)
}

async function work() {
  const { exports, forwarder, octets, there, absent, frame, segment, cut } = await kernels()
  const native = (await dataplane()).loadNative()
  const handle = native.attach(new Uint8Array(forwarder.memory.buffer))
  const { queues, transmit, failures } = forwarder
  mustBe(exports.lookUps(there, MACS), MACS)
  mustBe(exports.lookUps(absent, MACS), 0)
  mustBe(exports.doors(frame, 1), 0)
  mustBe(exports.parses(segment, 1), 0)
  mustBe(cut.segments, SEGMENTS)
  mustBe(exports.merges(cut.descriptors, SEGMENTS, 1), 1)
  const checksum = (length, times) => ({
    times,
    call: () => exports.checksums(octets, length, times),
  })
  return [
    ['checksum-64', 'checksum, 64 B', checksum(64, ROUNDS)],
    ['checksum-1500', 'checksum, 1500 B', checksum(1500, ROUNDS)],
    ['checksum-65536', 'checksum, 64 KiB', checksum(65_536, 10)],
    ['hash', 'FDB hash', { times: MACS, call: () => exports.hashes(there, MACS) }],
    ['hit', 'FDB look-up, hit', { times: MACS, call: () => exports.lookUps(there, MACS) }],
    ['miss', 'FDB look-up, miss', { times: MACS, call: () => exports.lookUps(absent, MACS) }],
    ['split', '64 KiB into 1448 B', { times: 10, call: () => exports.splits(cut.whole, 10) }],
    [
      'merge',
      '1448 B into 64 KiB',
      { times: 10, call: () => exports.merges(cut.descriptors, SEGMENTS, 10) },
    ],
    ['door', 'door check', { times: ROUNDS, call: () => exports.doors(frame, ROUNDS) }],
    [
      'parse',
      'packet read, TCP over IPv4',
      { times: ROUNDS, call: () => exports.parses(segment, ROUNDS) },
    ],
    ['wasm', 'JavaScript to WASM call', { times: 1, call: () => exports.configGeneration() }],
    [
      'napi',
      'Node-API call, 6 arguments',
      { times: 1, call: () => native.writeEntries(handle, queues, transmit, 0, failures, 64) },
    ],
  ]
}

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'micro',
  title: 'Micro',
  unit: 'ns',
  better: 'less',
  needs: {},
  seconds: 0.2,
  method:
    'benchmark.js. Kernels run many times in one call of the module; look-ups are in a table of 10,000 MACs.',
  targets: [],
  async setUp({ seconds }) {
    const { default: Benchmark } = await import('benchmark')
    const contestants = (await work()).map(([name, label, piece]) =>
      contestant(name, label, piece, { Benchmark, seconds }),
    )
    return { contestants }
  },
}
