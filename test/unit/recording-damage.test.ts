// Recordings that are damaged, or made by somebody who means no good: an error that says so, and no more.
import { beforeAll, describe, expect, test } from 'vitest'
import { createSwitch, openRecording } from '../../src/index.js'
import { ENTRY, FRAME } from '../../src/recording/entry.js'
import { Chunk, type Chunks, chunk, magic, readChunks } from '../../src/recording/file.js'
import { gunzip } from '../../src/recording/gzip.js'
import { entriesOf } from '../../src/recording/recording.js'
import { Random } from '../../src/testing/random.js'

let chunks: Chunks
/** The burst, and where it begins. */
let burst: { at: number; rest: number; number: number }

beforeAll(async () => {
  const flat = await createSwitch({
    bridges: { lan: {} },
    ports: { a: { bridge: 'lan' }, b: { bridge: 'lan' } },
  })
  const recording = flat.record()
  flat.ports.get('a')!.send(Uint8Array.of(...Array(6).fill(255), 2, 0, 0, 0, 0, 1, ...Array(48)))
  flat.process()
  recording.stop()
  chunks = readChunks(await gunzip(await recording.bytes()))
  const entries = [...entriesOf(chunks.entries)]
  const process = chunks.head.calls.indexOf('process')
  const number = entries.findIndex(({ call }) => call === process)
  burst = { at: entries[number - 1]?.end ?? 0, rest: entries[number]!.rest, number }
})

interface Parts {
  head?: unknown
  image?: Uint8Array
  entries?: Uint8Array
  end?: unknown
}

async function made(changed: Parts): Promise<Uint8Array> {
  const { head, image, entries, end } = { ...chunks, ...changed }
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  const all = [magic(), chunk(Chunk.HEAD, json(head)), chunk(Chunk.IMAGE, image)]
  all.push(chunk(Chunk.ENTRIES, entries), chunk(Chunk.END, json(end)))
  return new Uint8Array(await new Blob(all).arrayBuffer())
}

const replayed = async (changed: Parts) => {
  const replay = (await openRecording(await made(changed))).replay()
  replay.onFrame = () => {}
  return replay.run()
}

const damaged = (message: RegExp) => ({
  code: 'RECORDING',
  message: expect.stringMatching(message),
})

test('what was recorded is identical', async () => {
  expect(await replayed({})).toMatchObject({ identical: true, frames: 1 })
})

describe('a head or an end that is none', () => {
  const heads = [
    ...[null, 5, [], {}],
    ...[{ calls: undefined }, { calls: {} }, { names: undefined }, { names: {} }, { now: null }],
    ...[{ started: 'nonsense' }, { memory: 'x' }, { memory: -65_536 }, { workers: 'a' }],
  ]

  test.each(heads.map((head) => [JSON.stringify(head), head]))('%s', async (_, part) => {
    const isPart = typeof part === 'object' && part !== null && Object.keys(part).length === 1
    const head = isPart ? { ...chunks.head, ...part } : part
    await expect(replayed({ head })).rejects.toMatchObject(damaged(/damaged: its head/))
  })

  test.each([null, {}, { reason: 'stopped' }, { reason: 1, state: null }])('%j', async (end) => {
    await expect(replayed({ end })).rejects.toMatchObject(damaged(/damaged: its end/))
  })
})

describe('memory is not made for a head that asks for it', () => {
  test.each([
    ...[{ memory: 2 ** 32 }, { memory: 2 ** 40 }, { memory: 65_536 }, { memory: 100_000 }],
    ...[{ workers: 1e9 }, { workers: 2 }],
  ])('%j', async (part) => {
    const head = { ...chunks.head, ...part }
    await expect(replayed({ head })).rejects.toMatchObject(damaged(/not as long as these/))
  })

  test('nor without an image', async () => {
    const image = new Uint8Array(0)
    await expect(replayed({ image })).rejects.toMatchObject(damaged(/not as long as these/))
  })
})

describe('an entry that is damaged is told with its number', () => {
  const changing = async (change: (view: DataView, at: number, rest: number) => void) => {
    const entries = Uint8Array.from(chunks.entries)
    change(new DataView(entries.buffer), burst.at, burst.rest)
    const message = new RegExp(`is damaged at call ${burst.number}$`)
    await expect(replayed({ entries })).rejects.toMatchObject(damaged(message))
  }

  test('its length', () => changing((view, at) => view.setUint32(at, 0, true)))
  test('how many frames it has', () => changing((view, at) => view.setUint32(at + 20, 9, true)))
  test('where a frame lay', () =>
    changing((view, _, rest) => view.setUint32(rest, 0xffff_fff0, true)))
  test('how long a frame is', () =>
    changing((view, _, rest) => view.setUint32(rest + 4, 1 << 20, true)))

  test('also to who looks at a frame', async () => {
    const entries = Uint8Array.from(chunks.entries)
    new DataView(entries.buffer).setUint32(burst.rest + 4, 1 << 20, true)
    const replay = (await openRecording(await made({ entries }))).replay()
    expect(() => replay.explain(0)).toThrow(/damaged at call/)
  })

  test('but what a program threw itself is its own', async () => {
    const replay = (await openRecording(await made({}))).replay()
    replay.onFrame = () => {
      throw new RangeError('mine')
    }
    expect(() => replay.run()).toThrow(new RangeError('mine'))
  })
})

test('whatever octets of the entries are others, it is replayed or refused', async () => {
  const random = new Random('damage')
  for (let run = 0; run < 60; run++) {
    const entries = Uint8Array.from(chunks.entries)
    entries[random.u32() % Math.min(entries.length, burst.at + ENTRY + FRAME + 40)]! ^=
      1 << (random.u32() & 7)
    await replayed({ entries }).catch((error) => expect(error).toMatchObject({ code: 'RECORDING' }))
  }
})
