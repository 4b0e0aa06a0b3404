// Recordings of an in-process switch: what was recorded happens again, to the octet and to the last counter.
import { describe, expect, test } from 'vitest'
import { createSwitch, openRecording } from '../../src/index.js'
import { At, ENTRY, FRAME } from '../../src/recording/entry.js'
import { Chunk, chunk, jsonChunk, magic, readChunks } from '../../src/recording/file.js'
import { gunzip } from '../../src/recording/gzip.js'
import { entriesOf } from '../../src/recording/recording.js'
import { createLab, type Lab } from '../../src/testing/index.js'

async function network(seed: number): Promise<Lab> {
  const lab = await createLab({ seed })
  const lan = lab.bridge('lan', { gateway: ['10.55.0.1/24', 'fd55::1/64'] })
  const internet = lab.bridge('internet', { subnets: ['203.0.113.0/24'] })
  lab.router({
    uplinks: { wan: { bridge: internet, addresses: ['203.0.113.10/24'] } },
    nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' }],
  })
  lab.host('a', { bridge: lan, link: { delay: '2ms', loss: '5%' } })
  lab.host('b', { bridge: lan })
  const web = lab.host('web', { bridge: internet, link: { delay: '5ms', reorder: '5%' } })
  web.listen(80, (connection) => connection.readable.pipeTo(connection.writable))
  web.udp(53, (datagram) => void datagram.reply('yes'))
  return lab
}

async function traffic(lab: Lab): Promise<void> {
  const [a, b] = [lab.hosts.get('a')!, lab.hosts.get('b')!]
  await a.ping('b', { count: 3 })
  await a.ping('web', { count: 2 })
  await b.ping('fd55::1')
  const socket = b.udp()
  await socket.send('web', 53, 'is it?')
  await socket.receive()
  const connection = await a.connect('web', 80)
  const writer = connection.writable.getWriter()
  void writer.write(new Uint8Array(60_000).fill(7)).then(() => writer.close())
  expect((await new Response(connection.readable).arrayBuffer()).byteLength).toBe(60_000)
  await lab.advance('10m') // entries age, flows expire
}

describe('a recording of a switch', () => {
  test.each([1, 2, 3])('replays to the same frames and the same state, seed %i', async (seed) => {
    await using lab = await network(seed)
    const recording = lab.switch().record()
    await traffic(lab)
    recording.stop()
    const opened = await openRecording(await recording.bytes())
    const result = opened.replay().run()
    expect(result).toMatchObject({ identical: true, difference: undefined, frames: opened.frames })
    expect(opened.frames).toBeGreaterThan(100)
  })

  test('may begin in the middle of all that', async () => {
    await using lab = await network(4)
    await traffic(lab)
    const recording = lab.switch().record()
    lab.host('late', { bridge: 'lan' })
    lab.switch().production.setPort('b', { up: false })
    await lab.hosts.get('late')!.ping('a')
    await traffic(lab).catch(() => {})
    const opened = await openRecording(await recording.bytes())
    expect(opened.replay().run()).toMatchObject({ identical: true })
    expect(opened.end?.reason).toBe('stopped')
  })
})

/** A recording of one frame that is flooded and one that is not, taken apart. */
async function small() {
  const flat = await createSwitch({
    bridges: { lan: {} },
    ports: { a: { bridge: 'lan' }, b: { bridge: 'lan' }, c: { bridge: 'lan' } },
  })
  const recording = flat.record()
  const frame = (to: number, from: number) =>
    Uint8Array.of(2, 0, 0, 0, 0, to, 2, 0, 0, 0, 0, from, 8, 6, ...new Uint8Array(46))
  flat.ports.get('a')!.send(frame(0xff, 1))
  flat.process()
  flat.ports.get('b')!.send(frame(1, 2))
  flat.ports.get('b')!.send(frame(1, 2))
  flat.process()
  recording.stop()
  const octets = await recording.bytes()
  return { flat, octets, chunks: readChunks(await gunzip(octets)) }
}

/** A file of changed parts. */
async function made(change: (parts: Awaited<ReturnType<typeof small>>['chunks']) => void) {
  const { chunks } = await small()
  const parts = { ...chunks, head: { ...chunks.head }, entries: Uint8Array.from(chunks.entries) }
  change(parts)
  const { head, image, entries, end } = parts
  const all = [magic(), jsonChunk(Chunk.HEAD, head), chunk(Chunk.IMAGE, image)]
  all.push(chunk(Chunk.ENTRIES, entries), jsonChunk(Chunk.END, end!))
  return new Uint8Array(await new Blob(all).arrayBuffer())
}

test('to look at a recording is no part of it', async () => {
  await using flat = await createSwitch({ bridges: { lan: {} }, ports: { a: { bridge: 'lan' } } })
  const recording = flat.record()
  flat.process()
  const [first, second] = [await recording.bytes(), await recording.bytes()]
  const calls = (await openRecording(first)).calls
  expect(calls).toBeGreaterThan(0)
  expect((await openRecording(second)).calls).toBe(calls)
})

