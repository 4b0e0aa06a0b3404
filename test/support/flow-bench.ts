/**
 * Connection tracking and translation by themselves: packets are put through both places of the router
 * where they happen (test/support/flow-entry.ts), between domains 1 (inside) and 2 (outside).
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { filesBelow } from '../../scripts/lib/files.js'
import type { Exports } from '../../src/dataplane/exports.js'
import { Flows } from '../../src/dataplane/flows.js'
import { drops } from '../../src/dataplane/generated/drops.js'
import {
  type Attachment,
  attach,
  createMemory,
  memorySize,
  WITHOUT_ROUTER,
} from '../../src/dataplane/instance.js'
import { Manager } from '../../src/dataplane/manager.js'
import { Nat } from '../../src/dataplane/nat.js'
import { type NatRules, NO_RULES } from '../../src/dataplane/nat-rules.js'

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

interface Harness extends Exports {
  frameOf(worker: number, address: number, length: number, port: number, fid: number): number
  setOffload(worker: number, partial: number, gsoType: number, gsoSize: number): void
  place(worker: number, second: number, outFid: number, now: number): number
  undo(worker: number): void
  storm(
    worker: number,
    address: number,
    length: number,
    count: number,
    rounds: number,
    now: number,
  ): number
}

const modules = new Map<string, WebAssembly.Module>()

/** The dataplane with the harness, compiled anew when a source is newer. */
function moduleOf(target: string): WebAssembly.Module {
  const known = modules.get(target)
  if (known) return known
  const output = at(`build/flow-${target}.wasm`)
  const entry = at('test/support/flow-entry.ts')
  const isSource = (name: string) => name.endsWith('.ts')
  const sources = [entry, ...filesBelow(at('assembly'), isSource)] as string[]
  const newest = Math.max(...sources.map((file) => statSync(file).mtimeMs))
  if (!existsSync(output) || statSync(output).mtimeMs < newest) {
    const asc = at('node_modules/assemblyscript/bin/asc.js')
    const options = ['--config', at('asconfig.json'), '--target', target, '--outFile', output]
    execFileSync(process.execPath, [asc, entry, ...options], { stdio: 'pipe' })
  }
  const module = new WebAssembly.Module(readFileSync(output))
  modules.set(target, module)
  return module
}

export interface Options {
  flows?: number
  flows6?: number
  target?: 'debug-single' | 'single' | 'debug-shared' | 'shared'
  workers?: number
  seed?: readonly [number, number]
}

export interface Passage {
  /** Where it comes in and would leave. */
  from?: number
  to?: number
  port?: number
  partial?: boolean
  gso?: readonly [type: number, size: number]
  /** It is for the router itself: nothing is begun. */
  local?: boolean
}

export type Outcome = { drop: string } | { frame: Uint8Array }

export class FlowBench {
  readonly attachment: Attachment
  readonly manager: Manager
  readonly harness: Harness
  readonly flows: Flows
  readonly nat: Nat
  readonly bytes: number
  now = 0
  readonly #memory: Uint8Array
  readonly arena: number

  constructor(options: Options = {}) {
    const { flows = 1024, flows6 = 1024, target = 'debug-single', seed = [1, 2] } = options
    const { workers = 1 } = options
    const build = target.endsWith('shared') ? 'shared' : 'single'
    const l2 = { workers, ports: 8, bridges: 2, vlans: 0, memberships: 0 }
    const base = { ...WITHOUT_ROUTER, ...l2, macs: 64, arena: 1 << 20 }
    const capacity = { ...base, flows, flows6 }
    const module = moduleOf(target)
    this.bytes = memorySize(module, build, capacity) - memorySize(module, build, base)
    const memory = createMemory(module, build, capacity, seed)
    this.attachment = { module, memory }
    this.manager = new Manager(this.attachment, workers)
    this.harness = attach(this.attachment, 0) as Harness
    this.flows = new Flows(this.manager, () => this.now)
    this.nat = new Nat(this.manager, this.flows)
    this.#memory = new Uint8Array(memory.buffer)
    this.arena = this.harness.arena(0) + 128
  }

  rules(rules: Partial<NatRules>): this {
    this.nat.set({ ...NO_RULES, ...rules })
    this.harness.quiesce(0)
    if (!this.manager.begin()) throw new Error('a change of config was not taken')
    this.nat.write()
    this.manager.commit()
    this.nat.settle()
    return this
  }

  /** Puts a frame through; what comes out is a copy. */
  pass(frame: Uint8Array, passage: Passage = {}): Outcome {
    const { from = 1, to = from === 1 ? 2 : 1, port = from, local = false } = passage
    const { harness } = this
    this.#memory.set(frame, this.arena)
    let code = harness.frameOf(0, this.arena, frame.length, port, from)
    const [type, size] = passage.gso ?? [0, 0]
    harness.setOffload(0, passage.partial || type ? 1 : 0, type, size)
    if (code === 0) code = harness.place(0, 0, 0, this.now)
    if (code === 0 && !local) code = harness.place(0, 1, to, this.now)
    if (code !== 0) return { drop: drops.find((drop) => drop.code === code)?.name ?? `${code}` }
    return { frame: this.#memory.slice(this.arena, this.arena + frame.length) }
  }

  /** The last frame as it came. */
  undo(length: number): Uint8Array {
    this.harness.undo(0)
    return this.#memory.slice(this.arena, this.arena + length)
  }

  /** Begins so many flows by a frame with other sources, and meets each so often; returns the drops. */
  storm(frame: Uint8Array, count: number, rounds: number): number {
    this.#memory.set(frame, this.arena)
    this.harness.frameOf(0, this.arena, frame.length, 1, 1)
    return this.harness.storm(0, this.arena, frame.length, count, rounds, this.now)
  }

  /** Moves the clock and lets everything that is due happen. */
  advance(ms: number): this {
    const end = this.now + ms
    for (;;) {
      const next = this.harness.nextDeadline(0, this.now)
      if (next > end) break
      this.now = Math.max(this.now, next)
      this.harness.tick(0, this.now)
    }
    this.now = end
    return this
  }

  count(): number {
    return this.harness.flowCount(0) + this.harness.flowCount(1)
  }
}
