/** The lab's links with faults, as hosts see them: by pings, and by datagrams with numbers. */

import { expect, test } from 'vitest'
import { readCapture } from '../../src/packet/capture/reader.js'
import { createLab, type LinkSettings } from '../../src/testing/index.js'
import { EVERY_FAULT } from '../support/every-fault.mjs'
import { numbered, onTwo, pair, type Two } from '../support/lab-links.js'
import { isSame } from '../support/octets.js'

const COUNT = 1000

/** Datagrams 0 to 999, a millisecond apart, over a link that does that to what its host sends. */
const through = (out: LinkSettings['out'] & {}, gap = 1) =>
  onTwo({ seed: 7 }, async (two) => {
    two.lab.link('a').set({ out })
    const came = await numbered(two, COUNT, { gap })
    return { ...came, counters: two.lab.link('a').counters }
  })

const ascending = Array.from({ length: COUNT }, (_, n) => n)
const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)

test('loss: about the share that was asked for, each counted', async () => {
  const { numbers, counters } = await through({ loss: '30%' })
  expect(numbers.length).toBeGreaterThan(COUNT * 0.65)
  expect(numbers.length).toBeLessThan(COUNT * 0.75)
  expect(numbers).toEqual(sorted(numbers))
  const lost = COUNT - numbers.length
  expect(counters).toMatchObject({ lost, drops: { loss: lost, queue: 0, mtu: 0, down: 0 } })
})

test('loss in bursts: as many are lost, some next to each other', async () => {
  const { numbers } = await through({ loss: { average: '20%', burst: 10 } })
  const came = new Set(numbers)
  const lost = ascending.filter((n) => !came.has(n))
  const bursts = lost.filter((n) => n === 0 || came.has(n - 1)).length
  expect(lost.length / COUNT).toBeGreaterThan(0.1)
  expect(lost.length / COUNT).toBeLessThan(0.3)
  expect(lost.length / bursts).toBeGreaterThan(5)
  const even = await through({ loss: '20%' })
  const alone = new Set(even.numbers)
  const apart = ascending.filter((n) => !alone.has(n))
  expect(apart.length / apart.filter((n) => alone.has(n - 1)).length).toBeLessThan(2)
})

test('duplicate: copies come, and are counted', async () => {
  const { numbers, counters } = await through({ duplicate: '10%' })
  expect(counters.duplicated).toBeGreaterThan(50)
  expect(numbers).toHaveLength(COUNT + counters.duplicated)
  expect([...new Set(numbers)]).toEqual(ascending)
})

test('a copy that was lost and one that was not are counted apart', async () => {
  const { numbers, counters } = await through({ duplicate: 1, loss: 0.5 })
  expect(counters.duplicated).toBe(COUNT)
  expect(numbers.length).toBe(2 * COUNT - counters.drops.loss)
  expect(new Set(numbers).size).toBeGreaterThan(COUNT * 0.7)
})

test('reorder: some go ahead; nothing is lost', async () => {
  const { numbers } = await through({ delay: '5ms', reorder: '10%' })
  expect(sorted(numbers)).toEqual(ascending)
  const ahead = numbers.filter((n, at) => at > 0 && n < (numbers[at - 1] as number)).length
  expect(ahead).toBeGreaterThan(50)
})

test('jitter keeps the order unless it is told not to', async () => {
  const time = '4ms'
  const kept = await through({ delay: '10ms', jitter: { time, distribution: 'normal' } })
  expect(kept.numbers).toEqual(ascending)
  expect(new Set(kept.ways).size).toBeGreaterThan(100)
  const free = await through({ delay: '10ms', jitter: { time, reorder: true } })
  expect(free.numbers).not.toEqual(ascending)
  expect(sorted(free.numbers)).toEqual(ascending)
  expect(Math.min(...free.ways)).toBeGreaterThanOrEqual(6 - 1e-9)
  expect(Math.max(...free.ways)).toBeLessThanOrEqual(14 + 1e-9)
})

test('corrupt: one bit is changed, which checksums see', async () => {
  await onTwo({ seed: 7 }, async (two) => {
    const { lab } = two
    const file = lab.capture()
    lab.link('a').set({ out: { corrupt: 1 } })
    const { numbers } = await numbered(two, 200, {})
    expect(lab.link('a').counters.corrupted).toBe(200)
    const { packets } = readCapture(file.bytes())
    const framesOf = (name: string, direction: string) =>
      packets
        .filter((packet) => packet.interface.name === name && packet.direction === direction)
        .map(({ frame }) => frame)
    const sent = framesOf('a', 'transmit')
    const changes = framesOf('b', 'receive').map((frame) => nearest(sent, frame))
    expect(changes.length).toBeGreaterThan(100)
    expect(new Set(changes.map(({ length }) => length))).toEqual(new Set([1]))
    // Who it is from, on the cable, no checksum covers: all else is not taken.
    const unseen = changes.filter(([at]) => (at as number) >= 6 && (at as number) < 12)
    expect(numbers).toHaveLength(unseen.length)
  })
})

