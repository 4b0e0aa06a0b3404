import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import asc from 'assemblyscript/asc'
import { describe, expect, it, onTestFinished } from 'vitest'
import { groups } from '../../bench/figures/index.js'
import { alternate } from '../../bench/lib/alternate.js'
import { Cleanup } from '../../bench/lib/cleanup.js'
import { measureFigure, obstacle, resultOf } from '../../bench/lib/figure.js'
import { format } from '../../bench/lib/format.js'
import { Interrupted } from '../../bench/lib/interrupt.js'
import { parseOptions } from '../../bench/lib/options.js'
import { Peers } from '../../bench/lib/peers/index.js'
import { innerStream, OverlaySwitch, outerStream } from '../../bench/lib/pipeline/overlay.js'
import { makeStream } from '../../bench/lib/pipeline/stream.js'
import { PipelineSwitch } from '../../bench/lib/pipeline/switch.js'
import { difference, Twin } from '../../bench/lib/pipeline/twin.js'
import {
  measuredSection,
  pictures,
  readPublished,
  replaceMeasured,
} from '../../bench/lib/publish.js'
import { random, scatter } from '../../bench/lib/random.js'
import { median, ratios, reaches, summarize } from '../../bench/lib/statistics.js'
import { markdownTable, textTable } from '../../bench/lib/table.js'
import { barChart } from '../../bench/report/bars.js'
import { chartOf } from '../../bench/report/charts.js'
import { at } from '../../scripts/lib/house.js'
import { drops } from '../../src/dataplane/generated/drops.js'
import { readDatagram } from '../support/vxlan.js'

const figure = {
  name: 'x',
  title: 'A figure',
  unit: 'Gbit/s',
  better: 'more',
  method: 'By looking.',
  seconds: 1,
  targets: [
    { of: 'linkspan', to: 'c', atLeast: 0.9 },
    { of: 'linkspan', to: 'absent', atLeast: 5 },
    { of: 'linkspan', atMost: 8 },
  ],
}
const contestants = [
  { name: 'linkspan', label: 'Linkspan', measure: () => ({ value: 0 }) },
  { name: 'c', label: 'C program', measure: () => ({ value: 0 }) },
]
const samplesOf = (values: Record<string, number[]>) =>
  new Map(
    Object.entries(values).map(([name, list]) => [name, list.map((value) => ({ value }))] as const),
  )
const sample = resultOf(
  figure,
  contestants,
  samplesOf({ linkspan: [9, 10, 12], c: [10, 10, 16] }),
  {
    complete: true,
    notes: [],
  },
)

describe('statistics', () => {
  it('takes the middle, or the mean of the middle two, whatever the order', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(() => median([])).toThrow(RangeError)
  })

  it('sorts numbers as numbers', () => {
    expect(median([10, 9, 100])).toBe(10)
    expect(summarize([10, 9, 100])).toEqual({ count: 3, median: 10, min: 9, max: 100 })
  })

  it('takes ratios pair by pair, for as many pairs as there are', () => {
    expect(ratios([2, 9], [1, 3])).toEqual([2, 3])
    expect(ratios([2, 9, 5], [1, 3])).toEqual([2, 3])
    expect(ratios([2], [1, 3])).toEqual([2])
  })

  it('reaches a bound that is met exactly', () => {
    expect(reaches(0.9, { atLeast: 0.9 })).toBe(true)
    expect(reaches(0.899, { atLeast: 0.9 })).toBe(false)
    expect(reaches(400, { atMost: 400 })).toBe(true)
    expect(reaches(401, { atMost: 400 })).toBe(false)
  })

  it('formats to three digits, and large numbers whole', () => {
    expect([9.8765, 0.012345, 417_123.4, 100, 12].map(format)).toEqual([
      ...['9.88', '0.0123', '417,123', '100', '12'],
    ])
  })
})

describe('alternating', () => {
  const order: string[] = []
  const runner = (name: string, fail?: Error) => ({
    name,
    label: name,
    measure: () => {
      order.push(name)
      if (fail && order.length === 4) throw fail
      return { value: order.length }
    },
  })
  const run = (fail?: Error) => {
    order.length = 0
    const both = [runner('a', fail), runner('b', fail)]
    const { signal } = new AbortController()
    return alternate(both, { rounds: 3, signal, onSample: () => {} })
  }

  it('goes A B A B', async () => {
    const { complete, samples } = await run()
    expect(order.join('')).toBe('ababab')
    expect(complete).toBe(true)
    expect(samples.get('a')).toEqual([{ value: 1 }, { value: 3 }, { value: 5 }])
  })

  it('keeps what was measured when interrupted', async () => {
    const { complete, samples } = await run(new Interrupted())
    expect(complete).toBe(false)
    expect([...samples.values()].map((list) => list.length)).toEqual([2, 1])
  })

  it('does not take a failure for an interruption', async () => {
    await expect(run(new Error('broken'))).rejects.toThrow('broken')
  })
})

