/** What a link of the lab may be told, when, and what it says to nonsense. */
import { expect, test } from 'vitest'
import { createLab, type LinkChange, type LinkSettings } from '../../src/testing/index.js'
import { onTwo } from '../support/lab-links.js'

const CLEAN = { out: {}, in: {} }

test('settings are changed one by one, in both directions or in one', async () => {
  await onTwo({}, async ({ lab }) => {
    const link = lab.link('a')
    expect(link.settings).toEqual(CLEAN)
    expect(link.set({ delay: '10ms', loss: '30%' })).toBe(link)
    const both = { delay: 10, loss: { probability: 0.3 } }
    expect(link.settings).toEqual({ out: both, in: both })
    link.set({ out: { loss: null, mtu: 1400 }, in: { delay: 2 } })
    expect(link.settings).toEqual({
      out: { delay: 10, mtu: 1400 },
      in: { delay: 2, loss: { probability: 0.3 } },
    })
    // One direction's word counts for more than that for both; undefined is no word at all.
    link.set({ delay: 5, in: { delay: undefined } } as LinkSettings)
    link.set({ mtu: 1300, out: { mtu: null } })
    expect(link.settings.out).toEqual({ delay: 5 })
    expect(link.settings.in).toEqual({ delay: 5, mtu: 1300, loss: { probability: 0.3 } })
    link.set({ delay: null, mtu: null, loss: null })
    expect(link.settings).toEqual(CLEAN)
  })
})

test('a link that was made good again is as it was', async () => {
  await onTwo({}, async ({ lab, a, b }) => {
    lab.link('a').set({ loss: 1 })
    expect(await a.ping(b, { timeout: '1s' })).toMatchObject({ received: 0 })
    lab.link('a').set({ loss: null })
    expect(await a.ping(b)).toMatchObject({ received: 1, rtt: { max: 0 } })
    const { lost, sent, received } = lab.link('a').counters
    expect([lost, sent, received]).toEqual([1, 4, 3])
  })
})

test('settings given with the host', async () => {
  const lab = await createLab()
  lab.bridge('lan')
  const a = lab.host('a', { link: { delay: '5ms', in: { mtu: 1300 } } })
  expect(a.link.settings).toEqual({ out: { delay: 5 }, in: { delay: 5, mtu: 1300 } })
  expect((await lab.host('b').ping(a)).rtt).toMatchObject({ max: 20 })
  await lab.close()
})

test.each<[unknown, string]>([
  [null, 'links.a: missing; expected a mapping'],
  [5, 'links.a: found 5; expected a mapping'],
  [[], 'links.a: found an empty list; expected a mapping'],
  [{ dely: 1 }, 'links.a.dely: unknown key'],
  [{ loss: '130%' }, 'links.a.loss: found "130%"; expected a probability'],
  [{ out: { rate: '10 Mbit' } }, 'links.a.out.rate: found "10 Mbit"; expected bits a second'],
  [{ in: null }, 'links.a.in: missing; expected a mapping'],
  [{ in: { out: {} } }, 'links.a.in.out: unknown key'],
  // Good for one direction, which has a delay, and not for the other.
  [{ reorder: 0.5 }, 'links.a.in.reorder: found "reorder" alone'],
])('set(%j) is refused, and changes nothing', async (settings, message) => {
  await onTwo({}, async ({ lab }) => {
    const link = lab.link('a')
    link.set({ out: { delay: 1 } })
    const before = link.settings
    const refused = expect.objectContaining({
      code: 'CONFIG',
      message: expect.stringContaining(message),
    })
    expect(() => link.set(settings as LinkSettings)).toThrow(refused)
    expect(link.settings).toEqual(before)
  })
})

test('a schedule changes it at times of the lab’s clock', async () => {
  await onTwo({}, async ({ lab, a, b }) => {
    await lab.advance('5s')
    lab.link('a').schedule([
      { at: '10s', settings: { up: false } },
      { at: '20s', settings: { up: true, delay: '50ms', out: { mtu: 1400 } } },
      { at: 30_000, settings: { delay: null, mtu: null } },
    ])
    const { replies } = await a.ping(b, { count: 30 })
    const times = replies.map(({ sequence, rtt }) => [sequence + 5, rtt])
    expect(times).toEqual([
      ...[5, 6, 7, 8, 9].map((second) => [second, 0]),
      ...[20, 21, 22, 23, 24, 25, 26, 27, 28, 29].map((second) => [second, 100]),
      ...[30, 31, 32, 33, 34].map((second) => [second, 0]),
    ])
    expect(lab.link('a').settings).toEqual({ out: { up: true }, in: { up: true } })
  })
})

test('a schedule takes the place of the one before; what is past is done at once', async () => {
  await onTwo({}, async ({ lab }) => {
    const link = lab.link('a')
    link.schedule([{ at: '10s', settings: { delay: 1 } }])
    link.schedule([{ at: '20s', settings: { mtu: 1400 } }])
    await lab.advance('15s')
    expect(link.settings).toEqual(CLEAN)
    link.schedule([
      { at: '1s', settings: { loss: 1 } },
      { at: '16s', settings: { loss: null } },
    ])
    expect(link.settings.in).toEqual({ loss: { probability: 1 } })
    await lab.advance('15s')
    expect(link.settings).toEqual(CLEAN)
  })
})

test.each<[unknown[], string, string]>([
  [[{ at: 'soon', settings: {} }], 'INVALID', 'found "soon"; expected a duration'],
  [[{ settings: {} }], 'INVALID', 'found nothing; expected a duration'],
  [[{ at: 1 }], 'CONFIG', 'links.a.schedule[0]: missing; expected a mapping'],
  [
    [
      { at: 1, settings: {} },
      { at: 2, settings: { los: 1 } },
    ],
    'CONFIG',
    'links.a.schedule[1].los: unknown key',
  ],
  [
    [
      { at: '2s', settings: {} },
      { at: '1s', settings: {} },
    ],
    'INVALID',
    'found 1000 at place 1; expected times in milliseconds, in ascending order',
  ],
  [[{ at: 2, settings: { reorder: 1 } }], 'CONFIG', 'links.a.in.schedule[0].reorder'],
])('schedule(%j) is refused, and changes nothing', async (changes, code, message) => {
  await onTwo({}, async ({ lab }) => {
    const link = lab.link('a')
    link.set({ out: { delay: 1 } })
    link.schedule([{ at: '10s', settings: { mtu: 1400 } }])
    expect(() => link.schedule(changes as LinkChange[])).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
    await lab.advance('10s')
    expect(link.settings).toEqual({ out: { delay: 1, mtu: 1400 }, in: { mtu: 1400 } })
  })
})