/** The octets in which a frame differs from the one of those that is most like it, once a bit. */
function nearest(frames: readonly Uint8Array[], frame: Uint8Array): number[] {
  const all = frames
    .filter(({ length }) => length === frame.length)
    .map((other) => difference(other, frame))
  return all.reduce((best, each) => (each.length < best.length ? each : best))
}

function difference(a: Uint8Array, b: Uint8Array): number[] {
  const places: number[] = []
  for (const [at, octet] of a.entries()) {
    for (let left = octet ^ (b[at] as number); left > 0; left &= left - 1) places.push(at)
  }
  return places
}

test('rate: a megabyte over 8 Mbit/s takes its second', async () => {
  await onTwo({}, async (two) => {
    two.lab.link('a').set({ out: { rate: '8Mbit' } })
    const begin = two.lab.now
    // 14 octets of Ethernet, 20 of IPv4, 8 of UDP.
    const { numbers } = await numbered(two, 1000, { gap: 0, size: 1000 - 42 })
    expect(numbers).toEqual(ascending)
    expect(two.lab.now - begin).toBeCloseTo(1000, 6)
  })
})

test('queue: who finds no room is dropped', async () => {
  const { numbers, counters } = await through({ rate: '8Mbit', queue: '10 frames' }, 0)
  // One is being sent, ten wait.
  expect(numbers).toEqual(ascending.slice(0, 11))
  expect(counters.drops).toMatchObject({ queue: COUNT - 11, loss: 0 })
})

test('MTU: what is longer is lost, what fits is not', async () => {
  await onTwo({}, async ({ lab, a, b }) => {
    lab.link('b').set({ mtu: 1400 })
    expect(await a.ping(b, { size: 1372 })).toMatchObject({ received: 1 })
    expect(await a.ping(b, { size: 1373 })).toMatchObject({ received: 0, errors: [] })
    expect(lab.link('b').counters.drops).toMatchObject({ mtu: 1 })
  })
})

test('MTU: a VLAN tag does not count', async () => {
  const { lab, a } = await pair({})
  lab.link(a).set({ in: { mtu: 68 } })
  const frame = new Uint8Array(86)
  frame.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x81, 0, 0, 7, 0x88, 0xb5])
  a.link.receive(frame)
  expect(a.link.counters.drops.mtu).toBe(0)
  a.link.receive(new Uint8Array(86))
  expect(a.link.counters.drops.mtu).toBe(1)
  await lab.close()
})

test('one way: what comes back is not touched', async () => {
  await onTwo({}, async ({ lab, a, b }) => {
    lab.link('a').set({ out: { delay: '10ms' }, in: { delay: '1ms' } })
    expect((await a.ping(b)).rtt).toMatchObject({ min: 11 })
    lab.link('a').set({ in: { loss: 1 } })
    const socket = b.udp(9)
    await a.udp().send(b, 9, 'heard')
    expect((await socket.receive()).text).toBe('heard')
    expect(await a.ping(b)).toMatchObject({ received: 0 })
    expect(await b.ping(a)).toMatchObject({ received: 0 })
  })
})

test('what is under way when a link goes down arrives', async () => {
  await onTwo({}, async ({ lab, a, b }) => {
    lab.link('a').set({ out: { delay: '1s' } })
    const socket = b.udp(9)
    await a.udp().send(b, 9, 'under way')
    lab.link('a').set({ up: false })
    await a.udp().send(b, 9, 'too late')
    expect((await socket.receive()).text).toBe('under way')
    expect(lab.now).toBe(1000)
    expect(lab.link('a').counters.drops.down).toBe(1)
  })
})

test('frames keep their order when a delay goes', async () => {
  await onTwo({}, async (two) => {
    const { lab, a, b } = two
    const [socket, from] = [b.udp(9), a.udp()]
    lab.link('a').set({ delay: '1s' })
    await from.send(b, 9, 'first')
    lab.link('a').set({ delay: null })
    // At the very instant of the first one's arrival, too.
    await from.send(b, 9, 'second')
    await lab.advance('1s')
    await from.send(b, 9, 'third')
    const texts = [await socket.receive(), await socket.receive(), await socket.receive()]
    expect(texts.map(({ text }) => text)).toEqual(['first', 'second', 'third'])
    expect(lab.now).toBe(1000)
  })
})

test('who is under way at this instant goes first', async () => {
  await onTwo({}, async ({ lab, a, b }) => {
    const [socket, from] = [b.udp(9), a.udp()]
    lab.link('a').set({ delay: '1s' })
    const asleep = lab.sleep('1s')
    await from.send(b, 9, 'first')
    lab.link('a').set({ delay: null })
    await asleep
    await from.send(b, 9, 'second')
    expect([(await socket.receive()).text, (await socket.receive()).text]).toEqual([
      'first',
      'second',
    ])
  })
})