describe('a result', () => {
  it('compares the median of the ratios with the target', () => {
    const [first, second, third] = sample.comparisons
    expect(first).toMatchObject({ met: true, measured: { median: 0.9, min: 0.75, max: 1 } })
    expect(second).toMatchObject({ met: null, measured: null })
    expect(third).toMatchObject({ to: null, met: false, measured: { median: 10 } })
  })

  it('turns rates into times where the target is for time', () => {
    const targets = [{ of: 'linkspan', to: 'c', as: 'time', atMost: 1.3 }]
    const samples = samplesOf({ linkspan: [10], c: [15] })
    const { comparisons } = resultOf({ ...figure, targets }, contestants, samples, {
      complete: true,
      notes: [],
    })
    expect(comparisons[0]).toMatchObject({ met: false, measured: { median: 1.5 } })
  })

  it('shows a ratio without a bound, and holds nothing against it', () => {
    const targets = [{ of: 'linkspan', to: 'c' }]
    const result = resultOf(
      { ...figure, targets },
      contestants,
      samplesOf({ linkspan: [5], c: [10] }),
      {
        complete: true,
        notes: [],
      },
    )
    expect(result.comparisons[0]).toMatchObject({ met: null, measured: { median: 0.5 } })
    expect(textTable([result]).split('\n')[2]).toMatch(/C program 10 Gbit\/s +0.5 \(0.5 to 0.5\)$/)
  })

  it('cleans up after a figure that fails, and before its error is seen', async () => {
    const done: string[] = []
    const failing = {
      ...figure,
      better: 'more' as const,
      needs: {},
      setUp: async (context: object) => {
        const { cleanup } = context as { cleanup: { add: (step: () => void) => void } }
        cleanup.add(() => done.push('first'))
        cleanup.add(() => done.push('second'))
        throw new Error('no luck')
      },
    }
    const context = { pairs: 1, say: () => {}, signal: new AbortController().signal }
    await expect(measureFigure(failing, context)).rejects.toThrow('no luck')
    expect(done).toEqual(['second', 'first'])
  })

  it('is left out where something is missing', () => {
    const needs = { root: true, commands: ['iperf3'] }
    expect(obstacle({ needs }, { forbidden: 'needs root', missing: [] })).toBe('needs root')
    expect(obstacle({ needs: {} }, { forbidden: 'needs root', missing: [] })).toBeUndefined()
    expect(obstacle({ needs }, { missing: ['iperf3'] })).toBe(
      'needs iperf3; on Debian or Ubuntu: apt-get install iperf3',
    )
    expect(obstacle({ needs }, { missing: ['vde_switch'] })).toBeUndefined()
  })
})

describe('the table', () => {
  it('has a row a target, with verdicts', () => {
    const lines = textTable([sample]).split('\n')
    expect(lines).toHaveLength(5)
    expect(lines[2]).toMatch(/10 Gbit\/s +C program 10 Gbit\/s +0.9 \(0.75 to 1\) +≥ 0.9 x +met$/)
    expect(lines[3]).toMatch(/not measured$/)
    expect(lines[4]).toMatch(/≤ 8 Gbit\/s +missed$/)
  })

  it('does not pass a part for the whole', () => {
    expect(textTable([{ ...sample, complete: false }])).toContain('met so far, interrupted')
  })

  it('shows why a figure failed', () => {
    const failed = { name: 'x', title: 'A figure', complete: false, error: 'failed | see above' }
    expect(textTable([failed])).toContain('failed | see above')
    expect(markdownTable([failed])).toContain('failed \\| see above')
  })

  it('cuts short what takes many words to tell', () => {
    const failed = { name: 'x', title: 'A figure', complete: false, error: 'long '.repeat(50) }
    const [, , line] = textTable([failed]).split('\n')
    expect(line!.length).toBeLessThan(200)
    expect(line).toMatch(/…$/)
  })

  it('has a row a contestant where there is no target', () => {
    expect(textTable([{ ...sample, comparisons: [] }])).toContain('A figure: C program')
  })

  it('says whose value it is where targets are of several', () => {
    const [first] = sample.comparisons
    const more = { ...first, of: 'c', to: null }
    const text = textTable([{ ...sample, comparisons: [first, more] } as typeof sample])
    expect(text).toMatch(/A figure +C program [\d.]+ /)
    expect(textTable([sample])).not.toMatch(/A figure +C program/)
  })
})

