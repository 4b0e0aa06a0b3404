/** The dataplane and the model of a bridge, through the same random life. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BridgeModel, type ModelFrame } from '../support/bridge-model.js'
import { onEveryBuild } from '../support/builds.js'
import { type Rig, rig } from '../support/rig.js'

const bridges = ['red', 'blue'] as const
const names = ['a', 'b', 'c', 'd', 'e', 'f'] as const
/** Few addresses, so that they meet; and all that is not a station's. */
const stations = Array.from({ length: 7 }, (_, index) => `02000000000${index + 1}`)
const others = ['ffffffffffff', '01005e000001', '0180c2000003', '000000000000', '030000000001']

const bridge = fc.constantFrom(...bridges)
const name = fc.constantFrom(...names)
const station = fc.constantFrom(...stations)
const address = fc.oneof(
  { weight: 12, arbitrary: station },
  { weight: 1, arbitrary: fc.constantFrom(...others) },
)
const length = fc.oneof(
  { weight: 8, arbitrary: fc.constant(60) },
  { weight: 2, arbitrary: fc.constantFrom(0, 13, 14, 114, 115, 1514, 1515) },
)
const frame: fc.Arbitrary<ModelFrame> = fc.record({ to: address, from: address, length })

const settings = fc.record({
  bridge,
  up: fc.constantFrom(true, true, true, false),
  mtu: fc.constantFrom(100, 1500),
})

type Operation =
  | { kind: 'burst'; name: string; frames: ModelFrame[] }
  | { kind: 'advance'; ticks: number }
  | { kind: 'add'; name: string; settings: { bridge: string; up: boolean; mtu: number } }
  | { kind: 'remove'; name: string }
  | { kind: 'set'; name: string; settings: { up?: boolean; bridge?: string; mtu?: number } }
  | { kind: 'flush'; scope: { port?: string; bridge?: string } }
  | { kind: 'static'; name: string; mac: string }
  | { kind: 'delete'; bridge: string; mac: string }
  | { kind: 'ageing'; bridge: string; ticks: number }

const record = <K extends Operation['kind'], T>(
  kind: K,
  fields: { [F in keyof T]: fc.Arbitrary<T[F]> },
) => fc.record({ kind: fc.constant(kind), ...fields })

const operation = fc.oneof(
  {
    weight: 14,
    arbitrary: record('burst', { name, frames: fc.array(frame, { minLength: 1, maxLength: 8 }) }),
  },
  { weight: 3, arbitrary: record('advance', { ticks: fc.constantFrom(1, 40, 79, 80, 81, 200) }) },
  { weight: 2, arbitrary: record('add', { name, settings }) },
  { weight: 1, arbitrary: record('remove', { name }) },
  {
    weight: 2,
    arbitrary: record('set', {
      name,
      settings: fc.oneof(
        fc.record({ up: fc.boolean() }),
        fc.record({ bridge }),
        fc.record({ mtu: fc.constantFrom(100, 1500) }),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: record('flush', {
      scope: fc.oneof(fc.record({ port: name }), fc.record({ bridge }), fc.constant({})),
    }),
  },
  { weight: 1, arbitrary: record('static', { name, mac: station }) },
  { weight: 1, arbitrary: record('delete', { bridge, mac: station }) },
  { weight: 1, arbitrary: record('ageing', { bridge, ticks: fc.constantFrom(80, 160, 2400) }) },
) as fc.Arbitrary<Operation>

const octets = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))

/** The frame's bytes; what is behind the addresses holds the mark as often as it fits. */
function bytesOf({ to, from, length }: ModelFrame, mark: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(length, 20))
  new DataView(bytes.buffer).setUint32(14, mark)
  bytes.set(octets(to))
  bytes.set(octets(from), 6)
  bytes.set([0x88, 0xb5], 12)
  return bytes.subarray(0, length)
}

const markIn = (bytes: Uint8Array) =>
  bytes.length < 18 ? -1 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(14)

/** Both, side by side. */
class Pair {
  readonly model = new BridgeModel()
  readonly bench: Rig
  #mark = 0

