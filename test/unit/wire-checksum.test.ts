/** The sum of assembly/wire/checksum.ts, through the one door it has: completing a checksum. */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { BROADCAST, packet } from '../support/frames.js'
import { checksumIsRight } from '../support/parse.js'
import { Random } from '../support/random.js'
import { rig } from '../support/rig.js'

/** Octets before the segment: each option word shifts where in the arena the sum begins. */
const starts = Array.from({ length: 11 }, (_, word) => 4 * word)

const patterns: Record<string, (length: number, random: Random) => Uint8Array> = {
  random: (length, random) => random.bytes(length),
  'all ones': (length) => new Uint8Array(length).fill(0xff),
  zeros: (length) => new Uint8Array(length),
}

onEveryBuild('the Internet checksum (RFC 1071)', (build) => {
  test.each(Object.entries(patterns))(
    'equals the naive sum at every length and start: %s',
    (_, pattern) => {
      const random = new Random(5)
      const bench = rig(build).port('a', { offloads: true }).port('b')
      let checked = 0
      for (const options of starts) {
        const made = Array.from({ length: 330 }, (_, length) => {
          const payload = pattern(length, random)
          return packet({ to: BROADCAST, protocol: 'udp', options, payload, checksum: 'partial' })
        })
        bench.inject('a', ...made).run()
        for (const frame of bench.frames('b')) {
          if (!checksumIsRight(frame)) throw new Error(`wrong at ${frame.length} octets`)
          checked++
        }
      }
      expect(checked).toBe(11 * 330)
    },
  )

  test('does not overflow over the longest packet of all ones', () => {
    const bench = rig(build).port('a', { offloads: true }).port('b', { mtu: 65_575 })
    for (const payload of [65_507, 65_506, 65_505]) {
      const ones = new Uint8Array(payload).fill(0xff)
      bench.inject(
        'a',
        packet({ to: BROADCAST, protocol: 'udp', payload: ones, checksum: 'partial' }),
      )
    }
    const six = { to: BROADCAST, version: 6, protocol: 'udp', checksum: 'partial' } as const
    bench.inject('a', packet({ ...six, payload: new Uint8Array(65_527).fill(0xff) })).run()
    expect(bench.frames('b').map(checksumIsRight)).toEqual([true, true, true, true])
  })
})