describe('the chart', () => {
  const bar = { label: 'a <b> & "c"', median: 5, min: 4, max: 10, ours: true }
  const chart = { title: 'T', unit: 'Mpps', note: 'more is better' }
  const svg = barChart({ ...chart, groups: [{ label: '', bars: [bar] }] })

  it('scales bars to the most that was measured', () => {
    expect(svg).toContain('width="200" height="16"')
    expect(svg).toContain('x1="310" x2="550"')
  })

  it('escapes what people wrote', () => {
    expect(svg).toContain('a &lt;b&gt; &amp; &quot;c&quot;')
  })

  it('grows with groups and bars', () => {
    const group = { label: 'g', bars: [bar, bar] }
    const height = (text: string) => Number(/height="(\d+)" role/.exec(text)?.[1])
    const two = barChart({ ...chart, groups: [group, group] })
    expect(height(two) - height(svg)).toBe(3 * 26 + 2 * 30)
  })
})

describe('the kernels of the micro benchmark', () => {
  it('compile against the dataplane as it is', async () => {
    const entry = ['bench/micro/kernels.ts', '--config', 'asconfig.json', '--baseDir', at('.')]
    const { error, stderr } = await asc.main([...entry, '--target', 'debug-single', '--noEmit'])
    expect(stderr.toString()).toBe('')
    expect(error).toBeNull()
  })
})

describe('publishing', () => {
  const machine = {
    ...{ processor: 'P', processors: 2, memoryGiB: 4, system: 'linux 6', node: 'v20' },
    ...{ compiler: 'cc 12', compilerFlags: '-O3', iperf3: 'iperf 3', openvswitch: null, vde: null },
  }
  const published = { tcp: { date: '2026-01-02T03:04:05Z', machine, figures: [sample] } }

  it('writes table, chart and method', () => {
    const section = measuredSection(published)
    expect(section).toContain('Measured 2026-01-02 on 2 x P')
    expect(section).toContain('| A figure | 10 Gbit/s |')
    expect(section).toContain('(benchmarks/tcp.svg)')
    expect(section).toContain('- **A figure**: By looking.')
  })

  it('writes what was seen beside, where there is something', () => {
    const figures = [{ ...sample, notes: ['a frame takes 10 ns'] }]
    const section = measuredSection({ tcp: { ...published.tcp, figures } })
    expect(section).toContain('Seen beside:\n\n- **A figure**: a frame takes 10 ns.')
    expect(measuredSection(published)).not.toContain('Seen beside')
  })

  it('replaces what stands between the marks, and nothing else, again and again', () => {
    const page = [
      ...['before', '<!-- measured: written by npm run bench -- publish -->', 'old'],
      ...['<!-- end of what is measured -->', 'after'],
    ].join('\n')
    const once = replaceMeasured(page, 'new')
    expect(once).toMatch(/^before\n<!-- measured[^\n]*\n\nnew\n\n<!-- end[^\n]*\nafter$/)
    expect(replaceMeasured(once, 'new')).toBe(once)
    expect(() => replaceMeasured('no marks', 'new')).toThrow('marks')
  })

  it('has drawn all that is published', () => {
    for (const [name, svg] of Object.entries(pictures(readPublished()))) {
      const path = at('docs/benchmarks', name)
      expect(readFileSync(path, 'utf8'), `${name}: npm run bench -- --draw`).toBe(svg)
    }
  })

  it('makes a chart with our own bar among the others', () => {
    const svg = chartOf('T', [sample])
    expect(svg.match(/class="ours"/g)).toHaveLength(1)
    expect(svg.match(/class="bar"/g)).toHaveLength(1)
  })
})

describe('options', () => {
  const names = Object.keys(groups)

  it('measures all by default', () => {
    expect(parseOptions([], names)).toEqual({ names, pairs: 7, seconds: undefined, publish: false })
  })

  it('takes names and numbers', () => {
    const args = ['tcp', '--pairs', '5', '--seconds', '0.5', '--publish']
    expect(parseOptions(args, names)).toEqual({
      ...{ names: ['tcp'], pairs: 5, seconds: 0.5, publish: true },
    })
  })

  it('takes what is to be done without measuring', () => {
    expect(parseOptions(['--report', 'a.json'], names).report).toBe('a.json')
    expect(parseOptions(['--draw'], names).draw).toBe(true)
  })

  it.each([
    { args: ['nonsense'] },
    { args: ['--pairs'] },
    { args: ['--pairs', '1.5'] },
    { args: ['--seconds', '-1'] },
    { args: ['--report'] },
  ])('refuses $args', ({ args }) => {
    expect(() => parseOptions(args, names)).toThrow(/^bench: /)
  })
})