test('each link, and each direction, has luck of its own', async () => {
  const lossy = (link: 'a' | 'b', direction: 'out' | 'in', from: 'a' | 'b') =>
    onTwo({ seed: 7 }, async ({ lab, ...hosts }) => {
      lab.link(link).set({ [direction]: { loss: 0.5 } })
      const [one, other] = from === 'a' ? [hosts.a, hosts.b] : [hosts.b, hosts.a]
      return (await numbered({ lab, a: one, b: other }, 50, {})).numbers
    })
  const out = await lossy('a', 'out', 'a')
  expect(await lossy('a', 'out', 'a')).toEqual(out)
  expect(await lossy('a', 'in', 'b')).not.toEqual(out)
  expect(await lossy('b', 'out', 'b')).not.toEqual(out)
})

async function run(seed: number): Promise<Uint8Array> {
  return onTwo({ seed }, async (two) => {
    const file = two.lab.capture()
    for (const link of ['a', 'b']) two.lab.link(link).set(EVERY_FAULT as LinkSettings)
    await two.a.ping(two.b, { count: 100, interval: '3ms', size: 900 })
    await numbered(two, 200, { size: 300 })
    const { drops, duplicated, corrupted } = two.lab.link('a').counters
    for (const count of [drops.loss, duplicated, corrupted]) expect(count).toBeGreaterThan(0)
    return file.bytes()
  })
}

test('with all faults on, the same seed gives the same pcapng', async () => {
  const once = await run(7)
  expect(isSame(await run(7), once)).toBe(true)
  expect(isSame(await run(8), once)).toBe(false)
})

test('a ping over 30 % of loss: the same seed loses the same, another others', async () => {
  const lossy = (seed: number) =>
    onTwo({ seed }, async ({ lab, a, b }) => {
      lab.link('a').set({ loss: 0.3 })
      return a.ping(b, { count: 50, interval: '10ms', timeout: '1s' })
    })
  const once = await lossy(7)
  expect(once.lost).toBeGreaterThan(10)
  expect(once.lost).toBeLessThan(40)
  expect(await lossy(7)).toEqual(once)
  const sequences = (result: typeof once) => result.replies.map(({ sequence }) => sequence)
  expect(sequences(await lossy(8))).not.toEqual(sequences(once))
})

test('faults of one link leave those of another as they are', async () => {
  const lost = (others: LinkSettings) =>
    onTwo({ seed: 7 }, async (two) => {
      two.lab.link('a').set({ out: { loss: 0.3 } })
      two.lab.link('b').set(others)
      return (await numbered(two, 100, {})).numbers
    })
  expect(await lost({ delay: '5ms' })).toEqual(await lost({}))
})

test('luck hangs on the frame’s number: neither on when a fault was set, nor on what was cut off', async () => {
  const answered = (early: (two: Two) => void, late: (two: Two) => void) =>
    onTwo({ seed: 7 }, async (two) => {
      early(two)
      await two.a.ping(two.b, { count: 3, interval: '10ms', timeout: '10ms' })
      late(two)
      two.lab.link('a').set({ loss: 0.3, delay: 1 })
      const { replies } = await two.a.ping(two.b, { count: 40, interval: '10ms' })
      return replies.map(({ sequence }) => sequence)
    })
  const nothing = () => {}
  const plain = await answered(nothing, nothing)
  expect(await answered(({ lab }) => lab.link('a').set({ delay: 1 }), nothing)).toEqual(plain)
  // Answers are cut off where they enter the link to a.
  const healed = ({ lab }: Two) => lab.heal()
  const cut = ({ lab, a, b }: Two) => lab.cut([b], [a])
  expect(await answered(cut, healed)).toEqual(plain)
})

test('a capture says of a frame that its host sent why it was lost', async () => {
  const lab = await createLab()
  lab.bridge('lan')
  const [a, b] = [lab.host('a'), lab.host('b')]
  await a.ping(b)
  const file = lab.capture('a')
  for (const settings of [{ up: false }, { up: true, loss: 1 }, { loss: null, mtu: 68 }]) {
    await a.ping(b, { timeout: 0 })
    lab.link('a').set({ out: settings })
  }
  await a.ping(b, { timeout: 0 })
  const sent = readCapture(file.bytes()).packets.filter(({ direction }) => direction === 'transmit')
  expect(sent.map(({ comments }) => comments)).toEqual([
    [],
    ['lost: down'],
    ['lost: loss'],
    ['lost: mtu'],
  ])
  await lab.close()
})

test('a capture of all links that was stopped takes in no later ones', async () => {
  const lab = await createLab()
  lab.bridge('lan')
  const a = lab.host('a')
  const [stopped, goesOn] = [lab.capture(), lab.capture()]
  stopped.stop()
  const bytes = stopped.bytes()
  await lab.host('b').ping(a)
  expect(stopped.frames).toEqual([])
  expect(stopped.bytes()).toEqual(bytes)
  expect(goesOn.frames.length).toBeGreaterThan(0)
  await lab.close()
})
