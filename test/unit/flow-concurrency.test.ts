/**
 * The flow table under several threads at once: none of them traps, no packet of a flow that stays is lost or
 * sent elsewhere, and what is left over agrees with itself.
 */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { beforeAll, describe, expect, test } from 'vitest'
import { drops } from '../../src/dataplane/generated/drops.js'
import { FlowAudit } from '../support/flow-audit.js'
import { FlowBench } from '../support/flow-bench.js'
import { IN, MASQUERADE, through } from '../support/nat-calls.js'
import { EXTERNAL } from '../support/nat-lab.js'
import { udp } from '../support/nat-packets.js'

const WORKERS = 2
const CONTROL = WORKERS
/** Fewer than the threads begin. */
const FLOWS = 512
const PINNED = 32
/** How long the threads are left at each other; longer where one of them has not had its share by then. */
const RUN_MS = 2500
const PATIENCE_MS = 60_000
/** So many packets that got through, flows begun and flows answered, each thread's; and rounds of control. */
const SHARE = 200
/** As assembly/flow/inspect.ts has it: by address, of a domain. */
const PURGE = { domain: 1, address: 3 }
/** What a thread may be told by a table that is full, and of flows that are just being ended. */
const EXPECTED = [
  'flow-table-full',
  'flow-limit',
  'nat-exhausted',
  'nat-unsolicited',
  'flow-invalid',
]

const number = (address: string) =>
  address.split('.').reduce((all, octet) => all * 256 + Number(octet), 0)

interface Counts {
  packets: number
  right: number
  wrong: number
  begun: number
  answered: number
  drops: Record<number, number>
}

interface Thread {
  thread: Worker
  counts: Promise<Counts>
}

type Target = 'shared' | 'debug-shared'

class Stage {
  readonly bench: FlowBench
  readonly words = new Int32Array(new SharedArrayBuffer(8 + 64 * 8 + WORKERS * 4))
  readonly pinned: object[] = []

  constructor(target: Target) {
    this.bench = new FlowBench({ target, workers: WORKERS, flows: FLOWS }).rules(MASQUERADE)
    for (let index = 0; index < PINNED; index++) {
      const inside = [`10.9.0.${(index % 8) + 1}`, 5000 + index] as const
      const outside = ['198.51.100.7', 53] as const
      const { sourcePort } = through(this.bench.pass(udp({ from: inside, to: outside })))
      through(this.bench.pass(udp({ from: outside, to: [EXTERNAL, sourcePort] }), IN))
      const numbers = ([address, port]: readonly [string, number]) => [number(address), port]
      this.pinned.push({ inside: numbers(inside), outside: numbers(outside), port: sourcePort })
    }
  }

  async start(worker: number): Promise<Thread> {
    const { module, memory } = this.bench.attachment
    const { pinned, words } = this
    const external = number(EXTERNAL)
    const thread = new Worker(new URL('../support/flow-worker.mjs', import.meta.url), {
      workerData: { module, memory, worker, pinned, external, words },
    })
    const counts = new Promise<Counts>((resolve, reject) => {
      thread.on('message', (message) => message !== 'running' && resolve(message as Counts))
      thread.on('error', reject)
    })
    // Whoever waits for them hears of it.
    counts.catch(() => {})
    await once(thread, 'message')
    return { thread, counts }
  }

  empty(): void {
    const { exports } = this.bench.manager
    const now = Atomics.load(this.words, 1)
    exports.flowPurge(CONTROL, 0, PURGE.domain, 1)
    for (let turn = 1; turn <= 20; turn++) exports.tick(CONTROL, now + turn * 10_000)
  }

  stop(): void {
    Atomics.store(this.words, 0, 1)
  }

  /** What control does meanwhile: lists, ends single flows and those of a station. */
  async disturb(): Promise<number> {
    const { exports } = this.bench.manager
    const scratch = new DataView(this.bench.attachment.memory.buffer, exports.scratch(CONTROL))
    const began = performance.now()
    const passed = () => performance.now() - began
    let rounds = 0
    const lacking = () => Math.min(rounds, ...this.words.subarray(-WORKERS)) <= SHARE
    for (; passed() < RUN_MS || (lacking() && passed() < PATIENCE_MS); rounds++) {
      const now = Atomics.load(this.words, 1)
      const index = exports.flowNext(CONTROL, 0, 1 + ((rounds * 7) % FLOWS), now)
      // The original tuple of the record, which lies behind three numbers.
      const inside = scratch.getUint32(24 + 56)
      if (index !== 0 && inside >>> 16 === 0x0a08) {
        exports.flowDelete(CONTROL, 0, index, scratch.getUint16(24, true))
      }
      if (rounds % 50 === 0) {
        scratch.setUint32(0, 0x0a080001 + (rounds % 12))
        exports.flowPurge(CONTROL, 0, PURGE.address, 0)
      }
      if (rounds % 16 === 0) await setImmediate()
    }
    return rounds
  }
}

describe.each(['shared', 'debug-shared'] as const)(
  'the flow table under threads [%s]',
  (target) => {
    // Compiles the module if a source is newer.
    beforeAll(() => void new FlowBench({ target }), 180_000)

    test('flows begun, answered, evicted, swept and ended at once lose and confuse nothing', async () => {
      const stage = new Stage(target)
      const threads = await Promise.all([0, 1].map((worker) => stage.start(worker)))
      const rounds = await stage.disturb().finally(() => stage.stop())
      const all = await Promise.all(threads.map(({ counts }) => counts))
      const { faults, live } = new FlowAudit(stage.bench.attachment.memory)
      expect(faults).toEqual([])
      for (const counts of all) {
        const { wrong, right, begun, answered } = counts
        expect(wrong).toBe(0)
        expect(Math.min(right, begun, answered, rounds)).toBeGreaterThan(SHARE)
        const names = drops.filter(({ code }) => counts.drops[code]).map(({ name }) => name)
        expect(EXPECTED).toEqual(expect.arrayContaining(names))
      }
      expect(live.size).toBeGreaterThanOrEqual(PINNED)
      // Emptied, all is back where it was taken from. What is void already is the sweep's.
      stage.empty()
      const empty = new FlowAudit(stage.bench.attachment.memory)
      expect([empty.faults, empty.live.size]).toEqual([[], 0])
    })
  },
)