/** What the FDB holds: in buckets for that many, some overflow. */
const STATIONS = 2000

/**
 * Frames of all kinds that ask for no offload: known, unknown and moving stations, a few of them
 * static; groups, reserved and invalid addresses; tags; every short length and some over the MTU,
 * a few over all that a frame can be.
 */
function mixedStream(seed: number, ports: number, burstFrames: number) {
  const next = random(seed)
  const burstCount = 96
  const shape = { recordSize: 32, stride: 512, burstCount, burstFrames, start: 5000, step: 400 }
  const station = (record: Buffer, at: number) => {
    record.writeUInt16BE(0x0200, at)
    record.writeUInt32BE(scatter(next() % (next() % 4 === 0 ? STATIONS : 40)), at + 2)
  }
  const special = [0x0180c2000000, 0x0180c200000f, 0xffffffffffff, 0x01005e000001, 0]
  const write = (record: Buffer, at: number) => {
    if (next() % 8 === 0) record.writeUIntBE(special[next() % special.length]!, at, 6)
    else station(record, at)
  }
  const length = () => {
    if (next() % 64 === 0) return 65_600 + (next() % 16)
    return next() % 6 === 0 ? next() % 14 : 14 + (next() % 140)
  }
  return makeStream(
    shape,
    () => next() % ports,
    (record: Buffer) => {
      write(record, 12)
      write(record, 18)
      record.writeUInt16BE([0x0800, 0x8100, 0x88a8, 0x88b5][next() % 4]!, 24)
      return length()
    },
  )
}

/** A port by which only some kinds of flood leave. */
const floods = (broadcast: boolean, multicast: boolean, unknownUnicast: boolean) => ({
  ...{ isolated: false, learning: true, locked: false, sticky: false, limits: {} },
  flood: { broadcast, multicast, unknownUnicast },
})

/** Drops that every mixture of frames causes, by name. */
const ALWAYS = [
  ...['short-frame', 'long-frame', 'port-down', 'source-invalid', 'reserved-destination'],
  ...['same-port', 'over-mtu', 'egress-down'],
]

/** Port 3 is down in each. */
const switches = {
  uniform: {
    ports: [{ name: 'a' }, { name: 'b', mtu: 100 }, { name: 'c' }, { name: 'd', up: false }],
    drops: ALWAYS,
  },
  // As many forms of a flood as there are MTUs: more entries than a transmit list holds.
  motley: {
    ports: [
      ...[{ name: 'a' }, { name: 'b', mtu: 100 }, { name: 'c', mtu: 120 }],
      ...[
        { name: 'd', up: false },
        { name: 'e', offloads: 0 },
      ],
      ...Array.from({ length: 20 }, (_, index) => ({ name: `p${index}`, mtu: 1400 + index })),
      ...[
        { name: 'q', mtu: 9000 },
        { name: 'r', mtu: 9000 },
      ],
    ],
    controlFrames: ['stp' as const],
    drops: ALWAYS,
  },
  // A list for each class of flood; for unknown unicast of port a alone.
  choosy: {
    ports: [
      ...[{ name: 'a' }, { name: 'b', policy: floods(true, false, false) }],
      ...[
        { name: 'c', mtu: 90, policy: floods(true, true, false) },
        { name: 'd', up: false },
      ],
    ],
    drops: [...ALWAYS, 'no-destination'],
  },
}