  constructor(build: Parameters<typeof rig>[0]) {
    this.bench = rig(build)
    for (const each of bridges) {
      this.bench.bridge(each, 10_000)
      this.model.ageing.set(each, 10_000)
    }
  }

  apply(operation: Operation): void {
    const { model, bench } = this
    const known = 'name' in operation && model.ports.has(operation.name)
    if (operation.kind === 'advance') {
      model.now += operation.ticks * 125
      bench.advance(operation.ticks * 125)
    } else if (operation.kind === 'ageing') {
      // What has aged out but is not swept yet would be young again, and what is swept would not.
      this.apply({ kind: 'flush', scope: { bridge: operation.bridge } })
      bench.bridge(operation.bridge, operation.ticks * 125)
      model.ageing.set(operation.bridge, operation.ticks * 125)
    } else if (operation.kind === 'flush') {
      const { port } = operation.scope
      if (port !== undefined && !model.ports.has(port)) return
      bench.topology.entries.flush(operation.scope)
      model.flush(operation.scope)
    } else if (operation.kind === 'delete') {
      bench.deleteEntry(octets(operation.mac), operation.bridge)
      model.delete(operation.bridge, operation.mac)
    } else if (operation.kind === 'add') {
      if (known) return
      bench.port(operation.name, operation.settings)
      model.addPort(operation.name, { ...operation.settings })
    } else if (known) this.#onPort(operation)
  }

  #onPort(operation: Extract<Operation, { name: string }>): void {
    const { model, bench } = this
    const { name } = operation
    if (operation.kind === 'remove') {
      bench.removePort(name)
      model.removePort(name)
    } else if (operation.kind === 'set') {
      bench.setPort(name, operation.settings)
      model.setPort(name, operation.settings)
    } else if (operation.kind === 'static') {
      const { bridge = '' } = model.ports.get(name) ?? {}
      bench.setStatic(octets(operation.mac), name, bridge)
      model.setStatic(bridge, operation.mac, name)
    } else if (operation.kind === 'burst') {
      for (const frame of operation.frames) {
        this.#mark++
        bench.inject(name, bytesOf(frame, this.#mark))
        model.receive(name, frame, this.#mark)
      }
      bench.run()
    }
  }

  /** Frames too short for a mark count as -1 on both sides. */
  compare(short: ReadonlySet<number>): void {
    const { model, bench } = this
    for (const [port, marks] of model.sent) {
      const expected = marks.map((mark) => (short.has(mark) ? -1 : mark))
      expect([port, bench.frames(port).map(markIn)]).toEqual([port, expected])
      marks.length = 0
    }
    expect(bench.fdb()).toEqual(model.fdb())
    expect(bench.drops()).toEqual(Object.fromEntries(model.dropped))
  }

  run(operations: readonly Operation[]): void {
    for (const name of names.slice(0, 4))
      this.apply({ kind: 'add', name, settings: { bridge: 'red', up: true, mtu: 1500 } })
    for (const operation of operations) {
      const before = this.#mark
      this.apply(operation)
      const frames = operation.kind === 'burst' ? operation.frames : []
      const short = frames.flatMap(({ length }, index) => (length < 18 ? [before + index + 1] : []))
      this.compare(new Set(short))
    }
    const { moved, violated } = this.model.seen
    expect(this.bench.statistics()).toMatchObject({ moved, staticViolated: violated, unlearned: 0 })
  }
}

onEveryBuild('the bridge and its model', (build) => {
  test('B1-B6, B11, B12: agree port by port, entry by entry and drop by drop', () => {
    const total: Record<string, number> = {}
    fc.assert(
      fc.property(
        fc.array(operation, { minLength: 1, maxLength: 150, size: 'max' }),
        (operations) => {
          const pair = new Pair(build)
          pair.run(operations)
          for (const [what, times] of Object.entries(pair.model.seen))
            total[what] = (total[what] ?? 0) + times
        },
      ),
      { numRuns: 60 },
    )
    for (const what of ['unicast', 'flood', 'moved', 'violated', 'aged', 'voided', 'dropped']) {
      expect([what, (total[what] ?? 0) > 50]).toEqual([what, true])
    }
  })
})
