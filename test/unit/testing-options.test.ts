/** Options of the lab and of hosts: what nobody knows is refused, with what was meant. */
import { expect, test } from 'vitest'
import { createLab } from '../../src/testing/index.js'
import { pair } from '../support/tcp-lab.js'

test.each([
  [{ timer: 'fake' }, 'found option "timer" of createLab; expected "seed", "clock", "timers" or'],
  [{ seeds: 7 }, '; did you mean "seed"?'],
  ['x', 'found "x" as the options of createLab; expected a mapping of "seed"'],
  [null, 'found nothing as the options of createLab'],
  [{ config: null }, 'found nothing as the option config of createLab; expected a mapping'],
])('createLab(%j)', async (options, message) => {
  const error = { code: 'INVALID', message: expect.stringContaining(message) }
  await expect(createLab(options as never)).rejects.toMatchObject(error)
})

type Pair = Awaited<ReturnType<typeof pair>>

test.each<[string, string, (pair: Pair) => unknown]>([
  ['run, a text', 'found "5s" as the options of lab.run', ({ lab }) => lab.run('5s' as never)],
  ['run, null', 'found nothing as the options of lab.run', ({ lab }) => lab.run(null as never)],
  ['run', 'did you mean "until"?', ({ lab }) => lab.run({ untl: '5s' } as never)],
  [
    'run, a promise',
    'found a promise as what until of lab.run says; expected true or false at once',
    ({ lab }) => lab.run({ until: (async () => false) as never }),
  ],
  ['explain', 'option "form" of lab.explain', ({ lab }) => lab.explain('', { form: 'a' } as never)],
  ['diagram', 'did you mean "format"?', ({ lab }) => lab.diagram({ fromat: 'svg' } as never)],
  ['ping', 'option "cnt" of a ping', ({ a }) => a.ping('b', { cnt: 3 } as never)],
  ['traceroute', 'did you mean "most"?', ({ a }) => a.traceroute('b', { mots: 3 } as never)],
  ['receive', 'did you mean "timeout"?', ({ a }) => a.udp(7).receive({ timeuot: 1 } as never)],
  ['send', 'expected "ttl"', ({ a }) => a.udp(7).send('b', 7, 'x', { tll: 1 } as never)],
  ['udp', 'as the handler of UDP port 5 of host "a"', ({ a }) => a.udp(5, 'nonsense' as never)],
  ['listen', 'as the handler of TCP port 5 of host "a"', ({ a }) => a.listen(5, {}, 1 as never)],
])('%s', async (_what, message, run) => {
  const all = await pair()
  const error = { code: 'INVALID', message: expect.stringContaining(message) }
  await expect((async () => run(all))()).rejects.toMatchObject(error)
  // Nothing is taken.
  all.a.udp(5)
  await all.lab.close()
})