describe('the C twin of the packet path', () => {
  it.each([
    ['uniform', 'shared', 1, 256],
    ['uniform', 'single', 2, 32],
    ['uniform', 'single', 3, 1],
    ['motley', 'shared', 4, 256],
    ['motley', 'single', 5, 32],
    ['choosy', 'shared', 6, 256],
    ['choosy', 'single', 7, 32],
  ] as const)(
    'leaves memory as the module does (%s ports, %s, seed %i, bursts of %i)',
    async (kind, build, seed, frames) => {
      const folder = mkdtempSync(join(tmpdir(), 'linkspan-twin-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      const { ports, drops: reasons, ...settings } = switches[kind]
      const bridge = { ageing: 10_000, ...settings }
      const stream = mixedStream(seed, ports.length, frames)
      const module = await PipelineSwitch.create(build, STATIONS, ports, bridge)
      for (let index = 0; index < 5; index++) {
        const [macLow, port] = [scatter(index), 2 + (index % 2)]
        module.manager.fdb.set({ fid: 1, port, macHigh: 0x0200, macLow, static: true }, 5000)
      }
      module.load(stream)
      const twin = await Twin.create(module.image(), stream, folder)
      onTestFinished(() => twin.stop())

      // Three times round the ring: the clock goes on, entries age and come back.
      for (const first of [0, 96, 192]) {
        const [ours, theirs] = [module.run(first, 96), await twin.run(first, 96)]
        expect(theirs.entries).toBe(ours.entries)
        expect(difference(module.image(), await twin.image())).toBeUndefined()
      }

      const statistics = module.manager.workerStatistics(0)
      expect(statistics).toMatchObject({ bursts: 288, frames: 288 * frames })
      if (frames === 1) return
      // Or it would have shown nothing: all of it has happened.
      const { learned, moved, staticViolated } = statistics
      expect(learned).toBeGreaterThan(frames * 3)
      expect(Math.min(moved, staticViolated)).toBeGreaterThan(0)
      expect(module.resumed > 0).toBe(kind === 'motley' && frames === 256)
      expect(dropsOf(module, ports.length)).toEqual([...reasons].sort())
    },
  )

  it('would show a difference', async () => {
    const module = await PipelineSwitch.create('single', 64, switches.uniform.ports)
    const image = module.image()
    const other = Buffer.from(image)
    other[0x20000] = 1
    expect(difference(image, image)).toBeUndefined()
    expect(difference(image, other)).toBe(0x20000)
  })
})

/** The reasons for which frames of any port were dropped, by name. */
function dropsOf({ manager }: PipelineSwitch, ports: number): string[] {
  const count = (code: number) =>
    Array.from({ length: ports }, (_, port) => manager.exports.dropCounter(port, code))
  const happened = drops.filter(({ code }) => count(code).some((frames) => frames > 0))
  return happened.map(({ name }) => name).sort()
}

describe('peers', () => {
  it('name what is missing, and what brings it', async () => {
    const context = { folder: '', cleanup: new Cleanup(), signal: new AbortController().signal }
    const peers = new Peers({ ...context, missing: ['edge', 'supernode'] })
    await expect(peers.get('n2n')).rejects.toThrow(
      'n2n: no edge, supernode here; on Debian or Ubuntu: apt-get install n2n',
    )
  })
})

describe('what the overlay figures measure', () => {
  /** Entries of a burst: how long they are and what they begin with, behind the virtio-net header. */
  function sent({ forwarder, memory }: OverlaySwitch, entries: number) {
    const words = new Uint32Array(memory.buffer, forwarder.transmit, entries * 8)
    return Array.from({ length: entries }, (_, index) => {
      const [head = 0, length = 0, , body] = words.subarray(index * 8, index * 8 + 4)
      expect(body).toBe(0)
      const [port] = new Uint32Array(memory.buffer, words[index * 8 + 4], 1)
      return { port, frame: new Uint8Array(memory.buffer, head + 12, length - 12).slice() }
    })
  }

  it('puts frames of many flows into datagrams to the one VTEP', async () => {
    const on = await OverlaySwitch.create()
    on.load(innerStream('far', 60, 256, 20))
    expect(on.run(0, 3).entries).toBe(3 * 256)
    const datagrams = sent(on, 256).map(({ port, frame }) => {
      expect(port).toBe(2)
      return readDatagram(frame)
    })
    for (const { to, vni, inner } of datagrams) {
      expect({ to, vni, length: inner.length }).toEqual({ to: '192.0.2.2', vni: 42, length: 60 })
    }
    expect(new Set(datagrams.map(({ sourcePort }) => sourcePort)).size).toBeGreaterThan(200)
  })

  it.each([
    [1, 256],
    [43, 5],
  ])('takes frames out of runs of %i datagrams', async (datagrams, runs) => {
    const on = await OverlaySwitch.create()
    on.load(outerStream(60, datagrams, runs, 20))
    expect(on.run(0, 2).entries).toBe(2 * datagrams * runs)
    for (const { port, frame } of sent(on, datagrams * runs)) {
      expect([port, frame.length]).toEqual([0, 60])
      expect([...frame.subarray(0, 6)]).toEqual([2, 0, 10, 0, 0, 1])
    }
  })

  it('and beside them a plain hop', async () => {
    const on = await OverlaySwitch.create()
    on.load(innerStream('here', 60, 256, 20))
    expect(on.run(0, 2).entries).toBe(2 * 256)
    expect(sent(on, 1)[0]).toMatchObject({ port: 1 })
  })
})