describe('a replay', () => {
  test('stops before a frame, says what is next and what becomes of it, and goes on', async () => {
    const { octets } = await small()
    const replay = (await openRecording(octets)).replay()
    expect(replay.explain(2)).toMatchObject({
      ...{ index: 2, port: 'b', direction: 'receive', outputs: [{ port: 'a' }], drops: [] },
      learned: false, // the frame before it in its burst has done that
    })
    expect(replay.next().map(({ index }) => index)).toEqual([1, 2])
    expect(replay.run()).toMatchObject({ frames: 3, identical: true })
    expect(() => replay.explain(0)).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
    const anew = (await openRecording(octets)).replay()
    expect(anew.explain(0).outputs.map(({ port }) => port)).toEqual(['b', 'c'])
    expect(() => anew.explain(3)).toThrow(/the recording has 3/)
  })

  test('hands over every frame', async () => {
    const { octets } = await small()
    const replay = (await openRecording(octets)).replay()
    const seen: string[] = []
    replay.onFrame = ({ port, direction, index }) => seen.push(`${index} ${direction} ${port}`)
    replay.run()
    expect(seen).toEqual([
      ...['0 receive a', 'undefined transmit b', 'undefined transmit c'],
      ...['1 receive b', '2 receive b', 'undefined transmit a', 'undefined transmit a'],
    ])
  })

  test('tells the first difference: of an octet of a frame, of the state', async () => {
    const process = (await small()).chunks.head.calls.indexOf('process')
    const changed = await made(({ entries }) => {
      const first = [...entriesOf(entries)].find(({ call }) => call === process)!
      entries[first.rest + FRAME + 12 + 5]! ^= 1 // the destination
    })
    const { identical, difference } = (await openRecording(changed)).replay().run()
    expect(identical).toBe(false)
    expect(difference).toMatchObject({ frame: 1, call: 'process', what: 'frames' })
    const other = await made((parts) => {
      parts.end = { reason: 'stopped', state: 'x' }
    })
    const result = (await openRecording(other)).replay().run()
    expect(result).toMatchObject({ identical: false, differences: 1 })
    expect(result.difference).toMatchObject({ call: 'the end', what: 'state', recorded: 'x' })
  })

  test('says that a call never returned', async () => {
    const changed = await made(({ entries }) => {
      const all = [...entriesOf(entries)]
      const at = all.at(-2)!.end
      new DataView(entries.buffer).setFloat64(at + At.RESULT, Number.NaN, true)
    })
    expect((await openRecording(changed)).replay().run().unfinished).toBeDefined()
  })
})

describe('what is no recording is refused', () => {
  const code = 'RECORDING'

  test.each([
    ['nothing', new Uint8Array(0), /no recording of linkspan/],
    ['something else', new TextEncoder().encode('hello, world'), /no recording of linkspan/],
    ['its first octets', magic(), /cut before its first frame/],
  ])('%s', async (_, octets, message) => {
    await expect(openRecording(octets)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  test('one that is cut anywhere, unless it is asked for', async () => {
    const { octets, chunks } = await small()
    const plain = await gunzip(octets)
    for (const cut of [octets.subarray(0, -30), plain.subarray(0, -1), plain.subarray(0, -100)]) {
      await expect(openRecording(cut)).rejects.toMatchObject({ code })
    }
    const shorter = plain.subarray(0, -100)
    const opened = await openRecording(shorter, { cut: true })
    expect(opened.end).toBeUndefined()
    expect(opened.replay().run()).toMatchObject({ identical: true })
    expect([...entriesOf(chunks.entries.subarray(0, -ENTRY))].length).toBeLessThan(
      [...entriesOf(chunks.entries)].length,
    )
  })

  test('one that is damaged is not called cut, and not vouched for as one', async () => {
    const { octets } = await small()
    for (const at of [octets.length >> 1, octets.length - 6]) {
      const damaged = Uint8Array.from(octets)
      damaged[at]! ^= 4
      for (const cut of [false, true]) {
        await expect(openRecording(damaged, { cut })).rejects.toMatchObject({
          ...{ code, message: expect.stringMatching(/is damaged/) },
        })
      }
    }
  })

  test('of another format, of a memory laid out otherwise, with calls that there are not', async () => {
    const format = made(({ head }) => {
      head.format = 99
    })
    await expect(openRecording(await format)).rejects.toThrow(/format 99; expected 1/)
    const layout = await made(({ image }) => {
      image.fill(0xee, 8, 16) // magic and version of the directory
    })
    const opened = await openRecording(layout)
    expect(() => opened.replay()).toThrow(/other tables/)
    const calls = await made(({ head }) => {
      head.calls = head.calls.map((name) => `${name}Not`)
    })
    const unknown = (await openRecording(calls)).replay()
    expect(() => unknown.run()).toThrow(/not there any more/)
  })

  test('memory where there is none', async () => {
    const beyond = await made(({ image }) => {
      new DataView(image.buffer, image.byteOffset).setUint32(0, 1 << 30, true)
    })
    const opened = await openRecording(beyond)
    expect(() => opened.replay()).toThrow(expect.objectContaining({ code }))
  })
})
